"""The words of tickets and certificates, in French, Arabic and English."""

from __future__ import annotations

LANGUAGES = (("fr", "Français"), ("ar", "العربية"), ("en", "English"))

TICKET = {
    "fr": {
        "heading": "Votre billet",
        "show": "Montrez ce code à l'entrée, sur l'écran ou sur papier. Aucun nom n'y figure.",
        "reference": "Référence, à dire si le code ne se lit pas",
        "places": "Places",
        "where": "Où",
        "when": "Quand",
        "calendar": "Ajouter à mon agenda",
        "certificate": "Demander l'attestation de présence",
        "none": "Il n'y a pas de billet pour cette inscription.",
    },
    "ar": {
        "heading": "تذكرتك",
        "show": "أظهر هذا الرمز عند المدخل، على الشاشة أو على الورق. لا يحمل أي اسم.",
        "reference": "المرجع، يقال إذا تعذرت قراءة الرمز",
        "places": "الأماكن",
        "where": "أين",
        "when": "متى",
        "calendar": "إضافة إلى رزنامتي",
        "certificate": "طلب شهادة الحضور",
        "none": "لا توجد تذكرة لهذا التسجيل.",
    },
    "en": {
        "heading": "Your ticket",
        "show": "Show this code at the entrance, on screen or on paper. No name is in it.",
        "reference": "Reference, to be said when the code cannot be read",
        "places": "Places",
        "where": "Where",
        "when": "When",
        "calendar": "Add to my calendar",
        "certificate": "Ask for the certificate of attendance",
        "none": "There is no ticket for this registration.",
    },
}
