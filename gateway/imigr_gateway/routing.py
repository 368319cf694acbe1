"""Which RPC name answers for which municipality, and where an id lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from imigr_gateway.settings import SERVICES, Routes
from imigr_kit.commands import hidden
from imigr_kit.errors import ImigrError, NotFound, Unavailable
from imigr_kit.secret import Secret

RPC_SECONDS = 2.5


class Client(Protocol):
    """The part of RpcClient that the gateway uses."""

    def probe(self, *, timeout: float) -> None:
        """Raises BrokerUnavailable unless the broker takes messages."""
        ...

    def call(self, service: str, method: str, payload: Mapping[str, Any], *, timeout: float = ...) -> Any:
        """Call by RPC."""
        ...

    def publish_confirmed(self, queue: str, body: Mapping[str, Any], *, timeout: float = ...) -> None:
        """Publish to a queue, confirmed."""
        ...


class Backends:
    """The services behind the gateway, as the route table names them."""

    def __init__(self, client: Client, routes: Routes | None, command_key: Secret[bytes] | None = None) -> None:
        self.client = client
        self._command_key = command_key
        self._routes: Routes = {service: {"default": service} for service in SERVICES} | (routes or {})
        self._homes: dict[tuple[str, str], str] = {}

    def name(self, service: str, municipality: str | None) -> str:
        """The RPC name for a municipality, or the default."""
        names = self._routes[service]
        return names.get(municipality or "default", names["default"])

    def names(self, service: str) -> list[str]:
        """All distinct RPC names of a service."""
        return sorted(set(self._routes[service].values()))

    def call(self, service: str, method: str, municipality: str | None, /, **payload: Any) -> Any:
        """Call the backend of the municipality. The caller's idempotency key stays here: what goes on is a keyed hash
        of it (docs/adr/0031)."""
        name = self.name(service, municipality)
        return self.client.call(name, method, hidden(payload, self._command_key), timeout=RPC_SECONDS)

    def gather(self, service: str, method: str, municipality: str | None, /, **payload: Any) -> list[Any]:
        """Call the backend of the municipality, or every backend when none is named; of several, those that are
        down are left out. Raises the last error when nobody answers."""
        if municipality is not None:
            return [self.call(service, method, municipality, **payload)]
        names = self.names(service)
        answers: list[Any] = []
        problem: Unavailable | None = None
        for name in names:
            try:
                answers.append(self.client.call(name, method, payload, timeout=RPC_SECONDS / len(names)))
            except Unavailable as error:
                problem = error
        if problem is not None and not answers:
            raise problem
        return answers

    def find(self, service: str, method: str, /, **by_id: str) -> Any:
        """Call the backend that knows the record; where it lives is asked once and remembered."""
        key = (service, next(iter(by_id.values())))
        names = self.names(service)
        municipality = self._homes.get(key)
        if municipality is not None:
            return self.call(service, method, municipality, **by_id)
        problem: ImigrError = NotFound()
        for name in names:
            try:
                found = self.client.call(name, method, by_id, timeout=RPC_SECONDS / len(names))
            except (NotFound, Unavailable) as error:
                # While a backend is down nobody can say that the record does not exist.
                problem = problem if isinstance(problem, Unavailable) else error
                continue
            if self.name(service, found["municipality"]) == name:
                self._homes[key] = found["municipality"]
                return found
        raise problem

    def municipality_of(self, service: str, method: str, /, **by_id: str) -> str:
        """The municipality of a record, which never changes."""
        key = (service, next(iter(by_id.values())))
        if key not in self._homes:
            self.find(service, method, **by_id)
        return self._homes[key]
