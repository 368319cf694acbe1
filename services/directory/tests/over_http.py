"""The gateway before a running directory: what staff and readers do over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from nacl.public import PrivateKey

from imigr_directory.domain import Municipality, Term
from imigr_directory.storage import MongoDirectory
from imigr_gateway.app import create_app
from imigr_gateway.settings import GatewaySettings
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.testing import servers
from imigr_kit.testing.processes import ServiceHandle

TOWNS = [
    Municipality(
        slug, {"fr": name}, {"fr": "Tunis"}, {"lat": 36.88, "lon": 10.33}, 5.0, "Africa/Tunis", ("fr", "ar", "en")
    )
    for slug, name in (("raoued", "Raoued"), ("la-marsa", "La Marsa"))
]
TERMS = [Term("legal", None, {"fr": "Droit"}), Term("health", None, {"fr": "Santé"})]
_SIGNING = Ed25519PrivateKey.generate()
_PEM = _SIGNING.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
_PUBLIC = _SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any
    text: str

    @property
    def etag(self) -> dict[str, str]:
        """The header that names the revision of this answer."""
        return {"If-Match": self.headers["ETag"]}

    @property
    def fields(self) -> list[str]:
        """Paths of what is wrong."""
        return [one["path"] for one in self.body.get("errors", ())]


@dataclass(frozen=True)
class Site:
    """The gateway as an application in this process, the directory in processes of their own."""

    app: Flask
    directory: MongoDirectory
    env: dict[str, str]

    def ask(self, path: str, *, method: str = "GET", by: str = "", **more: Any) -> Answer:
        """``by``: ``role``, ``role@town`` or ``role@town:id``; nobody in particular without. Paths of staff are short:
        ``staff/raoued/...``."""
        headers = more.pop("headers", {}) | (signed(by) if by else {})
        answer = self.app.test_client().open(f"/api/v1/{path}", method=method, headers=headers, **more)
        is_json = "json" in answer.content_type
        return Answer(answer.status_code, json.loads(answer.data) if is_json else None, answer.headers, answer.text)

    def post(self, path: str, body: Any = None, *, by: str = "manager", **more: Any) -> Answer:
        """A step by staff of Raoued."""
        return self.ask(f"staff/raoued/{path}", method="POST", by=by, json={} if body is None else body, **more)

    def put(self, path: str, body: Any, *, by: str = "manager", **more: Any) -> Answer:
        """The same."""
        return self.ask(f"staff/raoued/{path}", method="PUT", by=by, json=body, **more)

    def staff(self, path: str, *, by: str = "manager", **more: Any) -> Answer:
        """What staff of Raoued read."""
        return self.ask(f"staff/raoued/{path}", by=by, **more)

    def service(self, name: str = "Permanence", **content: Any) -> Answer:
        """A service of Raoued, published by a manager."""
        body = {"name": {"fr": name}, "taxonomy": ["legal"], **content}
        made = self.post("directory/services", {"content": body, "state": "published"})
        assert made.status == 201, made.text
        return made


SESSIONS: dict[str, list[dict[str, str]]] = {}
"""Roles by session: what accounts, which does not run here, would know of the tokens that ``signed`` makes."""


class Calling(RpcClient):
    """Calls over the broker, with the sessions of accounts known here."""

    def call(self, service: str, method: str, payload: Mapping[str, Any], **options: Any) -> Any:
        """As RpcClient."""
        if (service, method) == ("accounts", "check_session"):
            return {"id": payload["staff_id"], "kind": "staff", "roles": SESSIONS[payload["session_id"]]}
        return super().call(service, method, payload, **options)


def signed(by: str) -> dict[str, str]:
    """A staff token with one role."""
    role, _, rest = by.partition("@")
    town, _, name = rest.partition(":")
    claims = {
        "iss": "/local/accounts",
        "aud": "imigr",
        "sub": name or role,
        "exp": 4_000_000_000,
        "jti": f"session-{len(SESSIONS)}",
    }
    SESSIONS[str(claims["jti"])] = [{"role": role, "municipality": town or "raoued"}]
    return {"Authorization": f"Bearer {jwt.encode(claims, _PEM, algorithm='EdDSA')}"}


@contextmanager
def running(processes: int = 1) -> Iterator[Site]:
    """A directory of two towns in so many processes side by side, and a gateway before it."""
    with servers.fresh_vhost() as broker, servers.fresh_database() as db, TemporaryDirectory() as keys:
        directory = MongoDirectory(db, Stamp("directory", "test", SystemClock(), new_id))
        directory.seed(TOWNS, TERMS, [])
        env = {
            "IMIGR_AMQP_URI": broker,
            "IMIGR_MONGO_URI": servers.address(servers.MONGO_URI),
            "IMIGR_MONGO_DATABASE": db.name,
            "IMIGR_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
        }
        handles = [ServiceHandle("imigr_directory", env) for _ in range(processes)]
        client = Calling(Secret(broker), origin="gateway", senders=Senders(servers.trusted(broker)))
        try:
            for handle in handles:
                handle.wait_ready()
            client.start()
            settings = GatewaySettings(
                amqp_uri=Secret(broker),
                key=Secret(bytes(32)),
                rotating_keys=Path(keys),
                vault_public_key=Secret(bytes(PrivateKey.generate().public_key)),
                token_public_key=Secret(_PUBLIC),
                routes={},
            )
            yield Site(create_app(settings, client), directory, env)
        finally:
            client.close()
            for handle in handles:
                handle.discard()
