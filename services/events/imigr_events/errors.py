"""What can go wrong with events and registrations (titles in contracts/errors/events.json)."""

from __future__ import annotations

from imigr_kit.commands import KeyReused as KeyReused
from imigr_kit.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unavailable


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "events.invalid_input"


class UnknownEvent(NotFound):
    """No such event, or not in this municipality, or not public."""

    code = "events.unknown_event"


class UnknownRegistration(NotFound):
    """No registration answers to this link: unknown, foreign and expired are alike."""

    code = "events.unknown_registration"


class UnknownSession(NotFound):
    """The event has no such session."""

    code = "events.unknown_session"


class HoldExpired(Gone):
    """The places were not kept any longer, or were kept for something else."""

    code = "events.hold_expired"


class NoPlaces(Conflict):
    """The places are not free together; a registration would wait."""

    code = "events.no_places"


class WrongCode(Forbidden):
    """The invitation code is unknown, of another event, or used up: all alike."""

    code = "events.wrong_code"


class NotOpen(Conflict):
    """The event takes no registrations: not published, begun, cancelled, none needed, or its list is at its end."""

    code = "events.not_open"


class RegistrationNotChangeable(Conflict):
    """The registration is cancelled already, or the event has begun."""

    code = "events.registration_not_changeable"


class NoCertificate(NotFound):
    """The event gives no certificates."""

    code = "events.no_certificate"


class NotOver(Conflict):
    """A certificate comes after the last session."""

    code = "events.not_over"


class NotAttended(Conflict):
    """Too little was attended for a certificate; ``params`` say how many sessions of how many."""

    code = "events.not_attended"


class UnknownPathway(NotFound):
    """No such pathway in this municipality, or the event has no questionnaire."""

    code = "events.unknown_pathway"


class UnknownCoaching(NotFound):
    """The pathway has no such coaching day."""

    code = "events.unknown_coaching"


class NoTicket(Conflict):
    """The registration has no places, so there is no ticket; ``params.state`` says why."""

    code = "events.no_ticket"


class UnknownEntry(NotFound):
    """No such check-in at this event, or it was undone already."""

    code = "events.unknown_entry"


class NotTheSameDay(Conflict):
    """A check-in is corrected on its day; later it stands."""

    code = "events.not_the_same_day"


class UnknownCertificate(NotFound):
    """No such certificate in this municipality."""

    code = "events.unknown_certificate"


class CertificateRevoked(Gone):
    """The certificate of this registration was revoked; there will be no other."""

    code = "events.certificate_revoked"


class StaleVersion(Conflict):
    """Somebody changed the event meanwhile; ``params.version`` is the one that stands."""

    code = "events.stale_version"


class WrongState(Conflict):
    """The event's state does not allow the step."""

    code = "events.wrong_state"


class Busy(Unavailable):
    """Too many changed the same event at once; try again."""

    code = "events.busy"
