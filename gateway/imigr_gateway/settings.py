"""What the gateway reads from the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imigr_gateway.asking import Network, as_networks
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.settings import as_key, as_senders, as_text_secret, setting

Routes = dict[str, dict[str, str]]
SERVICES = ("directory", "guichet", "events", "notifications", "accounts")


def as_routes(text: str) -> Routes:
    """The path of a JSON file: service to municipality (or ``default``) to RPC name."""
    content: Any = json.loads(Path(text).read_text(encoding="utf-8"))
    for service, names in content.items():
        if service not in SERVICES or "default" not in names:
            raise ValueError(f"must name a default for each known service; {service} is wrong")
    return {service: dict(names) for service, names in content.items()}


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """Settings of the gateway; it has no database."""

    amqp_uri: Secret[str] = setting("IMIGR_AMQP_URI", as_text_secret, comment="Address of RabbitMQ with user and vhost")
    key: Secret[bytes] = setting("IMIGR_GATEWAY_KEY", as_key, comment="Key from which links follow, 32 bytes in base64")
    rotating_keys: Path = setting(
        "IMIGR_ROTATING_KEYS",
        Path,
        comment="Folder of the keys that are destroyed every day and month, shared by all processes of the gateway, "
        "in no backup",
    )
    vault_public_key: Secret[bytes] = setting(
        "IMIGR_VAULT_PUBLIC_KEY", as_key, comment="X25519 key that contacts are sealed to, 32 bytes in base64"
    )
    token_public_key: Secret[str] = setting(
        "IMIGR_TOKEN_PUBLIC_KEY", as_text_secret, comment="Ed25519 public key (PEM) of staff tokens"
    )
    public_url: str = setting("IMIGR_PUBLIC_URL", default="http://127.0.0.1:8080", comment="Address in links")
    streams_url: str = setting(
        "IMIGR_STREAMS_URL", default="", comment="Address of the streams, when they are not behind the public address"
    )
    received_url: str = setting(
        "IMIGR_RECEIVED_URL", default="", comment="Page of received messages, local runner only"
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "IMIGR_TRUSTED_PROXIES",
        as_networks,
        default=(),
        comment="Networks of proxies whose X-Forwarded-For is believed, by comma; none: the connection says who asks",
    )
    routes: Routes = setting(
        "IMIGR_ROUTES", as_routes, default=None, comment="File that says which RPC name serves whom"
    )
    senders: Senders | None = setting(
        "IMIGR_SENDERS", as_senders, default=None, comment="File that says which user of the broker may say what"
    )
    instance: str = setting("IMIGR_INSTANCE", default="local", comment="Name of this installation")
    log_level: str = setting("IMIGR_LOG_LEVEL", default="INFO", comment="DEBUG, INFO, WARNING or ERROR")
