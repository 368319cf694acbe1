"""Protection by absence (promise 6): no event has a place where data about a person could be put."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
SCHEMAS = sorted((CONTRACTS / "events").glob("**/*.json"))
NAMES = [f"{path.parent.name}.{path.stem}" for path in SCHEMAS]
Schema = dict[str, Any]

WORDS = {
    "a name": "name names nom noms prenom prenoms firstname lastname surname fullname forename nickname pseudo alias "
    "initials initiales signature visitor visiteur usager usagere person personne beneficiary beneficiaire client",
    "a birth date": "birth birthday birthdate born dob naissance age anniversaire",
    "a nationality": "nationality nationalite citizenship citoyennete country pays origin origine ethnicity ethnie "
    "race religion",
    "a legal status": "legal legale juridique residency sejour asylum asile refugee refugie migrant immigration "
    "irregular irregulier permit permis visa",
    "a document number": "document documents passport passeport cin cni card carte licence license iban ssn matricule",
    "a photo": "photo photos picture portrait image images avatar face visage biometric biometrie empreinte",
    "a home address": "home domicile residence address adresse street rue postal postcode zip",
    "a phone or an email": "phone phones telephone tel mobile gsm msisdn whatsapp telegram fax email emails mail "
    "courriel recipient destinataire sender",
    "a body": "gender genre sex sexe health sante medical disability handicap pregnant enceinte diagnosis",
    "a household": "family famille child children enfant enfants spouse conjoint husband wife mari epouse marital",
    "a device": "ip useragent agent browser device imei cookie fingerprint",
    "free text": "note notes remark remarks remarque remarques comment comments commentaire commentaires text texte "
    "message body content contenu details detail description freetext libre story recit observation observations "
    "feedback avis opinion subject_line summary title",
}
FORBIDDEN = {word: about for about, words in WORDS.items() for word in words.split()}
PLACES_AND_EVENTS = {
    "directory.municipality": {"name"},
    "directory.service": {"name"},
    "directory.organization": {"name"},
    "directory.location": {"name"},
    "directory.article": {"name"},
    "directory.alert": {"name"},
    "guichet.guichet": {"name", "address"},
    "guichet.appointment": {"guichet_name", "address"},
    "guichet.waiting": {"guichet_name", "address"},
    "events.event": {"title", "summary", "address"},
    "events.session": {"title", "event_title"},
    "events.registration": {"title"},
}
"""Texts about public places and public events, by the entity whose events may carry them; always by language."""
OPAQUE = {"message_id", "message_language"}
"""An id, and the language tag of a message: words of the list, but neither a message nor a text."""
PERSONAL_IDS = {
    "contact_id",
    "sealed",
    "appointment_id",
    "registration_id",
    "subject",
    "message_id",
    "staff_id",
    "token_id",
}
BY_LANGUAGE = {"type": "object", "additionalProperties": {"type": "string"}}


def read(path: Path) -> Schema:
    content: Schema = json.loads(path.read_text(encoding="utf-8"))
    return content


def nodes(schema: Any, where: str = "") -> Iterator[tuple[str, Schema]]:
    """Every subschema with the path to it."""
    if isinstance(schema, dict):
        yield where, schema
        for key, inner in schema.items():
            if key in {"properties", "patternProperties", "$defs", "dependentSchemas"}:
                for name, one in inner.items():
                    yield from nodes(one, f"{where}.{name}" if where else name)
            elif key in {"items", "additionalProperties", "not", "if", "then", "else", "contains"}:
                yield from nodes(inner, f"{where}[]")
            elif key in {"allOf", "anyOf", "oneOf", "prefixItems"}:
                for number, one in enumerate(inner):
                    yield from nodes(one, f"{where}[{number}]")


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every property at any depth, by its own name."""
    for _, node in nodes(schema):
        yield from node.get("properties", {}).items()


def words(name: str) -> set[str]:
    """The parts of a property's name in snake_case or camelCase, each alone and all together."""
    spaced = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    parts = [part for part in spaced.replace("-", "_").split("_") if part]
    return {*parts, "".join(parts)}


def is_by_language(schema: Schema) -> bool:
    """A text that a town writes for all, in its languages."""
    return {key: schema.get(key) for key in BY_LANGUAGE} == BY_LANGUAGE


def refusal(name: str, allowed: set[str]) -> str:
    """Why a property may not be called so; empty when it may."""
    if name in allowed | OPAQUE:
        return ""
    found = sorted(words(name) & set(FORBIDDEN))
    return f"{name} could hold {FORBIDDEN[found[0]]}" if found else ""


def entity(path: Path) -> str:
    """guichet.appointment for guichet/appointment.booked.v1.json."""
    return f"{path.parent.name}.{path.stem.split('.')[0]}"


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_no_property_could_hold_data_about_a_person(path: Path) -> None:
    """By its name, in English or French, at any depth."""
    allowed = PLACES_AND_EVENTS.get(entity(path), set())
    assert [told for name, _ in properties(read(path)) if (told := refusal(name, allowed))] == []


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_what_is_allowed_is_a_public_text_by_language(path: Path) -> None:
    """A plain string under an allowed name could be typed about somebody."""
    allowed = PLACES_AND_EVENTS.get(entity(path), set())
    for name, schema in properties(read(path)):
        if name in allowed:
            assert is_by_language(schema), name


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_every_object_is_closed_at_every_depth(path: Path) -> None:
    """What is not declared cannot be carried; only texts by language have open keys."""
    for where, node in nodes(read(path)):
        kinds = node.get("type")
        if kinds == "object" or "properties" in node or (isinstance(kinds, list) and "object" in kinds):
            assert node.get("additionalProperties") is False or is_by_language(node), where or "the schema itself"
        assert "patternProperties" not in node, where


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_every_property_has_a_type_and_an_audience(path: Path) -> None:
    """Without a type it could hold anything; without an audience nobody decided who sees it."""
    for name, schema in properties(read(path)):
        assert schema.get("x-audience") in {"internal", "partner"}, name
        assert {"type", "enum", "const"} & set(schema), name


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_what_a_partner_sees_lies_in_what_a_partner_sees(path: Path) -> None:
    """A partner field inside an internal one would never leave, or would take the internal one along."""
    for _, node in nodes(read(path)):
        for name, outer in node.get("properties", {}).items():
            inside = {inner["x-audience"] for _, inner in properties(outer)}
            assert outer["x-audience"] == "partner" or inside <= {"internal"}, name


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_ids_that_stand_for_a_person_are_kept_inside(path: Path) -> None:
    """Whoever joins them sees which visits belong together: never for partners."""
    for name, schema in properties(read(path)):
        if name in PERSONAL_IDS:
            assert schema["x-audience"] == "internal", name


def test_schemas_and_examples_are_pairs() -> None:
    """No schema without an example, no example without a schema."""
    shown = {path.relative_to(CONTRACTS / "examples") for path in (CONTRACTS / "examples").glob("**/*.json")}
    assert shown == {path.relative_to(CONTRACTS / "events") for path in SCHEMAS}


@pytest.mark.parametrize("path", SCHEMAS, ids=NAMES)
def test_the_schema_refuses_what_is_not_in_it(path: Path) -> None:
    """The example with one field more, and with each required field less, is no valid event."""
    validator = Draft202012Validator(read(path))
    data = read(CONTRACTS / "examples" / path.parent.name / path.name)["data"]
    assert validator.is_valid(data)
    assert not validator.is_valid(data | {"visitor_name": "x"})
    for name in read(path)["required"]:
        assert not validator.is_valid({key: value for key, value in data.items() if key != name}), name


@pytest.mark.parametrize(
    "name",
    [
        "name", "visitor_name", "firstName", "nom_usager", "prenom", "date_of_birth", "birthDate", "age", "nationalite",
        "legal_status", "titre_sejour", "passport_number", "numero_carte", "photo_url", "home_address", "adresse",
        "phone", "phone_number", "phoneNumber", "telephone_portable", "email", "e_mail", "mail", "free_text", "notes",
        "commentaire", "message", "client_ip", "user_agent", "full_name", "children", "sexe",
    ],
)  # fmt: skip
def test_the_word_list_knows_the_usual_names(name: str) -> None:
    """In English and French, in snake_case and camelCase."""
    assert refusal(name, set())


@pytest.mark.parametrize(
    "name", ["contact_id", "message_id", "state", "language", "timezone", "starts_at", "places", "reason", "location"]
)
def test_the_word_list_leaves_other_names_alone(name: str) -> None:
    """Else it would be switched off."""
    assert not refusal(name, set())


def test_an_allowed_name_is_allowed_at_its_place_only() -> None:
    """An appointment has the name of a guichet, never a name."""
    assert refusal("name", PLACES_AND_EVENTS["guichet.appointment"])
    assert refusal("address", PLACES_AND_EVENTS["events.registration"])
