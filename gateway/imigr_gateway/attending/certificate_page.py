"""Pages of certificates: the form that prints one, and the public address where anybody verifies one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from imigr_gateway.api.certificates import pdf, verified, written_day
from imigr_gateway.attending import certificate, towns
from imigr_gateway.attending.ticket_page import private_page, reader_language
from imigr_gateway.attending.words import CERTIFICATE
from imigr_gateway.doors import public
from imigr_gateway.problems import title as problem_title
from imigr_kit.errors import ImigrError
from imigr_kit.secret import Secret

blueprint = Blueprint("certificate-pages", __name__)

FORM_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
READ_POLICY = FORM_POLICY + "; script-src 'self'"
SCRIPT = """\
// The code is in the address after the number sign, which browsers send to nobody: hand it over in the body instead.
const code = location.hash.slice(1);
if (code) {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("code").value = code;
  document.getElementById("form").submit();
}
"""


@blueprint.get("/m/<manage_token>/certificate")
@public
def certificate_form(manage_token: str) -> Response:
    """Where a holder types the name."""
    return _form(reader_language(), "")


@blueprint.post("/m/<manage_token>/certificate")
@public
def certificate_file(manage_token: str) -> Response:
    """The file, or the form again with the reason."""
    language = reader_language()
    try:
        return pdf(manage_token, certificate.holder(request.form.get("holder", "")), language)
    except ImigrError as error:
        page = _form(language, problem_title(error.code, (language,)))
        page.status_code = {"invalid": 422, "not_found": 404, "conflict": 409}.get(error.family, 503)
        return page


@blueprint.get("/c")
@public
def verify_page() -> Response:
    """Where the QR code leads: its text comes after the number sign, so no server sees it in an address."""
    return _verification(None)


@blueprint.post("/c")
@public
def verify_result() -> Response:
    """What the certificate says."""
    return _verification(verified(Secret(request.form.get("code", "")[:4000])))


@blueprint.get("/c.js")
@public
def verify_script() -> Response:
    """Hands the text after the number sign over in the body of a request."""
    return Response(SCRIPT, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "max-age=3600"})


def _form(language: str, problem: str) -> Response:
    words = CERTIFICATE[language]
    page = private_page("certificate_form.html", language, words=words, title=words["heading"], problem=problem)
    page.headers["Content-Security-Policy"] = FORM_POLICY
    return page


def _verification(found: dict[str, Any] | None) -> Response:
    language = reader_language()
    words = CERTIFICATE[language]
    rows: list[tuple[str, str]] = []
    if found and found["is_genuine"]:
        hours, minutes = divmod(found["minutes"], 60)
        rows = [
            (words["holder"], found["holder"]),
            (words["took_part"], found["title"]),
            (words["days"], ", ".join(written_day(day) for day in found["days"])),
            (words["duration"], words["hours"].format(hours=hours, minutes=minutes)),
            (words["heading"], words["some"].format(**found)),
            (words["by"], towns.name(found["municipality"], language)),
            (words["issued"], written_day(found["issued_on"])),
            (words["number"], found["number"]),
        ]
        if found["is_revoked"]:
            rows.append((words["revoked_on"], written_day(found["revoked_on"])))
    values = {"words": words, "title": words["check"], "found": found, "rows": rows}
    page = private_page("certificate_verify.html", language, **values)
    page.headers["Content-Security-Policy"] = READ_POLICY
    return page
