"""The directory for staff; a module per topic puts its routes on one blueprint."""

from __future__ import annotations

from imigr_gateway.api.staff.directory import calendar, exchange, hours, records, services, upkeep
from imigr_gateway.api.staff.directory.blueprint import blueprint

__all__ = ["blueprint", "calendar", "exchange", "hours", "records", "services", "upkeep"]
