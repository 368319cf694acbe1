"""Appointments as MongoDB keeps them; dates as ISO text, since BSON has none."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.states import State
from imigr_guichet.ports.appointments import Done, Stored

Document = dict[str, Any]


def appointment_document(one: Appointment) -> Document:
    """Everything but the id, what others add (claims, commands, outbox) and absent fields."""
    row = {
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "desk": one.desk,
        "day": one.day.isoformat(),
        "start": one.start,
        "end": one.end,
        "topic": one.topic,
        "language": one.language,
        "state": one.state.value,
        "contact_id": one.contact_id,
        "channel": one.channel,
        "message_language": one.message_language,
        "version": one.version,
        "occupies": one.has_place and one.session_id is None,
    }
    return row | rare_fields(one)


def rare_fields(one: Appointment) -> Document:
    """The rarer fields, where they say something."""
    row: Document = {}
    if one.busy_from != one.start or one.busy_until != one.end:
        row |= {"busy_from": one.busy_from, "busy_until": one.busy_until}
    if one.booked_by != "public":
        row["booked_by"] = one.booked_by
    if one.interpreter:
        row["interpreter"] = True
    if one.is_extra:
        row["is_extra"] = True
    if one.frees_at is not None:
        row["frees_at"] = one.frees_at
    if one.session_id is not None:
        row |= {"session_id": one.session_id, "seat": one.seat}
    if one.stranded is not None:
        row["stranded"] = one.stranded
    if one.will_come:
        row["will_come"] = True
    return row


def appointment_of(row: Document) -> Appointment:
    """The appointment in a document."""
    start, end = row["start"].astimezone(UTC), row["end"].astimezone(UTC)
    frees_at = row.get("frees_at")
    return Appointment(
        id=row["_id"],
        municipality=row["municipality"],
        guichet_id=row["guichet_id"],
        desk=row["desk"],
        day=date.fromisoformat(row["day"]),
        start=start,
        end=end,
        topic=row["topic"],
        language=row["language"],
        state=State(row["state"]),
        contact_id=row["contact_id"],
        channel=row["channel"],
        message_language=row["message_language"],
        version=row["version"],
        busy_from=row["busy_from"].astimezone(UTC) if "busy_from" in row else start,
        busy_until=row["busy_until"].astimezone(UTC) if "busy_until" in row else end,
        booked_by=row.get("booked_by", "public"),
        interpreter=row.get("interpreter", False),
        frees_at=frees_at.astimezone(UTC) if frees_at else None,
        session_id=row.get("session_id"),
        seat=row.get("seat"),
        is_extra=row.get("is_extra", False),
        stranded=row.get("stranded"),
        will_come=row.get("will_come", False),
    )


def command_row(key: str, done: Done) -> Document:
    """A command as kept in the appointment it made or changed: its audit line."""
    row = {
        "key": key,
        "body": done.body_hash,
        "version": done.version,
        "state": done.state,
        "desk": done.desk,
        "start": done.start,
        "end": done.end,
        "by": done.by,
        "at": done.at,
    }
    return row | ({"until": done.until} if done.until else {})


def stored_of(row: Document) -> Stored:
    """An appointment with its commands and ties."""
    commands = {
        one["key"]: Done(
            one["body"],
            one["version"],
            one["state"],
            one["desk"],
            one["start"],
            one["end"],
            one["by"],
            one["at"],
            one.get("until"),
        )
        for one in row["commands"]
    }
    ties = tuple(one for one in row["claims"] if not one.startswith("place:"))
    return Stored(appointment_of(row), commands, ties)
