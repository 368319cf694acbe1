"""Command line of the provisioning program; every command may be run again at any time."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from imigr_provision import audiences, catalogue, keys, senders, servers
from imigr_provision.broker import BrokerAdmin
from imigr_provision.catalogue import Catalogue, OwnPart
from imigr_provision.files import write_private
from imigr_provision.given import declare_shared
from imigr_provision.mongo import MongoAdmin, initialise
from imigr_provision.server_secrets import BROKER_ADMIN, MONGO_ADMIN, ensure_server_secrets

ADMIN = "admin"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or an exception that says what the servers refused."""
    options = _parser().parse_args(arguments)
    options.run(options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imigr_provision", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--secrets", type=Path, required=True, help="folder of the secret files")
    common.add_argument("--catalogue", type=Path, default=catalogue.FILE, help="deploy/services.json")
    common.add_argument("--own", default="[]", help="JSON list of services that towns run themselves")
    mongo = argparse.ArgumentParser(add_help=False)
    mongo.add_argument("--mongo", required=True, help="host:port, also as the services see it")
    broker = argparse.ArgumentParser(add_help=False)
    broker.add_argument("--broker-management", required=True, help="http address of the management interface")
    broker.add_argument("--amqp", required=True, help="host:port of the broker as its users see it")
    table = argparse.ArgumentParser(add_help=False)
    table.add_argument("--audiences", type=Path, default=audiences.FILE, help="contracts/audiences.json")

    make_keys = commands.add_parser("keys", parents=[common], help="make all missing keys and passwords")
    make_keys.add_argument("--staff", type=Path, help="file of the demo accounts that get a drawn password")
    make_keys.set_defaults(run=_keys)
    put = commands.add_parser("set", parents=[common], help="write a secret given on standard input")
    put.add_argument("part")
    put.add_argument("file")
    put.set_defaults(run=_set)
    commands.add_parser("mongo", parents=[common, mongo], help="make the replica set").set_defaults(run=_mongo)
    both = commands.add_parser("servers", parents=[common, mongo, broker], help="make users, rights, exchanges")
    both.set_defaults(run=_servers)
    demo = commands.add_parser("demo", parents=[common, broker, table], help="make and print the demo sign-ins")
    demo.add_argument("--staff", type=Path, required=True)
    demo.set_defaults(run=_demo)
    follower = commands.add_parser("follower", parents=[common, broker, table], help="make the demo's follower")
    follower.set_defaults(run=_follower)
    return parser


def _keys(options: argparse.Namespace) -> None:
    ensure_server_secrets(options.secrets)
    keys.ensure_keys(_catalogue(options), options.secrets)
    if options.staff is not None:
        keys.ensure_staff_passwords(options.secrets, options.staff)


def _set(options: argparse.Namespace) -> None:
    """Only what the part is known to read; a wrong name would leave the old secret in use."""
    part = next((one for one in _catalogue(options).parts if one.name == options.part), None)
    if part is None or options.file not in part.secrets.values():
        raise SystemExit(f"no part '{options.part}' reads a secret '{options.file}'")
    write_private(options.secrets / part.name / options.file, sys.stdin.buffer.read().strip())


def _mongo(options: argparse.Namespace) -> None:
    initialise(_mongo_admin(options))


def _servers(options: argparse.Namespace) -> None:
    """The variables name servers that somebody else administers; these get no users from us."""
    everything = _catalogue(options)
    amqp, mongo = os.environ.get("IMIGR_AMQP_URI"), os.environ.get("IMIGR_MONGO_URI")
    if amqp is None:
        servers.prepare_broker(everything, _broker(options), options.secrets)
    else:
        declare_shared(amqp)
        servers.use_given(everything, "amqp_uri", amqp, options.secrets)
        senders.write_shared(everything, options.secrets, unquote(urlsplit(amqp).username or "guest"))
    if mongo is None:
        servers.prepare_database(everything, _mongo_admin(options), options.secrets)
    else:
        servers.use_given(everything, "mongo_uri", mongo, options.secrets)


def _demo(options: argparse.Namespace) -> None:
    keys.ensure_staff_passwords(options.secrets, options.staff)
    print("Demo staff:", (options.secrets / "accounts" / "staff_passwords.json").read_text())
    print("Demo follower of the public events:", _prepare_follower(options))


def _follower(options: argparse.Namespace) -> None:
    """Prints nothing: the address is in the secrets folder."""
    _prepare_follower(options)


def _prepare_follower(options: argparse.Namespace) -> str:
    return servers.prepare_follower(_broker(options), options.secrets, audiences.read(options.audiences))


def _broker(options: argparse.Namespace) -> servers.OwnBroker:
    password = (options.secrets / BROKER_ADMIN).read_text()
    return servers.OwnBroker(BrokerAdmin(options.broker_management, ADMIN, password), options.amqp)


def _mongo_admin(options: argparse.Namespace) -> MongoAdmin:
    host, _, port = options.mongo.rpartition(":")
    return MongoAdmin(host, int(port), (options.secrets / MONGO_ADMIN).read_text(), options.mongo)


def _catalogue(options: argparse.Namespace) -> Catalogue:
    own = [OwnPart(one["name"], one["of"], tuple(one["municipalities"])) for one in json.loads(options.own)]
    return catalogue.read(options.catalogue, own)


if __name__ == "__main__":
    sys.exit(main())
