"""The directory as HSDS reads it: filters, envelopes, schemas; nothing null, every id a UUID."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from imigr_directory.domain import KINDS, Act, Municipality, Record, Term, complete, opened
from imigr_directory.exchange import parts, profile
from imigr_directory.exchange.catalogue import Asked, Catalogue
from imigr_directory.exchange.ids import of_code
from imigr_directory.seeding import read

ROOT = Path(__file__).parents[3]
PROFILE = ROOT / "contracts" / "hsds-profile"
SEED = read(ROOT / "data")
TERMS = {term.code: term for term in SEED.terms}
ACT = Act("staff-1", "2026-11-24T08:00:00.000Z")
ORGANIZATION, NEAR, FAR, CLINIC, SCHOOL = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def published(kind: str, key: str, when: str = ACT.at, **content: Any) -> Record:
    """A published record."""
    return opened(kind, key, "raoued").written(complete(kind, content), Act("x", when), verified_on="2026-11-01")[0]


RECORDS = (
    published(
        "organization", ORGANIZATION, name={"fr": "Santé pour tous", "ar": "الصحة للجميع"}, website="https://sante.tn/"
    ),
    published("location", NEAR, name={"fr": "Centre"}, location={"lat": 36.86, "lon": 10.19}, postal_code="2083"),
    published("location", FAR, name={"fr": "Loin"}, location={"lat": 36.95, "lon": 10.19}, postal_code="2084"),
    published(
        "service",
        CLINIC,
        name={"fr": "Clinique", "ar": "مصحة"},
        taxonomy=["health.clinic"],
        organization_id=ORGANIZATION,
        phones=["+216 71 000 000"],
        languages=["ar", "fr"],
        eligibility={"text": {"fr": "Adultes"}, "min_age": 18, "max_age": None, "groups": ["women"]},
        schedules=[
            {"rules": [{"rrule": "FREQ=WEEKLY;BYDAY=MO,TU", "spans": [["08:30", "12:30"]]}], "holidays": "usual"}
        ],
        capacity={"unit": "bed", "maximum": 9, "available": 3, "updated_on": "2026-11-01"},
        costs=[{"id": "c1", "option": {"fr": "Consultation"}, "amount": 10.5, "currency": "TND"}],
        documents=[{"id": "d1", "name": {"fr": "Carnet"}, "website": None}],
        contacts=[{"id": "p1", "function": {"fr": "Accueil"}, "phones": ["197"], "emails": ["a@b.tn"]}],
        at=[
            {"id": "a1", "location_id": NEAR, "phones": [], "schedules": []},
            {"id": "a2", "location_id": FAR, "phones": [], "schedules": []},
        ],
    ),
    published(
        "service",
        SCHOOL,
        when="2026-11-25T08:00:00.000Z",
        name={"fr": "École"},
        organization={"fr": "Commune"},
        taxonomy=["education"] if "education" in TERMS else [sorted(TERMS)[0]],
        location={"lat": 36.87, "lon": 10.2},
        address={"fr": "1 rue"},
    ),
)


class Shown:
    """A snapshot that tests change by hand."""

    def __init__(self) -> None:
        self.version = 1
        self.towns: Sequence[Municipality] = SEED.municipalities
        self.terms: Mapping[str, Term] = TERMS
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        for record in RECORDS:
            self.records[record.kind][record.id] = record


@pytest.fixture
def shown() -> Shown:
    """A small directory."""
    return Shown()


@pytest.fixture
def catalogue(shown: Shown) -> Catalogue:
    """Its catalogue."""
    return Catalogue(shown)


def ids(page: dict[str, Any]) -> list[str]:
    """Ids of a page."""
    return [one["id"] for one in page["contents"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [CLINIC, SCHOOL]),
        ({"search": "clini"}, [CLINIC]),
        ({"search": "مصحه"}, [CLINIC]),
        ({"search": "ecole"}, [SCHOOL]),
        ({"search": "clinique ecole"}, []),
        ({"taxonomy_id": parts.TAXONOMY_ID}, [CLINIC, SCHOOL]),
        ({"taxonomy_id": CLINIC}, []),
        ({"taxonomy_term_id": of_code("term", "health.clinic")}, [CLINIC]),
        ({"taxonomy_term_id": of_code("term", "health")}, [CLINIC]),
        ({"taxonomy_term_id": of_code("term", "health"), "search": "ecole"}, []),
        ({"organization_id": ORGANIZATION}, [CLINIC]),
        ({"modified_after": datetime.fromisoformat("2026-11-25T08:00:00+00:00")}, [SCHOOL]),
        ({"per_page": 1, "page": 2}, [SCHOOL]),
        ({"per_page": 1, "page": 9}, []),
        ({"after": CLINIC}, [SCHOOL]),
    ],
)
def test_parameters_of_services_combine_as_and(catalogue: Catalogue, asked: dict[str, Any], found: list[str]) -> None:
    """Each narrows what the others leave."""
    assert ids(catalogue.page("services", Asked(**asked))) == found


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 3),
        ({"postcode": "2083"}, 1),
        ({"postcode": "2083", "proximity": 2500}, 2),
        ({"postcode": "2083", "proximity": 20_000}, 3),
        ({"postcode": "9999", "proximity": 1}, 0),
    ],
)
def test_places_near_a_postal_code(catalogue: Catalogue, asked: dict[str, Any], count: int) -> None:
    """``proximity`` counts metres from the centre of what has the code."""
    assert catalogue.page("service_at_locations", Asked(**asked))["total_items"] == count


def test_terms_by_their_place_in_the_tree(catalogue: Catalogue) -> None:
    """Top ones, and those right below one."""
    tops = catalogue.page("taxonomy_terms", Asked(top_only=True, per_page=500))["contents"]
    assert tops
    assert all("parent_id" not in one for one in tops)
    below = catalogue.page("taxonomy_terms", Asked(parent_id=of_code("term", "health"), per_page=500))["contents"]
    assert {one["code"] for one in below} == {code for code, term in TERMS.items() if term.parent == "health"}


def test_the_envelope_counts(catalogue: Catalogue) -> None:
    """HSDS's Page."""
    page = catalogue.page("services", Asked(per_page=1, page=2, minimal=False))
    del page["contents"]
    assert page == {
        "total_items": 2,
        "total_pages": 2,
        "page_number": 2,
        "size": 1,
        "first_page": False,
        "last_page": True,
        "empty": False,
    }
    minimal = catalogue.page("services", Asked(minimal=True, per_page=1))
    assert [sorted(one) for one in minimal["contents"]] == [["id", "last_modified"]] * 2


def test_organizations_are_records_or_only_named(catalogue: Catalogue) -> None:
    """Both kinds have a page, with their services when asked."""
    page = catalogue.page("organizations", Asked(full=True))
    assert {one["name"]: [service["id"] for service in one["services"]] for one in page["contents"]} == {
        "Santé pour tous": [CLINIC],
        "Commune": [SCHOOL],
    }
    whole = catalogue.one("organizations", ORGANIZATION, Asked(full_service=True))
    assert whole is not None
    assert whole["services"][0]["phones"]


def test_what_changes_is_seen_and_what_is_withdrawn_is_gone(catalogue: Catalogue, shown: Shown) -> None:
    """The catalogue is a view of the snapshot; a service says the new name of its organization."""
    assert len(ids(catalogue.page("services", Asked(full=True)))) == 2
    shown.records["organization"][ORGANIZATION] = RECORDS[0].written(
        complete("organization", {"name": {"fr": "Autre"}}), ACT
    )[0]
    del shown.records["service"][SCHOOL]
    shown.version = 2
    page = catalogue.page("services", Asked(full=True))
    assert [one["organization"]["name"] for one in page["contents"]] == ["Autre"]


def everything(catalogue: Catalogue) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in every form, with the definition it must meet."""
    kinds = {
        "services": "service",
        "organizations": "organization",
        "service_at_locations": "service_at_location",
        "taxonomies": "taxonomy",
        "taxonomy_terms": "taxonomy_term",
    }
    for kind, name in kinds.items():
        for asked in (Asked(), Asked(full=True, full_service=True)):
            for one in catalogue.page(kind, replace(asked, per_page=500))["contents"]:
                yield name, one
                found = catalogue.one(kind, one["id"], Asked())
                assert found is not None
                yield name, found


def test_answers_meet_the_profile_and_nothing_is_null(catalogue: Catalogue) -> None:
    """Every object in every form, against the closed schemas of contracts/hsds-profile."""
    schema = json.loads((PROFILE / "schema.json").read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry().with_resource(schema["$id"], DRAFT202012.create_resource(schema))
    for name, one in everything(catalogue):
        reference = {"$ref": f"{schema['$id']}#/$defs/{name}"}
        Draft202012Validator(reference, registry=registry).validate(one)
        _check(one, inside=False)


def _check(value: Any, *, inside: bool) -> None:
    """Nothing is null, and ids are UUIDs; the details are in our own form."""
    if isinstance(value, dict):
        for name, inner in value.items():
            assert inside or inner is not None, name
            assert inside or name != "id" or _UUID.match(inner), inner
            _check(inner, inside=inside or name == "details")
    elif isinstance(value, list):
        for inner in value:
            _check(inner, inside=inside)


def test_the_written_profile_is_that_of_the_code() -> None:
    """And the copy that the gateway serves."""
    assert json.loads((PROFILE / "schema.json").read_text(encoding="utf-8")) == profile.schema()
    written = json.loads((PROFILE / "profile.json").read_text(encoding="utf-8"))
    assert written == profile.patches()
    served = ROOT / "gateway" / "imigr_gateway" / "hsds_profile.json"
    assert json.loads(served.read_text(encoding="utf-8")) == written


def test_answers_meet_the_official_schemas(catalogue: Catalogue) -> None:
    """Every object in every form, against the specification's own schemas (contracts/hsds-official)."""
    official = json.loads((ROOT / "contracts" / "hsds-official" / "schemas.json").read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry().with_resources(
        (name, DRAFT202012.create_resource(schema)) for name, schema in official.items()
    )
    shown = list(everything(catalogue))
    for name, one in shown:
        schema = official[f"{name}.json"]
        Draft202012Validator(schema, registry=registry, format_checker=FormatChecker()).validate(one)
    assert len(shown) > 100
