"""Parts that several kinds of record share, from nested HSDS: phones, contact points, languages, terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from imigr_directory.exchange.ids import of_code
from imigr_directory.exchange.reading import Nested, Reading, Where, slug

TAXONOMY: Final = "imigr"
TAXONOMY_ID: Final = of_code("taxonomy", TAXONOMY)
"""Our themes, as HSDS knows them."""
CONTACT: Final[Mapping[str, str]] = {"fr": "Contact", "ar": "للاتصال", "en": "Contact"}
"""The function of a contact point whose source says none."""
_NUMBER = re.compile(r"^\+?[0-9 ()./*#-]{2,30}\Z")
_CODE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_TAG = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")


def phones(rows: Iterable[Nested], reading: Reading) -> list[str]:
    """Numbers, each once, with their extension."""
    found: dict[str, None] = {}
    for row in rows:
        written = str(row.get("number") or "")
        text = re.sub(r"[\u00a0\u2007\u202f]", " ", re.sub(r"[\u2010-\u2015]", "-", written))
        text = re.sub(r"^\s*(tel|tél|phone)[.: ]*", "", text, flags=re.IGNORECASE)
        text = re.sub(r"\s*(ext|x|poste)[.: ]*(?=\d)", " #", text, flags=re.IGNORECASE).strip()
        if row.get("extension") not in (None, "") and "#" not in text:
            text = f"{text} #{row['extension']}"
        if _NUMBER.match(text):
            found[text] = None
        else:
            reading.note("quarantined", "not_a_phone", Where("phone", row.get("_row")), "number", written)
    return list(found)


def contacts(rows: Iterable[Nested], reading: Reading) -> list[dict[str, Any]]:
    """Contact points by function; whoever is named stays outside, also where an email address spells the name."""
    found = []
    for row in rows:
        where = Where("contact", row.get("_row"))
        name = str(row.get("name") or "")
        if name:
            reading.note("left_out", "person_dropped", where, "name")
        emails = [row["email"]] if row.get("email") else []
        if emails and _spells(emails[0], name):
            reading.note("left_out", "person_dropped", where, "email")
            emails = []
        function = reading.text(row, "title") or reading.text(row, "department")
        numbers = phones(row.get("phones", ()), reading)
        if function or emails or numbers:
            languages_ = languages(row.get("languages", ()), reading)
            made = {"id": part_id(row), "function": function or dict(CONTACT), "phones": numbers, "emails": emails}
            found.append(made | ({"languages": languages_} if languages_ else {}))
    return found


def _spells(email: str, name: str) -> bool:
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if len(word) > 2]
    return any(word in email.partition("@")[0].lower() for word in words)


def part_id(row: Nested) -> str:
    """The id of a part: the one it had with us, else that of its row."""
    own = str(row.get("part_id") or "")
    return own if re.match(r"^[A-Za-z0-9_-]{1,64}\Z", own) else str(row["id"])


def languages(rows: Iterable[Nested], reading: Reading) -> list[str]:
    """Tags of BCP 47, also of languages that are only named, in English, French or their own words."""
    found: dict[str, None] = {}
    for row in rows:
        written = [str(row.get("code") or ""), str(row.get("name") or "")]
        for part in re.split(r"[,;/]", written[0] or written[1]):
            tag = _tag(part.strip(), reading)
            if tag is not None:
                found[tag] = None
            elif part.strip():
                reading.note("quarantined", "not_a_language", Where("language", row.get("_row")), "name", part.strip())
    return list(found)


def _tag(text: str, reading: Reading) -> str | None:
    named = reading.names.get(text.casefold())
    if named is not None:
        return named
    return text if _TAG.match(text) and (len(text) <= 3 or "-" in text) else None


def terms(rows: Iterable[Nested], reading: Reading) -> tuple[list[str], list[dict[str, str]]]:
    """Themes of ours, and terms of other taxonomies as attributes."""
    themes: dict[str, None] = {}
    others: dict[tuple[str, str], None] = {}
    for row in rows:
        term = row.get("taxonomy_term") or {}
        if not term and not row.get("value"):
            continue  # its key led nowhere, which was told
        theme = _theme(term, reading)
        if theme is not None:
            themes[theme] = None
            continue
        taxonomy = slug_or_code(str(term.get("taxonomy") or term.get("taxonomy_detail", {}).get("name") or "other"))
        code = slug_or_code(str(term.get("code") or "")) or slug(str(term.get("name") or row.get("value") or ""))
        if taxonomy and code:
            others[taxonomy, code] = None
        else:
            reading.note(
                "quarantined", "term_unknown", Where("attribute", row.get("_row")), "taxonomy_term_id", term.get("name")
            )
    return list(themes), [{"taxonomy": taxonomy, "term": code} for taxonomy, code in others]


def slug_or_code(text: str) -> str:
    """The text when it is a code, else a code made of it."""
    return text if _CODE.match(text) else slug(text)


def _theme(term: Nested, reading: Reading) -> str | None:
    """The theme of ours that a term is: by the mapping given, or because it came from here, or by name."""
    for key in (term.get("code"), term.get("name"), term.get("id")):
        if key and str(key) in reading.themes:
            return reading.themes[str(key)]
    code = str(term.get("code") or "")
    ours = term.get("taxonomy_id") in (None, TAXONOMY_ID) and term.get("taxonomy") in (None, "", TAXONOMY)
    if ours and code in reading.terms:
        return code
    name = str(term.get("name") or "").casefold()
    return next((one.code for one in reading.terms.values() if name in _names(one.name)), None) if name else None


def _names(name: Mapping[str, str]) -> set[str]:
    return {text.casefold() for text in name.values()}


def point(row: Nested, reading: Reading, where: Where) -> dict[str, float] | None:
    """Coordinates on the globe, both or none."""
    lat, lon = row.get("latitude"), row.get("longitude")
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        reading.note("quarantined", "coordinate_alone", where, "latitude" if lat is not None else "longitude")
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        reading.note("quarantined", "off_the_globe", where, "latitude", f"{lat}, {lon}")
        return None
    return {"lat": float(lat), "lon": float(lon)}


def address(rows: Iterable[Nested], reading: Reading) -> tuple[dict[str, str], str | None]:
    """The address in a line, and the postal code. The profile's translations give the line as it was; else it is made
    of the lines and the city. ``attention`` names a person and stays outside."""
    ordered = sorted(rows, key=lambda row: row.get("address_type") != "physical")
    for row in ordered:
        if row.get("attention"):
            reading.note("left_out", "person_dropped", Where("address", row.get("_row")), "attention")
        code = str(row.get("postal_code") or "") or None
        if "translations" in row:
            return reading.text(row, "address_1"), code
        lines = [str(row[name]) for name in ("address_1", "address_2", "address_3", "city") if row.get(name)]
        line = ", ".join(dict.fromkeys(lines))
        return ({reading.language_of(line): line[:300]} if line else {}), code
    return {}, None
