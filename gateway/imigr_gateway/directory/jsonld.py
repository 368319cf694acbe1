"""A local service as JSON-LD in the words of schema.org, for search engines and whoever else reads linked data."""

from __future__ import annotations

from typing import Any

from imigr_gateway.languages import pick

CONTEXT = "https://schema.org"
MEDIA_TYPE = "application/ld+json"
_PLACES = {
    "health.pharmacy": "Pharmacy",
    "health.hospital": "Hospital",
    "health.clinic": "MedicalClinic",
    "health": "MedicalOrganization",
    "education": "EducationalOrganization",
    "administration": "GovernmentOffice",
    "employment": "EmploymentAgency",
    "legal": "LegalService",
}
_LICENCES = {"ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/"}


def service(one: dict[str, Any], languages: tuple[str, ...], public_url: str) -> dict[str, Any]:
    """The service, its names in all languages; what is not known is left out."""
    name, language = pick(one["name"], languages)
    page = f"{public_url}/s/{one['code']}"
    found = {
        "@context": CONTEXT,
        "@type": "Service",
        "@id": page,
        "url": f"{page}?lang={language}",
        "identifier": one["id"],
        "name": name,
        "alternateName": _tagged({tag: text for tag, text in one["name"].items() if tag != language}),
        "description": pick(one["description"], languages)[0],
        "serviceType": list(one["taxonomy"]),
        "provider": _named("Organization", pick(one["organization"], languages)[0]),
        "areaServed": {"@type": "AdministrativeArea", "name": one["municipality"]},
        "availableChannel": _channel(one, languages),
        "sameAs": one["website"],
        "license": _LICENCES.get(one["source"].get("licence", "")),
        "creditText": one["source"].get("name"),
        "dateModified": one["verified_on"],
    }
    return _said(found)


def _channel(one: dict[str, Any], languages: tuple[str, ...]) -> dict[str, Any]:
    phones = [{"@type": "ContactPoint", "telephone": phone} for phone in one["phones"]]
    return _said(
        {
            "@type": "ServiceChannel",
            "serviceLocation": _place(one, languages),
            "servicePhone": phones,
            "availableLanguage": list(one["languages"]),
            "serviceUrl": one["website"],
        }
    )


def _place(one: dict[str, Any], languages: tuple[str, ...]) -> dict[str, Any]:
    point = one["location"]
    features = [{"@type": "LocationFeatureSpecification", "name": name, "value": True} for name in one["accessibility"]]
    return _said(
        {
            "@type": _kind(one["taxonomy"]),
            "name": pick(one["name"], languages)[0],
            "address": _address(pick(one["address"], languages)[0], one["municipality"]),
            "geo": point and {"@type": "GeoCoordinates", "latitude": point["lat"], "longitude": point["lon"]},
            "amenityFeature": features,
            "isAccessibleForFree": True if one["fees"] == "free" else None,
            "telephone": list(one["phones"]),
        }
    )


def _kind(taxonomy: list[str]) -> str:
    """The nearest kind of place that schema.org has a word for."""
    for code in taxonomy:
        parts = code.split(".")
        for length in range(len(parts), 0, -1):
            kind = _PLACES.get(".".join(parts[:length]))
            if kind:
                return kind
    return "CivicStructure"


def _address(street: str, municipality: str) -> dict[str, Any]:
    return _said(
        {
            "@type": "PostalAddress",
            "streetAddress": street,
            "addressLocality": municipality,
            "addressCountry": "TN",
        }
    )


def _named(kind: str, name: str) -> dict[str, Any] | None:
    return {"@type": kind, "name": name} if name else None


def _tagged(text: dict[str, str]) -> list[dict[str, str]]:
    return [{"@language": tag, "@value": value} for tag, value in sorted(text.items())]


def _said(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}
