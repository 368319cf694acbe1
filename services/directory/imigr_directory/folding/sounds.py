"""Keys that a name has in common in Arabic script and in its usual Latin spellings (Tunisian French, English).

Arabic writes consonants and long vowels, Latin spellings guess the short ones; so a key keeps the consonants, in the
few classes that both scripts tell apart. Which keys there are, by the letter before them:

- ``c``: consonants without h (المرسى, Marsa, el Marsa: ``cmrs``)
- ``h``: consonants with h (البحيرة, Bouhaira: ``hbhr``)
- ``v``: consonants with w, y and an opening vowel, also for short names (رواد, Raoued: ``vrwd``)
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

from imigr_directory.folding.letters import ARABIC

ARABIC_LETTERS = {
    "ا": "a", "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "k", "د": "d", "ذ": "d", "ر": "r", "ز": "z",
    "س": "s", "ش": "x", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": "a", "غ": "g", "ف": "f", "ق": "k", "ك": "k",
    "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y",
}  # fmt: skip
LATIN = (
    (re.compile(r"t?ch|sh"), "x"),
    (re.compile(r"kh"), "k"),
    (re.compile(r"gh"), "ĝ"),
    (re.compile(r"dj"), "j"),
    (re.compile(r"dh"), "d"),
    (re.compile(r"th"), "t"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"qu"), "k"),
    (re.compile(r"q"), "k"),
    (re.compile(r"gu(?=[eiy])"), "ğ"),
    (re.compile(r"g(?=[eiy])"), "j"),
    (re.compile(r"g"), "ğ"),
    (re.compile(r"ĝ"), "g"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"c"), "k"),
    (re.compile(r"v"), "f"),
    (re.compile(r"p"), "b"),
    (re.compile(r"ou|oo"), "w"),
)
AMBIGUOUS = {"ğ": ("k", "j", "g"), "ẋ": ("ks",)}
"""A Latin g before a, o, u is ق (Gammarth, Gabès), sometimes ج or غ."""
ARTICLE = re.compile(r"^(?:[ae]l|l)(?=\w{4})|^[ae](?=([tdrzsnl])\1\w\w|chch|dhdh|ch\w{3})")
"""The article written on the word: el, l', and e before the doubled letter (Erriadh, Ennasr)."""
MOST_VARIANTS = 8
SHORTEST = {"c": 3, "h": 3, "v": 2}


@lru_cache(maxsize=20_000)
def sounds(word: str) -> tuple[str, ...]:
    """The keys of a folded word; two words sound alike when they share one."""
    if word.isdigit():
        return ()
    heard = _of_arabic(word) if ARABIC.search(word) else _of_latin(word)
    return tuple(dict.fromkeys(key for one in heard for key in _keys(one)))


def joined_sounds(first: str, second: str, second_kept: str) -> tuple[str, ...]:
    """The keys of two words written as one, as names are in the other script (عبد الرحمان, Abderrahmane; بوسعيد,
    Bou Saïd), with the article between them and without."""
    if first.isdigit() or second.isdigit():
        return ()
    both = [*sounds(first + second), *(sounds(first + second_kept) if second_kept != second else ())]
    return tuple(dict.fromkeys(both))


def _of_arabic(word: str) -> list[str]:
    heard = "".join(ARABIC_LETTERS.get(letter, "") for letter in word)
    if not heard.endswith("h"):
        return [heard]
    # A final haa is mostly a taa marbuta: silent, or t after a long a (القضاة, Kodhat).
    return [heard[:-1], heard[:-1] + "t"] if heard.endswith("ah") else [heard[:-1]]


def _of_latin(word: str) -> list[str]:
    forms = [word]
    if (article := ARTICLE.match(word)) is not None:
        forms.append(word[article.end() :])
    heard: list[str] = []
    for form in forms:
        latin = form.replace("x", "ẋ")
        for pattern, letter in LATIN:
            latin = pattern.sub(letter, latin)
        latin = latin.replace("i", "y")
        if latin.endswith(("ah", "eh")):
            latin = latin[:-1]
        ways = [AMBIGUOUS.get(letter, (letter,)) for letter in latin]
        heard += ["".join(way) for way in itertools.islice(itertools.product(*ways), MOST_VARIANTS)]
    return heard


def _keys(heard: str) -> list[str]:
    opening = "a" if heard[:1] in ("a", "e", "y", "o", "u") else ""
    consonants = "".join(letter for letter in heard if letter not in "aeiouwyh'")
    breathed = "".join(letter for letter in heard if letter not in "aeiouwy'")
    voiced = "".join(letter for letter in heard if letter not in "aeiouh'").rstrip("wy")
    if opening == "a" and voiced.startswith("y"):
        voiced = voiced[1:]
    made = {"c": _squeezed(consonants), "h": _squeezed(breathed), "v": opening + _squeezed(voiced)}
    return [kind + key for kind, key in made.items() if len(key) >= SHORTEST[kind] and len(_squeezed(consonants)) > 0]


def _squeezed(text: str) -> str:
    return "".join(letter for at, letter in enumerate(text) if at == 0 or letter != text[at - 1])
