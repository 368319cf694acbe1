"""What an SMS from a person means; its text is read here and kept nowhere."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

MOST_WORDS = 4
"""A longer text that begins with such a word tells a story, and is no command."""
STOP = {
    "stop": "en", "unsubscribe": "en", "arret": "fr", "arreter": "fr", "desabonner": "fr", "desinscrire": "fr",
    "توقف": "ar", "اوقف": "ar", "ايقاف": "ar", "قف": "ar",
}  # fmt: skip
START = {"start": "en", "unstop": "en", "reprendre": "fr", "reprise": "fr", "ابدا": "ar", "استئناف": "ar"}
YES = {"1", "oui", "yes", "ok", "نعم"}
GIVE_UP = {"2"}
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ـ": None})


class Answer(StrEnum):
    """What the person wants."""

    STOP = "stop"
    START = "start"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    OTHER = "other"


@dataclass(frozen=True)
class Understood:
    """An answer, and the language of its word when the word tells it."""

    answer: Answer
    language: str | None = None


def understood(text: str) -> Understood:
    """The meaning of a text. Case, accents, signs and the script of digits do not matter. "No" is no opt-out: it
    is said to a meeting, and nobody knows whether to it or to the reminder, so it changes nothing."""
    words = _plain(text).split()
    if not words or len(words) > MOST_WORDS:
        return Understood(Answer.OTHER)
    first = words[0]
    if first in STOP:
        return Understood(Answer.STOP, STOP[first])
    if first in START:
        return Understood(Answer.START, START[first])
    if len(words) == 1 and first in YES:
        return Understood(Answer.CONFIRM)
    if len(words) == 1 and first in GIVE_UP:
        return Understood(Answer.CANCEL)
    return Understood(Answer.OTHER)


def _plain(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text[:200].casefold().translate(_ARABIC))
    kept = (letter for letter in spread if not unicodedata.combining(letter))
    digits = (str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in kept)
    return "".join(letter if letter.isalnum() else " " for letter in digits)
