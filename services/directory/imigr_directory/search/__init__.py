"""Search over the directory, in memory."""

from imigr_directory.search.query import DEEPEST, SORTS, Facets, Found, Help, Hit, Query
from imigr_directory.search.searcher import Searcher

__all__ = ["DEEPEST", "SORTS", "Facets", "Found", "Help", "Hit", "Query", "Searcher"]
