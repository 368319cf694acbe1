"""What staff see of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.handlers.office import STAFF_ROLES, Office, get_guichet
from imigr_kit.access import require


def list_appointments(
    office: Office, actor: dict[str, Any], municipality: str, guichet_id: str, day: date
) -> Sequence[Appointment]:
    """The agenda of a day, for staff of the municipality; no contact is in it."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(office, guichet_id, municipality)
    return office.appointments.of_day(guichet.id, day)
