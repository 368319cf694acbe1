"""Wire to domain and back: what RPC methods take and give."""

from __future__ import annotations

from imigr_directory.schemas.content import CONTENT
from imigr_directory.schemas.fields import CODE, ID, KEY
from imigr_directory.schemas.services import (
    Create,
    Entry,
    Links,
    Location,
    Search,
    Step,
    Update,
    counted_out,
    draft_of,
    help_out,
    links_out,
    municipality_out,
    page_out,
    service_out,
    term_out,
    written_out,
)
from imigr_kit.fields import LANGUAGE, SLUG

__all__ = [
    "CODE",
    "CONTENT",
    "ID",
    "KEY",
    "LANGUAGE",
    "SLUG",
    "Create",
    "Entry",
    "Links",
    "Location",
    "Search",
    "Step",
    "Update",
    "counted_out",
    "draft_of",
    "help_out",
    "links_out",
    "municipality_out",
    "page_out",
    "service_out",
    "term_out",
    "written_out",
]
