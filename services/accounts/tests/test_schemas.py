"""What RPC methods refuse, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from imigr_accounts import schemas
from imigr_accounts.domain import Grant
from imigr_accounts.service import command

from .conftest import EMAIL, PASSWORD, actor

LOGIN = {"email": EMAIL, "password": PASSWORD, "client_key": "client"}
STAFF: dict[str, Any] = {
    "actor": actor("la-marsa", "admin"),
    "municipality": "la-marsa",
    "email": EMAIL,
    "password": PASSWORD,
    "display": "Mediator 3, La Marsa",
    "roles": [{"municipality": "la-marsa", "role": "mediator"}],
    "idempotency_key": "one",
}
END: dict[str, Any] = {
    "actor": actor("la-marsa", "admin"), "municipality": "la-marsa", "staff_id": "s", "idempotency_key": "one"
}  # fmt: skip


def refused(schema: Schema, payload: dict[str, Any]) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        schema.load(payload)
    assert isinstance(caught.value.messages, dict)
    return set(caught.value.messages)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""), ("email", None), ("email", 5), ("email", "x" * 255), ("email", "half \ud800 a letter"),
        ("password", ""), ("password", "x" * 1025), ("password", "half \udfff a letter"), ("password", "nothing\x00"),
        ("client_key", ""), ("more", "x"),
    ],
)  # fmt: skip
def test_a_sign_in_of_another_shape_is_refused(field: str, value: object) -> None:
    """With the name of the field; a text that UTF-8 cannot hold is no fault of ours."""
    assert refused(schemas.Login(), LOGIN | {field: value}) == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no email"), ("email", "half\ud800@demo.invalid"), ("display", ""), ("display", "x" * 81),
        ("roles", []), ("roles", [{"municipality": "la-marsa", "role": "king"}]),
        ("roles", [{"municipality": "La Marsa", "role": "editor"}]), ("roles", [{"role": "editor"}]),
        ("municipality", "../raoued"), ("idempotency_key", ""), ("idempotency_key", "x" * 201),
        ("actor", {}), ("actor", {"id": "x", "kind": "king", "roles": []}), ("actor", "boss"),
    ],
)  # fmt: skip
def test_a_new_account_of_another_shape_is_refused(field: str, value: object) -> None:
    """With the name of the field."""
    assert refused(schemas.NewStaff(), STAFF | {field: value}) == {field}


def test_what_is_loaded_has_one_form() -> None:
    """Email in its one form, each role once, the password closed away."""
    loaded = schemas.NewStaff().load(STAFF | {"email": EMAIL.upper(), "roles": STAFF["roles"] * 2})
    assert loaded["email"] == EMAIL
    assert loaded["roles"] == (Grant("la-marsa", "mediator"),)
    assert PASSWORD not in repr(loaded)


@pytest.mark.parametrize("reason", ["He was rude to Mrs. X", "LEFT", None])
def test_a_reason_is_a_code_and_no_text(reason: object) -> None:
    """A free text could tell of a person."""
    assert refused(schemas.OneStaff(), END | {"reason": reason}) == {"reason"}


def test_a_reason_may_be_absent() -> None:
    """The gateway does not ask for one yet."""
    assert schemas.OneStaff().load(END)["reason"] == ""


def test_messages_never_repeat_what_was_sent() -> None:
    """They are logged and shown."""
    with pytest.raises(ValidationError) as caught:
        schemas.NewStaff().load(STAFF | {"email": "secret-text", "password": "", "display": "secret-text" * 10})
    assert "secret-text" not in str(caught.value.messages)


def test_a_command_is_its_method_its_caller_and_its_arguments() -> None:
    """But not the password (a quick hash would undo the slow one), nor the roles of the caller at that moment."""
    same = command("create_staff", STAFF)
    promoted = actor("*", "admin")
    assert command("create_staff", STAFF | {"password": "another good one", "actor": promoted}) == same
    others = [
        command("other", STAFF),
        command("create_staff", STAFF | {"display": "x"}),
        command("create_staff", STAFF | {"actor": actor("la-marsa", "admin", "another")}),
    ]
    assert same.body_hash not in {one.body_hash for one in others}
    assert len({one.body_hash for one in others}) == 3
