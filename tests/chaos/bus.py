"""Publishes contacts and appointments as gateway and guichet do, through the deaths of the broker."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from kombu import Connection  # type: ignore[attr-defined]  # kombu names it lazily
from kombu.exceptions import KombuError
from nacl.public import PublicKey, SealedBox

from imigr_kit.ids import new_id
from imigr_kit.testing import wait_until

TOWN = "la-marsa"


class Bus:
    """One publisher; each event is confirmed by the broker, and given to it again until it is."""

    def __init__(self, uris: dict[str, str], public_key: bytes) -> None:
        """``uris`` by the part that says it: the gateway gives contacts, the guichet tells of appointments."""
        self._uris = uris
        self._box = SealedBox(PublicKey(public_key))
        self._connections: dict[str, Any] = {}

    def contact(self, phone: str) -> str:
        """A sealed contact; its id."""
        contact_id = new_id()
        content = {"channel": "sms", "address": phone, "language": "fr", "manage_token": f"{TOWN}.{contact_id[-22:]}"}
        sealed = base64.b64encode(self._box.encrypt(json.dumps(content).encode())).decode()
        data = {"contact_id": contact_id, "sealed": sealed}
        self._put(_event("gateway.contact.given", contact_id, 1, data), "notifications.contact_intake", "imigr.intake")
        return contact_id

    def appointment(self, subject: str, verb: str, sequence: int, contact_id: str, start: datetime) -> None:
        """An event of the guichet."""
        data: dict[str, Any] = {
            "appointment_id": subject, "guichet_id": "g", "guichet_name": {"fr": "Guichet"},
            "address": {"fr": "Mairie"}, "start": start.isoformat(), "end": (start + timedelta(minutes=20)).isoformat(),
            "timezone": "Africa/Tunis", "topic": "health", "language": "fr", "contact_id": contact_id, "channel": "sms",
            "state": "cancelled_by_visitor" if verb == "cancelled" else "confirmed", "message_language": "fr",
        }  # fmt: skip
        more = {"cancelled_by": "visitor"} if verb == "cancelled" else {}
        event = _event(f"guichet.appointment.{verb}", subject, sequence, data | more)
        self._put(event, f"{TOWN}.guichet.appointment.{verb}.v1", "imigr.events")

    def _put(self, event: dict[str, Any], routing_key: str, exchange: str) -> None:
        part = event["source"].rpartition("/")[2]

        def put() -> bool:
            try:
                connection = self._connected(part)
                options = {"content_type": "application/cloudevents+json", "content_encoding": "binary"}
                connection.Producer(auto_declare=False).publish(
                    json.dumps(event).encode(), exchange=exchange, routing_key=routing_key, delivery_mode=2, timeout=5,
                    confirm_timeout=5, user_id=connection.userid, **options,
                )  # fmt: skip
            except (AccessRefused, NotAllowed):
                raise
            except (OSError, KombuError, AMQPError):
                # In doubt: what was perhaps taken is given again under the same id, over another connection.
                self._connections.pop(part, None)
                return False
            return True

        wait_until(put, 120, "the broker takes an event")

    def _connected(self, part: str) -> Any:
        if part not in self._connections:
            options = {"confirm_publish": True}
            connection = Connection(self._uris[part], connect_timeout=5, transport_options=options)
            connection.connect()
            self._connections[part] = connection
        return self._connections[part]


def _event(kind: str, subject: str, sequence: int, data: dict[str, Any]) -> dict[str, Any]:
    part = kind.partition(".")[0]
    return {
        "specversion": "1.0", "id": new_id(), "source": f"/elsewhere/{part}", "type": f"tn.imigr.{kind}.v1",
        "subject": subject,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"), "datacontenttype": "application/json",
        "municipality": TOWN, "sequence": sequence, "correlationid": subject, "data": data,
    }  # fmt: skip
