"""The guichet, for staff."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import for_reader, here, idempotency_key, person_in, with_contact, with_link
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import guichet as shapes

blueprint = staff_blueprint("guichet", "The guichet, for staff.")
OF_GUICHET = "/<municipality>/guichets/<guichet_id>"


@blueprint.get(f"{OF_GUICHET}/appointments")
@blueprint.arguments(shapes.Agenda, location="query")
@blueprint.response(200)
@staff("manager", "mediator")
def list_appointments(query: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """The agenda of a day; no contact is in it."""
    day = query["date"].isoformat()
    return call(
        "guichet", "list_appointments", municipality, guichet_id=guichet_id, municipality=municipality, date=day
    )


@blueprint.post("/<municipality>/appointments")
@blueprint.arguments(shapes.StaffBooking)
@blueprint.response(201)
@staff("manager", "mediator", "editor")
def book_for_visitor(data: dict[str, Any], municipality: str) -> Any:
    """Book on behalf of somebody, by phone or at the desk; with the link to hand over."""
    return _book(data, municipality, "book_for_visitor")


@blueprint.post("/<municipality>/overbookings")
@blueprint.arguments(shapes.Overbooking)
@blueprint.response(201)
@staff("manager")
def overbook(data: dict[str, Any], municipality: str) -> Any:
    """A deliberate overbooking at a desk: a separate act with its own audit line."""
    return _book(data, municipality, "overbook")


@blueprint.post("/<municipality>/appointments/find")
@blueprint.arguments(shapes.ByReference)
@blueprint.response(200)
@staff("manager", "mediator")
def find_appointment(data: dict[str, Any], municipality: str) -> Any:
    """The appointment behind a spoken reference."""
    return call("guichet", "find_appointment", municipality, municipality=municipality, **data)


@blueprint.post("/<municipality>/appointments/<appointment_id>/step")
@blueprint.arguments(shapes.TakeStep)
@blueprint.response(200)
@staff("manager", "mediator")
def take_step(data: dict[str, Any], municipality: str, appointment_id: str) -> Any:
    """Confirm, check in, start, finish, leave, miss (no-show), correct (a no-show of the same day)."""
    return command(
        "guichet", "take_step", municipality, municipality=municipality, appointment_id=appointment_id, **data
    )


@blueprint.post("/<municipality>/appointments/<appointment_id>/cancel")
@blueprint.arguments(shapes.CancelForService)
@blueprint.response(200)
@staff("manager", "mediator")
def cancel_for_service(data: dict[str, Any], municipality: str, appointment_id: str) -> Any:
    """Cancel by the service, with a reason from a closed list."""
    return command(
        "guichet", "cancel_for_service", municipality, municipality=municipality, appointment_id=appointment_id, **data
    )


@blueprint.post("/<municipality>/appointments/<appointment_id>/move")
@blueprint.arguments(shapes.MoveAppointment)
@blueprint.response(200)
@staff("manager", "mediator")
def move_for_visitor(data: dict[str, Any], municipality: str, appointment_id: str) -> Any:
    """Move to another slot of the same guichet."""
    start = data["start"].isoformat()
    return command(
        "guichet",
        "move_for_visitor",
        municipality,
        municipality=municipality,
        appointment_id=appointment_id,
        start=start,
    )


@blueprint.get(f"{OF_GUICHET}/plan")
@blueprint.response(200)
@staff("manager", "mediator")
def get_plan(municipality: str, guichet_id: str) -> Any:
    """The whole plan: topics, desks, mediators, rules, exceptions, regimes, absences."""
    return _of(municipality, guichet_id, "get_plan")


@blueprint.post(f"{OF_GUICHET}/plan/preview")
@blueprint.arguments(shapes.PlanChange)
@blueprint.response(200)
@staff("manager")
def preview_plan(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Which appointments a changed plan would strand, and who could take them; nothing is saved."""
    return call("guichet", "preview_plan", municipality, municipality=municipality, guichet_id=guichet_id, **data)


@blueprint.put(f"{OF_GUICHET}/plan")
@blueprint.arguments(shapes.PlanChange)
@blueprint.response(200)
@staff("manager")
def change_plan(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Save a plan on the version that was read; whom it strands is given on or put on the worklist."""
    return command("guichet", "change_plan", municipality, municipality=municipality, guichet_id=guichet_id, **data)


@blueprint.post(f"{OF_GUICHET}/absences")
@blueprint.arguments(shapes.Absence)
@blueprint.response(201)
@staff("manager", "mediator")
def register_absence(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """A mediator is away: colleagues who speak the language take over, the others go on the worklist."""
    instants = {name: data[name].isoformat() for name in ("start", "end")}
    return command(
        "guichet",
        "register_absence",
        municipality,
        municipality=municipality,
        guichet_id=guichet_id,
        **(data | instants),
    )


@blueprint.post(f"{OF_GUICHET}/absences/<absence_id>/withdraw")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("manager", "mediator")
def withdraw_absence(data: dict[str, Any], municipality: str, guichet_id: str, absence_id: str) -> Any:
    """The mediator is there after all."""
    return command(
        "guichet",
        "withdraw_absence",
        municipality,
        municipality=municipality,
        guichet_id=guichet_id,
        absence_id=absence_id,
    )


@blueprint.get(f"{OF_GUICHET}/worklist")
@blueprint.response(200)
@staff("manager", "mediator")
def worklist(municipality: str, guichet_id: str) -> Any:
    """Appointments that cannot take place as planned."""
    return _of(municipality, guichet_id, "worklist")


@blueprint.post(f"{OF_GUICHET}/sessions")
@blueprint.arguments(shapes.NewSession)
@blueprint.response(201)
@staff("manager", "mediator")
def plan_session(data: dict[str, Any], municipality: str, guichet_id: str) -> Any:
    """Plan a group session at a desk that is free then."""
    start = data["start"].isoformat()
    return command(
        "guichet",
        "plan_session",
        municipality,
        municipality=municipality,
        guichet_id=guichet_id,
        **(data | {"start": start}),
    )


@blueprint.post("/<municipality>/sessions/<session_id>/capacity")
@blueprint.arguments(shapes.Capacity)
@blueprint.response(200)
@staff("manager", "mediator")
def resize_session(data: dict[str, Any], municipality: str, session_id: str) -> Any:
    """Another capacity; who sits beyond it is listed, nobody is dropped."""
    return command("guichet", "resize_session", municipality, municipality=municipality, session_id=session_id, **data)


@blueprint.post("/<municipality>/sessions/<session_id>/cancel")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200)
@staff("manager", "mediator")
def cancel_session(data: dict[str, Any], municipality: str, session_id: str) -> Any:
    """Call a session off; its seats are cancelled by the service."""
    return command("guichet", "cancel_session", municipality, municipality=municipality, session_id=session_id)


@blueprint.put("/<municipality>/calendar")
@blueprint.arguments(shapes.Calendar)
@blueprint.response(200)
@staff("manager")
def set_calendar(data: dict[str, Any], municipality: str) -> Any:
    """Confirm the holidays of years, and say the regimes (summer, Ramadan)."""
    return command("guichet", "set_calendar", municipality, municipality=municipality, **data)


@blueprint.post(f"{OF_GUICHET}/mediators/<mediator>/feed")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(201)
@staff("manager", "mediator")
def open_feed(data: dict[str, Any], municipality: str, guichet_id: str, mediator: str) -> Any:
    """A private calendar address of a mediator; it is shown this once, and ends the one before."""
    link = here().people.link("f", municipality, idempotency_key())
    answer = command(
        "guichet",
        "open_feed",
        municipality,
        municipality=municipality,
        guichet_id=guichet_id,
        mediator=mediator,
        secret_hash=link.hash,
    )
    return answer | {"feed_url": f"{here().public_url}/api/v1/feeds/{link.token}.ics"}


def _of(municipality: str, guichet_id: str, method: str) -> Any:
    return call("guichet", method, municipality, municipality=municipality, guichet_id=guichet_id)


def _book(data: dict[str, Any], municipality: str, method: str) -> Any:
    key = idempotency_key()
    link = here().people.link("a", municipality, key)
    who = person_in(data)
    named = {"municipality": municipality, "manage_hash": link.hash, "idempotency_key": key}
    payload = data | named | {"start": data["start"].isoformat()}
    answer = with_contact(
        who, link, municipality, key, lambda known: call("guichet", method, municipality, **payload, **known)
    )
    return for_reader(with_link(answer, link.token))
