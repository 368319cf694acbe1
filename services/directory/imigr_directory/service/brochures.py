"""Brochures on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_directory.brochure import handlers, schemas
from imigr_directory.brochure.domain import Edition
from imigr_kit.entrypoints import rpc


class BrochureMethods:
    """What is printed for people without a phone."""

    app: Any

    @rpc
    def list_brochures(self, **payload: Any) -> dict[str, Any]:
        """Editions, newest first."""
        found = self.app.brochures.editions(**schemas.ListBrochures().load(payload))
        return {"items": [schemas.edition_out(one) for one in found]}

    @rpc
    def get_brochure(self, **payload: Any) -> dict[str, Any]:
        """The latest edition, or one by its number."""
        return schemas.edition_out(self._edition(schemas.GetBrochure().load(payload)))

    @rpc
    def read_brochure(self, **payload: Any) -> dict[str, Any]:
        """A part of a file of an edition."""
        wanted = schemas.ReadBrochure().load(payload)
        form, offset = wanted.pop("form"), wanted.pop("offset")
        edition = self._edition(wanted)
        return schemas.part_out(edition, *handlers.read_file(self.app.brochures, edition, form, offset))

    def _edition(self, wanted: dict[str, Any]) -> Edition:
        towns = {one.slug for one in self.app.towns}
        return handlers.get_edition(self.app.brochures, towns, **wanted)
