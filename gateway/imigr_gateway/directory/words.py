"""The words of a service's page, in French, Arabic and English."""

from __future__ import annotations

WORDS = {
    "fr": {
        "organization": "Organisation",
        "address": "Adresse",
        "phones": "Téléphone",
        "fees": "Prix",
        "free": "Gratuit",
        "paid": "Payant",
        "mixed": "En partie gratuit",
        "verified": "Vérifié le",
        "map": "Voir sur la carte",
        "website": "Site web",
        "source": "Source",
        "unknown": "Aucun service ne correspond à cette adresse.",
    },
    "ar": {
        "organization": "المنظمة",
        "address": "العنوان",
        "phones": "الهاتف",
        "fees": "السعر",
        "free": "مجاني",
        "paid": "بمقابل",
        "mixed": "مجاني جزئيا",
        "verified": "تم التحقق في",
        "map": "عرض على الخريطة",
        "website": "موقع الويب",
        "source": "المصدر",
        "unknown": "لا توجد أي خدمة توافق هذا العنوان.",
    },
    "en": {
        "organization": "Organisation",
        "address": "Address",
        "phones": "Telephone",
        "fees": "Price",
        "free": "Free of charge",
        "paid": "To be paid",
        "mixed": "Partly free of charge",
        "verified": "Verified on",
        "map": "Show on the map",
        "website": "Website",
        "source": "Source",
        "unknown": "No service has this address.",
    },
}
