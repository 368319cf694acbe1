"""Verifies a certificate without a network: ``python -m imigr_gateway.attending.offline --keys keys.json < code``.

``keys.json`` is what ``GET /api/v1/municipalities/<municipality>/event-keys`` answered some day.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from imigr_gateway.attending.certificate import verify
from imigr_kit.secret import Secret


def main() -> int:
    """Prints what the certificate says; exit code 1 when it is not good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=Path, required=True, help="file of public keys")
    keys = json.loads(parser.parse_args().keys.read_text(encoding="utf-8"))["keys"]
    found = verify(Secret(sys.stdin.read()), keys)
    if found is None:
        sys.stdout.write("not a good certificate\n")
        return 1
    said = {"holder": found.holder.reveal(), **found.statement}
    sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
