"""One form for all spellings of a word: Arabic, French and English folded, and a key that crosses scripts."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

_WORD = re.compile(r"[\w]+", re.UNICODE)
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_MARKS = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_LETTERS = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ء": "",
        "ؤ": "و",
        "ئ": "ي",
        "ى": "ي",
        "ة": "ه",
        "گ": "ك",
        "ڨ": "ق",
        "پ": "ب",
    }
)
_ARTICLES = ("وال", "بال", "كال", "فال", "لل", "ال")
_SOUNDS = {
    "ا": "a", "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "kh", "د": "d", "ذ": "d", "ر": "r", "ز": "z",
    "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": "a", "غ": "gh", "ف": "f", "ق": "k", "ك": "k",
    "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y",
}  # fmt: skip
_FRENCH = (
    ("ch", "sh"), ("ou", "w"), ("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("ph", "f"), ("qu", "k"), ("q", "k"),
    ("c", "k"), ("x", "ks"), ("v", "f"), ("g", "j"), ("p", "b"),
)  # fmt: skip
_STEMMERS = {
    "fr": snowballstemmer.stemmer("french"),
    "en": snowballstemmer.stemmer("english"),
    "ar": snowballstemmer.stemmer("arabic"),
}
_ELISIONS = {"l", "d", "s", "n", "j", "m", "t", "qu"}


def words(text: str) -> list[str]:
    """Folded words in order: lower case, no accents, no Arabic vowel signs, one form of alef, yaa, taa marbuta,
    and without the Arabic article and the clitics before it."""
    return [folded for folded in (_fold(word) for word in _WORD.findall(_plain(text))) if folded]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A lighter form of a folded word: the Arabic stemmer for Arabic script, else French after English."""
    if _ARABIC.search(word):
        return str(_STEMMERS["ar"].stemWord(word)) or word
    return str(_STEMMERS["fr"].stemWord(_STEMMERS["en"].stemWord(word))) or word


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """Consonant skeleton of a folded word in Latin letters, the same for a name in Arabic script and in its usual
    Latin spellings (المرسى, Marsa, el Marsa: ``mrs``). Vowels, doublings and the article fall away."""
    if _ARABIC.search(word):
        latin = "".join(_SOUNDS.get(letter, "") for letter in word)
    else:
        latin = word
        for written, heard in _FRENCH:
            latin = latin.replace(written, heard)
    latin = latin.replace("kh", "k").replace("gh", "g").replace("g", "j")
    kept = [letter for letter in latin if letter not in "aeiouywh'0123456789"]
    squeezed = [letter for at, letter in enumerate(kept) if at == 0 or letter != kept[at - 1]]
    return "".join(squeezed)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _MARKS.sub("", text.replace("’", "'")))
    # NFKD takes hamza and madda off their letters; what is left of them is a combining mark like the accents.
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold().replace("œ", "oe")


def _fold(word: str) -> str:
    if not _ARABIC.search(word):
        return "" if word in _ELISIONS else word
    folded = word.translate(_LETTERS)
    for article in _ARTICLES:
        if folded.startswith(article) and len(folded) - len(article) >= 2:
            return folded[len(article) :]
    return folded
