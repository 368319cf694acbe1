"""SMS by a provider's HTTP interface that a settings file describes: no code for a new provider."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from imigr_kit.secret import Secret
from imigr_notifications.ports import HandOver, NotNow, NotWanted, Outgoing, Refused, Throttled
from imigr_notifications.senders.web import Answer, Exchange
from imigr_notifications.sms_text import TextTooLong, cut

UNSAFE = re.compile(r"[\r\n]")


@dataclass(frozen=True)
class HttpAccount:
    """How the provider is asked, and how its answers are read.

    In ``url``, ``headers`` and the values of ``query``, ``form`` and ``body`` these words are replaced: ``{to}``
    (E.164), ``{to_digits}``, ``{text}``, ``{sender}``, ``{key}`` (the idempotency key: the same for the same
    message), ``{parts}``, ``{valid_minutes}`` and ``{secret}``. Values are encoded for where they stand, so that
    a text can never become a parameter.
    """

    url: str
    sender: str = "Commune"
    method: str = "POST"
    secret: Secret[str] = field(default_factory=lambda: Secret(""))
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    """Sent as JSON."""
    accepted: frozenset[int] = frozenset({200, 201, 202})
    accepted_text: str = ""
    """A pattern that the answer must hold as well."""
    id_text: str = ""
    """A pattern whose first group is the provider's id; without one, the idempotency key is the id."""
    refused: frozenset[int] = frozenset({400, 404, 410, 422})
    refused_text: str = ""
    throttled: frozenset[int] = frozenset({429})
    report: Mapping[str, str] = field(default_factory=dict)
    """How its reports are read: ``id`` and ``status`` are names of parameters, ``delivered`` and ``failed`` are
    patterns of the status."""


class HttpSender:
    """One request per message."""

    def __init__(self, account: HttpAccount) -> None:
        self._account = account

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The provider's id."""
        account = self._account
        try:
            parts = len(cut(outgoing.body.reveal()).parts)
        except TextTooLong:
            raise Refused("too_long") from None
        words = self._words(outgoing, parts)
        exchange = Exchange(account.url)
        try:
            method, target, headers, body = self._request(words)
            if not hand_over(parts):
                raise NotWanted("not_wanted")
            return [self._read(exchange.ask(method, target, headers, body), words["key"])]
        finally:
            exchange.close()

    def _words(self, outgoing: Outgoing, parts: int) -> dict[str, str]:
        address = outgoing.address.reveal()
        return {
            "to": address,
            "to_digits": address.lstrip("+"),
            "text": outgoing.body.reveal(),
            "sender": self._account.sender,
            "key": key_of(outgoing.message_id),
            "parts": str(parts),
            "valid_minutes": str(max(1, outgoing.valid_seconds // 60)),
            "secret": self._account.secret.reveal(),
        }

    def _request(self, words: Mapping[str, str]) -> tuple[str, str, dict[str, str], bytes | None]:
        account = self._account
        url = urlsplit(account.url)
        query = "&".join(one for one in (url.query, urlencode(filled(account.query, words))) if one)
        headers = {name: UNSAFE.sub("", value) for name, value in filled(account.headers, words).items()}
        body = None
        if account.form is not None:
            body = urlencode(filled(account.form, words)).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif account.body is not None:
            body = json.dumps(filled(account.body, words), ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        return account.method, f"{url.path or '/'}{'?' if query else ''}{query}", headers, body

    def _read(self, answer: Answer, key: str) -> str:
        """Sort the answer; its text is dropped, it may hold the number."""
        account, reason = self._account, f"http_{answer.status}"
        if answer.status in account.throttled:
            raise Throttled(reason, wait=answer.retry_after)
        if account.refused_text and re.search(account.refused_text, answer.body):
            raise Refused(f"{reason}_refused")
        is_accepted = not account.accepted_text or re.search(account.accepted_text, answer.body)
        if answer.status in account.accepted and is_accepted:
            found = re.search(account.id_text, answer.body) if account.id_text else None
            return found[1] if found else key
        if answer.status in account.refused:
            raise Refused(reason)
        if answer.status == 503 and answer.retry_after is not None:
            raise Throttled(reason, wait=answer.retry_after)
        raise NotNow(reason)


def key_of(message_id: str) -> str:
    """The idempotency key of a message: nothing in it tells whose it is."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """The words put into every text of a structure. Each text is looked through once, so a word that comes in a
    message is left as it is."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {name: filled(one, words) for name, one in value.items()}
    return [filled(one, words) for one in value] if isinstance(value, list | tuple) else value
