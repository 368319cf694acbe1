"""What can go wrong in the directory (titles in contracts/errors/directory.json)."""

from __future__ import annotations

from imigr_kit.errors import Conflict, Invalid, NotFound


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "directory.invalid_input"


class UnknownService(NotFound):
    """No such entry, or it was withdrawn."""

    code = "directory.unknown_service"


class UnknownMunicipality(NotFound):
    """The municipality does not take part."""

    code = "directory.unknown_municipality"


class UnknownTaxonomy(Invalid):
    """A theme that the taxonomy does not have."""

    code = "directory.unknown_taxonomy"


class StaleVersion(Conflict):
    """Somebody changed the entry meanwhile; ``params.version`` is the one that stands."""

    code = "directory.stale_version"


class KeyReused(Invalid):
    """The idempotency key was used before with another body; nothing was stored."""

    code = "kit.idempotency_key_reused"
