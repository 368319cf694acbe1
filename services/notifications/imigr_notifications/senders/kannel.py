"""SMS by Kannel's sendsms interface (user guide, chapter 6): it knows the SMS centres, we know the messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from imigr_kit.secret import Secret
from imigr_notifications.ports import HandOver, NotNow, NotWanted, Outgoing, Refused, Throttled, Unreachable
from imigr_notifications.senders.http import key_of
from imigr_notifications.senders.web import Answer, Exchange
from imigr_notifications.sms_text import Alphabet, Sms, TextTooLong, cut

REPORTS = 1 | 2 | 16
"""dlr-mask: delivered, not delivered, rejected; the steps between are not asked for."""
FINAL = {"1": True, "2": False, "16": False}


@dataclass(frozen=True)
class KannelAccount:
    """``url`` is that of ``/cgi-bin/sendsms``. ``report_url`` is where Kannel tells what became of a message; the
    message's id and ``%d`` are added to it."""

    url: str
    username: str
    password: Secret[str]
    sender: str
    report_url: str = ""


class KannelSender:
    """One request per message; Kannel splits it. It gives no id, so the reports carry ours."""

    def __init__(self, account: KannelAccount) -> None:
        self._account = account

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """Our id of the message."""
        try:
            sms = cut(outgoing.body.reveal())
        except TextTooLong:
            raise Refused("too_long") from None
        key = key_of(outgoing.message_id)
        exchange = Exchange(self._account.url)
        try:
            if not hand_over(len(sms.parts)):
                raise NotWanted("not_wanted")
            target = f"{urlsplit(self._account.url).path}?{urlencode(self._fields(outgoing, sms, key))}"
            _read(exchange.ask("GET", target, {}, None))
        finally:
            exchange.close()
        return [key]

    def _fields(self, outgoing: Outgoing, sms: Sms, key: str) -> dict[str, str]:
        account = self._account
        fields = {
            "username": account.username,
            "password": account.password.reveal(),
            "from": account.sender,
            "to": outgoing.address.reveal(),
            "text": outgoing.body.reveal(),
            "charset": "UTF-8",
            "coding": "2" if sms.alphabet is Alphabet.UCS2 else "0",
            "validity": str(max(1, outgoing.valid_seconds // 60)),
        }
        if account.report_url:
            mark = "&" if "?" in account.report_url else "?"
            fields["dlr-mask"] = str(REPORTS)
            fields["dlr-url"] = f"{account.report_url}{mark}id={quote(key)}&status=%d"
        return fields


def _read(answer: Answer) -> None:
    """202 and a text that begins with 0 (sent on) or 3 (queued); everything else was not taken."""
    if answer.status == 202 and answer.body[:1] in {"0", "3"}:
        return
    if answer.status in {401, 403}:
        raise Unreachable("kannel_not_allowed")
    if answer.status == 503:
        raise Throttled("kannel_503", wait=answer.retry_after)
    raise Refused(f"kannel_{answer.status}") if answer.status == 400 else NotNow(f"kannel_{answer.status}")
