"""``python -m imigr_demo``: plays the story against a running platform and prints it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from imigr_demo.http import Site
from imigr_demo.partner import Partner
from imigr_demo.story import Story, StoryBroken

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"


def main() -> int:
    """Exit code 0 when every step held, 1 when one did not (said in a sentence)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("IMIGR_DEMO_URL", "http://127.0.0.1:8080"))
    parser.add_argument("--received", default=os.environ.get("IMIGR_DEMO_RECEIVED", "http://127.0.0.1:8090"))
    parser.add_argument(
        "--partner", default=os.environ.get("IMIGR_DEMO_PARTNER_AMQP"), help="the partner's AMQP address"
    )
    parser.add_argument(
        "--manager", default=os.environ.get("IMIGR_DEMO_MANAGER"), help="EMAIL:PASSWORD of a manager of La Marsa"
    )
    options = parser.parse_args()
    if not options.partner:
        parser.error("name the partner's AMQP address with --partner or IMIGR_DEMO_PARTNER_AMQP")
    if not options.manager:
        parser.error("name a manager's sign-in with --manager or IMIGR_DEMO_MANAGER")
    email, _, password = options.manager.partition(":")
    print(f"I-MIGR, the main job, played at {options.url}\n")
    try:
        with Partner(options.partner, CONTRACTS) as partner:
            places = (Site(options.url), partner, Site(options.received))
            Story(*places, (email, password), lambda line: print(line, flush=True)).play()
    except StoryBroken as broken:
        print(f"\nThe story broke: {broken}", file=sys.stderr)
        return 1
    print("\nEvery step held.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
