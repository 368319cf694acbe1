"""Phone numbers and email addresses in their one normal form, or a clear refusal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import NoReturn

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from imigr_kit.errors import FieldError
from imigr_kit.secret import Secret
from imigr_notifications.errors import NotAMobileNumber, NotAnEmail

HOME_REGION = "TN"
ANYWHERE = "*"
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_VOICE = _MOBILE | {PhoneNumberType.FIXED_LINE}
_TYPED = re.compile(r"^[+(]{0,2}[0-9][0-9 ().\-/]{6,30}\Z")
_LEFT_OUT = re.compile(r"[^0-9+]")


def mobile_number(text: Secret[str], countries: Collection[str] = (ANYWHERE,)) -> Secret[str]:
    """E.164 of a mobile number of one of the countries; local forms are Tunisian; digits of any script count.

    Raises NotAMobileNumber, which never holds the number; ``params.reason`` is ``letters``,
    ``not_a_number``, ``country`` or ``not_mobile``.
    """
    return _number(text, countries, _MOBILE)


def voice_number(text: Secret[str], countries: Collection[str] = (ANYWHERE,)) -> Secret[str]:
    """As mobile_number, but land lines are welcome."""
    return _number(text, countries, _VOICE)


def email_address(text: Secret[str]) -> Secret[str]:
    """The normalised address (RFC 5321, 5322), its domain in ASCII; no look-up on the network.

    Addresses under ``.test`` pass: they reach nobody, which is what rehearsals need. Raises NotAnEmail.
    """
    try:
        found = validate_email(
            text.reveal().strip(" "), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        found = None
    if found is None or found.ascii_email is None:
        raise NotAnEmail(fields=[FieldError("address", NotAnEmail.code)])
    return Secret(found.ascii_email)


def _number(text: Secret[str], countries: Collection[str], types: Collection[int]) -> Secret[str]:
    raw = _western(text.reveal()).strip()
    if not _TYPED.match(raw):
        _refuse("letters" if any(letter.isalpha() for letter in raw) else "not_a_number")
    try:
        number = phonenumbers.parse(_international(raw), HOME_REGION)
    except phonenumbers.NumberParseException:
        _refuse("not_a_number")
    if not phonenumbers.is_valid_number(number):
        _refuse("not_a_number")
    region = phonenumbers.region_code_for_number(number)
    if region not in countries and (ANYWHERE not in countries or region == "001"):
        _refuse("country")
    if phonenumbers.number_type(number) not in types:
        _refuse("not_mobile")
    return Secret(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _international(raw: str) -> str:
    digits = _LEFT_OUT.sub("", raw)
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+{digits}" if len(digits) == 11 and digits.startswith("216") else digits


def _refuse(reason: str) -> NoReturn:
    field = FieldError("address", NotAMobileNumber.code, reason)
    raise NotAMobileNumber(fields=[field], params={"reason": reason}) from None


def _western(text: str) -> str:
    """Digits of every script as 0-9, full-width forms as plain ones, marks that cannot be seen left out."""
    folded = unicodedata.normalize("NFKC", text)
    shown = (letter for letter in folded if letter.isprintable() and unicodedata.category(letter) != "Cf")
    return "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in shown)
