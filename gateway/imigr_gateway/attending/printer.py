"""Prints one certificate or slip, as its argument says: fields as JSON on standard input, a PDF on standard output,
then the process is gone.

A process of its own, so that a holder's name lives in no memory that stays, that printing holds up no other request,
and that it can be ended when it takes too long. WeasyPrint gets nothing from anywhere: no file, no network.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from weasyprint import HTML
from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"
TEMPLATES = {"certificate": "certificate_print.html", "slip": "slip_print.html"}


def pdf(fields: dict[str, Any], paper: str = "certificate") -> bytes:
    """A tagged PDF (PDF/UA-1, ISO 14289-1) in the language of the fields."""
    templates = Environment(
        loader=PackageLoader("imigr_gateway"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    page = templates.get_template(TEMPLATES[paper]).render(fields)
    nothing_from_outside = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    made: bytes = HTML(string=page, url_fetcher=nothing_from_outside).write_pdf(pdf_variant=VARIANT)
    return made


if __name__ == "__main__":
    sys.stdout.buffer.write(pdf(json.load(sys.stdin), sys.argv[1]))
