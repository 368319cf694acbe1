"""RSS 2.0 and Atom (RFC 4287) of the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from imigr_gateway.agenda.entries import Entry
from imigr_gateway.agenda.words import spoken

MOST = 100
"""Entries of a feed: the next ones, as readers of news expect."""
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""When an empty feed was last changed: a constant, so that its ETag stays."""
ATOM = "http://www.w3.org/2005/Atom"
register_namespace("atom", ATOM)


def atom(entries: Sequence[Entry], title: str, language: str, public_url: str, address: str) -> bytes:
    """An Atom feed; ``address`` is its own, below ``public_url``."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _add(feed, "id", f"{public_url}{address}")
    _add(feed, "title", title)
    _add(feed, "updated", _changed(entries).isoformat(timespec="seconds"))
    _add(feed, "link", "", rel="self", href=f"{public_url}{address}", type="application/atom+xml")
    _add(feed, "link", "", rel="alternate", href=f"{public_url}/?lang={language}", type="text/html")
    _add(_add(feed, "author", ""), "name", title)
    for one in entries[:MOST]:
        item = SubElement(feed, "entry", {"xml:lang": one.language})
        _add(item, "id", f"{public_url}/e/{one.id}")
        _add(item, "title", headline(one))
        _add(item, "updated", one.changed_at.isoformat(timespec="seconds"))
        _add(item, "link", "", rel="alternate", href=f"{public_url}/e/{one.id}?lang={one.language}", type="text/html")
        _add(item, "summary", in_short(one))
        for theme in one.themes:
            _add(item, "category", "", term=theme)
    return _document(feed)


def rss(entries: Sequence[Entry], title: str, language: str, public_url: str, address: str) -> bytes:
    """An RSS feed; ``address`` is its own, below ``public_url``."""
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    _add(channel, "title", title)
    _add(channel, "link", f"{public_url}/?lang={language}")
    _add(channel, "description", title)
    _add(channel, "language", language)
    _add(channel, "lastBuildDate", format_datetime(_changed(entries)))
    _add(channel, f"{{{ATOM}}}link", "", rel="self", href=f"{public_url}{address}", type="application/rss+xml")
    for one in entries[:MOST]:
        item = SubElement(channel, "item")
        _add(item, "title", headline(one))
        _add(item, "link", f"{public_url}/e/{one.id}?lang={one.language}")
        _add(item, "guid", f"{public_url}/e/{one.id}", isPermaLink="false")
        _add(item, "pubDate", format_datetime(one.changed_at))
        _add(item, "description", in_short(one))
        for theme in one.themes:
            _add(item, "category", theme)
    return _document(root)


def headline(one: Entry) -> str:
    """The title, with what has become of the event before it."""
    word = spoken(one.language).get(one.state)
    return f"{word}: {one.title}" if word else one.title


def when(one: Entry) -> str:
    """Day and hours in the event's own zone, in figures that need no translation."""
    end = f"{one.ends_at:%H:%M}" if one.ends_at.date() == one.starts_at.date() else f"{one.ends_at:%d/%m/%Y %H:%M}"
    return f"{one.starts_at:%d/%m/%Y %H:%M} - {end}"


def in_short(one: Entry) -> str:
    """When, where and what, a line each."""
    return "\n".join(part for part in (when(one), one.where, one.summary) if part)


def _changed(entries: Sequence[Entry]) -> datetime:
    return max((one.changed_at for one in entries), default=EPOCH)


def _add(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    made = SubElement(parent, tag, attributes)
    made.text = text or None
    return made


def _document(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
