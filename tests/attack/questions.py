"""How the attacks on questions ask: octets as they are, hostile values for every parameter, and who signs in."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tests import sites
from tests.e2e.halls import sign_in

NUL = "x\x00y"
BIG = 2**70
DEEP: Any = json.loads("[" * 80 + "]" * 80)
HOSTILE: tuple[Any, ...] = ("0001-01-01", "9999-12-31T23:59:59+00:00", BIG, DEEP, NUL, "la-marsa\n")
"""Years outside of 1970..2100, an integer over 64 bit, deep JSON, NUL, a final newline."""
ID = "019348a0-0000-7000-8000-00000000a002"


def raw(platform: Any, octets: bytes) -> bytes:
    """What the gateway says to octets that no HTTP client would send."""
    with socket.create_connection(("127.0.0.1", platform.port("gateway")), timeout=20) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while some := connection.recv(65536):
            found += some
        return found


def description(platform: Any) -> dict[str, Any]:
    """The gateway's own OpenAPI."""
    spec: dict[str, Any] = sites.site(platform).get("/api/v1/openapi.json").body
    return spec


def operations(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every method and path with what it takes; parameters of the path are among its own."""
    for path, item in spec["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                shared = item.get("parameters", [])
                yield (
                    method.upper(),
                    path,
                    item[method] | {"parameters": [*item[method].get("parameters", []), *shared]},
                )


def body_schema(spec: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON that an operation takes, its reference followed; empty for none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return followed(spec, content)


def followed(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in place of the reference to it."""
    if "$ref" in schema:
        return dict(spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return dict(schema)


def sample(spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits a schema well enough to come past its other fields."""
    schema = followed(spec, schema)
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), "string") if isinstance(kind, list) else kind
    if schema.get("enum"):
        return schema["enum"][0]
    if kind == "object" or "properties" in schema:
        named = schema.get("properties", {}) if depth < 4 else {}
        return {name: sample(spec, named[name], depth + 1) for name in schema.get("required", []) if name in named}
    if kind == "array":
        return [sample(spec, schema.get("items", {}), depth + 1)]
    return _plain(kind, schema)


def _plain(kind: str | None, schema: Mapping[str, Any]) -> Any:
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "number":
        return schema.get("minimum", 1.0)
    if kind == "boolean":
        return True
    if schema.get("format") == "date":
        return "2026-12-10"
    if schema.get("format") == "date-time":
        return "2026-12-10T09:00:00+00:00"
    return "la-marsa" if "a-z0-9" in schema.get("pattern", "") else ID


def bodies(spec: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Any]:
    """Bodies with one hostile value each, in every field; and one with all of it in a field nobody knows."""
    schema = body_schema(spec, operation)
    if not schema:
        return
    good = sample(spec, schema)
    for name in schema.get("properties", {}):
        for value in HOSTILE:
            yield {**good, name: value}
    yield {**good, "\x00": 1}


def addresses(path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    """The address with good parameters, then with one hostile value in each of its path and query."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    names = re.findall(r"\{(\w+)\}", path)
    good = {name: "la-marsa" if name == "municipality" else ID for name in names}
    needed = {
        one["name"]: _plain(one.get("schema", {}).get("type"), one.get("schema", {}))
        for one in operation["parameters"]
        if one.get("in") == "query" and one.get("required")
    }
    yield filled(path, good, needed)
    for name in (one for one in names if one != "municipality"):
        for value in (NUL, str(BIG), "la-marsa\n", "9999-12-31"):
            yield filled(path, good | {name: value}, needed)
    for name in [*(one["name"] for one in operation["parameters"] if one.get("in") == "query"), "lang"]:
        for value in (NUL, str(BIG), "la-marsa\n", "0001-01-01", "9999-12-31T23:59:59+00:00", "[" * 80, "\r\nX: y"):
            yield filled(path, good, needed | {name: value})


def filled(path: str, names: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """One address."""
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return f"{path}?{urlencode(query)}" if query else path


class Asker:
    """One connection that is used again and again, as whoever asks; staff or nobody."""

    def __init__(self, platform: Any, email: str = "") -> None:
        self._platform = platform
        self._headers = {"Content-Type": "application/json"}
        if email:
            self._headers["Authorization"] = sign_in(platform, email)
        self._connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._platform.port("gateway"), timeout=20)

    def ask(self, method: str, address: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body; a connection that was closed meanwhile is made anew once."""
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._ask(method, address, content)
        except (http.client.HTTPException, ConnectionError):
            self._connection = self._connect()
            return self._ask(method, address, content)

    def _ask(self, method: str, address: str, content: bytes | None) -> tuple[int, bytes]:
        self._connection.request(method, address, content, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()
