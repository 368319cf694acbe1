"""Texts of a municipality: looked at before they are published, refused when they are broken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from imigr_kit.access import require
from imigr_kit.commands import Command
from imigr_kit.errors import FieldError
from imigr_notifications.domain import Message, Priority, Rules, State
from imigr_notifications.errors import BrokenText
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.preview import Preview, preview
from imigr_notifications.texts import LANGUAGES, BrokenTemplate, Template, TemplateId, checked_variants, template_of

STAFF = ("manager", "editor")
TEST_LASTS = timedelta(hours=1)
ZONE = "Africa/Tunis"


class TemplateBook(Protocol):
    """What municipalities published."""

    def own(self, municipality: str, which: TemplateId, language: str) -> Template | None:
        """What the town published; None: the built-in text holds."""
        ...

    def published(self, municipality: str) -> list[dict[str, Any]]:
        """All that the town published, with versions."""
        ...

    def publish(
        self, municipality: str, which: TemplateId, texts: Mapping[str, Any], version: int, at: datetime, actor: str,
        command: Command,
    ) -> int:  # fmt: skip
        """Publish on the version that was read; the new version. Raises VersionConflict, KeyReused."""
        ...


def preview_template(
    actor: Mapping[str, Any], municipality: str, which: TemplateId, language: str, text: Mapping[str, Any],
    rules: Rules, price: int,
) -> Preview:  # fmt: skip
    """What a person would get, with sample values, and what it costs. Raises BrokenText."""
    require(actor, STAFF, municipality)
    try:
        return preview(which, language, template_of(text), rules, municipality, price)
    except BrokenTemplate as error:
        raise BrokenText(fields=[FieldError(f"texts.{language}", BrokenText.code, str(error))]) from None


def send_text_test(
    desk: Desk, actor: Mapping[str, Any], municipality: str, which: TemplateId, language: str, text: Mapping[str, Any],
    contact_id: str, key: str,
) -> Message:  # fmt: skip
    """Send a text with sample values to an address of the staff's own; it counts nowhere, and the same key sends it
    once. Raises BrokenText."""
    require(actor, ("manager",), municipality)
    found = preview_template(actor, municipality, which, language, text, desk.rules(municipality), 0)
    now = desk.clock.now()
    said = {"subject": {language: found.subject}, "body": {language: found.body}}
    message = Message(
        id=f"test-{key}:template:1", subject=f"test-{key}", source="test", municipality=municipality, kind="test",
        sequence=1, channel=which.channel, language=language, contact_id=contact_id, state=State.PLANNED, due_at=now,
        expires_at=now + TEST_LASTS, values={"start": now, "timezone": ZONE, "texts": said, "is_whole": True},
        priority=Priority.NOTICE,
    )  # fmt: skip
    if not desk.messages.of_subject(message.subject):
        desk.messages.plan([message.planned()], None)
    return message


def publish_template(
    book: TemplateBook, actor: Mapping[str, Any], municipality: str, which: TemplateId, texts: Mapping[str, Any],
    version: int, at: datetime, command: Command,
) -> int:  # fmt: skip
    """Publish a text in all languages at once; every variant is checked, and all that is wrong is told with its
    place. No texts: back to the built-in ones. Raises BrokenText, VersionConflict, KeyReused."""
    require(actor, ("manager",), municipality)
    if texts:
        broken = checked_variants(which, texts)
        if broken:
            raise BrokenText(
                fields=[FieldError(f"texts.{language}", BrokenText.code, words) for language, words in broken]
            )
    return book.publish(municipality, which, texts, version, at, str(actor["id"]), command)


def list_templates(book: TemplateBook, actor: Mapping[str, Any], municipality: str) -> list[dict[str, Any]]:
    """What the town published, with its versions."""
    require(actor, STAFF, municipality)
    return book.published(municipality)


__all__ = [
    "LANGUAGES",
    "STAFF",
    "TemplateBook",
    "list_templates",
    "preview_template",
    "publish_template",
    "send_text_test",
]
