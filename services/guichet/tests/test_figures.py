"""Figures: counted from events once, and small counts hidden so that nobody can work them out."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from imigr_guichet.domain.figures import band, publish
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import UnknownGuichet
from imigr_guichet.handlers.figures import Ledger, count_event, get_figures
from imigr_guichet.handlers.office import Office
from imigr_guichet.storage.figures import MongoFigures
from imigr_kit.access import NotAllowed

MANAGER = {"id": "s3", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
MONTH = date(2026, 11, 1)


@pytest.mark.parametrize(("cells", "most"), [(1, 30), (2, 20), (3, 12), (4, 7)])
def test_no_hidden_count_can_be_worked_out(cells: int, most: int) -> None:
    """Every table there is up to a size: whoever knows the rule and sees a published table still finds two values or
    more for each hidden cell, and no shown number is a small count."""
    seen: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for values in itertools.product(range(most + 1), repeat=cells):
        table = publish({str(number): value for number, value in enumerate(values)})
        assert not {1, 2, 3, 4} & {*table.cells.values(), table.total}
        seen[tuple(table.cells.items()), table.total].append(values)
    for (shown, total), origins in seen.items():
        if total is None or total <= most:  # beyond, some tables that look the same lie outside of the range
            for code, value in shown:
                assert value is not None or len({one[int(code)] for one in origins}) > 1, (shown, total)


def test_a_table_without_small_counts_is_shown_whole() -> None:
    """Nothing is hidden for nothing; a count of none is not listed."""
    table = publish({"a": 5, "b": 12, "c": 0})
    assert (dict(table.cells), table.total) == ({"a": 5, "b": 12}, 17)


def test_the_second_cell_is_hidden_with_the_first() -> None:
    """Else the sum would give it away."""
    table = publish({"a": 3, "b": 12, "c": 40})
    assert (dict(table.cells), table.total) == ({"a": None, "b": None, "c": 40}, 55)


@pytest.mark.parametrize(
    ("minutes", "name"), [(0, "under_5"), (5, "5_to_15"), (29, "15_to_30"), (59, "30_to_60"), (60, "over_60")]
)
def test_bands_of_waiting_time(minutes: int, name: str) -> None:
    """Half open."""
    assert band(minutes) == name


@pytest.fixture
def ledger(office: Office, mongo_db: Any) -> Ledger:
    """The figures on the test's database."""
    return Ledger(office.plans, MongoFigures(mongo_db))


def tell(ledger: Ledger, guichet: Guichet, kind: str, times: int = 1, **data: Any) -> None:
    """Some events."""
    for _ in range(times):
        count_event(ledger, kind, {"guichet_id": guichet.id, "day": "2026-11-26"} | data, None)


def test_events_become_figures(ledger: Ledger, la_marsa: Guichet) -> None:
    """Waiting time, no-shows, unserved languages, needs by theme."""
    tell(ledger, la_marsa, "guichet.ticket.started", 6, waited_minutes=12, first=True)
    tell(ledger, la_marsa, "guichet.ticket.started", 9, waited_minutes=12, first=False)
    tell(ledger, la_marsa, "guichet.demand.unserved", 7, language="am")
    tell(ledger, la_marsa, "guichet.orientation.recorded", 5, themes=["reserved", "social"])
    tell(ledger, la_marsa, "guichet.ticket.parked", 5)
    shown = get_figures(ledger, MANAGER, "la-marsa", la_marsa.id, MONTH)
    assert shown["wait"] == {"cells": {"5_to_15": 6}, "total": 6}
    assert shown["tickets"] == {"cells": {"served": 6}, "total": 6}
    assert shown["unserved"] == {"cells": {"am": 7}, "total": 7}
    assert shown["needs"] == {"cells": {"reserved": 5, "social": 5}, "total": 10}


def test_a_no_show_that_was_a_mistake_leaves_the_figures(ledger: Ledger, la_marsa: Guichet) -> None:
    """Case 28: the statistics follow the correction."""
    late = {"start": "2026-11-30T23:30:00Z"}  # already December in Tunis
    for kind, times in (("missed", 6), ("corrected", 1), ("finished", 20)):
        tell_dateless(ledger, la_marsa, f"guichet.appointment.{kind}", times, **late)
    shown = get_figures(ledger, MANAGER, "la-marsa", la_marsa.id, date(2026, 12, 1))
    assert shown["appointments"] == {"cells": {"done": 20, "no_show": 5}, "total": 25}


def tell_dateless(ledger: Ledger, guichet: Guichet, kind: str, times: int, **data: Any) -> None:
    """Some events that say an instant and no day."""
    for _ in range(times):
        count_event(ledger, kind, {"guichet_id": guichet.id} | data, None)


def test_a_guichet_that_others_run_is_not_counted_here(ledger: Ledger, la_marsa: Guichet, mongo_db: Any) -> None:
    """Its own service does."""
    count_event(ledger, "guichet.ticket.left", {"guichet_id": "elsewhere", "day": "2026-11-26"}, None)
    assert mongo_db["figures"].count_documents({}) == 0


def test_only_managers_of_the_town_see_them(ledger: Ledger, la_marsa: Guichet) -> None:
    """Neither a mediator nor another town."""
    mediator = MANAGER | {"roles": [{"municipality": "la-marsa", "role": "mediator"}]}
    raoued = MANAGER | {"roles": [{"municipality": "raoued", "role": "manager"}]}
    for actor in (mediator, raoued):
        with pytest.raises(NotAllowed):
            get_figures(ledger, actor, "la-marsa", la_marsa.id, MONTH)
    with pytest.raises(UnknownGuichet):
        get_figures(ledger, raoued, "raoued", la_marsa.id, MONTH)
