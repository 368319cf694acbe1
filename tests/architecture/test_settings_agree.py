"""Compose file, local runner and settings speak of the same services and the same variables."""

from __future__ import annotations

import json
from importlib import import_module
from inspect import getmembers
from pathlib import Path
from typing import Any

import pytest
import yaml

from imigr_gateway.settings import GatewaySettings
from imigr_gateway.streams.settings import StreamsSettings
from imigr_kit.entrypoints import OnEvent
from imigr_kit.settings import KitSettings, describe

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = json.loads((ROOT / "deploy" / "services.json").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = {one["name"]: one for one in CATALOGUE["services"]}
OWN_DEFAULTS = {
    "IMIGR_WORKERS", "IMIGR_DRAIN_SECONDS", "IMIGR_ATTEMPTS", "IMIGR_RPC_NAME", "IMIGR_MONGO_DATABASE",
    "IMIGR_RETRY_DELAYS", "IMIGR_LOG_LEVEL", "IMIGR_HEALTH_HOST", "IMIGR_HEALTH_PORT", "IMIGR_INSTANCE",
}  # fmt: skip
"""Variables with a default that a deployment need not name."""


def settings_of(service: str) -> type[Any]:
    """The settings class of a service."""
    module = import_module(f"imigr_{service}.settings")
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, KitSettings) and value is not KitSettings
    )


def told_by_catalogue(service: str) -> set[str]:
    """Variables that the local runner gives a service."""
    own = SERVICES[service]
    common = CATALOGUE["common"]
    return {*common["variables"], *common["secrets"], *own["variables"], *own["secrets"]}


def told_by_compose(service: str) -> set[str]:
    """Variables that the compose file gives a service, files of secrets counted as their variable."""
    environment = COMPOSE["services"][service]["environment"]
    listed = environment if isinstance(environment, dict) else dict(one.split("=", 1) for one in environment)
    return {name.removesuffix("_FILE") for name in listed}


def test_every_service_folder_is_in_the_catalogue_and_in_compose() -> None:
    """No service is forgotten anywhere."""
    folders = {path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml")}
    assert folders == set(SERVICES)
    assert folders | {"gateway"} <= set(COMPOSE["services"])


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_is_told_what_it_reads_and_nothing_else(service: str) -> None:
    """The catalogue names every variable without a default, and none that the settings do not know."""
    declared = {one.name: one.default for one in describe(settings_of(service))}
    needed = {name for name, default in declared.items() if default is None}
    assert needed <= told_by_catalogue(service) <= set(declared)


@pytest.mark.parametrize("service", [*sorted(SERVICES), "gateway"])
def test_compose_and_local_runner_give_the_same_variables(service: str) -> None:
    """What one of them sets, the other sets too (those with a good default may be left out)."""
    if service == "gateway":
        own = CATALOGUE["gateway"]
        local = {*own["variables"], *own["secrets"]} - {"IMIGR_GATEWAY_BIND"}
        declared = {one.name for one in describe(GatewaySettings)}
        assert local <= declared
    else:
        local = told_by_catalogue(service)
    compose = {name for name in told_by_compose(service) if not name.startswith("IMIGR_GATEWAY_")} | (
        {"IMIGR_GATEWAY_KEY"} if service == "gateway" else set()
    )
    assert (local ^ compose) - OWN_DEFAULTS - {"IMIGR_RECEIVED_URL"} == set()


def test_compose_and_local_runner_give_the_streams_the_same_variables() -> None:
    """They are a process of the gateway's package with settings of their own."""
    own = CATALOGUE["streams"]
    declared = {one.name: one.default for one in describe(StreamsSettings)}
    local = {*own["variables"], *own["secrets"]}
    assert {name for name, default in declared.items() if default is None} <= local <= set(declared)
    assert local == told_by_compose("streams")


def test_the_names_of_queues_are_frozen() -> None:
    """A handler's name is part of its queue's name: renaming one would leave the old queue filling up."""
    found = set()
    for service in SERVICES:
        module = import_module(f"imigr_{service}.service")
        for value in vars(module).values():
            if isinstance(value, type) and getattr(value, "settings", None) is not None:
                for name, member in getmembers(value):
                    for entrypoint in getattr(member, "nameko_entrypoints", ()):
                        if isinstance(entrypoint, OnEvent):
                            found.add(f"{service}.{entrypoint._queue or name}")
    assert found == {
        "notifications.on_appointment",
        "notifications.on_registration",
        "notifications.contact_intake",
        "notifications.inbound_sms",
        "guichet.count_visits",
        "notifications.on_waiting",
        "guichet.on_answer",
        "guichet.on_calendar",
        "notifications.on_calendar",
    }


def test_no_lock_file_holds_an_address_of_a_registry() -> None:
    """Hashes say what is installed; where it comes from is the machine's matter."""
    for path in [
        ROOT / "requirements-dev.txt",
        *ROOT.glob("*/requirements.txt"),
        *ROOT.glob("services/*/requirements.txt"),
    ]:
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text, path
        assert "://" not in text, path
