"""Command line of the provisioning program; every command may be run again at any time."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from imigr_provision import catalogue, keys, servers
from imigr_provision.broker import BrokerAdmin
from imigr_provision.catalogue import Catalogue, OwnPart
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
    keys_command = commands.add_parser("keys", help="make all missing keys and server passwords")
    keys_command.add_argument("--staff", type=Path, help="file of the demo accounts that get a drawn password")
    keys_command.set_defaults(run=_keys)
    mongo = commands.add_parser("mongo", help="make the replica set and its administrator")
    mongo.set_defaults(run=_mongo)
    both = commands.add_parser("servers", help="make users, rights and exchanges, or use the given servers")
    both.add_argument("--broker-management", required=True, help="http address of the management interface")
    both.add_argument("--amqp", required=True, help="host:port of the broker as the services see it")
    both.set_defaults(run=_servers)
    for command in (mongo, both):
        command.add_argument("--mongo", required=True, help="host:port, also as the services see it")
    for command in (keys_command, mongo, both):
        command.add_argument("--secrets", type=Path, required=True, help="folder of the secret files")
        command.add_argument("--own", default="[]", help="JSON list of services run by others")
    return parser


def _keys(options: argparse.Namespace) -> None:
    ensure_server_secrets(options.secrets)
    keys.ensure_keys(_catalogue(options), options.secrets)
    if options.staff is not None:
        keys.ensure_staff_passwords(options.secrets, options.staff)


def _mongo(options: argparse.Namespace) -> None:
    initialise(_mongo_admin(options))


def _servers(options: argparse.Namespace) -> None:
    everything = _catalogue(options)
    amqp, mongo = os.environ.get("IMIGR_AMQP_URI"), os.environ.get("IMIGR_MONGO_URI")
    if amqp is None:
        password = (options.secrets / BROKER_ADMIN).read_text()
        own = servers.OwnBroker(BrokerAdmin(options.broker_management, ADMIN, password), options.amqp)
        servers.prepare_broker(everything, own, options.secrets)
    else:
        declare_shared(amqp)
        servers.use_given(everything, "amqp_uri", amqp, options.secrets)
    if mongo is None:
        servers.prepare_database(everything, _mongo_admin(options), options.secrets)
    else:
        servers.use_given(everything, "mongo_uri", mongo, options.secrets)


def _mongo_admin(options: argparse.Namespace) -> MongoAdmin:
    host, _, port = options.mongo.rpartition(":")
    return MongoAdmin(host, int(port), (options.secrets / MONGO_ADMIN).read_text(), options.mongo)


def _catalogue(options: argparse.Namespace) -> Catalogue:
    own = [OwnPart(one["name"], one["of"], tuple(one["municipalities"])) for one in json.loads(options.own)]
    return catalogue.read(own=own)


if __name__ == "__main__":
    sys.exit(main())
