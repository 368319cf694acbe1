"""Runs the three peers in one process until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from imigr_peers import mail
from imigr_peers.behaviour import Behaviour
from imigr_peers.mailbox import Mailbox
from imigr_peers.page import Page
from imigr_peers.pdu import deliver_message
from imigr_peers.smsc import Account, Centre


def _setting(name: str) -> str:
    """A variable, or the content of the file that NAME_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    value = Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} (or {name}_FILE) must be set")
    return value


async def _run() -> None:
    host = _setting("IMIGR_PEERS_HOST")
    mailbox = Mailbox(Path(_setting("IMIGR_PEERS_JOURNAL")))
    behaviour = Behaviour(per_second=int(os.environ.get("IMIGR_PEERS_SMS_PER_SECOND", "0")))
    account = Account(_setting("IMIGR_PEERS_SYSTEM_ID"), _setting("IMIGR_PEERS_PASSWORD"))
    centre = Centre(account, mailbox, behaviour)

    def write(source: str, words: str) -> None:
        centre.bring(deliver_message(source, "imigr", words))

    servers = [
        await centre.serve(host, int(_setting("IMIGR_PEERS_SMPP_PORT"))),
        await mail.serve(host, int(_setting("IMIGR_PEERS_SMTP_PORT")), mailbox),
        await Page(mailbox, behaviour, write).serve(host, int(_setting("IMIGR_PEERS_PAGE_PORT"))),
    ]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print("peers: listening for SMS, mail and readers", flush=True)
    await stop.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(_run())
