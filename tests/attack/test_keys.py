"""Keys that are really thrown away: whoever takes the database and every key file there is finds nobody in it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imigr_gateway.keys import open_ring
from imigr_kit.testing import FrozenClock, wait_until

from ..architecture.retention_table import SERVICES, listed
from ..sites import database, guichet_id, site, slots, unsent

PHONES = tuple(f"+2162055{number:04}" for number in range(4))
ADDRESSES = tuple(f"41.226.77.{number + 1}" for number in range(4))
FILES = "brochure_files."
"""Printed public texts: the contents of `brochures`, in chunks."""
HASH = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def booked(platform: Any) -> list[dict[str, Any]]:
    """An appointment for each phone, each from an address of its own."""
    guichet, starts = guichet_id(platform, "la-marsa"), slots(platform, "la-marsa", "fr")[-40::8]
    made = []
    for phone, address, start in zip(PHONES, ADDRESSES, starts, strict=False):
        body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr", "phone": phone}
        answer = site(platform).post(
            "/api/v1/appointments", body, X_Forwarded_For=address, Idempotency_Key=f"known-{phone[1:]}",
            X_Device_Token=f"device-{phone[1:]}",
        )  # fmt: skip
        assert answer.status == 201, answer.body
        made.append(dict(answer.body))
    return made


def row_of(platform: Any, appointment_id: str) -> str:
    """The whole document as JSON, once its events were sent."""
    wait_until(lambda: unsent(platform) == 0, 60, "all events to be sent")
    with database(platform) as client:
        row = client["imigr_guichet"]["appointments"].find_one({"_id": appointment_id})
    return json.dumps(row, default=str)


def key_folder(platform: Any) -> Path:
    """Where the gateway keeps the keys that rotate."""
    return Path(platform.instance.folder, "rotating-keys")


def hashes(keys: Iterable[bytes]) -> dict[str, str]:
    """What each phone, address and device becomes with each key, in every way it was ever hashed: hash to value."""
    today, found = datetime.now(UTC), {}
    days = [(today - timedelta(days=back)).date().isoformat() for back in range(3)]
    months = sorted({day[:7] for day in days})
    for phone, address in zip(PHONES, ADDRESSES, strict=True):
        device = f"device-{phone[1:]}"
        texts = {
            phone: [
                ("guichet", phone),
                ("guichet", device, phone),
                *(("contact-key", f"guichet:{month}", phone) for month in months),
            ],
            address: [(address,), *(("client", day, address) for day in days)],
            device: [(device,), *(("device", month, device) for month in months)],
        }
        for value, ways in texts.items():
            for way in ways:
                for key in keys:
                    found[hmac.new(key, "\x00".join(way).encode(), hashlib.sha256).hexdigest()] = value
    return found


def lasting_keys(platform: Any) -> list[bytes]:
    """Every other secret of 32 octets of the installation."""
    import base64

    found = []
    for path in Path(platform.instance.secrets).rglob("hash_key"):
        found.append(base64.b64decode(path.read_text(encoding="utf-8").strip()))
    return found


def ids(keys: Iterable[bytes]) -> set[str]:
    """The ids that contacts of these phones would have under each key, with the known keys of the commands."""
    made = set()
    for key in keys:
        for phone in PHONES:
            text = "\x00".join(("contact", f"known-{phone[1:]}", phone))
            octets = bytearray(hmac.new(key, text.encode(), hashlib.sha256).digest()[:16])
            octets[6], octets[8] = (octets[6] & 0x0F) | 0x80, (octets[8] & 0x3F) | 0x80
            text = octets.hex()
            made.add(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")
    return made


def test_known_phones_are_not_found_in_the_database_with_all_keys_that_are_left(
    platform: Any, booked: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The attack finds everybody while the keys live, and nobody after the job has run at its time, though every row
    is still there."""
    rows = " ".join(row_of(platform, one["id"]) for one in booked)
    stored = set(HASH.findall(rows))
    copy = tmp_path / "keys"
    shutil.copytree(key_folder(platform), copy)
    living = [path.read_bytes() for path in copy.iterdir()]
    assert set(PHONES) <= {value for made, value in hashes(living).items() if made in stored}
    assert any(one in rows for one in ids(living))

    open_ring(copy, FrozenClock(datetime.now(UTC) + timedelta(days=63))).destroy_outlived()
    left = [path.read_bytes() for path in copy.iterdir()] + lasting_keys(platform)
    assert lasting_keys(platform)
    assert not [value for made, value in hashes(left).items() if made in stored]
    assert not [one for one in ids(left) if one in rows]


def test_yesterdays_addresses_are_nobodys_today(platform: Any, booked: list[dict[str, Any]], tmp_path: Path) -> None:
    """The key of the day is gone with the day."""
    copy = tmp_path / "keys"
    shutil.copytree(key_folder(platform), copy)
    today = hashes(path.read_bytes() for path in copy.glob("client.*"))
    open_ring(copy, FrozenClock(datetime.now(UTC) + timedelta(days=1))).destroy_outlived()
    assert list(copy.glob("client.*")) == []
    tomorrow = hashes([path.read_bytes() for path in copy.iterdir()] + lasting_keys(platform))
    assert not {made for made, value in today.items() if value in ADDRESSES} & set(tomorrow)


def test_after_cancelling_and_forgetting_no_tie_is_left(platform: Any, booked: list[dict[str, Any]]) -> None:
    """The row holds neither the contact's id nor any hash of it, and the person is told of the cancellation."""
    living = [path.read_bytes() for path in key_folder(platform).iterdir()]
    ties = {made for made, value in hashes(living).items() if value in PHONES} | ids(living)
    cancelled, forgotten = booked[0], booked[1]
    assert any(tie in row_of(platform, cancelled["id"]) for tie in ties)
    assert site(platform).post(f"/api/v1/appointments/{cancelled['manage_token']}/cancel", {}).status == 200
    answer = site(platform).post(f"/api/v1/appointments/{forgotten['manage_token']}/forget", {})
    assert (answer.status, answer.body["forgotten"]) == (200, True)
    for one in (cancelled, forgotten):
        row = json.loads(row_of(platform, one["id"]))
        assert not [tie for tie in ties if tie in json.dumps(row)]
    messages = f"/api/v1/appointments/{cancelled['manage_token']}/messages"
    wait_until(lambda: "cancelled" in str(site(platform).get(messages).body), 30, "the person to be told")


def test_every_collection_there_is_has_an_end(platform: Any) -> None:
    """What the running services have made, and not only what their code names."""
    with database(platform) as client:
        for name in client.list_database_names():
            service = next((one for one in SERVICES if name.startswith(f"imigr_{one}")), None)
            if service is not None:
                found = {one for one in client[name].list_collection_names() if not one.startswith(FILES)}
                assert found <= listed(service), name
