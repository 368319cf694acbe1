"""Events, for staff."""

from __future__ import annotations

from typing import Any

from flask import g

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import backends, contact, for_reader, here, idempotency_key, with_link
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import events as shapes

blueprint = staff_blueprint("events", "Events, for staff.")


@blueprint.get("/<municipality>/events")
@blueprint.arguments(shapes.Page, location="query")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def list_own_events(query: dict[str, Any], municipality: str) -> Any:
    """All events of the municipality, drafts included, the latest first."""
    return call("events", "list_own_events", municipality, municipality=municipality, **query)


@blueprint.post("/<municipality>/events")
@blueprint.arguments(shapes.EventBody)
@blueprint.response(201)
@staff("manager", "editor")
def create_event(data: dict[str, Any], municipality: str) -> Any:
    """Store an event as a draft."""
    event = {**data["event"], "municipality": municipality}
    return command("events", "create_event", municipality, event=event)


@blueprint.get("/<municipality>/events/<event_id>")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def get_own_event(municipality: str, event_id: str) -> Any:
    """One event in any state, with its numbers."""
    return call("events", "get_own_event", municipality, municipality=municipality, event_id=event_id)


@blueprint.patch("/<municipality>/events/<event_id>")
@blueprint.arguments(shapes.EventChanges)
@blueprint.response(200)
@staff("manager", "editor")
def edit_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Change what is written about an event; registrants are told of another time or place."""
    return command("events", "edit_event", municipality, event_id=event_id, **data)


@blueprint.post("/<municipality>/events/<event_id>/publish")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200)
@staff("manager")
def publish_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Make a draft public."""
    return command("events", "publish_event", municipality, event_id=event_id, version=data["version"])


@blueprint.post("/<municipality>/events/<event_id>/postpone")
@blueprint.arguments(shapes.Postponement)
@blueprint.response(200)
@staff("manager")
def postpone_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """To another date, or to one that is not known yet; registrations keep their places."""
    return command("events", "postpone_event", municipality, event_id=event_id, **data)


@blueprint.post("/<municipality>/events/<event_id>/cancel")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200)
@staff("manager")
def cancel_event(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Call a public event off."""
    return command("events", "cancel_event", municipality, event_id=event_id, version=data["version"])


@blueprint.post("/<municipality>/events/<event_id>/sessions")
@blueprint.arguments(shapes.SessionBody)
@blueprint.response(201)
@staff("manager", "editor")
def add_session(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """One more session, or one more date."""
    return command("events", "add_session", municipality, event_id=event_id, **data)


@blueprint.patch("/<municipality>/events/<event_id>/sessions/<session_id>")
@blueprint.arguments(shapes.SessionBody)
@blueprint.response(200)
@staff("manager", "editor")
def change_session(data: dict[str, Any], municipality: str, event_id: str, session_id: str) -> Any:
    """Another time, room, title or number of places; those registered for it are told."""
    return command("events", "change_session", municipality, event_id=event_id, session_id=session_id, **data)


@blueprint.post("/<municipality>/events/<event_id>/sessions/<session_id>/cancel")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200)
@staff("manager")
def cancel_session(data: dict[str, Any], municipality: str, event_id: str, session_id: str) -> Any:
    """Call one session or one date off; the others take place."""
    return command("events", "cancel_session", municipality, event_id=event_id, session_id=session_id, **data)


@blueprint.post("/<municipality>/events/<event_id>/codes")
@blueprint.arguments(shapes.Codes)
@blueprint.response(201, shapes.CodesOut)
@staff("manager", "editor")
def issue_codes(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Invitation codes for an event by invitation."""
    return command("events", "issue_codes", municipality, event_id=event_id, **data)


@blueprint.get("/<municipality>/events/<event_id>/answers")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def question_results(municipality: str, event_id: str) -> Any:
    """How often each closed answer was chosen; numbers under ten are null."""
    return call("events", "question_results", municipality, municipality=municipality, event_id=event_id)


@blueprint.get("/<municipality>/events/<event_id>/registrations")
@blueprint.response(200)
@staff("manager", "editor", "mediator")
def list_registrations(municipality: str, event_id: str) -> Any:
    """Registrations in order of arrival; no contact is in it."""
    return call("events", "list_registrations", municipality, municipality=municipality, event_id=event_id)


@blueprint.post("/<municipality>/events/<event_id>/registrations")
@blueprint.arguments(shapes.Register)
@blueprint.response(201, shapes.RegistrationOut)
@staff("manager", "mediator")
def register_for(data: dict[str, Any], municipality: str, event_id: str) -> Any:
    """Register somebody on their behalf: no approval and no code, never over the capacity."""
    key = idempotency_key()
    link = here().people.link("r", municipality, key)
    known = contact(data, link, municipality, key, once_in=event_id)
    named = {"municipality": municipality, "event_id": event_id, "manage_hash": link.hash, "idempotency_key": key}
    answer = backends().call("events", "register_for", municipality, actor=g.actor, **data, **known, **named)
    return for_reader(with_link(answer, link.token))


def decide(method: str, municipality: str, ids: tuple[str, str], **more: Any) -> Any:
    """A decision on one registration, named by its id or its reference; no contact is in the answer."""
    event_id, registration_id = ids
    named = {"municipality": municipality, "event_id": event_id, "registration_id": registration_id}
    answer = command("events", method, municipality, **named, **more)
    return {name: value for name, value in answer.items() if name not in ("contact_id", "kinds")}


@blueprint.post("/<municipality>/events/<event_id>/registrations/<registration_id>/approve")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("manager", "mediator")
def approve_registration(data: dict[str, Any], municipality: str, event_id: str, registration_id: str) -> Any:
    """Confirm a registration that waits for a decision."""
    return decide("approve_registration", municipality, (event_id, registration_id))


@blueprint.post("/<municipality>/events/<event_id>/registrations/<registration_id>/reject")
@blueprint.arguments(shapes.Rejection)
@blueprint.response(200)
@staff("manager", "mediator")
def reject_registration(data: dict[str, Any], municipality: str, event_id: str, registration_id: str) -> Any:
    """Refuse a registration that waits for a decision."""
    return decide("reject_registration", municipality, (event_id, registration_id), **data)


@blueprint.post("/<municipality>/events/<event_id>/registrations/<registration_id>/cancel")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("manager", "mediator")
def cancel_registration_for(data: dict[str, Any], municipality: str, event_id: str, registration_id: str) -> Any:
    """Give a registration up for somebody who asks at the desk."""
    return decide("cancel_registration_for", municipality, (event_id, registration_id))


@blueprint.post("/<municipality>/events/<event_id>/registrations/<registration_id>/no-show")
@blueprint.arguments(shapes.NoShow)
@blueprint.response(200)
@staff("manager", "mediator")
def mark_no_show(data: dict[str, Any], municipality: str, event_id: str, registration_id: str) -> Any:
    """Somebody did not come; or that was a mistake."""
    return decide("mark_no_show", municipality, (event_id, registration_id), **data)


@blueprint.post("/<municipality>/events/<event_id>/registrations/<registration_id>/merge")
@blueprint.arguments(shapes.Merge)
@blueprint.response(200)
@staff("manager", "mediator")
def merge_registrations(data: dict[str, Any], municipality: str, event_id: str, registration_id: str) -> Any:
    """Two registrations of one group become one."""
    return decide("merge_registrations", municipality, (event_id, registration_id), **data)
