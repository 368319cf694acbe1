"""Settings read once from the environment; a missing or wrong one stops the start with a sentence."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from imigr_kit.secret import Secret
from imigr_kit.senders import Senders

S = TypeVar("S")
_META = "imigr_setting"


class SettingsError(Exception):
    """One or more settings are missing or wrong; the text names each of them in a sentence."""


@dataclass(frozen=True)
class Declared:
    """One row of the settings page."""

    name: str
    default: str | None
    comment: str


def setting(
    name: str,
    parse: Callable[[str], Any] = str,
    default: Any = MISSING,
    *,
    comment: str,
    secret: bool = False,
) -> Any:
    """A dataclass field read from the variable ``name``, or from the file named by ``<name>_FILE``.

    ``parse`` turns the text into the value and raises ValueError for nonsense. ``secret`` wraps the parsed
    value in a Secret.
    """
    read: Callable[[str], Any] = (lambda text: Secret(parse(text))) if secret else parse
    kwargs: dict[str, Any] = {} if default is MISSING else {"default": default}
    return field(metadata={_META: (name, read, comment)}, **kwargs)


def as_int(text: str) -> int:
    """A whole number."""
    return int(text)


def as_seconds(text: str) -> float:
    """A positive number of seconds."""
    value = float(text)
    if value <= 0:
        raise ValueError("must be more than 0")
    return value


def as_bool(text: str) -> bool:
    """yes or no, true or false, 1 or 0."""
    word = text.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("must be yes or no")


def as_list(text: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def as_key(text: str) -> Secret[bytes]:
    """32 random bytes in base64."""
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None
    if len(raw) != 32:
        raise ValueError("must be 32 bytes in base64")
    return Secret(raw)


def as_senders(text: str) -> Senders:
    """The path of the table of senders, which provisioning writes."""
    return Senders(Path(text))


def needed(senders: Senders | None) -> Senders:
    """The table of senders, which has a default only for programs that send and hear nothing. Raises SettingsError."""
    if senders is None:
        raise SettingsError("IMIGR_SENDERS is missing: without it no message can be believed.")
    return senders


def as_text_secret(text: str) -> Secret[str]:
    """A password, an address with a password, a PEM text."""
    if not text.strip():
        raise ValueError("must not be empty")
    return Secret(text.strip())


@dataclass(frozen=True, kw_only=True)
class KitSettings:
    """What every service reads; each service adds its own fields in a subclass."""

    service: ClassVar[str] = ""

    rpc_name: str = setting("IMIGR_RPC_NAME", default="", comment="RPC name, when it is not the service's own")
    instance: str = setting("IMIGR_INSTANCE", default="local", comment="Name of this installation in event sources")
    amqp_uri: Secret[str] = setting("IMIGR_AMQP_URI", as_text_secret, comment="Address of RabbitMQ with user and vhost")
    mongo_uri: Secret[str] = setting("IMIGR_MONGO_URI", as_text_secret, comment="Address of MongoDB with user")
    mongo_database: str = setting("IMIGR_MONGO_DATABASE", default="", comment="Database; imigr_<service> unless named")
    senders: Senders | None = setting(
        "IMIGR_SENDERS", as_senders, default=None, comment="File that says which user of the broker may say what"
    )
    health_host: str = setting("IMIGR_HEALTH_HOST", default="127.0.0.1", comment="Where health and metrics listen")
    health_port: int = setting(
        "IMIGR_HEALTH_PORT", as_int, default=0, comment="Port of health and metrics; 0 takes any"
    )
    log_level: str = setting("IMIGR_LOG_LEVEL", default="INFO", comment="DEBUG, INFO, WARNING or ERROR")
    workers: int = setting("IMIGR_WORKERS", as_int, default=16, comment="RPC calls handled at once")
    drain_seconds: float = setting(
        "IMIGR_DRAIN_SECONDS", as_seconds, default=10.0, comment="How long a stop waits for work under way"
    )
    retry_delays: tuple[str, ...] = setting(
        "IMIGR_RETRY_DELAYS",
        as_list,
        default=("1s", "10s", "1m", "10m"),
        comment="Delays of the retry queues",
    )
    attempts: int = setting("IMIGR_ATTEMPTS", as_int, default=6, comment="Tries of a failing handler before parking")

    def __post_init__(self) -> None:
        if not self.rpc_name:
            object.__setattr__(self, "rpc_name", self.service)
        if not self.mongo_database:
            object.__setattr__(self, "mongo_database", f"imigr_{self.service}")


def load(cls: type[S], environ: Mapping[str, str]) -> S:
    """The settings of ``cls`` from ``environ``; raises SettingsError with one sentence per problem."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for one in fields(cls):  # type: ignore[arg-type]  # any settings dataclass
        if _META not in one.metadata:
            continue
        name, parse, comment = one.metadata[_META]
        try:
            text = _text(name, environ)
            if text is not None:
                values[one.name] = parse(text)
            elif one.default is MISSING:
                problems.append(f"{name} is missing: {comment}.")
        except (ValueError, OSError) as error:
            problems.append(f"{name} is wrong: {_reason(error)}.")
    if problems:
        raise SettingsError("\n".join(problems))
    return cls(**values)


def describe(cls: type[Any]) -> list[Declared]:
    """Every variable that ``cls`` reads, in order, for the settings page and for checks."""
    rows = []
    for one in fields(cls):
        if _META in one.metadata:
            name, _, comment = one.metadata[_META]
            rows.append(Declared(name, None if one.default is MISSING else str(one.default), comment))
    return rows


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    """An empty variable stands back behind a file, since compose hands on what is not set as empty."""
    path = environ.get(f"{name}_FILE")
    if path and not environ.get(name):
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(name)


def _reason(error: Exception) -> str:
    """The reason without the value, which may be a secret."""
    if isinstance(error, OSError):
        return f"its file cannot be read ({error.strerror})"
    text = str(error)
    return text if text.startswith("must") else "it cannot be understood"
