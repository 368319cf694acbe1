"""schema.org Event as JSON-LD, as search engines and agendas read it."""

from __future__ import annotations

from typing import Any

from imigr_gateway.agenda.entries import Entry, Session

CONTEXT = "https://schema.org"
_STATUS = {"cancelled": "EventCancelled", "postponed": "EventPostponed"}


def event(one: Entry, public_url: str) -> dict[str, Any]:
    """The event; what is not known is left out."""
    page = f"{public_url}/e/{one.id}"
    moved = one.was_at is not None and one.state not in _STATUS
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Event",
        "@id": page,
        "identifier": one.uid,
        "name": one.title,
        "description": one.summary or None,
        "startDate": one.starts_at.isoformat(),
        "endDate": one.ends_at.isoformat(),
        "previousStartDate": one.was_at.isoformat() if one.was_at else None,
        "eventStatus": f"{CONTEXT}/{'EventRescheduled' if moved else _STATUS.get(one.state, 'EventScheduled')}",
        "eventAttendanceMode": f"{CONTEXT}/{_mode(one)}",
        "location": _location(one),
        "organizer": [{"@type": "Organization", "name": name} for name in one.organisers] or None,
        "image": one.picture or None,
        "inLanguage": list(one.languages) or one.language,
        "isAccessibleForFree": True,
        "maximumAttendeeCapacity": one.capacity,
        "remainingAttendeeCapacity": one.free_places if one.registration != "none" else None,
        "keywords": list(one.themes) or None,
        "url": f"{page}?lang={one.language}",
        "eventSchedule": _schedule(one),
        "subEvent": [_sitting(session) for session in one.sessions] if len(one.sessions) > 1 else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _mode(one: Entry) -> str:
    if not one.online_url:
        return "OfflineEventAttendanceMode"
    return "MixedEventAttendanceMode" if one.place else "OnlineEventAttendanceMode"


def _location(one: Entry) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = []
    if one.place:
        place: dict[str, Any] = {"@type": "Place", "name": one.place, "address": one.address or one.place}
        if one.location:
            place["geo"] = {"@type": "GeoCoordinates", "latitude": one.location[0], "longitude": one.location[1]}
        found.append(place)
    if one.online_url:
        found.append({"@type": "VirtualLocation", "url": one.online_url})
    return found or None


def _schedule(one: Entry) -> dict[str, Any] | None:
    if not one.rule:
        return None
    parts = dict(part.split("=", 1) for part in one.rule.split(";"))
    frequency = {"DAILY": "P1D", "WEEKLY": "P1W", "MONTHLY": "P1M", "YEARLY": "P1Y"}.get(parts["FREQ"])
    every = int(parts.get("INTERVAL", "1"))
    found = {
        "@type": "Schedule",
        "startDate": one.starts_at.date().isoformat(),
        "startTime": f"{one.starts_at:%H:%M}",
        "endTime": f"{one.ends_at:%H:%M}",
        "scheduleTimezone": one.timezone,
        "repeatFrequency": frequency.replace("1", str(every), 1) if frequency else None,
        "byDay": parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else None,
        "repeatCount": int(parts["COUNT"]) if "COUNT" in parts else None,
        "exceptDate": [moment.isoformat() for moment in one.left_out] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _sitting(session: Session) -> dict[str, Any]:
    status = "EventCancelled" if session.cancelled else "EventScheduled"
    return {
        "@type": "Event",
        "name": session.title,
        "startDate": session.starts_at.isoformat(),
        "endDate": session.ends_at.isoformat(),
        "eventStatus": f"{CONTEXT}/{status}",
        "location": session.room or None,
    }
