"""Packs on the wire: load, one use case, dump."""

from __future__ import annotations

import gzip
from typing import Any

from imigr_directory.packs import handlers, schemas
from imigr_directory.packs.codec import compressed
from imigr_kit.access import require
from imigr_kit.entrypoints import every, rpc

PUBLISHERS = ("manager",)


class PackMethods:
    """What clients without a network take along."""

    app: Any

    @rpc
    def list_packs(self, **payload: Any) -> dict[str, Any]:
        """The present packs."""
        found = self.app.packs.heads(**schemas.ListPacks().load(payload))
        return {"items": [schemas.head_out(one) for one in found]}

    @rpc
    def get_pack(self, **payload: Any) -> dict[str, Any]:
        """The present pack of a town and language."""
        towns = {one.slug for one in self.app.towns}
        return schemas.manifest_out(handlers.manifest(self.app.packs, towns, **schemas.GetPack().load(payload)))

    @rpc
    def read_pack(self, **payload: Any) -> dict[str, Any]:
        """The octets of a pack."""
        wanted = schemas.ReadPack().load(payload)
        pack = handlers.pack(self.app.packs, wanted["name"])
        return schemas.octets_out(pack.br if wanted["encoding"] == "br" else pack.gz, wanted["encoding"])

    @rpc
    def read_pack_change(self, **payload: Any) -> dict[str, Any]:
        """The octets of a difference."""
        wanted = schemas.ReadChange().load(payload)
        raw = handlers.change(self.app.packs, wanted["old"], wanted["new"]).encode()
        encoding = wanted["encoding"]
        return schemas.octets_out(compressed(raw) if encoding == "br" else gzip.compress(raw, mtime=0), encoding)

    @rpc
    def rebuild_editions(self, **payload: Any) -> dict[str, Any]:
        """Have all editions looked at again; what has not changed stays."""
        wanted = schemas.OfStaff().load(payload)
        require(wanted["actor"], PUBLISHERS, wanted["municipality"])
        self.app.press.wish()
        return {"asked": True}

    @every(1)
    def keep_editions(self) -> None:
        """Have made what is missing."""
        self.app.tender.tend(self.app.version)
