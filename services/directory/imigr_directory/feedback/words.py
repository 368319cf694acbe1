"""The closed answers of feedback in the languages of the house."""

from __future__ import annotations

from typing import Any

from imigr_directory.feedback.domain import CORRECTABLE, REASONS

REASON_WORDS = {
    "wrong_phone": {
        "fr": "Le numéro ne répond pas ou est faux",
        "ar": "رقم الهاتف خاطئ أو لا يجيب",
        "en": "The phone number is wrong or nobody answers",
    },
    "wrong_hours": {"fr": "Les horaires sont faux", "ar": "أوقات العمل غير صحيحة", "en": "The opening hours are wrong"},
    "wrong_place": {
        "fr": "L'adresse ou le plan est faux",
        "ar": "العنوان أو الموقع على الخريطة خاطئ",
        "en": "The address or the map is wrong",
    },
    "closed_for_good": {
        "fr": "Ce lieu n'existe plus",
        "ar": "هذا المكان لم يعد موجودا",
        "en": "This place no longer exists",
    },
    "was_refused": {"fr": "On ne m'a pas reçu", "ar": "لم يتم استقبالي", "en": "I was turned away"},
    "not_free": {"fr": "On a demandé de payer", "ar": "طُلب مني الدفع", "en": "I was asked to pay"},
    "language_not_spoken": {
        "fr": "Personne ne parlait la langue indiquée",
        "ar": "لا أحد يتكلم اللغة المذكورة",
        "en": "Nobody spoke the language named here",
    },
    "not_accessible": {
        "fr": "L'accès est difficile (escaliers, distance)",
        "ar": "الوصول إلى المكان صعب",
        "en": "It is hard to get in or to reach",
    },
    "hard_to_understand": {
        "fr": "Le texte est difficile à comprendre",
        "ar": "النص صعب الفهم",
        "en": "The text is hard to understand",
    },
    "outdated": {
        "fr": "L'information n'est plus à jour",
        "ar": "المعلومات قديمة",
        "en": "The information is out of date",
    },
    "wrong": {"fr": "L'information est fausse", "ar": "المعلومات خاطئة", "en": "The information is wrong"},
    "steps_missing": {"fr": "Il manque des étapes", "ar": "هناك مراحل ناقصة", "en": "Steps are missing"},
    "nothing_found": {"fr": "Je n'ai rien trouvé", "ar": "لم أجد شيئا", "en": "I found nothing"},
    "wrong_results": {
        "fr": "Les résultats ne correspondent pas",
        "ar": "النتائج لا توافق ما أبحث عنه",
        "en": "The results do not fit",
    },
    "too_many_results": {
        "fr": "Il y a trop de résultats",
        "ar": "هناك نتائج كثيرة جدا",
        "en": "There are too many results",
    },
    "other": {"fr": "Autre chose", "ar": "سبب آخر", "en": "Something else"},
}
PART_WORDS = {
    "name": {"fr": "Le nom", "ar": "الاسم", "en": "The name"},
    "phones": {"fr": "Le téléphone", "ar": "الهاتف", "en": "The phone number"},
    "hours": {"fr": "Les horaires", "ar": "أوقات العمل", "en": "The opening hours"},
    "address": {"fr": "L'adresse ou le plan", "ar": "العنوان أو الموقع", "en": "The address or the map"},
    "website": {"fr": "Le site internet", "ar": "موقع الواب", "en": "The website"},
    "languages": {"fr": "Les langues parlées", "ar": "اللغات المتداولة", "en": "The languages spoken"},
    "fees": {"fr": "Le prix", "ar": "السعر", "en": "The price"},
    "accessibility": {"fr": "L'accessibilité", "ar": "سهولة الوصول", "en": "The accessibility"},
    "closed_for_good": REASON_WORDS["closed_for_good"],
}


def choices() -> dict[str, Any]:
    """What can be ticked, by what an opinion is about."""
    reasons = [
        {"about": about.value, "code": code, "title": REASON_WORDS[code]}
        for about, codes in REASONS.items()
        for code in codes
    ]
    return {"reasons": reasons, "parts": [{"code": code, "title": PART_WORDS[code]} for code in CORRECTABLE]}
