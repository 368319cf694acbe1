"""What the methods of the service work with."""

from __future__ import annotations

from datetime import date

from imigr_directory import handlers
from imigr_directory.errors import UnknownMunicipality, UnknownService, UnknownTaxonomy
from imigr_directory.feedback import building as feedback
from imigr_directory.feedback.domain import About, Kind, Opinion
            self.shelf.refresh(dict(terms))
