"""A message as an email: plain text and HTML, its calendar entry, and the headers mail programs look for."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from imigr_notifications.ports import Outgoing

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_PAGE = (
    '<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title></head>'
    '<body style="margin:0;background:#f4f4f1;font:16px/1.6 sans-serif;color:#1d1d1b">'
    '<div style="max-width:34em;margin:0 auto;padding:24px;background:#fff;text-align:{side}">{lines}</div>'
    "</body></html>"
)


def mail_of(outgoing: Outgoing, sender: str) -> EmailMessage:
    """The mail. Raises ValueError when a header would hold a line break."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, outgoing.address.reveal(), outgoing.subject
    own = hashlib.sha256(outgoing.message_id.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{own}@{sender.partition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    if outgoing.unsubscribe is not None:  # RFC 2369 and RFC 8058
        mail["List-Unsubscribe"] = f"<{outgoing.unsubscribe.reveal()}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Content-Language"] = outgoing.language
    text = outgoing.body.reveal()
    mail.set_content(text)
    mail.add_alternative(page(text, outgoing.subject, outgoing.language), subtype="html")
    if outgoing.calendar is not None:
        mail.add_attachment(outgoing.calendar, "text", "calendar", filename="meeting.ics")
    return mail


def page(text: str, title: str, language: str) -> str:
    """The text as HTML: a line is a paragraph, a link can be clicked, everything else is only text. In Arabic the
    page runs from right to left, and a link or a place in another script keeps its own direction."""
    is_rtl = language.partition("-")[0] in RIGHT_TO_LEFT
    lines = "".join(f'<p dir="auto" style="margin:0 0 12px">{_linked(line)}</p>' for line in text.splitlines() if line)
    return _PAGE.format(
        language=escape(language),
        direction="rtl" if is_rtl else "ltr",
        side="right" if is_rtl else "left",
        title=escape(title),
        lines=lines,
    )


def _linked(line: str) -> str:
    words = line.split(" ")
    return " ".join(
        f'<a dir="ltr" href="{escape(word)}">{escape(word)}</a>'
        if word.startswith(("https://", "http://"))
        else escape(word)
        for word in words
    )
