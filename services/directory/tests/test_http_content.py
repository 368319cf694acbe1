"""What readers get and staff keep up over HTTP: whole entries, hours, calendars, translations, tasks, and bad input."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from imigr_directory import xliff

from .over_http import Answer, Site

ALWAYS = [{"rules": [{"rrule": "FREQ=DAILY", "spans": [["00:00", "24:00"]]}], "holidays": "usual"}]
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
EVIL = "<script>alert('x')</script> & <b>gras</b>"
WHOLE: dict[str, Any] = {
    "description": {"fr": "Pour tous", "ar": "للجميع"},
    "contacts": [{"function": {"fr": "Accueil", "ar": "الاستقبال"}, "phones": ["+216 71 000 000"]}],
    "emails": ["accueil@example.org"],
    "eligibility": {"text": {"fr": "Femmes seules"}, "min_age": 18, "max_age": 30, "groups": ["women"]},
    "fees": "mixed",
    "costs": [{"option": {"fr": "Consultation"}, "amount": 5.5, "currency": "TND"}],
    "documents": [{"name": {"fr": "Carnet de soins"}}],
    "application": {"fr": "Sur place"},
    "capacity": {"unit": "beds", "maximum": 12, "available": 3, "updated_on": "2026-11-20"},
    "attributes": [{"taxonomy": "status", "term": "asylum_seeker"}],
    "accessibility": ["wheelchair"],
    "languages": ["ar", "fr"],
    "schedules": ALWAYS,
}


def address(made: Answer) -> str:
    """Of a service for staff."""
    return f"directory/services/{made.body['id']}"


def today() -> date:
    """In Tunisia."""
    return datetime.now(ZoneInfo("Africa/Tunis")).date()


def test_readers_get_all_that_is_kept_of_a_service(site: Site) -> None:
    """Each text in the first language of their chain that there is, and which it is; how far it can be relied on."""
    made = site.service("Dispensaire", **WHOLE)
    path = f"services/{made.body['id']}"
    shown = site.ask(path, headers={"Accept-Language": "ar-TN"}).body
    assert (shown["description"], shown["name"]) == ("للجميع", "Dispensaire")
    assert shown["text_languages"] == {"description": "ar", "name": "fr", "application": "fr"} | {
        name: shown["text_languages"][name] for name in ("organization", "address", "interpretation")
    }
    assert (shown["contacts"][0]["function"], shown["contacts"][0]["text_languages"]) == (
        "الاستقبال",
        {"function": "ar"},
    )
    assert (shown["eligibility"]["min_age"], shown["eligibility"]["groups"]) == (18, ["women"])
    assert (shown["costs"][0]["amount"], shown["documents"][0]["name"]) == (5.5, "Carnet de soins")
    assert (shown["capacity"]["available"], shown["attributes"][0]["term"]) == (3, "asylum_seeker")
    assert (shown["accessibility"], shown["open_now"], shown["why_closed"]) == (["wheelchair"], True, None)
    assert (shown["stale"], shown["verified_on"], shown["translations"]) == (True, None, [])
    verified = site.post(f"{address(made)}/verify", by="editor", headers=made.etag)
    assert verified.body["expires_on"] > verified.body["verified_on"]
    assert [site.ask(path).body[name] for name in ("stale", "verified_on")] == [False, verified.body["verified_on"]]
    page = site.app.test_client().get(f"/s/{shown['code']}?lang=fr").get_data(as_text=True)
    for words in ("Ouvert maintenant", "Femmes seules", "Carnet de soins", "Sur place", verified.body["verified_on"]):
        assert words in page
    listed = site.ask("services?q=dispensaire").body["items"][0]
    assert (listed["capacity"]["maximum"], listed["open_now"]) == (12, True)


def test_a_language_with_a_region_or_script_is_found(site: Site) -> None:
    """In whatever letters the reader's browser writes it."""
    made = site.service("Accueil", description={"fr": "Bonjour", "pt-BR": "Bom dia", "zh-Hant": "早安"})
    for asked, words in (("pt-br", "Bom dia"), ("zh-hant-TW", "早安"), ("pt-PT", "Bonjour")):
        shown = site.ask(f"services/{made.body['id']}", headers={"Accept-Language": asked}).body
        assert shown["description"] == words


def test_days_that_are_not_as_usual_are_seen_at_once(site: Site) -> None:
    """Closed by an editor, opened at other hours, as usual again; paused and resumed; why it is closed in the reader's
    language; what cannot be is refused at its field."""
    made = site.service("Guichet", schedules=ALWAYS)
    path, first = f"services/{made.body['id']}", today().isoformat()
    closed = site.post(f"{path}/exceptions", {"first": first, "reason": "strike"}, by="editor")
    assert (closed.status, closed.body["waiting"], closed.body["open_now"]) == (201, None, False)
    why = {lang: site.ask(f"{path}?lang={lang}").body["why_closed"]["description"] for lang in ("fr", "ar", "en")}
    assert why["fr"].startswith("Fermeture exceptionnelle : grève")
    assert why["en"].startswith("Closed exceptionally: strike")
    assert "إضراب" in why["ar"]
    other = site.post(f"{path}/exceptions", {"first": first, "spans": [["00:00", "24:00"]]}, by="editor")
    assert (other.body["open_now"], other.body["hours"][0]["special"]) == (True, "one_off")
    assert site.post(f"{path}/exceptions/{first}/remove", by="editor").body["hours"][0]["special"] is None
    assert site.post(f"{path}/exceptions/{first}/remove", by="editor").status == 404
    paused = site.post(f"{path}/pause", {"reason": "works"}, by="editor")
    assert paused.body["why_closed"]["code"] == "paused"
    resumed = site.post(f"{path}/resume", by="editor")
    assert resumed.body["open_now"] is True
    for body, field in (
        ({"first": "2026-13-01"}, "first"),
        ({"first": first, "last": "2020-01-01"}, "last"),
        ({"first": first, "spans": [["08:00", "25:00"]]}, "spans"),
        ({"first": first, "reason": "Mme X est malade"}, "reason"),
        ({"first": first, "note": "x"}, "note"),
    ):
        answer = site.post(f"{path}/exceptions", body)
        assert (answer.status, answer.fields[0].partition(".")[0]) == (422, field)
    assert site.ask(path).body["version"] == resumed.body["version"]


def test_weekly_hours_of_an_editor_wait_for_a_manager(site: Site) -> None:
    """They are content as any other; by appointment only is told as such."""
    made = site.service("Bureau", schedules=ALWAYS)
    path = f"services/{made.body['id']}"
    body = {"version": 1, "schedules": [ALWAYS[0] | {"by_appointment": True}]}
    waiting = site.put(f"{path}/hours", body, by="editor")
    assert (waiting.body["waiting"], site.ask(path).body["open_now"]) == ("in_review", True)
    site.post(f"{address(made)}/publish", headers={"If-Match": f'"{waiting.body["revision"]}"'})
    shown = site.ask(path).body
    assert (shown["open_now"], shown["why_closed"]["code"], shown["hours"][0]["by_appointment"]) == (
        False,
        "by_appointment",
        True,
    )


def test_a_confirmed_feast_changes_what_is_open(site: Site) -> None:
    """The estimate is marked; once a manager settles the day, the hours of that day are others in what readers find."""
    calendar = site.ask("municipalities/raoued/calendar").body
    feast = next(
        one
        for one in calendar["holidays"]
        if one["state"] == "estimated" and one["date"] > (today() + timedelta(days=1)).isoformat()
    )
    day = date.fromisoformat(feast["date"])
    rows = [{"rules": [{"rrule": "FREQ=DAILY", "spans": [["08:00", "18:00"]]}]}]
    made = site.service("Mairie", schedules=rows)

    def is_open(on: date) -> bool:
        moment = datetime(on.year, on.month, on.day, 10, tzinfo=ZoneInfo("Africa/Tunis")).isoformat()
        found = site.ask("services", query_string={"q": "mairie", "open_at": moment}).body["items"]
        return made.body["id"] in [one["id"] for one in found]

    eve = day - timedelta(days=1)
    others = {one["date"] for one in calendar["holidays"]}
    assert (is_open(eve), is_open(day)) == (eve.isoformat() not in others, False)
    settled = site.put(f"calendar/holidays/{feast['id']}", {"date": eve.isoformat()})
    told = {one["id"]: (one["date"], one["state"]) for one in settled.body["holidays"]}
    assert (settled.status, told[feast["id"]]) == (200, (eve.isoformat(), "moved"))
    assert not is_open(eve)
    assert site.put(f"calendar/holidays/{feast['id']}", {"date": eve.isoformat()}, by="editor").status == 403
    assert site.put(f"calendar/holidays/{feast['id']}", {"date": "2031-01-01"}).fields == ["date"]
    assert site.post(f"calendar/holidays/{feast['id']}/restore").status == 200


def test_ramadan_and_closures_of_the_town(site: Site) -> None:
    """Settled by a manager, seen by readers, taken back."""
    year = today().year + 1
    estimate = next(
        one for one in site.ask("municipalities/raoued/calendar").body["periods"] if one["first"][:4] == str(year)
    )
    path = f"calendar/periods/ramadan/{estimate['first']}"
    settled = site.put(path, {"last": estimate["last"]})
    assert [one["state"] for one in settled.body["periods"] if one["first"] == estimate["first"]] == ["confirmed"]
    assert site.post(f"{path}/forget").status == 200
    first = today().isoformat()
    made = site.service("Etat civil", schedules=[{"rules": ALWAYS[0]["rules"]}])
    closed = site.post("calendar/closures", {"first": first, "reason": "weather"})
    shown = site.ask(f"services/{made.body['id']}?lang=en").body["why_closed"]
    assert shown["description"].startswith("Services of the municipality are closed: bad weather")
    [closure] = [one for one in closed.body["closures"] if one["first"] == first]
    assert site.post(f"calendar/closures/{closure['id']}/remove").status == 200
    assert site.ask("municipalities/raoued/calendar").body["closures"] == []


def test_a_translation_goes_through_its_states(site: Site) -> None:
    """Draft, in review, published; machine-made ones are marked until somebody confirms them; outdated when the source
    changes; readers are told."""
    made = site.service("Aide", description={"fr": "Conseils"})
    texts = f"{address(made)}/texts"
    path = f"services/{made.body['id']}"
    assert [one["path"] for one in site.staff(texts).body["items"]] == ["name", "description"]
    words = {"language": "ar", "texts": {"name": "مساعدة"}}
    draft = site.put(texts, words | {"state": "draft"}, by="editor", headers=made.etag)
    assert draft.body["proposal"]["state"] == "draft"
    waiting = site.put(texts, words | {"state": "in_review"}, by="editor", headers=draft.etag)
    assert site.ask(f"{path}?lang=ar").body["text_languages"]["name"] == "fr"
    done = site.post(f"{address(made)}/publish", headers=waiting.etag)
    assert site.ask(f"{path}?lang=ar").body["name"] == "مساعدة"
    machine = {"language": "en", "texts": {"name": "Help"}, "state": "machine"}
    assert site.put(texts, machine, by="editor", headers=done.etag).status == 403
    marked = site.put(texts, machine, headers=done.etag)
    assert site.ask(path).body["translations"] == [{"path": "name", "language": "en", "state": "machine"}]
    content = marked.body["content"] | {"name": marked.body["content"]["name"] | {"fr": "Soutien"}}
    changed = site.put(address(made), {"content": content, "state": "published"}, headers=marked.etag)
    states = {one["path"]: one["states"] for one in site.staff(texts).body["items"]}
    assert states["name"] == {"ar": "outdated", "en": "outdated"}
    confirmed = site.put(texts, words | {"state": "published"}, headers=changed.etag)
    assert confirmed.body["translations"]["name"] == {"ar": "published", "en": "outdated"}
    tasks = [(one["task"], one["id"]) for one in site.staff("directory/tasks", by="editor").body["items"]]
    assert ("translate", made.body["id"]) in tasks
    assert ("verify", made.body["id"]) in tasks
    assert site.staff("directory/broken-links").body == {"items": []}
    unknown = site.put(texts, {"language": "ar", "texts": {"nothing": "x"}}, headers=confirmed.etag)
    assert (unknown.status, unknown.fields) == (422, ["texts.nothing"])


def test_a_large_file_of_translations_is_sent_as_it_is(site: Site) -> None:
    """Exported, translated, sent as a file of more than 60,000 letters by an editor: proposals; by a manager:
    published; twice is the same as once; what is no XLIFF is refused."""
    made = [site.service(f"Service {number}", description={"fr": f"{number} " + "mot " * 500}) for number in range(40)]
    ids = {one.body["id"] for one in made}
    file = site.staff("directory/translations?language=it").text
    root = etree.fromstring(file.encode())
    for unit in root.iter("{*}trans-unit"):
        target = etree.SubElement(unit, f"{{{xliff.NAMESPACE}}}target")
        target.text = "it " + str(unit.findtext("{*}source"))
    sent = etree.tostring(root)
    assert len(sent) > 120_000
    path = "staff/raoued/directory/translations/file"

    def send(state: str, by: str, content: bytes = sent) -> Answer:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/xliff+xml"}
        return site.ask(f"{path}?state={state}", method="POST", by=by, data=content, headers=headers)

    proposed = send("in_review", "editor")
    assert proposed.status == 200, proposed.text
    assert (proposed.status, proposed.body["refused"], ids <= set(proposed.body["records"])) == (200, [], True)
    assert proposed.body["complete"] is True
    assert send("published", "editor").status == 403
    assert send("published", "manager").body["taken"] == proposed.body["taken"]
    again = send("published", "manager").body
    assert (again["taken"], again["unchanged"]) == (0, proposed.body["taken"])
    shown = site.ask(f"services/{made[0].body['id']}?lang=it").body
    assert shown["name"] == "it Service 0"
    assert (send("published", "manager", b"no xml").status, send("published", "manager", b"").status) == (422, 422)
    small = site.post("directory/translations", {"xliff": sent[:500].decode()})
    assert small.body["code"] == "directory.unreadable_file"
    assert site.directory.db["uploads"].count_documents({}) == 0


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown part", {"nationality": "x"}, "nationality"),
    ("a person's name", {"contacts": [{"function": {"fr": "Accueil"}, "name": "X"}]}, "contacts"),
    ("off the globe", {"location": {"lat": 91, "lon": 10}}, "location"),
    ("no number", {"location": {"lat": "nan", "lon": 10}}, "location"),
    ("a day that never comes", {"schedules": [{"rules": [{"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}]}]}, "sched"),
    ("every second", {"schedules": [{"rules": [{"rrule": "FREQ=SECONDLY", "spans": [["08:00", "09:00"]]}]}]}, "sched"),
    ("no language", {"name": {"francais!": "x"}}, "name"),
    ("a tag nobody registered", {"name": {"qq-zzzz": "x"}}, "name"),
    ("no texts", {"name": {}}, "name"),
    ("control characters", {"name": {"fr": "a\x00b"}}, "name"),
    ("a theme that is none", {"taxonomy": ["nothing"]}, "taxonomy"),
    ("an address of another kind", {"website": "javascript:alert(1)"}, "website"),
    ("ages the wrong way round", {"eligibility": {"min_age": 30, "max_age": 18}}, "eligibility"),
    ("a text too long", {"name": {"fr": "x" * 201}}, "name"),
    ("somebody who is not there", {"organization_id": "nobody"}, "organization_id"),
]


@pytest.mark.parametrize(("what", "content", "field"), BAD, ids=[one[0] for one in BAD])
def test_bad_input_is_named_and_changes_nothing(site: Site, what: str, content: dict[str, Any], field: str) -> None:
    """Through the route of records and through the first one."""
    body: dict[str, Any] = {"name": {"fr": "Bon"}, "taxonomy": ["legal"]} | content
    before = site.directory.db["services"].count_documents({})
    record = site.post("directory/services", {"content": body, "state": "published"})
    first = site.post("services", {"service": body})
    for answer, head in ((record, "content"), (first, "service")):
        assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json"), answer.text
        assert answer.fields[0].startswith(f"{head}.{field}"), answer.fields
    assert site.directory.db["services"].count_documents({}) == before


def test_markup_is_kept_as_text_and_shown_escaped(site: Site) -> None:
    """As JSON it is what was written; on the page and in the linked data inside it nothing of it is markup."""
    made = site.service(EVIL, description={"fr": EVIL})
    shown = site.ask(f"services/{made.body['id']}").body
    assert shown["name"] == EVIL
    web = site.app.test_client()
    page = web.get(f"/s/{shown['code']}?lang=fr").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<b>gras" not in page
    linked = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(linked)["name"] == EVIL


def test_a_service_is_passed_on_by_link_linked_data_and_sitemap(site: Site) -> None:
    """All three name the same address."""
    made = site.service("Lien", schedules=ALWAYS, fees="free", location={"lat": 36.9, "lon": 10.2})
    shown = site.ask(f"services/{made.body['id']}?lang=fr").body
    web = site.app.test_client()
    linked = json.loads(web.get(f"/api/v1/services/{made.body['id']}.jsonld").data)
    assert (linked["@type"], linked["@id"]) == ("Service", shown["share_url"])
    assert linked["availableChannel"]["serviceLocation"]["geo"]["latitude"] == 36.9
    assert web.get(f"/s/{shown['code']}").status_code == 200
    index = ElementTree.fromstring(web.get("/sitemap.xml").data)  # noqa: S314  # our own text
    [file] = [one.text or "" for one in index.iter(LOC)]
    urls = ElementTree.fromstring(web.get(file[file.index("/sitemap/") :]).data)  # noqa: S314  # our own text
    assert f"{shown['share_url']}?lang=ar" in {one.text for one in urls.iter(LOC)}


PAGES = (
    "services?per_page={n}",
    "services?q=service&per_page={n}&facets=true",
    "services?open_now=true&sort=name&per_page={n}",
    "services/{id}",
    "services/{id}.jsonld",
    "organizations?per_page={n}",
    "locations?per_page={n}",
    "articles?per_page={n}",
    "alerts?per_page={n}",
    "municipalities",
    "taxonomy",
    "municipalities/raoued/calendar",
    "directory/changes?limit={n}",
)
MOST_CALLS, TIMES = 10, 3


def test_no_public_page_costs_more_than_ten_database_calls(site: Site) -> None:
    """Whatever its size; counted by the server's profiler. The service's own jobs run beside and only add to it, hence
    the least of a few times."""
    made = site.service("Compte")
    for number in range(12):
        site.service(f"Compte {number}")
    profile = site.directory.db["system.profile"]
    real = {"ns": {"$not": {"$regex": "system.profile"}}}

    def cost(path: str) -> int:
        before = profile.count_documents(real)
        assert site.ask(path).status == 200, path
        return profile.count_documents(real) - before

    site.directory.db.command("profile", 2)
    try:
        for page in PAGES:
            for size in (1, 100):
                path = page.format(n=size, id=made.body["id"])
                assert min(cost(path) for _ in range(TIMES)) <= MOST_CALLS, path
    finally:
        site.directory.db.command("profile", 0)
