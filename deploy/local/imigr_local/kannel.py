"""Kannel and its simulated SMS centre, against which a sender of notifications is tested."""

from __future__ import annotations

import shutil
from pathlib import Path

from imigr_local import debian
from imigr_local.errors import RunnerError
from imigr_local.progress import Say

PACKAGES = ("kannel", "kannel-extras")
CENTRE = Path("/usr/lib/kannel/test/fakesmsc")


def ensure(say: Say) -> None:
    """Install it when that is allowed. Without it its tests are left out, so that is said and no more."""
    if shutil.which("bearerbox") and CENTRE.exists():
        return
    try:
        debian.require(PACKAGES, "Kannel is missing; its tests are left out.", say)
        debian.keep_service_off("kannel")
    except RunnerError as error:
        say(str(error))
