"""What can go wrong at a guichet; each class is one stable code (titles in contracts/errors/guichet.json)."""

from __future__ import annotations

from imigr_kit.commands import KeyReused as KeyReused
from imigr_kit.errors import Conflict, Gone, Invalid, NotFound, TooMany, Unavailable


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


class HoldExpired(Gone):
    """The minutes of the hold are over; its place is offered to others again."""

    code = "guichet.hold_expired"


class NotOpenToBooking(Invalid):
    """The topic is not open to bookings of this kind (public, staff, partner), or only in group sessions."""

    code = "guichet.not_open_to_booking"


class AlreadyBooked(Conflict):
    """The contact has an appointment that day; nothing is said about it, since who asks may be another person."""

    code = "guichet.already_booked"


class TooManyBookings(TooMany):
    """The contact, the address or the device has booked as much as one may in this time."""

    code = "guichet.too_many_bookings"


class TooManyLookups(TooMany):
    """Too many look-ups that found nothing came from here."""

    code = "guichet.too_many_lookups"


class PlanChanged(Conflict):
    """The plan was changed by somebody else since it was read."""

    code = "guichet.plan_changed"


class PlanNotConsistent(Invalid):
    """The plan contradicts itself; the fields say where."""

    code = "guichet.plan_not_consistent"


class UnknownMediator(NotFound):
    """No such mediator at this guichet."""

    code = "guichet.unknown_mediator"


class UnknownSession(NotFound):
    """No such group session at this guichet."""

    code = "guichet.unknown_session"


class SessionFull(Conflict):
    """Every seat of the group session is taken."""

    code = "guichet.session_full"


class UnknownFeed(NotFound):
    """No calendar feed answers to this address."""

    code = "guichet.unknown_feed"


class Busy(Unavailable):
    """The same record was changed several times at once by others; try again."""

    code = "guichet.busy"


class TooLate(Unavailable):
    """The database looked at the write after its caller had given up; nothing was stored."""

    code = "kit.deadline_passed"


class UnknownTicket(NotFound):
    """No ticket of this town answers: unknown, foreign and expired are alike."""

    code = "guichet.unknown_ticket"


class UnknownDesk(Invalid):
    """The guichet has no such desk."""

    code = "guichet.unknown_desk"


class TicketNotChangeable(Conflict):
    """The state of the ticket does not allow this step; ``params.state`` says what it is."""

    code = "guichet.ticket_not_changeable"


class CallAgainFirst(Conflict):
    """Nobody is missed before the third call; ``params`` say how many there were."""

    code = "guichet.call_again_first"


class DeskOccupied(Conflict):
    """The desk still has a ticket that is called or served; ``params.number`` says which."""

    code = "guichet.desk_occupied"


class GuichetShut(Conflict):
    """The guichet gives no tickets now."""

    code = "guichet.shut"


class UnknownOrientation(NotFound):
    """No orientation of this town answers: unknown, foreign and expired are alike."""

    code = "guichet.unknown_orientation"


class UnknownReferral(NotFound):
    """No referral answers to this id or token: unknown, foreign and expired are alike."""

    code = "guichet.unknown_referral"


class ReferralNotChangeable(Conflict):
    """The state of the referral does not allow this step; ``params.state`` says what it is."""

    code = "guichet.referral_not_changeable"


class ConsentMissing(Conflict):
    """Nothing is sent to a partner before the person's consent is recorded."""

    code = "guichet.consent_missing"


class ReferralFetched(Gone):
    """The details were fetched before; a token is good once."""

    code = "guichet.referral_fetched"


class UnknownNeed(Invalid):
    """A need that is no code of the taxonomy."""

    code = "guichet.unknown_need"


class OrientationNotChangeable(Conflict):
    """Its follow-up is closed already."""

    code = "guichet.orientation_not_changeable"


class UnknownEntry(NotFound):
    """No entry of the waiting list answers to this link: unknown, foreign and expired are alike."""

    code = "guichet.unknown_entry"


class NotWaiting(Conflict):
    """The entry's state does not allow this step; ``params.state`` says what it is."""

    code = "guichet.not_waiting"


class OfferExpired(Gone):
    """The place that was offered has gone to the next person; joining again is possible (``params`` say where)."""

    code = "guichet.offer_expired"


class PlacesAreFree(Conflict):
    """There is no need to wait: places are free; ``params.next_slots`` has up to five."""

    code = "guichet.places_are_free"


class UnknownSlip(NotFound):
    """No appointment of this guichet answers to the slip or reference."""

    code = "guichet.unknown_slip"
