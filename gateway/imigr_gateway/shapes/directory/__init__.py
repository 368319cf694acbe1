"""Requests and answers of the directory; a module per topic."""

from __future__ import annotations

from imigr_gateway.shapes.directory.services import (
    LinkedService,
    Municipalities,
    MunicipalityOut,
    OpenService,
    ServiceBody,
    ServiceChange,
    ServiceOut,
    Services,
    ServiceSearch,
    Taxonomy,
    TaxonomyTerm,
    WrittenService,
)

__all__ = [
    "LinkedService",
    "Municipalities",
    "MunicipalityOut",
    "OpenService",
    "ServiceBody",
    "ServiceChange",
    "ServiceOut",
    "ServiceSearch",
    "Services",
    "Taxonomy",
    "TaxonomyTerm",
    "WrittenService",
]
