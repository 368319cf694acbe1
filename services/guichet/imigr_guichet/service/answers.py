"""What visitors answered by SMS to a reminder."""

from __future__ import annotations

from pymongo.client_session import ClientSession

from imigr_guichet.building import WithBookings
from imigr_guichet.handlers import changing
from imigr_kit.entrypoints import on_event
from imigr_kit.events import CloudEvent


class AnswersMethods:
    """Acting upon answers that notifications heard."""

    app: WithBookings

    @on_event("*.notifications.message.answered.v1", ordered=False)
    def on_answer(self, event: CloudEvent, session: ClientSession) -> None:
        """Cancel for a visitor who answered 2, confirm for one who answered 1. The write is recognised by the event's
        id, so it needs no session."""
        acts = {"cancel": changing.cancel_by_answer, "confirm": changing.confirm_by_answer}
        act = acts.get(str(event.data.get("answer")))
        if event.data.get("source") == "appointment" and act is not None:
            act(self.app.office, event.municipality, str(event.data["subject"]), event.id)
