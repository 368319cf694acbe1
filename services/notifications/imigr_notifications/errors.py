"""What can go wrong with contacts and messages (titles in contracts/errors/notifications.json)."""

from __future__ import annotations

from imigr_kit.commands import KeyReused as KeyReused
from imigr_kit.errors import Conflict, Invalid, NotFound, TooMany


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "notifications.invalid_input"


class UndecryptableContact(Invalid):
    """The sealed box was not made for this vault, or was altered; the message is parked."""

    code = "notifications.undecryptable_contact"


class NotAMobileNumber(Invalid):
    """The number cannot receive SMS: a land line, too short, too long, premium, or no number at all."""

    code = "notifications.not_a_mobile_number"


class NotAnEmail(Invalid):
    """The address breaks the rules of RFC 5321 and 5322."""

    code = "notifications.not_an_email"


class VersionConflict(Conflict):
    """Somebody changed it meanwhile; read it again."""

    code = "notifications.version_conflict"


class UnknownReason(Invalid):
    """An address is shown for one of the listed reasons only."""

    code = "notifications.unknown_reason"


class TooManyReveals(TooMany):
    """This member of staff was shown as many addresses as one may see in an hour; the town's managers are told."""

    code = "notifications.too_many_reveals"


class NothingToReveal(NotFound):
    """No contact of this municipality may be read under this reference."""

    code = "notifications.nothing_to_reveal"


class UnknownLink(NotFound):
    """The link was not made here, or was altered."""

    code = "notifications.unknown_link"


class UnknownCampaign(NotFound):
    """No such campaign in this municipality."""

    code = "notifications.unknown_campaign"


class WrongCampaignState(Conflict):
    """The campaign's state does not allow the step."""

    code = "notifications.wrong_campaign_state"


class UnknownSubscription(NotFound):
    """Unknown, foreign and ended links alike."""

    code = "notifications.unknown_subscription"


class BrokenText(Invalid):
    """A text cannot be published as it is; the fields say what is wrong where."""

    code = "notifications.broken_text"
