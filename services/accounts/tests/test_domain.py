"""Staff and machines as values: what changes, and which facts tell it."""

from __future__ import annotations

import pytest

from imigr_accounts.domain import Grant, Machine, Staff, belongs, check_password, home, normal_email
from imigr_accounts.errors import WeakPassword

MEDIATOR = (Grant("la-marsa", "mediator"),)


def staff(grants: tuple[Grant, ...] = MEDIATOR) -> Staff:
    return Staff("s1", "mediator@demo.invalid", "Mediator 3, La Marsa", grants, False, 1)


def test_a_new_account_tells_its_id_and_roles_and_nothing_else() -> None:
    """Neither email nor display is in the fact."""
    _, facts = staff().created()
    assert [(fact.kind, fact.subject, fact.municipality, fact.sequence) for fact in facts] == [
        ("staff.created", "s1", "la-marsa", 1)
    ]
    assert facts[0].data == {"staff_id": "s1", "roles": [{"municipality": "la-marsa", "role": "mediator"}]}


def test_disabling_is_the_second_fact_and_happens_once() -> None:
    """Again changes nothing, so the sequence has no gap."""
    disabled, facts = staff().disable()
    assert (disabled.disabled, disabled.version) == (True, 2)
    assert [(fact.kind, fact.sequence) for fact in facts] == [("staff.disabled", 2)]
    assert disabled.disable() == (disabled, [])


def test_revoking_is_the_second_fact_and_happens_once() -> None:
    """As for staff."""
    machine, created = Machine("m1", "importer", MEDIATOR, False, 1).created()
    revoked, facts = machine.revoke()
    assert (created[0].kind, facts[0].kind, facts[0].sequence) == ("token.created", "token.revoked", 2)
    assert revoked.revoke() == (revoked, [])


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("la-marsa",), "la-marsa"),
        (("la-marsa", "la-marsa"), "la-marsa"),
        (("la-marsa", "raoued"), "all"),
        (("*",), "all"),
    ],
)
def test_events_are_filed_under_the_one_municipality_or_under_all(places: tuple[str, ...], expected: str) -> None:
    """An account of two towns belongs to neither alone."""
    assert home([Grant(place, "editor") for place in places]) == expected


def test_a_role_everywhere_is_not_a_role_of_the_municipality() -> None:
    """The admin of one town does not manage the admin of all."""
    assert belongs(MEDIATOR, "la-marsa")
    assert not belongs((Grant("*", "admin"),), "la-marsa")


def test_a_short_password_is_refused() -> None:
    """Eleven characters are too few, twelve are enough."""
    check_password("x" * 12)
    with pytest.raises(WeakPassword):
        check_password("x" * 11)


def test_an_email_has_one_form() -> None:
    """Case, spaces around, full-width letters."""
    assert (
        normal_email("  Mediator@DEMO.invalid ")
        == normal_email("\uff4dediator@demo.invalid")
        == "mediator@demo.invalid"
    )
