"""Wrong settings stop the start with a sentence that names them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from imigr_accounts.settings import AccountsSettings
from imigr_kit.settings import SettingsError, load

from .conftest import KEY


@pytest.fixture
def environ(private_pem: str) -> dict[str, str]:
    """All that is needed."""
    return {
        "IMIGR_AMQP_URI": "amqp://x",
        "IMIGR_MONGO_URI": "mongodb://x",
        "IMIGR_TOKEN_SIGNING_KEY": private_pem,
        "IMIGR_ACCOUNTS_KEY": base64.b64encode(KEY).decode(),
    }


def other_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_token_lives_a_quarter_of_an_hour_unless_told(environ: dict[str, str]) -> None:
    """900 seconds."""
    assert load(AccountsSettings, environ).token_seconds == 900


@pytest.mark.parametrize("name", ["IMIGR_TOKEN_SIGNING_KEY", "IMIGR_ACCOUNTS_KEY"])
def test_keys_must_be_there(environ: dict[str, str], name: str) -> None:
    """No default."""
    del environ[name]
    with pytest.raises(SettingsError, match=f"{name} is missing"):
        load(AccountsSettings, environ)


@pytest.mark.parametrize("text", ["no key", other_key(), "-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----"])
def test_the_signing_key_must_be_ed25519(environ: dict[str, str], text: str) -> None:
    """Found at the start, not at the first sign-in; the key is not in the sentence."""
    with pytest.raises(SettingsError, match="IMIGR_TOKEN_SIGNING_KEY is wrong: must be an Ed25519") as caught:
        load(AccountsSettings, environ | {"IMIGR_TOKEN_SIGNING_KEY": text})
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["0", "-1", "59", "3601", "soon"])
def test_a_token_lives_neither_too_short_nor_too_long(environ: dict[str, str], text: str) -> None:
    """It cannot be taken back."""
    with pytest.raises(SettingsError, match="IMIGR_TOKEN_SECONDS is wrong"):
        load(AccountsSettings, environ | {"IMIGR_TOKEN_SECONDS": text})
