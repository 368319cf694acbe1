"""Phone numbers and email addresses in their one normal form, or a clear refusal."""

from __future__ import annotations

import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberType

from imigr_kit.secret import Secret
from imigr_notifications.errors import NotAMobileNumber, NotAnEmail

HOME_REGION = "TN"
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def mobile_number(text: Secret[str]) -> Secret[str]:
    """E.164 of a mobile number; local forms are Tunisian; digits of any script are understood.

    Raises NotAMobileNumber, whose text never holds the number.
    """
    raw = _western(text.reveal())
    if any(letter.isalpha() for letter in raw) or ";" in raw:
        raise NotAMobileNumber
    digits = "".join(letter for letter in raw if letter.isdigit())
    if not raw.strip().startswith("+") and len(digits) == 11 and digits.startswith("216"):
        raw = f"+{digits}"
    try:
        number = phonenumbers.parse(raw, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise NotAMobileNumber from error
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        raise NotAMobileNumber
    return Secret(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def email_address(text: Secret[str]) -> Secret[str]:
    """The normalised address (RFC 5321, 5322, 6531); no look-up on the network. Raises NotAnEmail."""
    try:
        found = validate_email(text.reveal().strip(" "), check_deliverability=False)
    except EmailNotValidError as error:
        raise NotAnEmail from error
    return Secret(found.ascii_email or found.normalized)


def _western(text: str) -> str:
    """Digits of every script as 0-9, full-width forms as plain ones."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in folded if letter.isprintable()
    )
