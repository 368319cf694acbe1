"""What comes in from other directories: dirty tables, hostile files, and round trips."""

from __future__ import annotations

import io
import json
import operator
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imigr_directory.domain import Act, Record, complete
from imigr_directory.domain.service import content_of
from imigr_directory.errors import BadPackage
from imigr_directory.exchange import exporting, importing, setting, values
from imigr_directory.exchange.drafts import Draft, written
from imigr_directory.exchange.importing import Order
from imigr_directory.exchange.report import Report
from imigr_directory.seeding import read
from imigr_directory.storage import MongoRecords
from imigr_kit.facts import Fact

DATA = Path(__file__).parents[3] / "data"
SEED = read(DATA)
TERMS = {term.code: term for term in SEED.terms}
AROUND = setting.around(SEED.municipalities, TERMS)
ACT = Act("staff-1", "2026-11-24T08:00:00.000Z")
ORDER = Order("package", "a county", "raoued")


class Memory(dict[tuple[str, str], Record]):
    """Records in memory."""

    def many(self, kind: str, ids: Sequence[str]) -> Iterable[Record]:
        """By id."""
        return [self[kind, one] for one in ids if (kind, one) in self]

    def insert_all(self, records: Iterable[tuple[Record, Sequence[Fact]]]) -> int:
        """All of them."""
        new = {(record.kind, record.id): record for record, _ in records}
        self.update(new)
        return len(new)

    def replace_all(self, changes: Iterable[tuple[Record, Record, Sequence[Fact]]]) -> list[str]:
        """All of them."""
        self.update({(new.kind, new.id): new for _, new, _ in changes})
        return []

    def content(self, kind: str, name: str) -> Mapping[str, Any]:
        """Of the record with this French name."""
        return next(
            one.content or {} for one in self.values() if one.kind == kind and (one.content or {})["name"]["fr"] == name
        )


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def take(content: bytes, order: Order = ORDER, store: Memory | None = None) -> tuple[Memory, Report]:
    """Import into memory."""
    kept = Memory() if store is None else store
    report, _ = importing.run(io.BytesIO(content), order, AROUND, kept, ACT, lambda *_: None)
    return kept, report


def reasons(report: Report) -> set[str]:
    """What the report says happened."""
    return {one.reason for one in report.remarks}


SERVICES = "id,name,description,status\n"


def test_older_spellings_come_in_as_what_they_are_now() -> None:
    """Tables and fields of HSDS 1.x: weekdays, addresses, terms, eligibility."""
    found, report = take(
        zipped(
            {
                "organizations.csv": "id,name,description,url\n1,Santé,Aide,www.sante.tn\n",
                "services.csv": "id,organization_id,name,description,status,taxonomy_ids\n"
                "7,1,Clinique,Soins,active,T1\n",
                "locations.csv": "id,name,latitude,longitude\n5,Centre,36.86,10.19\n",
                "services_at_location.csv": "id,service_id,location_id\n1,7,5\n",
                "physical_addresses.csv": "id,location_id,attention,address_1,city\n1,5,Mme X,12 rue A,Raoued\n",
                "regular_schedules.csv": "id,service_id,weekday,opens_at,closes_at\n1,7,Monday,8:30AM,5PM\n"
                "1,7,Tuesday,08:30,17:00\n",
                "holiday_schedules.csv": "id,service_id,closed,start_date,end_date\n1,7,TRUE,2026-12-31,2027-01-01\n",
                "taxonomy.csv": "id,name,parent_id\nT1,Pharmacie,\n",
                "eligibility.csv": "id,service_id,eligibility\n1,7,Adultes\n",
                "languages.csv": 'id,service_id,language\n1,7,"French, Arabic"\n',
            }
        )
    )
    service = found.content("service", "Clinique")
    assert service["taxonomy"] == ["health.pharmacy"]
    assert service["schedules"] == [
        {
            "rules": [{"rrule": "FREQ=WEEKLY;BYDAY=MO,TU", "spans": [["08:30", "17:00"]]}],
            "one_offs": [{"first": "2026-12-31", "last": "2027-01-01"}],
        }
    ]
    assert service["location"] == {"lat": 36.86, "lon": 10.19}
    assert service["address"] == {"fr": "12 rue A, Raoued"}
    assert service["languages"] == ["fr", "ar"]
    assert service["eligibility"]["text"] == {"fr": "Adultes"}
    assert {"id_not_uuid", "id_repeated", "url_completed", "person_dropped"} <= reasons(report)


def test_nobody_is_named_and_the_report_says_so() -> None:
    """Names of contacts, also inside an email address, stay outside and out of the report."""
    found, report = take(
        zipped(
            {
                "organizations.csv": "id,name,description\n1,Santé,Aide\n",
                "contacts.csv": "id,organization_id,name,title,email\n1,1,Leila Trabelsi,Accueil,leila.t@sante.tn\n"
                "2,1,Ali Ben Salah,,accueil@sante.tn\n",
            }
        )
    )
    everything = json.dumps([dict(one.content or {}) for one in found.values()]) + json.dumps(report.pages(0, 99))
    assert not {"Leila", "leila", "Trabelsi", "Ali", "Salah"} & set(
        everything.replace('"', " ").replace(".", " ").split()
    )
    assert report.reasons["left_out.person_dropped"] == 3
    points = found.content("organization", "Santé")["contacts"]
    assert [(one["function"].get("fr"), one["emails"]) for one in points] == [
        ("Accueil", []),
        ("Contact", ["accueil@sante.tn"]),
    ]


@pytest.mark.parametrize(
    ("line", "reason", "name"),
    [
        ("1,Bain maure,Chaud, et propre,active", "row_shifted", "Bain maure"),
        ("1,Bain maure,Chaud", "row_short", "Bain maure"),
        ("1,Bain\x07 maure,,active", "control_characters", "Bain maure"),
    ],
)
def test_rows_are_put_right_when_there_is_one_way(line: str, reason: str, name: str) -> None:
    """A stray comma, a row that ends early, characters that are no text: repaired and told."""
    found, report = take(zipped({"services.csv": SERVICES + line + "\n"}))
    assert found.content("service", name)
    assert reason in reasons(report)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"services.csv": SERVICES + "1,A,b,c,d,e,f\n"}, "row_misshapen"),
        ({"services.csv": SERVICES + "1,,x,active\n"}, "value_missing"),
        ({"services.csv": SERVICES + "1,A,x,active\n1,B,y,active\n"}, "id_repeated"),
        ({"services.csv": SERVICES + "1,A,x,active\n", "phones.csv": "id,service_id,number\n1,9,71\n"}, "row_orphaned"),
        (
            {"services.csv": SERVICES + "1,A,x,active\n", "phones.csv": "id,service_id,number\n1,1,call\n"},
            "not_a_phone",
        ),
        ({"services.csv": SERVICES + "1," + "x" * 300 + ",x,active\n"}, "not_allowed"),
        (
            {"services.csv": SERVICES + "1,A,x,active\n", "schedules.csv": "id,service_id,description\n1,1,souvent\n"},
            "hours_unread",
        ),
        (
            {
                "services.csv": SERVICES + "1,A,x,active\n",
                "schedules.csv": "id,service_id,byday,opens_at,closes_at\n1,1,XX,9:00,9:30\n",
            },
            "rule_refused",
        ),
        ({"locations.csv": "id,name,latitude,longitude\n1,A,136.8,10\n"}, "off_the_globe"),
        ({"locations.csv": "id,name,latitude,longitude\n1,A,nan,10\n"}, "not_a_number"),
        ({"organizations.csv": "id,name,email\n1,A,@@\n"}, "not_an_email"),
        ({"organizations.csv": "id,name,url\n1,A,javascript:alert(1)\n"}, "not_a_url"),
    ],
)
def test_what_cannot_be_put_right_is_in_quarantine_with_its_row(files: Mapping[str, str], reason: str) -> None:
    """Nothing is dropped silently."""
    _, report = take(zipped(files))
    told = [one for one in report.remarks if one.what == "quarantined" and one.reason == reason]
    assert told
    assert all(one.row is not None for one in told)


def test_keys_joined_in_a_cell_are_several_rows_and_never_too_many() -> None:
    """``5,6`` is two locations; a product of long lists is refused."""
    places = "id,name,latitude,longitude\n" + "".join(f"{n},P{n},36.8,10.1\n" for n in range(300))
    many = ",".join(str(n) for n in range(300))
    files = {
        "services.csv": SERVICES + "1,A,x,active\n",
        "locations.csv": places,
        "service_at_location.csv": f'id,service_id,location_id\n1,1,"5,6"\n2,1,"{many}"\n',
    }
    found, report = take(zipped(files))
    assert len(found.content("service", "A")["at"]) == 2
    assert report.reasons["quarantined.keys_joined"] == 1


WEEK = "MO,TU,WE,TH,FR"
WHOLE = [["00:00", "24:00"]]
EVERY_DAY = "MO,TU,WE,TH,FR,SA,SU"


@pytest.mark.parametrize(
    ("table", "said", "schedule"),
    [
        (
            "schedules.csv",
            "description\n1,1,Monday-Friday 8:30AM-5PM",
            {"rules": [{"rrule": f"FREQ=WEEKLY;BYDAY={WEEK}", "spans": [["08:30", "17:00"]]}]},
        ),
        (
            "schedules.csv",
            "hours\n1,1,24/7",
            {
                "rules": [{"rrule": f"FREQ=WEEKLY;BYDAY={EVERY_DAY}", "spans": [["00:00", "24:00"]]}],
                "holidays": "usual",
            },
        ),
        ("schedules.csv", "notes\n1,1,sur rendez-vous", {"rules": [], "by_appointment": True}),
        (
            "schedules.csv",
            "byday,opens_at,closes_at\n1,1,MO,08:00,12:00\n1,1,MO,11:00,15:00",
            {"rules": [{"rrule": "FREQ=WEEKLY;BYDAY=MO", "spans": [["08:00", "15:00"]]}]},
        ),
        (
            "schedules.csv",
            'freq,interval,byday,valid_from,opens_at,closes_at\n1,1,weekly,2,"Mo, Th",2026-11-02,08:00,12:00',
            {
                "rules": [
                    {
                        "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
                        "spans": [["08:00", "12:00"]],
                        "valid_from": "2026-11-02",
                    }
                ]
            },
        ),
        (
            "schedules.csv",
            "freq,bymonthday,opens_at,closes_at\n1,1,MONTHLY,15,9:00:00,24:00\n2,1,MONTHLY,40,9:00,10:00",
            {"rules": [{"rrule": "FREQ=MONTHLY;BYMONTHDAY=15", "spans": [["09:00", "24:00"]]}]},
        ),
    ],
)
def test_hours_come_in_as_the_directory_keeps_them(table: str, said: str, schedule: dict[str, Any]) -> None:
    """Words, joined spans, rules; a rule that names no day stays outside and the others stand."""
    found, report = take(zipped({"services.csv": SERVICES + "1,A,x,active\n", table: f"id,service_id,{said}\n"}))
    assert found.content("service", "A")["schedules"] == [schedule]
    assert reasons(report) & {"hours_read", "hours_overlap", "rule_refused", "id_not_uuid"}
    assert "not_allowed" not in reasons(report)


def test_hours_in_words_of_a_service_itself_are_read() -> None:
    """Real files often have no table of schedules, but a column that no version has."""
    table = "id,name,hours_of_operation,status\n1,A,Lun-Ven 08:00-17:00,active\n2,B,ask,active\n"
    found, report = take(zipped({"services.csv": table}))
    assert found.content("service", "A")["schedules"][0]["rules"][0]["spans"] == [["08:00", "17:00"]]
    assert found.content("service", "B")["schedules"] == []
    assert [(one.row, one.sample) for one in report.remarks if one.reason == "hours_unread"] == [(3, "ask")]


def test_what_has_no_place_is_told() -> None:
    """Unknown files, tables the directory has no room for, columns nobody knows: each with its remark and count."""
    files = {
        "services.csv": "id,name,status,licenses,colour\n1,A,active,L1,red\n2,B,active,,blue\n",
        "programs.csv": "id,organization_id,name\n",
        "fundings.csv": "id,service_id,source\n1,1,X\n",
        "staff.csv": "id,name\n1,X\n2,Y\n",
        "notes.txt": "hello",
    }
    _, report = take(zipped(files))
    assert report.not_kept == {"service.licenses": 1, "service.colour": 2}
    told = {(one.table, one.row, one.reason, one.field, one.sample) for one in report.remarks if one.what == "left_out"}
    assert told >= {
        ("service", 2, "not_kept", "licenses", None),
        ("service", 2, "not_kept", "colour", None),
        ("funding", 2, "table_not_kept", None, None),
        ("staff.csv", None, "table_unknown", None, "2 rows or lines"),
        ("notes.txt", None, "table_unknown", None, "0 rows or lines"),
    }
    _, report = take(json.dumps({"services": [], "people": [{}], "organizations": []}).encode(), JSON)
    assert [(one.table, one.reason) for one in report.remarks] == [("people", "table_unknown")]


JSON = Order("hsds", "x", "raoued")


def test_repeated_and_dangling_keys_of_schedules() -> None:
    """One id for two different rows: both stay, with ids of their own that are the same every time; a key that leads
    nowhere is told of with its row."""
    files = {
        "services.csv": SERVICES + "1,A,x,active\n",
        "schedules.csv": "id,service_id,location_id,byday,opens_at,closes_at\n"
        "7,1,,MO,08:00,12:00\n7,1,,TU,09:00,12:00\n7,1,,MO,08:00,12:00\n8,1,99,WE,10:00,12:00\n9,98,,TH,10:00,12:00\n",
    }
    found, report = take(zipped(files))
    rules = found.content("service", "A")["schedules"][0]["rules"]
    assert [one["rrule"] for one in rules] == [f"FREQ=WEEKLY;BYDAY={day}" for day in ("MO", "TU", "WE")]
    told = [(one.row, one.reason) for one in report.remarks if one.table == "schedule" and one.reason != "id_not_uuid"]
    assert told == [
        (3, "id_repeated"),
        (4, "row_repeated"),
        (5, "key_dangling"),
        (6, "key_dangling"),
        (6, "row_orphaned"),
    ]
    assert take(zipped(files), store=found)[1].outcome == {"same": 1}


def test_importing_twice_changes_nothing_and_a_dry_run_writes_nothing() -> None:
    """The second time everything is the same; a changed line is shown before it is done."""
    files = {"services.csv": SERVICES + "1,A,x,active\n2,B,y,active\n"}
    found, report = take(zipped(files))
    assert report.outcome == {"new": 2}
    before = dict(found)
    found, report = take(zipped(files), store=found)
    assert (report.outcome, dict(found)) == ({"same": 2}, before)
    files["services.csv"] = SERVICES + "1,A,other,active\n2,B,y,defunct\n"
    dry = Order("package", "a county", "raoued", dry_run=True)
    report, difference = importing.run(io.BytesIO(zipped(files)), dry, AROUND, found, ACT, lambda *_: None)
    assert [(one["change"], one["parts"]) for one in difference] == [("changed", ["description"]), ("withdrawn", [])]
    assert dict(found) == before
    found, _ = take(zipped(files), store=found)
    assert sorted((one.state, one.version) for one in found.values()) == [("published", 2), ("withdrawn", 2)]


def test_an_import_stays_in_its_municipality() -> None:
    """Entries of another town, stored or declared, are not touched."""
    found, _ = take(zipped({"services.csv": SERVICES + "1,A,x,active\n"}))
    before = dict(found)
    order = Order("package", "a county", "la-marsa")
    found, report = take(zipped({"services.csv": SERVICES + "1,Mine now,x,active\n"}), order, found)
    assert "of_another_owner" in reasons(report)
    assert dict(found) == before


def test_places_of_openstreetmap_are_those_of_the_seed() -> None:
    """The same ids, names, themes and towns as the seed gives, so that neither doubles the other."""
    kinds = json.loads((DATA / "taxonomy.json").read_text(encoding="utf-8"))["openstreetmap"]
    order = Order("osm", "OpenStreetMap", None, kinds=kinds)
    found, report = take((DATA / "osm" / "places.csv").read_bytes(), order)
    seeded = {one.id: one for one in SEED.services if not one.demonstration}
    assert {key for _, key in found} == set(seeded)
    for record in found.values():
        assert dict(record.content or {}) == dict(content_of(seeded[record.id]))
        assert record.municipality == seeded[record.id].municipality
    assert report.came_in["node"] == len(seeded) + report.left_out["node"] + report.left_out["service"]


def test_a_plain_table_comes_in_by_its_mapping() -> None:
    """Columns go where the mapping says; the others are counted."""
    columns = {
        "Nom": "service.name",
        "Organisme": "organization.name",
        "Lat": "location.latitude",
        "Lon": "location.longitude",
        "Tél": "phone.number",
        "Thème": "taxonomy_term.name",
    }
    order = Order("csv", "table", "raoued", columns=columns)
    table = "Nom;Organisme;Lat;Lon;Tél;Thème;Note\nCroix;CR;36,86;10,19;71 000 000;Pharmacie;x\nDeux;CR;;;;;\n"
    found, report = take(table.encode("cp1252"), order)
    service = found.content("service", "Croix")
    assert (service["taxonomy"], service["phones"]) == (["health.pharmacy"], ["71 000 000"])
    assert service["location"] == {"lat": 36.86, "lon": 10.19}
    assert service["organization_id"] == found.content("service", "Deux")["organization_id"]
    assert report.not_kept["table.note"] == 1


def _symlink() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("services.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return file.getvalue()


def _corrupt() -> bytes:
    whole = bytearray(zipped({"services.csv": SERVICES + "1,A,x,active\n" * 50}))
    whole[60:80] = b"\x00" * 20
    return bytes(whole)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"PK nothing", "not_a_zip"),
    "empty": (lambda: b"", "not_a_zip"),
    "upwards": (lambda: zipped({"../services.csv": SERVICES}), "path"),
    "backslash": (lambda: zipped({"..\\services.csv": SERVICES}), "path"),
    "absolute": (lambda: zipped({"/etc/services.csv": SERVICES}), "path"),
    "drive": (lambda: zipped({"C:services.csv": SERVICES}), "path"),
    "link": (_symlink, "link"),
    "bomb": (lambda: zipped({"services.csv": b"0" * 60_000_000}), "too_large"),
    "many": (lambda: zipped({f"{n}.csv": "" for n in range(300)}), "too_many_files"),
    "damaged": (_corrupt, "damaged"),
    "no tables": (lambda: zipped({"readme.txt": "hello"}), "no_tables"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_packages_are_refused_clearly(name: str) -> None:
    """Bombs, tricks with paths, links and noise: a reason, and nothing stored."""
    make, why = HOSTILE[name]
    store = Memory()
    with pytest.raises(BadPackage) as refused:
        take(make(), store=store)
    assert refused.value.params["why"] == why
    assert not store


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,2]", '"x"', "[" * 100_000, '{"services": [1]}', '{"contents": [[]]}', "null", "[]\n[]", '{"a":1}\n{'],
)
def test_hostile_json_is_refused_clearly(text: str) -> None:
    """Anything but objects."""
    with pytest.raises(BadPackage):
        take(text.encode(), Order("hsds", "x", "raoued"))


def test_json_nested_without_end_is_refused() -> None:
    """Objects in objects beyond what the specification means."""
    with pytest.raises(BadPackage):
        take(json.dumps(_chain(60)).encode(), Order("hsds", "x", "raoued"))


def _chain(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"name": "x"}
    for _ in range(depth):
        made = {"name": "x", "services": [{"name": "s", "organization": made}]}
    return made


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_tables(content: bytes) -> None:
    """Whatever stands in a table, the import ends with a report."""
    _, report = take(zipped({"services.csv": SERVICES.encode() + content, "phones.csv": content}))
    assert report.came_in["service"] >= 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8:30AM", "08:30"),
        ("12AM", "00:00"),
        ("12:15 p.m.", "12:15"),
        ("24:00", "24:00"),
        ("09:00-05:00", "09:00"),
        ("25:00", None),
        ("9", None),
        ("noon", None),
    ],
)
def test_times_of_day(text: str, said: str | None) -> None:
    """In the spellings of real files."""
    assert values.clock(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("2026-02-30", None), ("31/12/2026", "2026-12-31"), ("05/06/2026", None), ("2026-01-02T03:04:05Z", "2026-01-02")],
)
def test_dates_are_never_guessed(text: str, said: str | None) -> None:
    """A day and a month that could be exchanged are neither."""
    assert values.day(text) == said


TAG = st.sampled_from(["fr", "ar", "en", "pt-BR"])
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
TEXT = st.dictionaries(TAG, WORDS, max_size=3)
NAME = st.dictionaries(TAG, WORDS, min_size=1, max_size=3)
PHONE = st.from_regex(r"\+?[0-9]{3,8}", fullmatch=True)
PHONES = st.lists(PHONE, max_size=2, unique=True)
POINT = st.one_of(st.none(), st.fixed_dictionaries({"lat": st.floats(30, 37), "lon": st.floats(7, 12)}))
KEY = st.uuids(version=4).map(str)
PART = st.from_regex(r"[a-z0-9]{4,12}", fullmatch=True)
BY_ID = operator.itemgetter("id")
CODES = st.lists(st.sampled_from(sorted(TERMS)), max_size=3, unique=True)
TERM = st.fixed_dictionaries({"taxonomy": st.just("openeligibility"), "term": st.sampled_from(["food", "care"])})
CONTACT = st.fixed_dictionaries(
    {"id": PART, "function": NAME, "phones": PHONES, "emails": st.lists(st.just("a@b.tn"), max_size=1)}
)
COST = st.fixed_dictionaries(
    {
        "id": PART,
        "option": TEXT,
        "amount": st.one_of(st.none(), st.integers(0, 99), st.floats(0, 99)),
        "currency": st.just("TND"),
    }
)
SCHEDULE = st.fixed_dictionaries(
    {
        "rules": st.lists(
            st.fixed_dictionaries(
                {
                    "rrule": st.sampled_from(["FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1FR"]),
                    "spans": st.sampled_from([[["08:30", "12:30"]], [["08:00", "12:00"], ["14:00", "24:00"]]]),
                }
            ),
            max_size=2,
        )
    }
)
SCHEDULES = st.lists(SCHEDULE, max_size=2)


@st.composite
def directories(draw: st.DrawFn) -> list[Record]:
    """Organizations, locations and services that refer to each other."""
    organizations = [
        _record(
            draw(KEY),
            "organization",
            name=draw(NAME),
            description=draw(TEXT),
            contacts=draw(st.lists(CONTACT, max_size=2, unique_by=BY_ID)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    locations = [
        _record(
            draw(KEY),
            "location",
            name=draw(NAME),
            location=draw(POINT),
            address=draw(TEXT),
            phones=draw(PHONES),
            schedules=draw(SCHEDULES),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    services = [draw(_service(organizations, locations)) for _ in range(draw(st.integers(1, 2)))]
    return [*organizations, *locations, *services]


@st.composite
def _service(draw: st.DrawFn, organizations: list[Record], locations: list[Record]) -> Record:
    parts = draw(st.lists(PART, min_size=len(locations), max_size=len(locations), unique=True))
    at = [
        {"id": part, "location_id": one.id, "phones": draw(PHONES), "schedules": draw(SCHEDULES)}
        for part, one in zip(parts, locations, strict=True)
        if draw(st.booleans())
    ]
    holder = draw(st.sampled_from([None, *(one.id for one in organizations)]))
    return _record(
        draw(KEY),
        "service",
        name=draw(NAME),
        description=draw(TEXT),
        organization=draw(TEXT),
        organization_id=holder,
        taxonomy=draw(CODES),
        location=draw(POINT),
        address=draw(TEXT),
        phones=draw(PHONES),
        contacts=draw(st.lists(CONTACT, max_size=2, unique_by=BY_ID)),
        languages=draw(st.lists(TAG, max_size=2, unique=True)),
        accessibility=draw(st.lists(st.sampled_from(["wheelchair", "lift"]), max_size=2, unique=True)),
        fees=draw(st.sampled_from([None, "free", "mixed"])),
        costs=draw(st.lists(COST, max_size=2, unique_by=BY_ID)),
        attributes=draw(st.lists(TERM, max_size=2)),
        schedules=draw(SCHEDULES),
        website=draw(st.sampled_from([None, "https://example.tn/a"])),
        application=draw(TEXT),
        at=at,
    )


def _record(key: str, kind: str, **content: Any) -> Record:
    draft = Draft(kind, key, "raoued", complete(kind, content), "2026-05-04", {"name": "x"}, False, True, None)
    return written(draft, ACT)[0]


def _exported(records: list[Record], form: str) -> tuple[bytes, str]:
    out, by_kind = exporting.outward(records, SEED.municipalities, TERMS)
    if form == "package":
        file = io.BytesIO()
        exporting.write_package(out, by_kind, file)
        return file.getvalue(), "package"
    if form == "ndjson":
        return "".join(exporting.as_ndjson(out, by_kind)).encode(), "hsds"
    return json.dumps(exporting.as_json(out, by_kind)).encode(), "hsds"


@pytest.mark.parametrize("form", exporting.FORMS)
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(records=directories())
def test_a_round_trip_is_equal(form: str, records: list[Record]) -> None:
    """Whatever records say, another directory that imports the export says the same."""
    content, read_as = _exported(records, form)
    found, report = take(content, Order(read_as, "elsewhere", None))
    assert {key: _said(one) for key, one in found.items()} == {(one.kind, one.id): _said(one) for one in records}
    assert {reason for reason in report.reasons if reason.startswith("quarantined")} <= THEMELESS


THEMELESS = {"quarantined.theme_missing", "quarantined.key_dangling"}
"""A service without a theme is told of; an ndjson of services alone does not hold the parents of its themes."""


def _said(record: Record) -> dict[str, Any]:
    envelope = {"town": record.municipality, "on": record.verified_on, "source": dict(record.source)}
    return {"content": dict(record.content or {}), **envelope}


def test_an_import_is_stored_with_its_events_and_again_with_none(records: MongoRecords, mongo_db: Any) -> None:
    """On a real database: one event for each record, and none when nothing changes."""
    content = zipped({"organizations.csv": "id,name\n1,O\n", "services.csv": SERVICES + "1,A,x,active\n"})
    for expected in ({"new": 2}, {"same": 2}):
        report, _ = importing.run(io.BytesIO(content), ORDER, AROUND, records, ACT, lambda *_: None)
        assert report.outcome == expected
    stored = [*mongo_db.services.find(), *mongo_db.organizations.find()]
    assert [len(one["outbox"]) for one in stored] == [1, 1]
