"""What can go wrong with accounts and tokens (titles in contracts/errors/accounts.json)."""

from __future__ import annotations

from imigr_kit.commands import KeyReused as KeyReused
from imigr_kit.errors import Conflict, Gone, Invalid, NotFound, TooMany, Unauthenticated


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "accounts.invalid_input"


class WrongCredentials(Unauthenticated):
    """Email or password is not right, or the account is disabled: all alike."""

    code = "accounts.wrong_credentials"


class InvalidToken(Unauthenticated):
    """The machine token is unknown or revoked: both alike."""

    code = "accounts.invalid_token"


class TooManyTries(TooMany):
    """Failed sign-ins have to be waited for, longer each time; ``retry_after`` says how long."""

    code = "accounts.too_many_tries"


class SessionOver(Unauthenticated):
    """Signed out, disabled, another password or at its end: all alike."""

    code = "accounts.session_over"


class ResetLinkOver(Gone):
    """The link sets no password: unknown, used or too old, all alike."""

    code = "accounts.reset_link_over"


class UnknownStaff(NotFound):
    """No such account in this municipality."""

    code = "accounts.unknown_staff"


class UnknownToken(NotFound):
    """No such token in this municipality."""

    code = "accounts.unknown_token"


class EmailTaken(Conflict):
    """An account with this email exists."""

    code = "accounts.email_taken"


class WeakPassword(Invalid):
    """The password has fewer than 12 characters."""

    code = "accounts.weak_password"
