"""Gathers the error titles of contracts/errors into the gateway's package (run by ``make generated``)."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "gateway" / "imigr_gateway" / "problem_titles.json"


def gathered() -> str:
    """One JSON object of all codes, in order."""
    titles: dict[str, object] = {}
    for path in sorted((ROOT / "contracts" / "errors").glob("*.json")):
        titles |= json.loads(path.read_text(encoding="utf-8"))
    return json.dumps(dict(sorted(titles.items())), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(gathered(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
