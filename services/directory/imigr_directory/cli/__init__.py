"""Command line of the directory; a module per topic adds its commands to the root."""

from __future__ import annotations

from imigr_directory.cli import calendar, editions, exchange, feedback, hours, records, services, upkeep
from imigr_directory.cli.root import cli

COMMANDS = (
    calendar.calendar,
    hours.hours,
    services.seed,
    services.search,
    services.rebuild,
    records.records,
    upkeep.translations,
    upkeep.texts,
    upkeep.tasks,
    upkeep.expire,
    upkeep.links,
    editions.editions,
    feedback.feedback,
    exchange.import_,
    exchange.export,
    exchange.feed_renew,
    exchange.run_import,
)
for command in COMMANDS:
    cli.add_command(command)

__all__ = ["cli"]
