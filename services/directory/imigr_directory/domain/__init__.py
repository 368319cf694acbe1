"""The directory's own rules: places and themes, records of every kind, and the view of a published service."""

from __future__ import annotations

from imigr_directory.domain.content import KINDS, complete
from imigr_directory.domain.geometry import EARTH_KM, distance_km
from imigr_directory.domain.places import Municipality, Term, Text, with_descendants
from imigr_directory.domain.records import Act, Content, Proposal, Record, opened
from imigr_directory.domain.service import Service, record_of, service_of

__all__ = [
    "EARTH_KM",
    "KINDS",
    "Act",
    "Content",
    "Municipality",
    "Proposal",
    "Record",
    "Service",
    "Term",
    "Text",
    "complete",
    "distance_km",
    "opened",
    "record_of",
    "service_of",
    "with_descendants",
]
