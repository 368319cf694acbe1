"""Providers of the settings file: HTTP described by data, a real Kannel, a relay with TLS and a password."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from imigr_kit.secret import Secret
from imigr_kit.testing import wait_until
from imigr_kit.testing.processes import free_port
from imigr_notifications.channels import as_channels
from imigr_notifications.ports import NotNow, Outgoing, Refused, Taken, Throttled, Uncertain, Unreachable
from imigr_notifications.providers import ways_of
from imigr_notifications.senders import SmtpAccount, SmtpSender
from imigr_notifications.senders.http import HttpAccount, HttpSender, key_of
from imigr_notifications.senders.kannel import KannelAccount, KannelSender

PHONE, MAIL = "+21620123456", "visitor@example.test"
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")


def outgoing(body: str = "La Marsa : rappel", address: str = PHONE) -> Outgoing:
    return Outgoing("one:reminder:1", Secret(address), "Rappel", Secret(body), 3600)


def yes(_parts: int) -> bool:
    return True


class Aggregator(ThreadingHTTPServer):
    """A provider with an HTTP interface; notes requests and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.answer: tuple[int, dict[str, str], str] = (200, {}, '{"status": "queued", "sid": "SM-77"}')
        self.hangs_up = False
        super().__init__(("127.0.0.1", 0), AnAnswer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v2/send?account=town"


class AnAnswer(BaseHTTPRequestHandler):
    """One request."""

    server: Aggregator

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        if self.server.hangs_up:
            self.connection.close()
            return
        status, headers, text = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = _take  # noqa: N815  # the library's names

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def aggregator() -> Iterator[Aggregator]:
    """The provider, running."""
    server = Aggregator()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def described(url: str, **more: Any) -> str:
    """The settings file of an operator who adds this provider."""
    provider = {
        "kind": "http",
        "url": url,
        "secret": "token-1",
        "headers": {"Authorization": "Bearer {secret}", "Idempotency-Key": "{key}"},
        "body": {"to": "{to}", "from": "{sender}", "content": {"text": "{text}"}, "ttl": "{valid_minutes}"},
        "accepted_text": '"status": *"(queued|sent)"',
        "id_text": '"sid": *"([^"]+)"',
        "repeats_safely": True,
        "price": 35,
    }
    routes = {"*": {"sms": [{"provider": "local"}]}}
    return json.dumps({"providers": {"local": provider | more}, "routes": routes})


@pytest.fixture
def local(aggregator: Aggregator) -> HttpSender:
    """A sender made from the file."""
    plan = as_channels(described(aggregator.url))
    assert plan is not None
    account = plan.providers["local"].account
    assert isinstance(account, HttpAccount)
    return HttpSender(account)


def test_a_provider_is_added_by_a_file_alone(aggregator: Aggregator) -> None:
    """Address, secret, fields, answers, price: and it sends."""
    plan = as_channels(described(aggregator.url))
    assert plan is not None
    ways, binds = ways_of(plan, lambda _receipt: None, lambda _inbound: None)
    provider = ways.providers["local"]
    found = provider.sender.send_many([outgoing('مرحبا "{to}" & <b>')], list)
    assert found == {"one:reminder:1": Taken(("local/SM-77",))}
    ((method, path, headers, body),) = aggregator.asked
    assert (method, path) == ("POST", "/v2/send?account=town")
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["Idempotency-Key"] == key_of("one:reminder:1")
    assert json.loads(body) == {
        "to": PHONE, "from": "Commune", "content": {"text": "مرحبا \"{to}\" & <b>"}, "ttl": "60"
    }  # fmt: skip
    assert (provider.repeats_safely, ways.price("raoued", "sms"), binds) == (True, 35, [])


def test_a_form_and_a_query_are_encoded(aggregator: Aggregator) -> None:
    """A text can never become a parameter, nor a header."""
    account = HttpAccount(
        aggregator.url, form={"msg": "{text}"}, query={"dest": "{to_digits}"}, headers={"X-Text": "{text}"}
    )
    HttpSender(account).send(outgoing("a&admin=1\r\nX-Evil: 1"), yes)
    ((_, path, headers, body),) = aggregator.asked
    assert parse_qs(body) == {"msg": ["a&admin=1\r\nX-Evil: 1"]}
    assert parse_qs(urlsplit(path).query) == {"account": ["town"], "dest": ["21620123456"]}
    assert "X-Evil" not in headers


@pytest.mark.parametrize(
    ("answer", "error", "wait"),
    [
        ((429, {"Retry-After": "17"}, ""), Throttled, timedelta(seconds=17)),
        ((503, {"Retry-After": "5"}, ""), Throttled, timedelta(seconds=5)),
        ((503, {}, ""), NotNow, None),
        ((500, {}, "oops"), NotNow, None),
        ((401, {}, ""), NotNow, None),
        ((400, {}, "no such number"), Refused, None),
        ((200, {}, '{"status": "failed"}'), NotNow, None),
    ],
)
def test_answers_are_sorted_by_what_the_file_says(
    local: HttpSender, aggregator: Aggregator, answer: Any, error: type[Exception], wait: timedelta | None
) -> None:
    """Case 28: 429 with Retry-After; the reason holds nothing of the answer's text."""
    aggregator.answer = answer
    with pytest.raises(error) as caught:
        local.send(outgoing(), yes)
    assert getattr(caught.value, "wait", None) == wait
    assert getattr(caught.value, "reason", "").startswith("http_")


def test_retry_after_may_be_a_date(local: HttpSender, aggregator: Aggregator) -> None:
    """RFC 9110 10.2.3."""
    until = datetime.now(UTC) + timedelta(minutes=2)
    aggregator.answer = (429, {"Retry-After": until.strftime("%a, %d %b %Y %H:%M:%S GMT")}, "")
    with pytest.raises(Throttled) as caught:
        local.send(outgoing(), yes)
    assert caught.value.wait is not None
    assert timedelta(seconds=100) < caught.value.wait <= timedelta(minutes=2)


def test_no_answer_is_uncertain_and_nobody_there_is_not(local: HttpSender, aggregator: Aggregator) -> None:
    """Case 27: taken, and the answer is lost; a refused connection comes before the hand over."""
    aggregator.hangs_up = True
    with pytest.raises(Uncertain):
        local.send(outgoing(), yes)
    assert len(aggregator.asked) == 1
    with pytest.raises(Unreachable):
        HttpSender(HttpAccount(f"http://127.0.0.1:{free_port()}/")).send(outgoing(), yes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "Expecting"),
        ('{"providers": {}}', "routes"),
        ('{"providers": {"x": {"kind": "fax"}}, "routes": {}}', "must be one of smpp, kannel, http, smtp"),
        (described("ftp://x"), "must be an http or https address"),
        (described("http://x/", id_text="("), "is no regular expression"),
        (described("http://x/", form={}), "give form or body"),
        (described("http://x/", colour="red"), "colour"),
        (described("http://x/", secret={"file": "/nowhere"}), "its file cannot be read"),
        ('{"providers": {}, "routes": {"*": {"sms": [{"provider": "y"}]}}}', "y is no provider of this file"),
        (described("http://x/").replace('"sms": [', '"email": ['), "local does not carry email"),
    ],
)
def test_a_file_that_is_not_right_stops_the_start_and_says_where(content: str, words: str) -> None:
    """In one sentence, without a secret."""
    with pytest.raises(ValueError, match=r".") as caught:
        as_channels(content)
    assert words in str(caught.value)
    assert "token-1" not in str(caught.value)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private


class Taking:
    """Keeps mails."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None
        self.mails.append(envelope.content)
        return "250 taken"


@pytest.fixture
def relay(certificate: tuple[Path, Path]) -> Iterator[tuple[Taking, int]]:
    """A relay that takes mail after STARTTLS and the right password only."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"town", b"s3cret")
        return AuthResult(success=good, handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    handler = Taking()
    controller = Controller(
        handler, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        auth_required=True, authenticator=check,
    )  # fmt: skip
    controller.start()
    yield handler, controller.port
    controller.stop(no_assert=True)


def test_a_relay_with_tls_and_a_password(relay: tuple[Taking, int], certificate: tuple[Path, Path]) -> None:
    """STARTTLS with a checked certificate, AUTH, and the second mail over the same connection."""
    handler, port = relay
    account = SmtpAccount("localhost", port, "c@imigr.test", "starttls", "town", Secret("s3cret"), str(certificate[0]))
    sender = SmtpSender(account)
    for _ in range(2):
        sender.send(outgoing(address=MAIL), yes)
    assert len(handler.mails) == 2
    assert len(sender._idle) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": Secret("wrong")}, "smtp_not_allowed"),
        ({"authority": None}, "smtp_unreachable"),
        ({"security": "none"}, "smtp_no_tls"),
    ],
)
def test_a_relay_that_cannot_be_trusted_gets_nothing(
    relay: tuple[Taking, int], certificate: tuple[Path, Path], changes: dict[str, Any], reason: str
) -> None:
    """A wrong password, an unknown certificate, a password without TLS: nothing was handed over, nothing is lost."""
    handler, port = relay
    values: dict[str, Any] = {
        "host": "localhost", "port": port, "sender": "c@imigr.test", "security": "starttls", "username": "town",
        "password": Secret("s3cret"), "authority": str(certificate[0]),
    }  # fmt: skip
    with pytest.raises(Unreachable, match=reason):
        SmtpSender(SmtpAccount(**(values | changes))).send(outgoing(address=MAIL), yes)
    assert handler.mails == []


def test_a_kept_connection_that_died_is_replaced() -> None:
    """The relay was restarted between two mails."""
    port = free_port()
    sender = SmtpSender(SmtpAccount("127.0.0.1", port, "c@imigr.test", "none"))
    for _ in range(2):
        controller = Controller(object(), hostname="127.0.0.1", port=port)
        controller.start()
        try:
            assert sender.send(outgoing(address=MAIL), yes)
        finally:
            controller.stop()


@pytest.fixture
def kannel(tmp_path: Path, reports: Reports) -> Iterator[KannelAccount]:
    """bearerbox, smsbox and the simulated SMS centre of the Debian package."""
    if shutil.which("bearerbox") is None or not FAKESMSC.exists():
        pytest.skip("needs Kannel: apt-get install kannel kannel-extras")
    admin, box, send, centre = (free_port() for _ in range(4))
    configuration = tmp_path / "kannel.conf"
    configuration.write_text(
        f"group = core\nadmin-port = {admin}\nadmin-password = x\nsmsbox-port = {box}\nadmin-interface = 127.0.0.1\n"
        f'log-level = 1\nbox-allow-ip = "127.0.0.1"\n\n'
        f"group = smsc\nsmsc = fake\nsmsc-id = fake\nport = {centre}\nconnect-allow-ip = 127.0.0.1\n\n"
        f"group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {send}\nsendsms-interface = 127.0.0.1\n\n"
        "group = sendsms-user\nusername = town\npassword = s3cret\nmax-messages = 10\nconcatenation = true\n\n"
        'group = sms-service\nkeyword = default\ntext = ""\n'
    )
    commands = (
        ["bearerbox", str(configuration)],
        ["smsbox", str(configuration)],
        [str(FAKESMSC), "-H", "127.0.0.1", "-r", str(centre), "-m", "0", "-i", "1000", "100 200 text nop"],
    )
    running = []
    try:
        for command, port in zip(commands, (box, send, 0), strict=True):
            log = (tmp_path / f"{Path(command[0]).name}.log").open("wb")
            running.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
            if port:
                wait_until(partial(_listens, port), 20, f"{command[0]} listens")
        url = f"http://127.0.0.1:{send}/cgi-bin/sendsms"
        account = KannelAccount(url, "town", Secret("s3cret"), "Commune", reports.url)
        probe = KannelSender(account)
        wait_until(lambda: _takes(probe), 20, "the simulated centre is bound")
        reports.told.clear()
        yield account
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(10)


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _takes(sender: KannelSender) -> bool:
    try:
        sender.send(outgoing(), yes)
    except (NotNow, Throttled, Refused, Unreachable):
        return False
    return True


class Reports(Aggregator):
    """Where Kannel tells what became of messages."""

    @property
    def told(self) -> list[Any]:
        return self.asked

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/report?provider=kannel"


@pytest.fixture
def reports() -> Iterator[Reports]:
    """Running."""
    server = Reports()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def _arrived(folder: Path) -> str:
    """The parts with a header that the simulated centre has noted, put together."""
    log = (folder / "fakesmsc.log").read_text("utf-8", "replace")
    parts = re.findall(r"udh \S+ data (\S+)>", log)
    return b"".join(unquote_to_bytes(part.replace("+", " ")) for part in parts).decode("utf-16-be")


def test_kannel_takes_arabic_and_reports_by_our_id(kannel: KannelAccount, reports: Reports, tmp_path: Path) -> None:
    """The real thing: UCS-2 in several parts reaches the SMS centre as UTF-8, and the report names our id."""
    text = "بلدية المرسى: تم تأكيد موعدكم يوم الخميس 26 نوفمبر على الساعة 09:30. قصر بلدية المرسى 20"
    ids = KannelSender(kannel).send(outgoing(text), yes)
    assert ids == [key_of("one:reminder:1")]
    wait_until(lambda: _arrived(tmp_path) == text, 15, "the centre has both parts")
    wait_until(lambda: reports.told != [], 15, "a report comes")
    query = parse_qs(urlsplit(reports.told[0][1]).query)
    assert (query["id"], query["provider"]) == (ids, ["kannel"])
    assert query["status"][0] in {"1", "2", "16"}


def test_kannel_refuses_a_wrong_password(kannel: KannelAccount) -> None:
    """A fault of the settings: nothing is lost, the circuit opens."""
    wrong = KannelAccount(kannel.url, "town", Secret("wrong"), "Commune")
    with pytest.raises(Unreachable, match="kannel_not_allowed"):
        KannelSender(wrong).send(outgoing(), yes)
