"""How fast messages leave, beside bare clients of the same libraries, and what memory that takes.

``python -m bench.dispatch`` starts its own servers; ``--messages 100000`` is the long run for memory.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import secrets
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bench import report
from bench.report import Row, against, alone

ROOT = Path(__file__).resolve().parent.parent
for part in ("local", "provision"):
    sys.path.insert(0, str(ROOT / "deploy" / part))
HOST = "127.0.0.1"
PASSWORD = "bench"
MARKS = (10_000, 50_000, 100_000)
"""So many messages, and resident memory is looked at."""
MAILS = 2_000
"""No more mails than that: a mail takes longer, and memory is looked at by SMS."""
FLOOR = 3_000
"""Messages of the bare clients."""
GROUP = 32
"""Messages that the client which stores marks and settles in one command, as the service does."""
PLACE = {"fr": "Hôtel de ville de La Marsa", "ar": "قصر بلدية المرسى", "en": "Town hall"}


@dataclass(frozen=True)
class Ports:
    """Where the receiving peers listen."""

    smpp: int
    smtp: int
    page: int


@contextmanager
def peers(folder: Path) -> Iterator[Ports]:
    """The SMS centre and the mail sink of the local runner."""
    from imigr_kit.testing.processes import free_port

    ports = Ports(free_port(), free_port(), free_port())
    variables = {
        "PYTHONPATH": str(ROOT / "deploy" / "local" / "peers"),
        "IMIGR_PEERS_HOST": HOST,
        "IMIGR_PEERS_SMPP_PORT": str(ports.smpp),
        "IMIGR_PEERS_SMTP_PORT": str(ports.smtp),
        "IMIGR_PEERS_PAGE_PORT": str(ports.page),
        "IMIGR_PEERS_SYSTEM_ID": "imigr",
        "IMIGR_PEERS_PASSWORD": PASSWORD,
        "IMIGR_PEERS_JOURNAL": str(folder / "journal.jsonl"),
    }
    with subprocess.Popen([sys.executable, "-m", "imigr_peers"], env=os.environ | variables) as process:
        try:
            for port in (ports.smpp, ports.smtp):
                _await(port)
            yield ports
        finally:
            process.kill()


class BareClient:
    """smpplib alone: one bind, a submit_sm, its answer, the next one. With ``receipts`` it also asks for receipts, and
    reads and acknowledges each by the library, which is what the service has to do."""

    def __init__(self, port: int, receipts: bool) -> None:
        from smpplib.client import Client

        self._receipts = receipts
        self._answers, self._wanted, self._brought = 0, 0, 0
        self._parts = _parts()
        self._client = Client(HOST, port, timeout=10, allow_unknown_opt_params=True)
        self._client.logger.disabled = True
        self._client.set_message_sent_handler(self._answered)
        self._client.set_message_received_handler(self._came)
        self._client.connect()
        self._client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bind = self._client.bind_transceiver if receipts else self._client.bind_transmitter
        bind(system_id="imigr", password=PASSWORD)

    def _answered(self, pdu: Any) -> None:
        self._answers += 1

    def _came(self, pdu: Any) -> None:
        self._brought += 1

    def send(self, number: int) -> list[str]:
        """One confirmation, in as many parts as ours; a name for each part."""
        from smpplib import consts

        for part in self._parts:
            self._client.send_message(
                source_addr_ton=consts.SMPP_TON_ALNUM, source_addr="Commune", dest_addr_ton=consts.SMPP_TON_INTL,
                destination_addr=f"2162{number:07d}", short_message=part, data_coding=0, esm_class=0x40,
                registered_delivery=int(self._receipts),
            )  # fmt: skip
            self._wanted += 1
            while self._answers < self._wanted:
                self._client.read_once()
        return [f"{number}-{part}" for part in range(len(self._parts))]

    def finish(self) -> None:
        """Read the receipts that are still to come."""
        while self._receipts and self._brought < self._wanted:
            self._client.read_once()

    def close(self) -> None:
        """Unbind."""
        self._client.disconnect()


def bare_smpp(port: int, receipts: bool) -> float:
    """Messages a second of the library alone."""
    client = BareClient(port, receipts)
    began = time.perf_counter()
    for number in range(FLOOR):
        client.send(number)
    client.finish()
    took = time.perf_counter() - began
    client.close()
    return FLOOR / took


def stored_smpp(port: int, db: Any) -> float:
    """The same client when it keeps what a crash asks for and nothing else: each message is marked before the centre
    gets it, its ids are stored after, and its receipts too, all journaled and GROUP messages in one command. No rule,
    no text, no sealed contact, no event."""
    from pymongo import InsertOne, UpdateOne

    rows, receipts = db["messages"], db["receipts"]
    rows.insert_many([{"_id": number, "state": "planned"} for number in range(FLOOR)])
    client = BareClient(port, receipts=True)
    began = time.perf_counter()
    for first in range(0, FLOOR, GROUP):
        group = list(range(first, min(first + GROUP, FLOOR)))
        rows.update_many({"_id": {"$in": group}, "state": "planned"}, {"$set": {"state": "sending"}})
        ids = {number: client.send(number) for number in group}
        sent = [UpdateOne({"_id": one}, {"$set": {"state": "sent", "ids": its}}) for one, its in ids.items()]
        rows.bulk_write(sent, ordered=False)
        receipts.bulk_write([InsertOne({"_id": part}) for its in ids.values() for part in its], ordered=False)
    client.finish()
    took = time.perf_counter() - began
    client.close()
    return FLOOR / took


def bare_smtp(port: int, db: Any) -> float:
    """Mails a second of smtplib alone: the mail that the service sends (text, page, calendar entry, headers), with its
    text at hand and made into a mail anew for each, over one connection."""
    from imigr_kit.ids import new_id
    from imigr_kit.secret import Secret
    from imigr_notifications import storage
    from imigr_notifications.ports import Outgoing
    from imigr_notifications.senders.mail import mail_of
    from imigr_notifications.texts import render

    message = confirmation("email", new_id(), new_id(), datetime.now(UTC))
    link = "https://imigr.tn/m/la-marsa.AAAAAAAAAAAAAAAAAAAAAA"
    text = render(message, storage.MongoRules(db).rules(message.municipality), link)
    stop = Secret("https://imigr.tn/u/la-marsa/AAAAAAAAAAAAAAAAAAAAAA")
    relay = smtplib.SMTP(HOST, port, timeout=10)
    began = time.perf_counter()
    for number in range(FLOOR // 3):
        address = f"v{number}@example.test"
        mail = mail_of(
            Outgoing(
                f"m{number}", Secret(address), text.subject, text.body, 3600,
                calendar=text.calendar, unsubscribe=stop,
            ),
            "c@imigr.test",
        )  # fmt: skip
        relay.sendmail("c@imigr.test", [address], mail.as_bytes())
    took = time.perf_counter() - began
    relay.close()
    return FLOOR // 3 / took


def confirmation(channel: str, subject: str, contact_id: str, now: datetime) -> Any:
    """A planned confirmation of an appointment in three days."""
    from imigr_notifications.domain import Message, State

    start = now + timedelta(days=3)
    return Message(
        id=f"{subject}:confirmation:1", subject=subject, source="appointment", municipality="la-marsa",
        kind="confirmation", sequence=1, channel=channel, language="fr", contact_id=contact_id,
        state=State.PLANNED, due_at=now, expires_at=start,
        values={"start": start, "timezone": "Africa/Tunis", "texts": {"place": PLACE}},
    )  # fmt: skip


def sms_text() -> str:
    """A confirmation with its link."""
    return (
        "La Marsa : votre rendez-vous est confirmé, jeudi 26 novembre à 09:30.\nHôtel de ville de La Marsa\n"
        "Changer ou annuler : https://imigr.tn/m/la-marsa.AAAAAAAAAAAAAAAAAAAAAA"
    )


def _parts() -> list[bytes]:
    """The octets of the parts of a confirmation, each with its header."""
    from imigr_notifications.sms_text import cut, encoded, transliterated

    text = cut(transliterated(sms_text()))
    total = len(text.parts)
    return [bytes([5, 0, 3, 7, total, one]) + encoded(part, text.alphabet) for one, part in enumerate(text.parts, 1)]


def own(db: Any, ports: Ports, channel: str, messages: int) -> tuple[float, dict[int, float]]:
    """Messages a second of the service's own delivery, from what is planned in the store to the stored answer; and
    resident memory in MB after so many messages: each tenth, and those of MARKS."""
    from imigr_kit.secret import Secret
    from imigr_notifications import handlers
    from imigr_notifications.channels import ChannelPlan, ProviderPlan, WayPlan
    from imigr_notifications.senders.smpp import SmppAccount
    from imigr_notifications.senders.smtp import SmtpAccount

    sms = SmppAccount(HOST, ports.smpp, "imigr", Secret(PASSWORD), "Commune", window=64)
    mail = SmtpAccount(HOST, ports.smtp, "c@imigr.test")
    plan = ChannelPlan(
        {"smpp": ProviderPlan("smpp", sms), "smtp": ProviderPlan("smtp", mail)},
        {"*": {"sms": (WayPlan("smpp"),), "email": (WayPlan("smtp"),)}},
    )
    desk, contacts = _desk(db, plan)
    _fill(db, contacts, channel, messages)
    for bind in desk[1]:
        bind.start()
        while not bind.is_bound:
            time.sleep(0.01)
    marks = sorted({mark for mark in MARKS if mark < messages} | {messages * tenth // 10 for tenth in range(1, 11)})
    memory: dict[int, float] = {}
    done, began = 0, time.perf_counter()
    while done < messages:
        found = handlers.deliver_due(desk[0], channel)
        done += found
        if not found:
            break
        while marks and done >= marks[0]:
            memory[marks.pop(0)] = _resident()
    took = time.perf_counter() - began
    for bind in desk[1]:
        bind.close()
    sent = db["messages"].count_documents({"channel": channel, "state": "sent"})
    if sent != messages:
        raise RuntimeError(f"{messages - sent} of {messages} messages by {channel} were not sent")
    return messages / took, memory


def _desk(db: Any, plan: Any) -> Any:
    from imigr_kit.clock import SystemClock
    from imigr_kit.events import Stamp
    from imigr_kit.ids import new_id
    from imigr_kit.mongo import ensure_indexes, in_transaction
    from imigr_kit.outbox import INDEX
    from imigr_kit.secret import Secret
    from imigr_notifications import handlers, storage
    from imigr_notifications.handlers import Desk
    from imigr_notifications.providers import ways_of
    from imigr_notifications.settings import MasterKeys
    from imigr_notifications.vault import Vault

    ensure_indexes(db, [*storage.INDEXES, INDEX(storage.MESSAGES)])
    clock = SystemClock()
    vault = Vault(Secret(b"p" * 32), MasterKeys("k", {"k": Secret(b"m" * 32)}), Secret(b"h" * 32))
    contacts = storage.MongoContacts(db, vault)
    rules = storage.MongoRules(db)
    desk: Any = None
    ways, binds = ways_of(plan, lambda receipts: handlers.take_receipts(desk, receipts), lambda _inbound: None)
    known: dict[str, Any] = {
        "messages": storage.MongoMessages(db, Stamp("notifications", "bench", clock, new_id)),
        "contacts": contacts,
        "receipts": storage.MongoReceipts(db, vault),
        "ways": ways,
        "clock": clock,
        "public_url": "https://imigr.tn",
        "unsubscribe_token": vault.unsubscribe_token,
        "own_text": lambda _message: None,
        "rules": rules.rules,
        "daily": storage.MongoDaily(db),
        "opt_outs": storage.MongoOptOuts(db),
        "reminders": storage.MongoReminders(db),
        "matters": storage.MongoMatters(db),
        "in_transaction": lambda work: in_transaction(db, work),
    }
    required = {
        name: known.get(name) for name in Desk.__dataclass_fields__ if name in known or _is_required(Desk, name)
    }
    desk = cast(Any, Desk)(**required)
    return (desk, binds), contacts


def _is_required(cls: Any, name: str) -> bool:
    from dataclasses import MISSING

    field = cls.__dataclass_fields__[name]
    return field.default is MISSING and field.default_factory is MISSING


def _fill(db: Any, contacts: Any, channel: str, messages: int) -> None:
    """Contacts and planned confirmations, each for somebody else."""
    from imigr_kit.ids import new_id
    from imigr_kit.secret import Secret
    from imigr_notifications.storage import message_document
    from imigr_notifications.vault import Contact

    now = datetime.now(UTC)
    rows, people = [], []
    for number in range(messages):
        contact_id, subject = new_id(), new_id()
        address = f"+2162{number:07d}" if channel == "sms" else f"v{number}@example.test"
        contact = Contact(channel, Secret(address), "fr", Secret(f"la-marsa.{secrets.token_urlsafe(16)}"))
        people.append(contacts.row_of(contact_id, contact, now))
        message = confirmation(channel, subject, contact_id, now)
        rows.append(message_document(message) | {"claim_at": now, "outbox": []})
        if len(rows) == 1_000:
            db["messages"].insert_many(rows)
            db["contacts"].insert_many(people)
            rows, people = [], []
    if rows:
        db["messages"].insert_many(rows)
        db["contacts"].insert_many(people)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


@contextmanager
def _logs(folder: Path) -> Iterator[None]:
    """Log lines as a service writes them, into a file."""
    from imigr_kit import logs

    with (folder / "log.jsonl").open("w", encoding="utf-8") as file:
        with redirect_stderr(file):
            logs.configure("notifications")
        try:
            yield
        finally:
            logging.getLogger().handlers.clear()


def _await(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as one:
            if one.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on {port}")


def measure(messages: int) -> list[Row]:
    """Floors first, then our own delivery, on servers of this run."""
    from imigr_kit.testing import servers
    from imigr_local.options import Options
    from imigr_local.platform import Platform

    platform = Platform(f"bench-{os.getpid()}", Options(only_servers=True, any_ports=True, owner=os.getpid()))
    try:
        platform.up()
        os.environ |= platform.admin_environment()
        with tempfile.TemporaryDirectory() as folder, peers(Path(folder)) as ports, _logs(Path(folder)):
            sends = alone("bare smpplib, no receipts", bare_smpp(ports.smpp, receipts=False), "SMS/s")
            smpp = alone("bare smpplib", bare_smpp(ports.smpp, receipts=True), "SMS/s")
            with servers.fresh_database() as db:
                stores = stored_smpp(ports.smpp, db)
            with servers.fresh_database() as db:
                smtp = alone("bare smtplib", bare_smtp(ports.smtp, db), "mails/s")
            with servers.fresh_database() as db:
                rate, memory = own(db, ports, "sms", messages)
            with servers.fresh_database() as db:
                mails, _ = own(db, ports, "email", min(max(messages // 5, 1_000), MAILS))
    finally:
        platform.forget()
    fifth = memory[messages * 2 // 10]
    growth = alone("memory at the end against after a fifth", memory[messages] / fifth, "times", 1.1, "lower")
    resident = [alone(f"resident after {mark:,} SMS", memory[mark], "MB") for mark in MARKS if mark in memory]
    return [
        sends,
        smpp,
        against("bare smpplib that stores before and after", stores, "SMS/s", smpp),
        against("dispatch by SMPP", rate, "SMS/s", smpp, 0.6),
        smtp,
        against("dispatch by SMTP", mails, "mails/s", smtp, 0.6),
        *resident,
        growth,
    ]


def main() -> int:
    """Prints the table and writes bench/out/dispatch.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5_000)
    rows = measure(parser.parse_args().messages)
    print(report.table(rows))
    report.save(rows, "dispatch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
