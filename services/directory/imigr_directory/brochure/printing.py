"""A page as tagged PDF (PDF/UA-1, ISO 14289-1). Imported by the press only: WeasyPrint would stay in memory."""

from __future__ import annotations

from weasyprint import HTML
from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"


def pdf(page: str) -> tuple[bytes, int]:
    """The file and its number of pages. It gets nothing from anywhere: no file, no network."""
    nothing_from_outside = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    document = HTML(string=page, url_fetcher=nothing_from_outside).render(pdf_variant=VARIANT)
    made: bytes = document.write_pdf(pdf_variant=VARIANT)
    return made, len(document.pages)
