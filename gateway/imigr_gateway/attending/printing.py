"""Has certificates and slips printed by a process each: few at a time, none for long."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from imigr_gateway import costly
from imigr_kit.errors import Unavailable
from imigr_kit.logs import get_logger

log = get_logger(__name__)

PRINT_SECONDS = 20.0


class PrinterUnavailable(Unavailable):
    """It took too long, or the libraries and fonts that printing needs are not installed."""

    code = "gateway.printer_unavailable"


def printed(fields: Mapping[str, Any], owner: str, paper: str = "certificate") -> bytes:
    """The PDF of one kind of paper (printer.TEMPLATES), for the link that is its ``owner``.

    The fields go through a pipe: never into arguments, environment, files or logs. Raises PrinterUnavailable, TooBusy
    or TooMuchAtOnce.
    """
    with costly.printing.place(owner):
        done = _run(fields, paper)
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        log.error("paper.not_printed", paper=paper, exit_code=done.returncode)
        raise PrinterUnavailable(retry_after=60)
    return done.stdout


def _run(fields: Mapping[str, Any], paper: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["nice", "-n", "10", sys.executable, "-m", "imigr_gateway.attending.printer", paper],
            input=json.dumps(fields, ensure_ascii=False).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PRINT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Its text would hold the command's input.
        log.error("paper.printing_timed_out", paper=paper)  # the cause must not be logged
        raise PrinterUnavailable(retry_after=30) from None
