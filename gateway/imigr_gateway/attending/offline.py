"""Verifies a certificate without a network: ``python -m imigr_gateway.attending.offline --keys keys.json < code``.

``keys.json`` is what ``GET /api/v1/municipalities/<municipality>/event-keys`` answered some day, ``--revoked`` what
``GET /api/v1/municipalities/<municipality>/revoked-certificates`` answered.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from imigr_gateway.attending.certificate import revoked, verify
from imigr_kit.secret import Secret


def main() -> int:
    """Prints what the certificate says; exit code 1 when it is not good or revoked, 2 when the list is not good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=Path, required=True, help="file of public keys")
    parser.add_argument("--revoked", type=Path, help="file of revoked certificates, signed")
    given = parser.parse_args()
    keys = json.loads(given.keys.read_text(encoding="utf-8"))["keys"]
    found = verify(Secret(sys.stdin.read()), keys)
    if found is None:
        sys.stdout.write("not a good certificate\n")
        return 1
    if given.revoked is not None:
        gone = revoked(json.loads(given.revoked.read_text(encoding="utf-8")), keys)
        if gone is None or gone["municipality"] != found.statement["municipality"]:
            sys.stdout.write("the list of revoked certificates is not good\n")
            return 2
        if any(one["number"] == found.statement["number"] for one in gone["revoked"]):
            sys.stdout.write("revoked\n")
            return 1
    said = {"holder": found.holder.reveal(), **found.statement}
    sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
