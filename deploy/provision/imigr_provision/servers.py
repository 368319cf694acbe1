"""Gives every part its user on both servers and writes the addresses it will use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imigr_provision import broker, follower, limits, mongo, senders, strangers
from imigr_provision.audiences import Audiences
from imigr_provision.broker import BrokerAdmin, Rights
from imigr_provision.catalogue import VHOST, Catalogue, Part
from imigr_provision.files import ensure, write_private
from imigr_provision.mongo import MongoAdmin
from imigr_provision.server_secrets import password
from imigr_provision.upgrade import renew_queues


@dataclass(frozen=True)
class OwnBroker:
    """The administrator's way to the broker, and its address as the parts see it."""

    admin: BrokerAdmin
    amqp: str


def prepare_broker(catalogue: Catalogue, own: OwnBroker, folder: Path) -> None:
    """Exchanges and one user per part; passwords are kept, rights are set again. Nobody else keeps a way in."""
    own.admin.wait()
    broker.refuse_impersonators(own.admin)
    broker.ensure_shared(own.admin)
    strangers.dismiss(own.admin, folder)
    senders.write(catalogue, folder)
    for part in catalogue.services:
        _broker_user(own, folder, part.name, broker.service_rights(part))
    _broker_user(own, folder, "gateway", broker.gateway_rights(catalogue.gateway))
    _broker_user(own, folder, "streams", broker.streams_rights(catalogue.streams))
    limits.limit_strangers(own.admin, catalogue.shared_names)
    for part in catalogue.services:
        renew_queues(own.admin, part.name, (folder / part.name / "amqp_uri").read_text())


def prepare_follower(own: OwnBroker, folder: Path, audiences: Audiences) -> str:
    """The demo's follower of the public kinds; returns the address it connects with."""
    own.admin.wait()
    secret = ensure(folder / "demo" / "broker_password", password).decode()
    follower.prepare(own.admin, secret, audiences)
    address = f"amqp://{follower.USER}:{secret}@{own.amqp}/{VHOST}"
    write_private(folder / "demo" / "amqp_uri", address.encode())
    return address


def prepare_database(catalogue: Catalogue, admin: MongoAdmin, folder: Path) -> None:
    """The replica set, and one user per service on its own database."""
    mongo.initialise(admin)
    with admin.client(authenticated=True) as client:
        for part in catalogue.services:
            _database_user(client, admin, folder, part)


def _broker_user(own: OwnBroker, folder: Path, user: str, rights: Rights) -> None:
    secret = ensure(folder / user / "broker_password", password).decode()
    broker.ensure_user(own.admin, user, secret, rights)
    write_private(folder / user / "amqp_uri", f"amqp://{user}:{secret}@{own.amqp}/{VHOST}".encode())


def _database_user(client: mongo.Client, admin: MongoAdmin, folder: Path, part: Part) -> None:
    if part.database is None:
        return
    secret = ensure(folder / part.name / "mongo_password", password).decode()
    mongo.ensure_user(client, user=part.name, password=secret, database=part.database)
    options = f"authSource={part.database}&replicaSet={admin.replica_set}"
    uri = f"mongodb://{part.name}:{secret}@{admin.member}/{part.database}?{options}"
    write_private(folder / part.name / "mongo_uri", uri.encode())


def use_given(catalogue: Catalogue, file: str, address: str, folder: Path) -> None:
    """Writes an address that a person gave for all parts; its rights are that person's affair."""
    for part in catalogue.parts:
        if file in part.secrets.values():
            write_private(folder / part.name / file, address.encode())
