"""The directory for everyone; a module per topic puts its routes on one blueprint."""

from __future__ import annotations

from imigr_gateway.api.directory import calendar, changes, records, services
from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.api.directory.services import merged, speakable, written

__all__ = ["blueprint", "calendar", "changes", "merged", "records", "services", "speakable", "written"]
