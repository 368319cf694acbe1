"""RPC methods of training pathways."""

from __future__ import annotations

from typing import Any

from imigr_events.handlers import pathways
from imigr_events.schemas import pathways as schemas
from imigr_events.schemas.base import Manage
from imigr_events.service.app import App
from imigr_events.service.commands import command_in
from imigr_kit.entrypoints import rpc

MANAGE = Manage()


class PathwayMethods:
    """Courses, focal points, coaching, evaluation; in functions and numbers."""

    app: App

    @rpc
    def create_pathway(self, **payload: Any) -> dict[str, Any]:
        """A new pathway."""
        wanted = command_in("create_pathway", schemas.CREATE_PATHWAY, payload)
        new_id = self.app.desk.new_id
        pathway = schemas.pathway_of(wanted["pathway"], wanted["municipality"], new_id)
        made = pathways.create_pathway(self.app.school, wanted["actor"], pathway, wanted["command"])
        return schemas.pathway_out(made)

    @rpc
    def change_pathway(self, **payload: Any) -> dict[str, Any]:
        """Plan it anew."""
        wanted = command_in("change_pathway", schemas.CHANGE_PATHWAY, payload)
        values = schemas.pathway_values(wanted.pop("pathway"), self.app.desk.new_id)
        return schemas.pathway_out(pathways.change_pathway(self.app.school, values=values, **wanted))

    @rpc
    def note_coaching(self, **payload: Any) -> dict[str, Any]:
        """A coaching day took place."""
        wanted = command_in("note_coaching", schemas.NOTE_COACHING, payload)
        return schemas.pathway_out(pathways.note_coaching(self.app.school, **wanted))

    @rpc
    def list_pathways(self, **payload: Any) -> dict[str, Any]:
        """Pathways of a town."""
        found = pathways.list_pathways(self.app.school, **schemas.PATHWAYS_OF_TOWN.load(payload))
        return {"items": [schemas.pathway_out(one) for one in found]}

    @rpc
    def get_pathway(self, **payload: Any) -> dict[str, Any]:
        """A pathway and its courses."""
        return schemas.pathway_in_full(*pathways.get_pathway(self.app.school, **schemas.ONE_PATHWAY.load(payload)))

    @rpc
    def evaluation_results(self, **payload: Any) -> dict[str, Any]:
        """Counted answers, the small ones hidden."""
        return pathways.evaluation_results(self.app.school, **schemas.ONE_PATHWAY.load(payload))

    @rpc
    def get_evaluation(self, **payload: Any) -> dict[str, Any]:
        """The questionnaire for the holder of a manage link."""
        pathway = pathways.get_evaluation(self.app.school, **MANAGE.load(payload))
        questions = schemas.questions_out(pathway.questions)
        return {"pathway_id": pathway.id, "title": dict(pathway.title), "questions": questions}

    @rpc
    def answer_evaluation(self, **payload: Any) -> dict[str, Any]:
        """Count a sheet of closed answers; a second one of the same registration is not counted."""
        return pathways.answer_evaluation(self.app.school, **schemas.EVALUATE.load(payload))
