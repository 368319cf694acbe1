"""The directory on the wire: one nameko class of methods grouped by topic; each loads, calls one use case, dumps."""

from __future__ import annotations

from imigr_directory.brochure.storage import BROCHURES
from imigr_directory.brochure.storage import INDEXES as BROCHURE_INDEXES
from imigr_directory.exchange.feed import INDEXES as FEED_INDEXES
from imigr_directory.exchange.jobs import INDEXES as IMPORT_INDEXES
from imigr_directory.feedback.storage import INDEXES as FEEDBACK_INDEXES
from imigr_directory.feedback.storage import TALLIES
from imigr_directory.links.storage import INDEXES as LINK_INDEXES
from imigr_directory.links.storage import LINKS
from imigr_directory.packs.storage import INDEXES as PACK_INDEXES
from imigr_directory.packs.storage import PACK_HEADS
from imigr_directory.service.app import App, look_after_reads
from imigr_directory.service.brochures import BrochureMethods
from imigr_directory.service.calendar import CalendarMethods
from imigr_directory.service.exchange import ExchangeMethods
from imigr_directory.service.feedback import FeedbackMethods
from imigr_directory.service.hours import HoursMethods
from imigr_directory.service.packs import PackMethods
from imigr_directory.service.public import PublicMethods
from imigr_directory.service.records import RecordMethods
from imigr_directory.service.services import ServiceMethods
from imigr_directory.service.upkeep import UpkeepMethods
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import INDEXES, OUTBOXES
from imigr_kit.entrypoints import every, provided, rpc


class DirectoryService(
    ServiceMethods,
    CalendarMethods,
    HoursMethods,
    RecordMethods,
    UpkeepMethods,
    PublicMethods,
    FeedbackMethods,
    PackMethods,
    BrochureMethods,
    ExchangeMethods,
):
    """RPC methods of the directory."""

    name = "directory"
    settings = DirectorySettings
    outbox_collections = (*OUTBOXES, TALLIES, LINKS, PACK_HEADS, BROCHURES)
    indexes = (
        *INDEXES,
        *FEEDBACK_INDEXES,
        *LINK_INDEXES,
        *PACK_INDEXES,
        *BROCHURE_INDEXES,
        *FEED_INDEXES,
        *IMPORT_INDEXES,
    )
    first = (look_after_reads,)
    app: App = provided(App)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @every(1)
    def follow(self) -> None:
        """Notice what another process has written."""
        self.app.refresh()
