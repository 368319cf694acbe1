"""Command line of the directory; a module per topic adds its commands to the root."""

from __future__ import annotations

from imigr_directory.cli import calendar, services
from imigr_directory.cli.root import cli

for command in (calendar.calendar, services.seed, services.search, services.rebuild):
    cli.add_command(command)

__all__ = ["cli"]
