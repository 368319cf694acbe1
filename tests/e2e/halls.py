"""The waiting room of a running platform as its staff and its visitors reach it."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any

from imigr_demo.http import Answer

from tests import sites

TOWN = "la-marsa"


class Hall:
    """La Marsa's waiting room as its staff reach it."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        self.guichet = sites.guichet_id(platform, TOWN)
        self.signed = {town: sign_in(platform, f"mediator.{town}@demo.invalid") for town in (TOWN, "raoued")}

    def post(self, path: str, body: dict[str, Any], key: str = "", town: str = TOWN, staff: str = TOWN) -> Answer:
        """A command of staff."""
        headers = {"Idempotency_Key": key or str(uuid.uuid4()), "Authorization": self.signed[staff]}
        return sites.site(self.platform).post(f"/api/v1/staff/{town}/{path}", body, **headers)

    def get(self, path: str, town: str = TOWN) -> Answer:
        """A read of staff."""
        return sites.site(self.platform).get(f"/api/v1/staff/{town}/{path}", Authorization=self.signed[town])

    def take(self, language: str = "fr", **more: Any) -> dict[str, Any]:
        """A ticket."""
        body = {"topic": "information", "language": language} | more
        answer = self.post(f"guichets/{self.guichet}/tickets", body)
        assert answer.status == 201, answer
        return dict(answer.body)

    def next(self, desk: str, key: str = "") -> Answer:
        """The next person to a desk."""
        return self.post(f"guichets/{self.guichet}/next", {"desk": desk}, key)

    def step(self, ticket_id: str, action: str) -> Answer:
        """One step."""
        return self.post(f"tickets/{ticket_id}/steps", {"action": action})


def sign_in(platform: Any, email: str) -> str:
    """The header of a signed-in member of staff."""
    password = platform.credentials().staff[email]
    answer = sites.site(platform).post("/api/v1/staff/login", {"email": email, "password": password})
    assert answer.status == 200, answer
    return f"Bearer {answer.body['token']}"


class Stream:
    """A browser's EventSource, as far as the test needs it."""

    def __init__(self, hall: Hall, seen: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", hall.platform.port("streams"), timeout=20)
        headers = {"Last-Event-ID": seen} if seen else {}
        self._connection.request("GET", f"/streams/guichets/{hall.guichet}/board", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def next(self) -> tuple[str, dict[str, Any]]:
        """Id and data of the next event."""
        fields: dict[str, str] = {}
        while True:
            raw = self._answer.readline()
            assert raw, "the stream ended"
            line = raw.decode().rstrip("\n")
            if not line and "data" in fields:
                return fields["id"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
