"""What is imagined says so, in the reader's language, wherever its name is shown and in every message about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENDINGS: Final[Mapping[str, str]] = {"fr": "(démonstration)", "en": "(demonstration)", "ar": "(تجريبي)"}
"""Behind a name. In another language the English one stands, which is better than none."""
BEGINNINGS: Final[Mapping[str, str]] = {"fr": "[DÉMO]", "en": "[DEMO]", "ar": "[تجريبي]"}
"""Before a message, where the first letters are read and the last may be cut off."""
_OTHER: Final = "en"


def marked(name: Mapping[str, str]) -> dict[str, str]:
    """A name in several languages with the mark behind each; one that has it stays as it is."""
    return {language: marked_in(language, text) for language, text in name.items()}


def marked_in(language: str, text: str) -> str:
    """A name in one language with the mark behind it."""
    ending = ENDINGS.get(language.partition("-")[0], ENDINGS[_OTHER])
    return text if not text or text.endswith(ending) else f"{text} {ending}"


def announced(language: str, text: str) -> str:
    """A message with the mark before it."""
    return f"{BEGINNINGS.get(language, BEGINNINGS[_OTHER])} {text}"
