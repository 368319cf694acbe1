"""Prints the OpenAPI description as YAML: ``python -m imigr_gateway.openapi > contracts/openapi.yaml``."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import yaml
from flask import Flask

from imigr_gateway.app import create_app
from imigr_gateway.settings import GatewaySettings
from imigr_kit.secret import Secret


class NoClient:
    """A client that is never called: the description needs no broker."""

    def probe(self, *, timeout: float) -> None:
        """Never called."""
        raise AssertionError("the broker was asked for while describing the API")

    def call(self, service: str, method: str, payload: Mapping[str, Any], *, timeout: float = 0) -> Any:
        """Never called."""
        raise AssertionError(f"{service}.{method} was called while describing the API")

    def publish_confirmed(self, queue: str, body: Mapping[str, Any], *, timeout: float = 0) -> None:
        """Never called."""
        raise AssertionError(f"{queue} was written to while describing the API")


def described() -> Flask:
    """The gateway with all its routes, to be looked at: it reaches nothing."""
    key = Secret(base64.b64decode("A" * 43 + "="))
    settings = GatewaySettings(
        amqp_uri=Secret("amqp://"), key=key, vault_public_key=key, token_public_key=Secret(""), routes={}
    )
    return create_app(settings, NoClient())


def description() -> str:
    """The description as YAML text."""
    spec = described().extensions["imigr_spec"]()
    return yaml.safe_dump(spec, allow_unicode=True, sort_keys=False)


if __name__ == "__main__":
    print(description(), end="")
