"""Certificates at the gateway: printed, tagged, readable in three languages, verified by anyone, no name kept."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from nacl.signing import SigningKey
from pypdf import PdfReader

from imigr_gateway.attending import certificate, printing, towns
from imigr_kit.errors import Conflict, Unavailable
from imigr_kit.secret import Secret

from .conftest import FakeClient

KEY = SigningKey(bytes(range(32)))
KEY_ID = hashlib.sha256(bytes(KEY.verify_key)).hexdigest()[:8]
KEYS = {KEY_ID: base64.b64encode(bytes(KEY.verify_key)).decode()}
TITLES = {
    "fr": "Formation des médiatrices et médiateurs",
    "ar": "تكوين الوسطاء والوسيطات في الإرشاد بين الثقافات",
    "en": "Training of mediators",
}
NAMES = {"fr": "Fatou N’Diaye-Koné", "ar": "فاطمة بنت عبد الرحمان", "en": "Amina O'Neil"}
TOWN = {"fr": "La Marsa", "ar": "المرسى", "en": "La Marsa"}
PATH = "/api/v1/registrations/la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA/certificate"


def sign(commitment: str, language: str, **_: Any) -> dict[str, Any]:
    """What the events service answers."""
    statement = {
        "number": "0a1b2c3d4e5f60718293", "municipality": "la-marsa", "language": language, "title": TITLES[language],
        "days": ["2026-12-07", "2026-12-08"], "attended": 2, "sessions": 3, "minutes": 765, "issued_on": "2026-12-16",
        "holder": commitment,
    }  # fmt: skip
    body = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = base64.b64encode(KEY.sign(b"imigr-certificate-1" + body).signature).decode()
    return {"statement": statement, "key_id": KEY_ID, "signature": signature}


@pytest.fixture
def certified(client: FakeClient) -> FakeClient:
    """A registration whose holder has attended."""
    client.answers["sign_certificate"] = sign
    client.answers["public_keys"] = {"algorithm": "Ed25519", "keys": KEYS}
    client.answers["certificate_state"] = {"is_revoked": False, "revoked_on": None}
    client.answers["list_municipalities"] = {"items": [{"slug": "la-marsa", "name": TOWN}]}
    return client


def code_for(name: str, language: str = "fr") -> str:
    """A good code."""
    salt = bytes(range(16))
    holder = certificate.holder(name)
    return certificate.composed(sign(certificate.commitment(holder, salt), language), holder, salt).reveal()


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_a_certificate_is_a_tagged_pdf_whose_text_reads_in_order(
    app: Flask, certified: FakeClient, language: str
) -> None:
    """PDF/UA: language, title, structure, a text for the picture; the words come out as they are read."""
    answer = app.test_client().post(PATH, json={"holder": NAMES[language], "language": language})
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    reader = PdfReader(io.BytesIO(answer.data))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert root["/StructTreeRoot"]
    assert b"pdfuaid" in reader.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # there is one
    assert reader.metadata is not None
    assert reader.metadata.title
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    for words in (NAMES[language], TITLES[language], "07/12/2026", "0a1b2c3d4e5f60718293", TOWN[language]):
        assert words in text
    assert len(reader.pages) == 1


def test_the_service_is_sent_a_commitment_and_no_name(app: Flask, certified: FakeClient) -> None:
    """Twice the same name gives two commitments, so nothing can be compared or guessed."""
    for _ in range(2):
        app.test_client().post(PATH, json={"holder": NAMES["fr"], "language": "fr"})
    told = [payload for _, method, payload in certified.calls if method == "sign_certificate"]
    assert "Fatou" not in str(certified.calls)
    assert told[0]["commitment"] != told[1]["commitment"]
    assert set(told[0]) == {"municipality", "manage_hash", "commitment", "language"}


def test_a_retry_with_its_key_makes_the_same_certificate(app: Flask, certified: FakeClient) -> None:
    """And another name under the key another one."""
    for name in ("Fatou Koné", "Fatou Koné", "Awa Koné"):
        app.test_client().post(PATH, json={"holder": name}, headers={"Idempotency-Key": "k"})
    first, second, third = (p["commitment"] for _, m, p in certified.calls if m == "sign_certificate")
    assert first == second != third


def test_the_name_is_in_no_log_and_in_no_address(
    app: Flask,
    certified: FakeClient,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither when all goes well, nor when it is refused, nor when the printer fails."""
    caplog.set_level(logging.DEBUG)
    web = app.test_client()
    answers = [web.post(PATH, json={"holder": "Zyxwvut Canari"}), web.post(PATH, json={"holder": "Zyxwvut Canari 7"})]
    monkeypatch.setattr(printing, "PRINT_SECONDS", 0.01)
    answers.append(web.post(PATH, json={"holder": "Zyxwvut Canari"}))
    assert [one.status_code for one in answers] == [200, 422, 503]
    out = capfd.readouterr()
    assert "Zyxwvut" not in caplog.text + out.out + out.err + answers[1].text + answers[2].text
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "Zyxwvut" not in str(answers[0].headers)


@pytest.mark.parametrize("typed", ["", " ", "a" * 81, "R2D2", "x\u202ey", "<b>", "a\x00b", "....", "a@b.c", 7, None])
def test_a_name_that_cannot_be_one_is_refused(app: Flask, certified: FakeClient, typed: Any) -> None:
    """Digits, marks of direction, markup: 422, and the service is not asked."""
    answer = app.test_client().post(PATH, json={"holder": typed})
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, "holder")
    assert not certified.calls


def test_too_little_attendance_is_a_problem_and_prints_nothing(app: Flask, certified: FakeClient) -> None:
    """Case 42 at the door of the gateway."""
    certified.answers["sign_certificate"] = Conflict(code="events.not_attended", params={"attended": 0, "sessions": 3})
    answer = app.test_client().post(PATH, json={"holder": "Fatou Koné"})
    assert (answer.status_code, answer.json["code"]) == (409, "events.not_attended")


def test_anyone_learns_what_is_printed_and_nothing_else(app: Flask, certified: FakeClient) -> None:
    """The answer is made of the code itself; the service is asked for its public keys, and whether the number still
    holds."""
    answer = app.test_client().post("/api/v1/certificates/verify", json={"code": code_for(NAMES["ar"], "ar")})
    assert answer.json == {
        "is_genuine": True, "holder": NAMES["ar"], "number": "0a1b2c3d4e5f60718293", "municipality": "la-marsa",
        "language": "ar", "title": TITLES["ar"], "days": ["2026-12-07", "2026-12-08"], "attended": 2, "sessions": 3,
        "minutes": 765, "issued_on": "2026-12-16", "is_revoked": False, "revoked_on": None,
    }  # fmt: skip
    state = {"municipality": "la-marsa", "number": "0a1b2c3d4e5f60718293"}
    assert certified.calls == [("events", "public_keys", {}), ("events", "certificate_state", state)]
    assert answer.headers["Cache-Control"] == "no-store"


def changed_code(draw: random.Random) -> str:
    """A letter changed, or a field changed, or another signature."""
    code = code_for("Fatou Koné")
    packed, _, signature = code.removeprefix("C1.").partition(".")
    way = draw.randrange(3)
    if way == 0:
        at = draw.randrange(len(code))
        return code[:at] + draw.choice([one for one in "ABCabc012-_" if one != code[at]]) + code[at + 1 :]
    shown = json.loads(base64.urlsafe_b64decode(packed + "=="))
    others = {"holder": "Awa Koné", "attended": 3, "title": "Doctorat", "days": ["2026-12-09"], "salt": "AAAA"}
    field = draw.choice(list(others))
    shown[field] = others[field]
    raw = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    if way == 2:
        foreign = SigningKey(bytes(32)).sign(b"imigr-certificate-1" + raw).signature
        signature = base64.urlsafe_b64encode(foreign).decode().rstrip("=")
    return f"C1.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{signature}"


def test_a_thousand_false_certificates_are_not_genuine() -> None:
    """Altered in a letter or a field, or signed by another."""
    draw = random.Random(5)
    assert certificate.verify(Secret(code_for("Fatou Koné")), KEYS) is not None
    assert not any(certificate.verify(Secret(changed_code(draw)), KEYS) for _ in range(1000))


@pytest.mark.parametrize("code", ["C1.", "C1..", "C1.e30.AA", "hello", "C1." + "A" * 3000 + ".AA", "C1.bnVsbA.AA", "é"])
def test_nonsense_is_not_genuine(app: Flask, certified: FakeClient, code: str) -> None:
    """And says so in the ordinary way."""
    answer = app.test_client().post("/api/v1/certificates/verify", json={"code": code})
    assert (answer.status_code, answer.json) == (200, {"is_genuine": False})


def test_the_public_page_reads_the_code_without_an_address_that_holds_it(app: Flask, certified: FakeClient) -> None:
    """The QR code puts it after the number sign; a script of ours hands it over in a body; the page shows it."""
    web = app.test_client()
    page = web.get("/c?lang=ar")
    assert '<script src="/c.js"></script>' in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "location.hash" in web.get("/c.js").text
    shown = web.post("/c?lang=ar", data={"code": code_for(NAMES["ar"], "ar")})
    assert NAMES["ar"] in shown.text
    assert "هذه الشهادة صحيحة" in shown.text
    assert "هذه الشهادة غير صحيحة" in web.post("/c?lang=ar", data={"code": "C1.x.y"}).text


def test_the_form_gives_the_file_or_the_reason(app: Flask, certified: FakeClient) -> None:
    """For people without an application."""
    web = app.test_client()
    link = "/m/la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA/certificate?lang=en"
    form = web.get(link).text
    assert 'name="holder"' in form
    assert "<button>Download the certificate (PDF)</button>" in form
    assert web.post(link, data={"holder": "Amina O'Neil"}).data.startswith(b"%PDF")
    refused = web.post(link, data={"holder": "Amina 7"})
    assert (refused.status_code, "Amina" in refused.text) == (422, False)


def test_a_certificate_is_verified_without_a_network(tmp_path: Path) -> None:
    """By a command that has the keys in a file."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": KEYS}))
    command = [sys.executable, "-m", "imigr_gateway.attending.offline", "--keys", str(keys)]
    good = subprocess.run(command, input=code_for("Fatou Koné").encode(), capture_output=True, timeout=30, check=False)
    assert (good.returncode, json.loads(good.stdout)["holder"]) == (0, "Fatou Koné")
    bad = subprocess.run(command, input=b"C1.a.b", capture_output=True, timeout=30, check=False)
    assert bad.returncode == 1


def test_the_rule_is_for_staff(app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]]) -> None:
    """An editor may decide it, a mediator may read it."""
    path = "/api/v1/staff/la-marsa/events/e/certificate-rule"
    client.answers["set_certificate_rule"] = {"event_id": "e", "gives_certificates": True, "version": 1}
    client.answers["get_certificate_rule"] = {"event_id": "e", "gives_certificates": False, "version": 0, "issued": 0}
    web = app.test_client()
    body = {"minimum_percent": 80, "below": "state"}
    assert web.put(path, json=body, headers=bearer("editor", "la-marsa")).status_code == 200
    assert client.calls[-1][2]["below"] == "state"
    assert web.put(path, json=body, headers=bearer("mediator", "la-marsa")).status_code == 403
    assert web.get(path, headers=bearer("mediator", "la-marsa")).json["issued"] == 0
    assert web.put(path, json={"minimum_percent": 0}, headers=bearer("editor", "la-marsa")).status_code == 422


def test_a_revoked_certificate_is_told_as_such(app: Flask, certified: FakeClient) -> None:
    """It was genuine and holds no longer: by the API, and on the page in the reader's language with the day."""
    certified.answers["certificate_state"] = {"is_revoked": True, "revoked_on": "2026-12-20"}
    web, code = app.test_client(), code_for(NAMES["ar"], "ar")
    answer = web.post("/api/v1/certificates/verify", json={"code": code}).json
    assert answer is not None
    assert (answer["is_genuine"], answer["is_revoked"], answer["revoked_on"]) == (True, True, "2026-12-20")
    page = web.post("/c?lang=ar", data={"code": code}).text
    assert "ألغت البلدية هذه الشهادة ولم تعد صالحة" in page
    assert "هذه الشهادة صحيحة" not in page
    assert "20/12/2026" in page
    assert TOWN["ar"] in page


def test_what_cannot_be_asked_is_not_called_good(app: Flask, certified: FakeClient) -> None:
    """While the service is down nobody can say that a certificate was not revoked."""
    certified.answers["certificate_state"] = Unavailable(retry_after=2)
    answer = app.test_client().post("/api/v1/certificates/verify", json={"code": code_for("Fatou Koné")})
    assert answer.status_code == 503


def test_a_directory_that_is_down_does_not_hold_a_certificate_up(app: Flask, certified: FakeClient) -> None:
    """The town is then written by its slug; as soon as the directory answers, by its name."""
    certified.answers["list_municipalities"] = Unavailable()
    with app.test_request_context():
        assert towns.name("la-marsa", "ar") == "la-marsa"
        certified.answers["list_municipalities"] = {"items": [{"slug": "la-marsa", "name": TOWN}]}
        assert towns.name("la-marsa", "ar") == TOWN["ar"]
        assert towns.name("la-marsa", "fr") == "La Marsa"
    assert [method for _, method, _ in certified.calls] == ["list_municipalities"] * 2


def test_a_revoked_certificate_is_known_without_a_network(tmp_path: Path) -> None:
    """From a signed list; a list that was changed is refused, so that no number can be taken out of it."""
    keys, listed = tmp_path / "keys.json", tmp_path / "revoked.json"
    keys.write_text(json.dumps({"keys": KEYS}))
    statement = {
        "municipality": "la-marsa", "as_of": "2026-12-20T10:00:00Z",
        "revoked": [{"number": "0a1b2c3d4e5f60718293", "revoked_on": "2026-12-20"}],
    }  # fmt: skip
    body = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = base64.b64encode(KEY.sign(b"imigr-revoked-1" + body).signature).decode()
    command = [sys.executable, "-m", "imigr_gateway.attending.offline", "--keys", str(keys), "--revoked", str(listed)]
    code = code_for("Fatou Koné").encode()
    for changes, outcome in (({}, (1, b"revoked\n")), ({"revoked": []}, (2, None))):
        listed.write_text(json.dumps({"statement": statement | changes, "key_id": KEY_ID, "signature": signature}))
        done = subprocess.run(command, input=code, capture_output=True, timeout=30, check=False)
        assert done.returncode == outcome[0]
        assert outcome[1] in (None, done.stdout)


def test_only_a_manager_revokes(app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]]) -> None:
    """With a closed reason; the list is for everyone."""
    path = "/api/v1/staff/la-marsa/certificates/0a1b2c3d4e5f60718293/revoke"
    client.answers["revoke_certificate"] = {"number": "0a1b2c3d4e5f60718293", "is_revoked": True}
    client.answers["revoked_certificates"] = {"statement": {"revoked": []}, "key_id": "k", "signature": "s"}
    web = app.test_client()
    for role, body, status in (
        ("manager", {"reason": "misused"}, 200),
        ("manager", {"reason": "I dislike it"}, 422),
        ("editor", {"reason": "misused"}, 403),
    ):
        assert web.post(path, json=body, headers=bearer(role, "la-marsa")).status_code == status
    listed = web.get("/api/v1/municipalities/la-marsa/revoked-certificates").json
    assert listed is not None
    assert listed["key_id"] == "k"
