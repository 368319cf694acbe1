"""Texts of a municipality on the wire: read, previewed, published."""

from __future__ import annotations

from typing import Any

from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc
from imigr_notifications import handlers, schemas
from imigr_notifications.wiring import App


class TemplatesPart:
    """What staff do with texts."""

    app: App

    @rpc
    def list_templates(self, **payload: Any) -> dict[str, Any]:
        """What a municipality published over the built-in texts."""
        wanted = schemas.Figures().load(payload)
        rows = handlers.list_templates(self.app.text_book, wanted["actor"], wanted["municipality"])
        return schemas.templates_out(rows)

    @rpc
    def preview_template(self, **payload: Any) -> dict[str, Any]:
        """What a person would get, in how many parts, at what price."""
        wanted = schemas.PreviewTemplate().load(payload)
        town, desk = wanted["municipality"], self.app.desk
        found = handlers.preview_template(
            wanted["actor"],
            town,
            schemas.which(wanted),
            wanted["language"],
            wanted["text"],
            desk.rules(town),
            desk.ways.price(town, "sms"),
        )
        return schemas.preview_out(found)

    @rpc
    def test_template(self, **payload: Any) -> dict[str, Any]:
        """Send a text with sample values to one address."""
        wanted = schemas.TryTemplate().load(payload)
        key = command_of("test_template", payload).key[:16]
        sent = handlers.send_text_test(
            self.app.desk,
            wanted["actor"],
            wanted["municipality"],
            schemas.which(wanted),
            wanted["language"],
            wanted["text"],
            wanted["contact_id"],
            key,
        )
        return {"message_id": sent.id}

    @rpc
    def publish_template(self, **payload: Any) -> dict[str, Any]:
        """Publish a text in all languages."""
        wanted = schemas.PublishTemplate().load(payload)
        version = handlers.publish_template(
            self.app.text_book,
            wanted["actor"],
            wanted["municipality"],
            schemas.which(wanted),
            wanted["texts"],
            wanted["version"],
            self.app.desk.clock.now(),
            command_of("publish_template", payload),
        )
        return {"version": version}
