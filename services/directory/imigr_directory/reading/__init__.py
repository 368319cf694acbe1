"""Published content in memory, for search, exchange, packs and brochure: no page of theirs needs the database."""

from imigr_directory.reading.shared import code_of
from imigr_directory.reading.snapshot import Snapshot, Source, State

__all__ = ["Snapshot", "Source", "State", "code_of"]
