"""Translations as XLIFF 1.2 (OASIS), one ``file`` per record and one ``trans-unit`` per text.

A file comes from outside: it is read without entities, without a document type and without the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from imigr_directory.domain.translations import MACHINE, OUTDATED, PUBLISHED, Line
from imigr_directory.errors import UnreadableFile

NAMESPACE: Final = "urn:oasis:names:tc:xliff:document:1.2"
MOST_BYTES: Final = 20 * 1024 * 1024
_STATES: Final = {PUBLISHED: "final", OUTDATED: "needs-review-translation", MACHINE: "needs-review-translation"}
_MACHINE_QUALIFIERS: Final = frozenset({"leveraged-mt", "mt-suggestion"})
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Unit:
    """One text in a file: what it was translated from, and the translation."""

    kind: str
    record_id: str
    path: str
    source: str
    target: str
    is_machine: bool


@dataclass(frozen=True)
class Translated:
    """What a file holds. Units without a translation are not among them."""

    language: str
    units: tuple[Unit, ...]

    def by_record(self) -> list[list[Unit]]:
        """The units of each record, in the order of the file."""
        found: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.units:
            found.setdefault((unit.kind, unit.record_id), []).append(unit)
        return list(found.values())


def written(lines: Iterable[Line], language: str) -> bytes:
    """A file for translators into ``language``: every line, with the translation there is and its state."""
    root = etree.Element(_name("xliff"), nsmap={None: NAMESPACE}, version="1.2")
    bodies: dict[tuple[str, str], etree._Element] = {}
    for line in lines:
        if line.source_language == language:
            continue
        key = (line.kind, line.record_id)
        if key not in bodies:
            bodies[key] = _body(root, line, language)
        _unit(bodies[key], line, language)
    written_: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written_


def _body(root: etree._Element, line: Line, language: str) -> etree._Element:
    attributes = {
        "original": f"{line.kind}/{line.record_id}",
        "source-language": line.source_language,
        "target-language": language,
        "datatype": "plaintext",
        "product-version": str(line.version),
    }
    return etree.SubElement(etree.SubElement(root, _name("file"), attributes), _name("body"))


def _unit(body: etree._Element, line: Line, language: str) -> None:
    unit = etree.SubElement(body, _name("trans-unit"), id=line.path)
    unit.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    etree.SubElement(unit, _name("source")).text = fit(line.source)
    if language in line.texts:
        state = line.states.get(language, PUBLISHED)
        target = etree.SubElement(unit, _name("target"), state=_STATES[state])
        if state == MACHINE:
            target.set("state-qualifier", "leveraged-mt")
        target.text = fit(line.texts[language])


def read(content: bytes) -> Translated:
    """What is in a file. Raises UnreadableFile: too large, not XLIFF 1.2, a document type, several languages."""
    if len(content) > MOST_BYTES:
        raise UnreadableFile(params={"reason": "too_large"})
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFile(params={"reason": "not_xml"}) from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableFile(params={"reason": "document_type"})
    if root.tag != _name("xliff"):
        raise UnreadableFile(params={"reason": "not_xliff_1_2"})
    files = root.findall(_name("file"))
    languages = {one.get("target-language", "") for one in files}
    if len(languages) != 1 or not min(languages):
        raise UnreadableFile(params={"reason": "target_language"})
    return Translated(languages.pop(), tuple(unit for one in files for unit in _units(one)))


def _units(file: etree._Element) -> Iterator[Unit]:
    kind, _, record_id = file.get("original", "").partition("/")
    for unit in file.iter(_name("trans-unit")):
        target = unit.find(_name("target"))
        words = "" if target is None else "".join(target.itertext())
        if target is None or not words.strip():
            continue
        source = unit.find(_name("source"))
        told = "" if source is None else "".join(source.itertext())
        is_machine = target.get("state-qualifier", "") in _MACHINE_QUALIFIERS
        yield Unit(kind, record_id, unit.get("id", ""), told, words, is_machine)


def fit(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("", text)


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"
