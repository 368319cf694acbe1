"""Entries as the JSON that readers of a language get, written once and kept for all who ask, within bounds."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from imigr_directory.domain import Service
from imigr_kit.texts import localised

MOST_OCTETS = 16 * 1024 * 1024
"""For the texts of all languages together: some twelve thousand entries."""
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
Telling = Callable[[Service], dict[str, Any]]


class WrittenEntries:
    """The text of an entry without its closing brace, so that what differs from question to question is put behind.
    An entry that changed is another object, and is written anew."""

    def __init__(self, telling: Telling, most: int = MOST_OCTETS) -> None:
        self._telling = telling
        self._most = most
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], tuple[Service, bytes]] = OrderedDict()
        self.octets = 0

    def open_text(self, service: Service, languages: tuple[str, ...]) -> bytes:
        """UTF-8 for a reader with this chain of languages."""
        key = (service.id, languages)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is service:
            self._kept.move_to_end(key)
            return kept[1]
        text = _JSON.encode(localised(self._telling(service), languages))[:-1].encode()
        self._keep(key, service, text)
        return text

    def _keep(self, key: tuple[str, tuple[str, ...]], service: Service, text: bytes) -> None:
        old = self._kept.pop(key, None)
        self.octets += len(text) - (len(old[1]) if old else 0)
        self._kept[key] = (service, text)
        while self.octets > self._most and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.octets -= len(dropped)
