"""Offline packs: where the present one is, and its octets as they were compressed beforehand.

The files have their content's name, so they may be kept for ever; a client that has one asks for the difference only.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from flask import Response, request

from imigr_gateway.commands import as_json, backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.shapes import base
from imigr_gateway.shapes import editions as shapes
from imigr_gateway.strict import StrictBlueprint
from imigr_kit.errors import NotFound

blueprint = StrictBlueprint("packs", __name__, url_prefix="/api/v1", description="Directories to search offline")

FOR_EVER = "public, max-age=31536000, immutable"
KEPT_OCTETS = 8 * 1024 * 1024
ENCODINGS = ("br", "gzip")
JSON_FILE = {"content_type": "application/json", "description": "See contracts/packs"}


class UnknownEdition(NotFound):
    """No such pack."""

    code = "directory.unknown_edition"


class Shelf:
    """Octets by name, the ones asked for last, so that packs can be had while the directory is down."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._octets = 0
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], fetch: Callable[[], bytes]) -> bytes:
        """From the shelf, or fetched and put there."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = fetch()
        with self._lock:
            if key not in self._kept and len(made) <= self._most:
                self._kept[key] = made
                self._octets += len(made)
            while self._octets > self._most:
                self._octets -= len(self._kept.popitem(last=False)[1])
        return made


SHELF = Shelf(KEPT_OCTETS)


@blueprint.get("/packs")
@blueprint.arguments(base.OfMunicipality, location="query")
@blueprint.response(200, shapes.Packs)
@public
def list_packs(query: dict[str, Any]) -> Any:
    """The present packs."""
    answers = backends().gather("directory", "list_packs", query["municipality"], municipality=query["municipality"])
    return for_reader({"items": [_located(one) for answer in answers for one in answer["items"]]})


@blueprint.get("/packs/<municipality>/<language>")
@blueprint.arguments(shapes.PackQuery, location="query")
@blueprint.response(200, shapes.PackOut)
@public
def get_pack(query: dict[str, Any], municipality: str, language: str) -> Any:
    """Where the present pack of a town in a language is, and the difference from the one that the client has."""
    wanted = {"municipality": municipality, "language": language, "have": query["have"]}
    return _located(backends().call("directory", "get_pack", municipality, **wanted))


@blueprint.get("/pack-folding")
@blueprint.response(200, {"type": "object"}, content_type="application/json", description="See contracts/packs")
@public
def get_pack_folding() -> Any:
    """The tables by which a client folds what is typed, to search a pack as the directory itself does."""
    return as_json(json.loads(files("imigr_gateway").joinpath("pack_folding.json").read_text(encoding="utf-8")))


@blueprint.get("/pack-files/<municipality>/<name>.json")
@blueprint.response(200, {"type": "object"}, **JSON_FILE)
@public
def read_pack(municipality: str, name: str) -> Response:
    """A pack, for ever the same."""
    encoding, stored = _encodings()
    wanted = {"name": name, "encoding": stored}
    return _file((municipality, name), encoding, stored, lambda: _octets("read_pack", municipality, wanted))


@blueprint.get("/pack-changes/<municipality>/<old>/<new>.json")
@blueprint.response(200, {"type": "object"}, **JSON_FILE)
@public
def read_pack_change(municipality: str, old: str, new: str) -> Response:
    """The difference between two packs, for ever the same: lines to put in, records to leave out."""
    encoding, stored = _encodings()
    wanted = {"old": old, "new": new, "encoding": stored}
    return _file((municipality, old, new), encoding, stored, lambda: _octets("read_pack_change", municipality, wanted))


def _octets(method: str, municipality: str, wanted: dict[str, str]) -> bytes:
    return base64.b64decode(backends().call("directory", method, municipality, **wanted)["content"])


def _encodings() -> tuple[str, str]:
    """What the client takes (RFC 9110 12.5.3), and how it is fetched for that: plain text is made of gzip."""
    encoding = request.accept_encodings.best_match(ENCODINGS, default="identity")
    wanted = encoding if request.accept_encodings.quality(encoding) > 0 else "identity"
    return wanted, "br" if wanted == "br" else "gzip"


def _file(key: tuple[str, ...], encoding: str, stored: str, fetch: Callable[[], bytes]) -> Response:
    if not all(_is_name(one) for one in key[1:]):
        raise UnknownEdition
    content = SHELF.get((*key, stored), fetch)
    answer = Response(gzip.decompress(content) if encoding == "identity" else content, content_type="application/json")
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Vary"] = "Accept-Encoding"
    if encoding != "identity":
        answer.headers["Content-Encoding"] = encoding
    answer.set_etag(f"{'-'.join(key[1:])}-{encoding}")
    answer.make_conditional(request)
    return answer


def _is_name(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _located(pack: dict[str, Any]) -> dict[str, Any]:
    have = pack.pop("have", None)
    town, name = pack["municipality"], pack["pack"]
    change = None if have is None else f"/api/v1/pack-changes/{town}/{have}/{name}.json"
    return pack | {"url": f"/api/v1/pack-files/{town}/{name}.json", "change_url": change}
