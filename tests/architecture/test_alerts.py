"""Alarms speak of figures that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import imigr_kit.metrics

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "deploy" / "observability" / "alerts.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: str(one["alert"]))
def test_an_alarm_asks_for_a_figure_of_the_kit(alert: dict[str, str]) -> None:
    """A renamed metric would leave its alarm silent for ever."""
    known = {family.name for family in REGISTRY.collect()}
    asked = {name.removesuffix("_total") for name in re.findall(r"imigr_[a-z_]+", alert["expr"])}
    assert asked
    assert asked <= known, imigr_kit.metrics.__name__


def test_a_refused_message_wakes_somebody() -> None:
    """It is an attack, or a table that is wrong."""
    (alert,) = [one for one in ALERTS if "imigr_messages_refused_total" in one["expr"]]
    assert alert["labels"]["severity"] == "page"
