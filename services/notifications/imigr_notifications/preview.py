"""What a person would get, with sample values, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from imigr_notifications.domain import Message, Rules, State
from imigr_notifications.senders.mail import page
from imigr_notifications.sms_text import MOST_PARTS, TextTooLong, cut, expensive
from imigr_notifications.texts import BrokenTemplate, Template, TemplateId, render

PLACE = {"fr": "Hôtel de ville, avenue Habib Bourguiba", "ar": "قصر البلدية، شارع الحبيب بورقيبة", "en": "Town hall"}
DOCUMENTS = 3


@dataclass(frozen=True)
class Preview:
    """A rendered text. For SMS: alphabet, units, parts, the price in thousandths, and the letters that cost more
    than one unit (``double``) or force the wide alphabet (``forces``). For email: the page."""

    subject: str
    body: str
    html: str = ""
    alphabet: str = ""
    units: int = 0
    parts: tuple[str, ...] = ()
    price: int = 0
    letters: tuple[tuple[str, str], ...] = ()


def preview(
    which: TemplateId, language: str, template: Template, rules: Rules, municipality: str, price: int
) -> Preview:
    """Sample values: a Thursday in August, the longest month in French. Raises BrokenTemplate."""
    start = datetime(2026, 8, 27, 8, 30, tzinfo=UTC)
    message = Message(
        id="sample", subject="sample", source=which.source, municipality=municipality, kind=which.kind, sequence=1,
        channel=which.channel, language=language, contact_id="sample", state=State.PLANNED, due_at=start,
        expires_at=start,
        values={
            "start": start, "previous_start": start, "until": start, "timezone": "Africa/Tunis",
            "texts": {"place": PLACE}, "documents": DOCUMENTS,
        },
    )  # fmt: skip
    text = render(message, rules, f"https://example.tn/m/{municipality}.a-AAAAAAAAAAAAAAAAAAAAAA", template)
    body = text.body.reveal()
    if which.channel == "email":
        return Preview(text.subject, body, html=page(body, text.subject, language))
    try:
        sms = cut(body)
    except TextTooLong:
        raise BrokenTemplate(f"the SMS would have more than {MOST_PARTS} parts") from None
    letters = tuple(sorted(expensive(body).items()))
    return Preview("", body, "", str(sms.alphabet), sms.units, sms.parts, price * len(sms.parts), letters)
