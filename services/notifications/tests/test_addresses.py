"""Numbers and addresses as people type them (acceptance: notifications, 13 to 17)."""

from __future__ import annotations

import pytest

from imigr_kit.secret import Secret
from imigr_notifications.addresses import email_address, mobile_number, voice_number
from imigr_notifications.errors import NotAMobileNumber, NotAnEmail
from imigr_notifications.rules import rules_of

COUNTRIES = rules_of("la-marsa").countries


@pytest.mark.parametrize(
    "typed",
    ["20 123 456", "+216 20 123 456", "0021620123456", "(216) 20-123-456", "21620123456", "20.123.456",
     "٢٠ ١٢٣ ٤٥٦", "２０１２３４５６", "۲۰۱۲۳۴۵۶", "\u200e+216 20 123 456\u202c"],
)  # fmt: skip
def test_one_number_in_many_forms(typed: str) -> None:
    """Cases 13 and 14."""
    assert mobile_number(Secret(typed), COUNTRIES).reveal() == "+21620123456"


def test_a_land_line_is_for_voice_only() -> None:
    """Case 13."""
    with pytest.raises(NotAMobileNumber) as caught:
        mobile_number(Secret("71 749 608"), COUNTRIES)
    assert caught.value.params == {"reason": "not_mobile"}
    assert voice_number(Secret("71 749 608"), COUNTRIES).reveal() == "+21671749608"


@pytest.mark.parametrize(
    "typed",
    ["+33 6 12 34 56 78", "+225 07 07 12 34 56", "+237 6 71 23 45 67", "+223 65 01 23 45", "+39 312 345 6789"],
)
def test_mobiles_of_allowed_countries(typed: str) -> None:
    """Case 15."""
    assert mobile_number(Secret(typed), COUNTRIES).reveal() == "+" + "".join(filter(str.isdigit, typed))


@pytest.mark.parametrize("typed", ["+33 6 12 34 56 78", "+8816 1234 5678"])
def test_other_countries_and_satellites_are_refused(typed: str) -> None:
    """Case 15: a town that allows Tunisia alone; no town reaches satellites, not even one that allows all."""
    with pytest.raises(NotAMobileNumber) as caught:
        mobile_number(Secret(typed), {"TN"})
    assert caught.value.params == {"reason": "country"}
    with pytest.raises(NotAMobileNumber):
        mobile_number(Secret("+8816 1234 5678"), {"*"})


@pytest.mark.parametrize("typed", ["88 123 456", "+33 899 12 34 56"])
def test_premium_ranges_are_refused(typed: str) -> None:
    """Case 15."""
    with pytest.raises(NotAMobileNumber):
        mobile_number(Secret(typed), COUNTRIES)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("20 ABC 456", "letters"), ("2012345", "not_a_number"), ("+2162012345678901", "not_a_number"),
     ("20123456;ext=5", "letters"), ("20123456 x5", "letters"), ("", "not_a_number"), ("+", "not_a_number"),
     ("20 123 456, 22 123 456", "not_a_number")],
)  # fmt: skip
def test_what_is_no_number_is_told_by_field(typed: str, reason: str) -> None:
    """Case 16; the error never holds what was typed."""
    with pytest.raises(NotAMobileNumber) as caught:
        mobile_number(Secret(typed), COUNTRIES)
    assert caught.value.params == {"reason": reason}
    assert [field.path for field in caught.value.fields] == ["address"]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("A.b+tag@Example.org", "A.b+tag@example.org"), ("o'brien!#$%@exa-mple.fr", "o'brien!#$%@exa-mple.fr"),
     (" a@münchen.de ", "a@xn--mnchen-3ya.de"), ("canary@canary.test", "canary@canary.test")],
)  # fmt: skip
def test_unusual_but_legal_addresses(typed: str, kept: str) -> None:
    """Case 17: internationalised domains are encoded."""
    assert email_address(Secret(typed)).reveal() == kept


@pytest.mark.parametrize(
    "typed",
    ["a@b@c.fr", "a.@x.fr", "a@x.fr.", "a b@x.fr", "a@x.fr\r\nBcc: z@y.fr", "@x.fr", "a@", "a@localhost", "é@x.fr"],
)
def test_broken_addresses_fail(typed: str) -> None:
    """Case 17: two signs, trailing dots, spaces, header injection."""
    with pytest.raises(NotAnEmail) as caught:
        email_address(Secret(typed))
    assert caught.value.__cause__ is None
