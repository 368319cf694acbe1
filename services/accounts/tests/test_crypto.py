"""Password hashes and signed tokens, against their standards."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import pytest
from argon2 import PasswordHasher, extract_parameters

from imigr_accounts.crypto import Argon2, EdDsa
from imigr_kit.secret import Secret

PASSWORD = "correct horse battery"


def test_hashes_are_argon2id_with_the_floor_of_owasp() -> None:
    """19 MiB, two passes, one lane, a salt of its own."""
    first, second = Argon2().hash(PASSWORD), Argon2().hash(PASSWORD)
    told = extract_parameters(first)
    assert (told.type.name, told.memory_cost, told.time_cost, told.parallelism) == ("ID", 19 * 1024, 2, 1)
    assert first != second


@pytest.mark.parametrize("stored", [None, "", "plain", "$argon2id$broken"])
def test_what_is_no_hash_fits_nothing(stored: str | None) -> None:
    """Not even the text itself, and not the password nobody has."""
    for password in (stored or "", "nobody has this password", PASSWORD):
        assert Argon2().verify(stored, password) is False


def test_a_hash_made_with_other_parameters_still_fits() -> None:
    """They stand in the hash, so they can be raised later."""
    stored = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    assert Argon2().verify(stored, PASSWORD) is True
    assert Argon2().verify(stored, PASSWORD + " ") is False


def test_a_token_names_its_algorithm(private_pem: str) -> None:
    """EdDSA (RFC 8037), three parts."""
    head, _, signature = EdDsa(Secret(private_pem)).sign({"sub": "s1"}).split(".")
    assert json.loads(urlsafe_b64decode(head + "==")) == {"alg": "EdDSA", "typ": "JWT"}
    assert len(urlsafe_b64decode(signature + "==")) == 64
