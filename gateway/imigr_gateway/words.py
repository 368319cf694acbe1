"""The few words of the plain pages, in French, Arabic and English."""

from __future__ import annotations

HOME = {
    "fr": {
        "title": "Services et rendez-vous de la commune",
        "what": "Annuaire des services locaux, guichet d'information et d'orientation, événements : "
        "cette installation répond aux applications par une interface publique.",
        "here": "Ce qui fonctionne ici",
        "docs": "Documentation de l'interface",
        "openapi": "Description OpenAPI",
        "services": "Services locaux",
        "guichets": "Guichets",
        "events": "Événements",
        "received": "Messages reçus (essai local)",
        "state": "État des parties :",
    },
    "ar": {
        "title": "خدمات البلدية ومواعيدها",
        "what": "دليل الخدمات المحلية، وشباك الإعلام والتوجيه، والتظاهرات: هذه المنصة تجيب التطبيقات عبر واجهة عمومية.",
        "here": "ما يعمل هنا",
        "docs": "توثيق الواجهة",
        "openapi": "وصف OpenAPI",
        "services": "الخدمات المحلية",
        "guichets": "الشبابيك",
        "events": "التظاهرات",
        "received": "الرسائل المستلمة (تجربة محلية)",
        "state": "حالة الأجزاء:",
    },
    "en": {
        "title": "Services and appointments of the town",
        "what": "Directory of local services, information and orientation desk, events: "
        "this installation answers applications through a public interface.",
        "here": "What runs here",
        "docs": "Documentation of the interface",
        "openapi": "OpenAPI description",
        "services": "Local services",
        "guichets": "Guichets",
        "events": "Events",
        "received": "Received messages (local trial)",
        "state": "State of the parts:",
    },
}

MANAGE = {
    "fr": {
        "heading": "Votre réservation",
        "cancel": "Annuler",
        "move": "Choisir une autre heure",
        "slip": "Papier à imprimer ou à montrer",
        "calendar": "Ajouter à mon agenda",
        "cancelled": "C'est annulé.",
        "forget": "Supprimer mon contact",
        "forget_note": "Votre numéro ou adresse est détruit tout de suite ; vous ne recevrez plus de message.",
        "forgotten": "Votre contact est supprimé.",
        "unknown": "Aucune réservation ne correspond à ce lien.",
    },
    "ar": {
        "heading": "حجزك",
        "cancel": "إلغاء",
        "move": "اختيار وقت آخر",
        "slip": "ورقة للطباعة أو الإظهار",
        "calendar": "إضافة إلى التقويم",
        "cancelled": "تم الإلغاء.",
        "forget": "حذف بيانات الاتصال",
        "forget_note": "يحذف رقمك أو عنوانك فورا، ولن تصلك أي رسالة بعد ذلك.",
        "forgotten": "تم حذف بيانات الاتصال.",
        "unknown": "لا يوجد حجز يطابق هذا الرابط.",
    },
    "en": {
        "heading": "Your booking",
        "cancel": "Cancel",
        "move": "Choose another time",
        "slip": "Paper to print or to show",
        "calendar": "Add to my calendar",
        "cancelled": "It is cancelled.",
        "forget": "Delete my contact",
        "forget_note": "Your number or address is destroyed at once; you will get no further message.",
        "forgotten": "Your contact is deleted.",
        "unknown": "No booking answers to this link.",
    },
}

LABELS = {
    "fr": {
        "event": "Événement",
        "when": "Quand",
        "where": "Où",
        "state": "État",
        "reference": "Référence",
        "confirmed": "confirmé",
        "waiting": "liste d'attente",
        "cancelled": "annulé",
        "cancelled_by_visitor": "annulé",
        "cancelled_by_service": "annulé par le service",
    },
    "ar": {
        "event": "التظاهرة",
        "when": "متى",
        "where": "أين",
        "state": "الحالة",
        "reference": "المرجع",
        "confirmed": "مؤكد",
        "waiting": "قائمة الانتظار",
        "cancelled": "ملغى",
        "cancelled_by_visitor": "ملغى",
        "cancelled_by_service": "ألغته المصلحة",
    },
    "en": {
        "event": "Event",
        "when": "When",
        "where": "Where",
        "state": "State",
        "reference": "Reference",
        "confirmed": "confirmed",
        "waiting": "waiting list",
        "cancelled": "cancelled",
        "cancelled_by_visitor": "cancelled",
        "cancelled_by_service": "cancelled by the service",
    },
}

UNSUBSCRIBE = {
    "fr": {
        "heading": "Ne plus recevoir d'e-mails",
        "what": "Plus aucun message ne sera envoyé à cette adresse. Vos rendez-vous et inscriptions restent valables.",
        "button": "Ne plus recevoir d'e-mails",
        "done": "C'est fait : plus aucun message ne sera envoyé à cette adresse.",
        "unknown": "Ce lien n'est pas connu.",
    },
    "ar": {
        "heading": "إيقاف رسائل البريد الإلكتروني",
        "what": "لن تُرسل أي رسالة أخرى إلى هذا العنوان. تبقى مواعيدكم وتسجيلاتكم سارية.",
        "button": "إيقاف رسائل البريد الإلكتروني",
        "done": "تمّ: لن تُرسل أي رسالة أخرى إلى هذا العنوان.",
        "unknown": "هذا الرابط غير معروف.",
    },
    "en": {
        "heading": "Receive no more emails",
        "what": "No more messages will be sent to this address. Your appointments and registrations stay valid.",
        "button": "Receive no more emails",
        "done": "Done: no more messages will be sent to this address.",
        "unknown": "This link is not known.",
    },
}
"""The page behind the link in emails that ends them."""

NEWS = {
    "fr": {
        "heading": "Vos informations",
        "pending": "Voulez-vous recevoir nos informations ?",
        "active": "Vous recevez nos informations.",
        "ended": "Vous ne recevez plus nos informations.",
        "confirm": "Oui, je veux les recevoir",
        "end": "Ne plus les recevoir",
        "unknown": "Ce lien n'est pas ou plus valable.",
    },
    "ar": {
        "heading": "أخباركم",
        "pending": "هل تريدون تلقي أخبارنا؟",
        "active": "أنتم تتلقون أخبارنا.",
        "ended": "لم تعودوا تتلقون أخبارنا.",
        "confirm": "نعم، أريد تلقيها",
        "end": "لا أريد تلقيها",
        "unknown": "هذا الرابط غير صالح.",
    },
    "en": {
        "heading": "Your news",
        "pending": "Do you want to get our news?",
        "active": "You get our news.",
        "ended": "You get no more news from us.",
        "confirm": "Yes, I want them",
        "end": "No more of them",
        "unknown": "This link is not valid, or not any more.",
    },
}
"""What the link of a subscription shows."""
