"""The words of the agenda's formats and pages, in French, Arabic and English."""

from __future__ import annotations

WORDS = {
    "fr": {
        "agenda": "Agenda",
        "cancelled": "Annulé",
        "postponed": "Reporté",
        "when": "Quand",
        "before": "Date précédente",
        "where": "Où",
        "online": "En ligne",
        "programme": "Programme",
        "organisers": "Organisation",
        "places": "Places libres",
        "languages": "Langues",
        "calendar": "Ajouter à mon agenda",
        "unknown": "Aucun événement ne correspond à cette adresse.",
    },
    "ar": {
        "agenda": "أجندة التظاهرات",
        "cancelled": "ملغاة",
        "postponed": "مؤجلة",
        "when": "متى",
        "before": "التاريخ السابق",
        "where": "أين",
        "online": "عن بعد",
        "programme": "البرنامج",
        "organisers": "تنظيم",
        "places": "أماكن شاغرة",
        "languages": "اللغات",
        "calendar": "إضافة إلى رزنامتي",
        "unknown": "لا توجد تظاهرة توافق هذا العنوان.",
    },
    "en": {
        "agenda": "Agenda",
        "cancelled": "Cancelled",
        "postponed": "Postponed",
        "when": "When",
        "before": "Date before",
        "where": "Where",
        "online": "Online",
        "programme": "Programme",
        "organisers": "Organised by",
        "places": "Free places",
        "languages": "Languages",
        "calendar": "Add to my calendar",
        "unknown": "No event answers to this address.",
    },
}


def spoken(language: str) -> dict[str, str]:
    """The words in the language, or in French."""
    return WORDS.get(language, WORDS["fr"])
