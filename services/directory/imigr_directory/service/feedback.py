"""Feedback on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_directory.feedback import handlers, proposing, schemas, words
from imigr_directory.feedback.domain import Kind
from imigr_directory.feedback.handlers import Box
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc
from imigr_kit.logs import get_logger

log = get_logger(__name__)


class FeedbackMethods:
    """What readers say, and what staff do about it."""

    app: Any

    @rpc
    def list_feedback_choices(self) -> dict[str, Any]:
        """The closed answers."""
        return words.choices()

    @rpc
    def give_opinion(self, **payload: Any) -> dict[str, Any]:
        """On a service, an article or the search."""
        return self._said(schemas.GiveOpinion().load(payload), Kind.OPINION, payload)

    @rpc
    def report_gap(self, **payload: Any) -> dict[str, Any]:
        """What a reader could not find."""
        return self._said(schemas.ReportGap().load(payload), Kind.GAP, payload)

    @rpc
    def suggest_correction(self, **payload: Any) -> dict[str, Any]:
        """What is wrong in an entry."""
        received = self._said(schemas.SuggestCorrection().load(payload), Kind.CORRECTION, payload)
        self.propose_corrections()
        return received

    @rpc
    def list_opinions(self, **payload: Any) -> dict[str, Any]:
        """For staff, without remarks."""
        wanted = schemas.ListOpinions().load(payload)
        query = schemas.filter_of(wanted)
        found, total = handlers.list_opinions(self._box, wanted["actor"], query)
        items = [schemas.opinion_out(one) for one in found]
        return {"items": items, "total": total, "page": query.page, "per_page": query.per_page}

    @rpc
    def count_opinions(self, **payload: Any) -> dict[str, Any]:
        """Counts of a town."""
        found = handlers.count_opinions(self._box, **schemas.OfTown().load(payload))
        return {"items": [schemas.tally_out(one) for one in found]}

    @rpc
    def read_remark(self, **payload: Any) -> dict[str, Any]:
        """The remark of an opinion, written down before it is shown."""
        wanted = schemas.ReadRemark().load(payload)
        command = command_of("read_remark", payload, wanted)
        opinion, remark = handlers.read_remark(self._box, **wanted, command=command)
        return {"opinion": schemas.opinion_out(opinion), "remark": remark.reveal()}

    @rpc
    def list_remark_reads(self, **payload: Any) -> dict[str, Any]:
        """Who read what."""
        return schemas.reads_out(handlers.list_reads(self._box, **schemas.ListReads().load(payload)))

    @rpc
    def handle_opinion(self, **payload: Any) -> dict[str, Any]:
        """Done with; its remark is destroyed."""
        wanted = schemas.HandleOpinion().load(payload)
        wanted.pop("idempotency_key")
        return schemas.opinion_out(handlers.handle_opinion(self._box, **wanted))

    @every(60)
    def propose_corrections(self) -> None:
        """Put into review what readers have written out; at once, and again until it is there."""
        proposing.propose_waiting(self.app.directory.records, self._box.opinions, self._box.clock)

    @every(60)
    def forget_opinions(self) -> None:
        """What is older than 30 days."""
        gone = self._box.opinions.sweep(self._box.clock.now())
        if gone:
            log.info("opinions.forgotten", count=gone)

    @property
    def _box(self) -> Box:
        box: Box = self.app.box
        return box

    def _said(self, wanted: dict[str, Any], kind: Kind, payload: dict[str, Any]) -> dict[str, Any]:
        today = self._box.clock.now().date()
        opinion, remark, client = schemas.opinion_of(wanted, kind, today)
        command = command_of(str(kind), payload)
        return schemas.received_out(handlers.say(self._box, opinion, remark, client, command))
