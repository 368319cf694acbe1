"""What the streams read from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from imigr_gateway.settings import Routes, as_routes
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.settings import as_senders, as_text_secret, setting


def as_address(text: str) -> tuple[str, int]:
    """``host:port``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("must be host:port")
    return host, int(port)


@dataclass(frozen=True, kw_only=True)
class StreamsSettings:
    """Settings of the streams; they have no database and no key."""

    amqp_uri: Secret[str] = setting("IMIGR_AMQP_URI", as_text_secret, comment="Address of RabbitMQ with user and vhost")
    bind: tuple[str, int] = setting(
        "IMIGR_STREAMS_BIND", as_address, default=("127.0.0.1", 8081), comment="Where the streams listen"
    )
    most: int = setting("IMIGR_STREAMS_MOST", int, default=2000, comment="Listeners at once; further ones get 503")
    routes: Routes = setting(
        "IMIGR_ROUTES", as_routes, default=None, comment="File that says which RPC name serves whom"
    )
    senders: Senders = setting(
        "IMIGR_SENDERS", as_senders, comment="File that says which user of the broker may say what"
    )
    log_level: str = setting("IMIGR_LOG_LEVEL", default="INFO", comment="DEBUG, INFO, WARNING or ERROR")
