"""The envelope of domain events: CloudEvents 1.0, structured JSON, the same bytes on every way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imigr_kit.clock import Clock
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId

SCHEMA_BASE = "https://imigr.tn/contracts/events"
TYPE_PREFIX = "tn.imigr."
"""What a routing key leaves out of the type."""
_TYPE = re.compile(r"tn\.imigr\.([a-z_]+)\.([a-z_]+)\.([a-z_]+)\.v([0-9]+)\Z")
_MUNICIPALITY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class UnreadableEvent(ValueError):
    """A message is not an event anybody could handle; the text is a stable reason code."""


@dataclass(frozen=True)
class CloudEvent:
    """One event. ``type`` is ``tn.imigr.<service>.<entity>.<verb>.v<n>``; ``sequence`` counts per subject from 1
    and may be absent in events of foreign producers."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    municipality: str
    data: Mapping[str, Any]
    sequence: int | None = None
    dataschema: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``<service>.<entity>.<verb>``."""
        return ".".join(self._parts()[:3])

    @property
    def routing_key(self) -> str:
        """``<municipality>.<service>.<entity>.<verb>.v<n>``."""
        service, entity, verb, version = self._parts()
        return f"{self.municipality}.{service}.{entity}.{verb}.v{version}"

    def _parts(self) -> tuple[str, str, str, str]:
        match = _TYPE.match(self.type)
        if match is None:
            raise UnreadableEvent("type")
        service, entity, verb, version = match.groups()
        return service, entity, verb, version

    def to_dict(self) -> dict[str, Any]:
        """The structured JSON form (CloudEvents JSON format, section 3); absent attributes are left out."""
        attributes = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "dataschema": self.dataschema,
            "municipality": self.municipality,
            "sequence": self.sequence,
            "correlationid": self.correlationid,
            "causationid": self.causationid,
            "traceparent": self.traceparent,
        }
        present = {name: value for name, value in attributes.items() if value is not None}
        return present | dict(self.extensions) | {"data": dict(self.data)}

    @classmethod
    def from_dict(cls, content: Any) -> CloudEvent:
        """The event in a decoded JSON body; raises UnreadableEvent naming the first thing that is wrong."""
        if not isinstance(content, Mapping):
            raise UnreadableEvent("not_an_object")
        if content.get("specversion") != "1.0":
            raise UnreadableEvent("specversion")
        for name in ("id", "source", "type", "subject", "time", "municipality"):
            if not isinstance(content.get(name), str) or not content[name]:
                raise UnreadableEvent(f"missing_{name}")
        _check(content)
        known = {one for one in cls.__dataclass_fields__ if one != "extensions"}
        values = {name: content[name] for name in known if name in content}
        rest = set(content) - known - {"specversion", "datacontenttype"}
        event = cls(**values, extensions={name: content[name] for name in sorted(rest)})
        event._parts()
        return event


def _check(content: Mapping[str, Any]) -> None:
    if not _MUNICIPALITY.match(content["municipality"]):
        raise UnreadableEvent("municipality")
    if not isinstance(content.get("data"), Mapping):
        raise UnreadableEvent("data")
    sequence = content.get("sequence")
    if sequence is not None and (not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1):
        raise UnreadableEvent("sequence")
    for name in ("dataschema", "correlationid", "causationid", "traceparent"):
        if content.get(name) is not None and not isinstance(content[name], str):
            raise UnreadableEvent(name)
    try:
        moment = datetime.fromisoformat(content["time"].replace("Z", "+00:00"))
    except ValueError as error:
        raise UnreadableEvent("time") from error
    if moment.tzinfo is None:
        raise UnreadableEvent("time")


class Stamp:
    """Makes envelopes of facts: id, source, time, and the context of the running call."""

    def __init__(self, service: str, instance: str, clock: Clock, new_id: NewId) -> None:
        self._service = service
        self._source = f"/{instance}/{service}"
        self._clock = clock
        self._new_id = new_id

    def __call__(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """CloudEvents as dicts, in order, ready to be stored in an outbox."""
        return [self._envelope(fact).to_dict() for fact in facts]

    def _envelope(self, fact: Fact) -> CloudEvent:
        context = current()
        return CloudEvent(
            id=self._new_id(),
            source=self._source,
            type=f"tn.imigr.{self._service}.{fact.kind}.v{fact.version}",
            subject=fact.subject,
            time=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            municipality=fact.municipality,
            data=fact.data,
            sequence=fact.sequence,
            dataschema=f"{SCHEMA_BASE}/{self._service}/{fact.kind}.v{fact.version}.json",
            correlationid=context.correlation_id or None,
            causationid=context.causation_id,
            traceparent=context.traceparent,
        )
