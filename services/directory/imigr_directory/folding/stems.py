"""Stems of folded words: Arabic, French and English, by the stemmers of tantivy (Snowball)."""

from __future__ import annotations

from functools import lru_cache

import tantivy

from imigr_directory.folding.letters import ARABIC

_CLITICS = "وبلفك"
_SHORTEST = 4
ALIKE = {
    name: "=" + names[0]
    for names in (
        ("cite", "hay", "hai", "حي", "quartier", "neighbourhood", "neighborhood"),
        ("rue", "street", "نهج", "nahj"),
        ("avenue", "شارع", "boulevard"),
        ("place", "square", "ساحه", "saha"),
        ("centre", "center", "مركز", "markaz"),
        ("bureau", "office", "مكتب", "guichet", "desk", "شباك"),
        ("association", "جمعيه", "ong", "ngo", "organisation", "organization"),
        ("travail", "emploi", "work", "job", "شغل", "تشغيل", "عمل", "employment"),
        ("logement", "housing", "سكن", "hebergement", "shelter", "ايواء"),
        ("avocat", "lawyer", "محامي", "محام"),
        ("medecin", "docteur", "doctor", "طبيب", "dr"),
        ("gratuit", "free", "مجاني"),
    )
    for name in names
}
"""Words of places and needs that mean the same in the three languages; beside the names of the taxonomy."""


def _stemmer(language: str) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer(language))
    return builder.build()


_STEMMERS = {language: _stemmer(language) for language in ("arabic", "french", "english")}


@lru_cache(maxsize=20_000)
def stems(word: str) -> tuple[str, ...]:
    """Lighter forms of a folded word; two words are alike when they share one. Latin letters do not tell French from
    English, so both are given; an Arabic word is also given without a conjunction or preposition written on it."""
    if word.isdigit():
        return (word,)
    if ARABIC.search(word):
        forms = [_stem("arabic", word)]
        if word[0] in _CLITICS and len(word) > _SHORTEST:
            forms.append(_stem("arabic", word[1:]))
    else:
        forms = [_stem("french", word), _stem("english", word)]
    if word in ALIKE:
        forms.append(ALIKE[word])
    return tuple(dict.fromkeys(forms))


def _stem(language: str, word: str) -> str:
    found = _STEMMERS[language].analyze(word)
    return str(found[0]) if found and found[0] else word
