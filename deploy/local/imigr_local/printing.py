"""What certificates and brochures are printed with: Pango, HarfBuzz and fonts of the distribution."""

from __future__ import annotations

from ctypes.util import find_library
from pathlib import Path

from imigr_local import debian
from imigr_local.errors import RunnerError
from imigr_local.progress import Say

PACKAGES = (
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz-subset0",
    "fontconfig",
    "fonts-hosny-amiri",
    "fonts-dejavu-core",
)
"""As in docker-compose.yml, for the images of the gateway and of the directory."""
LIBRARIES = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
FONTS = Path("/usr/share/fonts")


def ensure(say: Say) -> None:
    """Install what is missing when that is allowed. Without it everything runs but the printing of certificates,
    which then answers 503; so that is said and no more."""
    if is_complete():
        return
    try:
        debian.require(PACKAGES, "Certificates cannot be printed: libraries or fonts are missing.", say)
    except RunnerError as error:
        say(str(error))


def is_complete() -> bool:
    """Whether the libraries and the Arabic font are there."""
    return all(map(find_library, LIBRARIES)) and any(FONTS.rglob("Amiri-Regular.*"))
