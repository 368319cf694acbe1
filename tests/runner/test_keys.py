"""Keys and passwords: made once, complete, readable by one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import jwt
import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from imigr_provision import catalogue, keys
from imigr_provision.catalogue import OwnPart
from imigr_provision.server_secrets import ensure_server_secrets

WRITTEN_WITH_THE_SERVERS = {"amqp_uri", "mongo_uri"}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    ensure_server_secrets(folder)
    keys.ensure_keys(catalogue.read(own=[OwnPart("guichet_raoued", "guichet", ("raoued",))]), folder)
    return folder


def test_every_secret_that_a_part_is_given_exists(secrets: Path) -> None:
    """A part never starts with the name of a file that nobody wrote."""
    for part in catalogue.read().parts:
        made = {path.name for path in (secrets / part.name).glob("*")} | WRITTEN_WITH_THE_SERVERS
        assert set(part.secrets.values()) <= made, part.name


def test_only_the_owner_can_read_a_secret(secrets: Path) -> None:
    """Neither group nor others, at no time."""
    files = [path for path in secrets.rglob("*") if path.is_file()]
    assert len(files) > 15
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_a_second_run_keeps_every_key(secrets: Path) -> None:
    """A lost key would make what it protects unreadable."""
    before = {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()}
    ensure_server_secrets(secrets)
    keys.ensure_keys(catalogue.read(), secrets)
    assert {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()} == before


def test_what_the_gateway_seals_only_the_vault_opens(secrets: Path) -> None:
    """The two halves of the vault's key belong together."""
    public = PublicKey(base64.b64decode((secrets / "gateway" / "vault_public_key").read_bytes()))
    private = PrivateKey(base64.b64decode((secrets / "notifications" / "vault_private_key").read_bytes()))
    assert SealedBox(private).decrypt(SealedBox(public).encrypt(b"+21620123456")) == b"+21620123456"
    assert not (secrets / "gateway" / "vault_private_key").exists()


def test_what_accounts_signs_the_gateway_can_check(secrets: Path) -> None:
    """The two halves of the token key belong together."""
    token = jwt.encode({"sub": "s1"}, (secrets / "accounts" / "token_signing_key.pem").read_bytes(), "EdDSA")
    public = (secrets / "gateway" / "token_public_key.pem").read_bytes()
    assert jwt.decode(token, public, ["EdDSA"]) == {"sub": "s1"}


def test_two_parts_never_share_a_hash_key(secrets: Path) -> None:
    """A hash of one service says nothing in another."""
    found = [path.read_bytes() for path in secrets.rglob("hash_key")]
    assert len(set(found)) == len(found) >= 5
    assert all(len(base64.b64decode(key)) == 32 for key in found)


def test_each_demo_account_gets_a_drawn_password_once(tmp_path: Path) -> None:
    """A new account in the file gets one; the others keep theirs."""
    staff = tmp_path / "staff.json"
    staff.write_text(json.dumps([{"email": "amel@la-marsa.example"}]))
    keys.ensure_staff_passwords(tmp_path, staff)
    target = tmp_path / "accounts" / "staff_passwords.json"
    first = json.loads(target.read_text())
    staff.write_text(json.dumps({"staff": [{"email": "amel@la-marsa.example"}, {"email": "sami@raoued.example"}]}))
    keys.ensure_staff_passwords(tmp_path, staff)
    second = json.loads(target.read_text())
    assert list(first) == ["amel@la-marsa.example"]
    assert second["amel@la-marsa.example"] == first["amel@la-marsa.example"]
    assert len(second["sami@raoued.example"]) == 16
