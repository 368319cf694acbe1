"""Command line of the provisioning program; every command may be run again at any time."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from imigr_provision.mongo import MongoAdmin, initialise
from imigr_provision.server_secrets import MONGO_ADMIN


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imigr_provision", description=__doc__)
    commands = parser.add_subparsers(required=True)
    mongo = commands.add_parser("mongo", help="make the replica set and its administrator")
    mongo.add_argument("--secrets", type=Path, required=True)
    mongo.add_argument("--host", required=True)
    mongo.add_argument("--port", type=int, required=True)
    mongo.set_defaults(run=_mongo)
    return parser


def _mongo(options: argparse.Namespace) -> int:
    password = (options.secrets / MONGO_ADMIN).read_text()
    member = f"{options.host}:{options.port}"
    initialise(MongoAdmin(options.host, options.port, password, member))
    return 0


if __name__ == "__main__":
    sys.exit(main())
