"""Writes contracts/openapi.yaml from the gateway's routes (run by ``make generated``)."""

from __future__ import annotations

from pathlib import Path

from imigr_gateway.openapi import description

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "contracts" / "openapi.yaml"

if __name__ == "__main__":
    TARGET.write_text(description(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
