"""The shared exchanges on a broker that somebody else administers: by AMQP, with the rights of its address."""

from __future__ import annotations

from kombu.connection import Connection

from imigr_provision.broker import EVENTS, INTAKE, PROBE, RPC, UNROUTED, UNROUTED_LIMITS


def declare_shared(address: str) -> None:
    """Idempotent; raises when the address may not declare them, or they exist with other properties."""
    with Connection(address, connect_timeout=5) as connection:
        channel = connection.default_channel
        channel.exchange_declare(UNROUTED, "fanout", durable=True, auto_delete=False)
        channel.queue_declare(UNROUTED, durable=True, auto_delete=False, arguments=UNROUTED_LIMITS)
        channel.queue_bind(UNROUTED, UNROUTED, "")
        alternate = {"alternate-exchange": UNROUTED}
        channel.exchange_declare(EVENTS, "topic", durable=True, auto_delete=False, arguments=alternate)
        channel.exchange_declare(INTAKE, "direct", durable=True, auto_delete=False, arguments=alternate)
        channel.exchange_declare(PROBE, "fanout", durable=True, auto_delete=False)
        channel.exchange_declare(RPC, "topic", durable=True, auto_delete=False)
