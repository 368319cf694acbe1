"""The figures on the wire: events that are counted, and the counts as they may be shown."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession

from imigr_guichet.handlers import figures
from imigr_guichet.schemas.figures import GET_FIGURES
from imigr_guichet.service.visits import WithVisits
from imigr_kit.entrypoints import on_event, rpc
from imigr_kit.events import CloudEvent

COUNTED = tuple(f"*.{kind}.v1" for kind in figures.KINDS)
"""Only what counts: a booking does not, and hearing it would cost as much as making it."""


class FiguresMethods:
    """The counting of the service's own events, and RPC methods of the figures."""

    app: WithVisits

    @on_event(COUNTED, ordered=False)
    def count_visits(self, event: CloudEvent, session: ClientSession) -> None:
        """Count what happened; each event once."""
        figures.count_event(self.app.visits.ledger, event.kind, event.data, session)

    @rpc
    def get_figures(self, **payload: Any) -> dict[str, Any]:
        """The figures of a guichet and month, small counts hidden, for managers."""
        return figures.get_figures(self.app.visits.ledger, **GET_FIGURES.load(payload))
