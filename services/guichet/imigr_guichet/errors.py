"""What can go wrong at a guichet; each class is one stable code (titles in contracts/errors/guichet.json)."""

from __future__ import annotations

from imigr_kit.errors import Conflict, Invalid, NotFound, Unavailable


class SlotFull(Conflict):
    """Every place of the wanted start is taken; ``params.next_slots`` has up to five that are free."""

    code = "guichet.slot_full"


class SlotNotOffered(Invalid):
    """The start is no slot of this guichet (past, too soon, too far, closed, off the grid, does not fit)."""

    code = "guichet.slot_not_offered"


class TopicNotOffered(Invalid):
    """The guichet does not treat this topic."""

    code = "guichet.topic_not_offered"


class LanguageNotOffered(Invalid):
    """No mediator for this topic speaks the language."""

    code = "guichet.language_not_offered"


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "guichet.invalid_input"


class UnknownGuichet(NotFound):
    """No such guichet, or not in this municipality, or not open to the public."""

    code = "guichet.unknown_guichet"


class UnknownAppointment(NotFound):
    """No appointment answers to this link: unknown, foreign and expired are alike."""

    code = "guichet.unknown_appointment"


class AppointmentNotChangeable(Conflict):
    """The appointment is over, cancelled, or has begun."""

    code = "guichet.appointment_not_changeable"


class KeyReused(Invalid):
    """The idempotency key was used before with another body; nothing was stored."""

    code = "kit.idempotency_key_reused"


class Busy(Unavailable):
    """The same record was changed several times at once by others; try again."""

    code = "guichet.busy"


class TooLate(Unavailable):
    """The database looked at the write after its caller had given up; nothing was stored."""

    code = "kit.deadline_passed"
