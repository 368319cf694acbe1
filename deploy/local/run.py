#!/usr/bin/env python3
"""Command line of the local runner: everything it imports is in the standard library."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "provision")]

from imigr_local.cli import main  # noqa: E402  the two folders must be on the path first

if __name__ == "__main__":
    sys.exit(main())
