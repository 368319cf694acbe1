"""The description of what runs, and what follows from it for rights."""

from __future__ import annotations

import re

from imigr_provision import broker, catalogue
from imigr_provision.catalogue import OwnPart


def test_every_service_has_its_own_database_and_port() -> None:
    """Nobody reads another's database."""
    services = catalogue.read().services
    assert len({part.database for part in services}) == len(services)
    assert len({part.port for part in services}) == len(services)


def test_a_town_that_runs_a_service_gets_a_place_of_its_own() -> None:
    """Own name, own database, only its own town's events and data (DESIGN 5.2)."""
    everything = catalogue.read(own=[OwnPart("guichet_raoued", "guichet", ("raoued",))])
    own = everything.services[-1]
    assert (own.name, own.database, own.emits) == ("guichet_raoued", "imigr_guichet_raoued", "guichet")
    assert own.demonstration[-2:] == ("--municipality", "raoued")
    assert own.secrets == next(part for part in everything.services if part.name == "guichet").secrets


def test_a_service_owns_exactly_the_queues_of_its_name() -> None:
    """`guichet` is not `guichet_raoued`, and a dot in a pattern is a dot."""
    services = {part.name: part for part in catalogue.read().services}
    configure = broker.service_rights(services["guichet"]).configure
    assert re.search(configure, "guichet.on_event.retry.10s")
    assert re.search(configure, "rpc-guichet")
    assert not re.search(configure, "guichet_raoued.on_event")
    assert not re.search(configure, "rpc-guichet_raoued")
    assert not re.search(configure, "imigr.events")
