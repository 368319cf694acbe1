"""Texts of messages, for staff: looked at, then published in all languages."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import here, idempotency_key, person_in, with_contact
from imigr_gateway.doors import staff
from imigr_gateway.shapes import notifications as message_shapes
from imigr_gateway.shapes import templates as shapes

blueprint = staff_blueprint("templates", "Texts of messages, for staff: looked at, then published in all languages.")


@blueprint.get("/<municipality>/templates")
@blueprint.response(200, shapes.Templates)
@staff("manager", "editor")
def list_templates(municipality: str) -> Any:
    """What the municipality published over the built-in texts, with all versions."""
    return call("notifications", "list_templates", municipality, municipality=municipality)


@blueprint.post("/<municipality>/templates/<source>/<kind>/<channel>/preview")
@blueprint.arguments(shapes.PreviewTemplate)
@blueprint.response(200, shapes.Preview)
@staff("manager", "editor")
def preview_template(data: dict[str, Any], municipality: str, source: str, kind: str, channel: str) -> Any:
    """What a person would get, with sample values, in how many parts, at what price."""
    which = {"source": source, "kind": kind, "channel": channel}
    return call("notifications", "preview_template", municipality, municipality=municipality, **which, **data)


@blueprint.post("/<municipality>/templates/<source>/<kind>/<channel>/test")
@blueprint.arguments(shapes.TestTemplate)
@blueprint.response(202, message_shapes.Sent)
@staff("manager")
def send_template_test(data: dict[str, Any], municipality: str, source: str, kind: str, channel: str) -> Any:
    """Send a text with sample values to one address of one's own; a phone for SMS, an email for mail."""
    key = idempotency_key()
    who = person_in(data)
    del data["message_language"]
    named = {"municipality": municipality, "source": source, "kind": kind, "channel": channel, "idempotency_key": key}
    return with_contact(
        who,
        here().people.link("t", municipality, key),
        municipality,
        key,
        lambda known: call("notifications", "test_template", municipality, **known | named, **data),
    )


@blueprint.put("/<municipality>/templates/<source>/<kind>/<channel>")
@blueprint.arguments(shapes.PublishTemplate)
@blueprint.response(200, shapes.Published)
@staff("manager")
def publish_template(data: dict[str, Any], municipality: str, source: str, kind: str, channel: str) -> Any:
    """Publish a text in all languages. 422 says what is wrong, by language and line."""
    which = {"source": source, "kind": kind, "channel": channel}
    return command("notifications", "publish_template", municipality, municipality=municipality, **which, **data)
