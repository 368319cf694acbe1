"""What notifications refuse; each class is one stable code (titles in contracts/errors/notifications.json)."""

from __future__ import annotations

from imigr_kit.errors import Invalid


class InvalidInput(Invalid):
    """The request or event does not have the shape of its contract."""

    code = "notifications.invalid_input"


class UndecryptableContact(Invalid):
    """The box was not sealed to this vault's key, was damaged, or holds no contact."""

    code = "notifications.undecryptable_contact"


class NotAMobileNumber(Invalid):
    """The text is no telephone number that can receive SMS here."""

    code = "notifications.not_a_mobile_number"


class NotAnEmail(Invalid):
    """The text is no email address."""

    code = "notifications.not_an_email"
