"""Hours in French, English or Arabic, word by word into OpenStreetMap's grammar."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_DAYS = {
    "Mo": "mo mon mond monday mondays lu lun lundi lundis الاثنين اثنين",
    "Tu": "tu tue tues tuesday tuesdays ma mar mardi mardis الثلاثاء ثلاثاء",
    "We": "we wed weds wednesday wednesdays mer merc mercredi mercredis الاربعاء اربعاء",
    "Th": "th thu thur thurs thursday thursdays je jeu jeud jeudi jeudis الخميس خميس",
    "Fr": "fr fri friday fridays ve ven vend vendredi vendredis الجمعه جمعه",
    "Sa": "sa sat saturday saturdays sam samedi samedis السبت سبت",
    "Su": "su sun sunday sundays di dim dimanche dimanches الاحد احد",
    "PH": "ph férié fériés ferie feries holiday holidays العطل",
    "Mo-Fr": "weekdays weekday ouvrables ouvrable",
    "Sa,Su": "weekend weekends",
    "Mo-Su": "daily everyday quotidien quotidiennement يوميا",
}
DAYS = {word: code for code, words in _DAYS.items() for word in words.split()}
TO = frozenset(["to", "till", "until", "through", "thru", "à", "a", "au", "jusqu'à", "jusqu'au", "الى", "حتى"])
AND = frozenset(["and", "et", "&", "+", "و", "puis", "then"])
OFF = frozenset(["closed", "fermé", "fermée", "ferme", "off", "مغلق"])
EXCEPT = frozenset(["except", "sauf", "excepté", "hors", "عدا"])
_SILENT = (
    "du de des le la les l' from between on every each open ouvert ouverte opening hours hour horaires horaire "
    "h heures heure hrs days day jours jour tous toutes all week semaine public publics local time من كل يوم "
    "ايام الساعه ساعات التوقيت توقيت : | at"
)
SILENT = frozenset(_SILENT.split())
AM, PM = frozenset(["am", "a.m.", "a.m", "صباحا", "ص"]), frozenset(["pm", "p.m.", "p.m", "مساء", "م"])
NAMED_TIMES = {"noon": 720, "midday": 720, "midi": 720, "midnight": 1440, "minuit": 1440}
PHRASES = (
    (r"jours? f[ée]ri[ée]s?|public holidays?|bank holidays?|ايام العطل|العطل الرسميه", " ph "),
    (r"tous les jours|all week|7 ?(?:j|jours|days) ?(?:/|sur) ?7|كل يوم|كل الايام", " daily "),
    (r"week[- ]ends?", " weekend "),
    (r"jours ouvrables|monday to friday", " mo - fr "),
)
_24_HOURS = r"24 ?h?(?:eures|ours|rs)? ?(?:/|sur) ?24(?: ?h)?"
_7_DAYS = r"7 ?j?(?:ours)? ?(?:/|sur) ?7(?: ?j)?"
ROUND_THE_CLOCK = re.compile(
    rf"^(?:open |ouvert )?(?:24 ?/ ?7|{_24_HOURS}(?: ?(?:et|,|-|/)? ?{_7_DAYS})?"
    r"|24 hours(?: a day)?(?: ?[,/]? ?7 days(?: a week)?)?)$"
    r"|^(?:always open|toujours ouvert|على مدار الساعه)$"
)
APPOINTMENT = re.compile(
    r"\(?(?:only |uniquement |seulement )?(?:by appointments?|by appt\.?|sur (?:rendez-vous|rdv)|بموعد مسبق|بموعد)"
    r"(?: only| uniquement| seulement| فقط)?\)?"
)
TOKEN = re.compile(
    r"(?P<time>\d{1,2} ?[:h.] ?\d{2}(?: ?mn| ?min)?(?!\d)|\d{1,2} ?h(?![a-z])|\d{1,2}(?![\d]))"
    r"|(?P<dash>[-‐‑‒–—−~])|(?P<comma>,)|(?P<semi>[;\n/|])"
    r"|(?P<word>[^\W\d_](?:[^\W\d_]|['.’-](?=[^\W\d_]))*\.?|&|\+|:)"
)


class Garbled(ValueError):
    """The text cannot be put into the grammar: a reason code and the word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:60]


@dataclass
class _Clause:
    """Days and their hours."""

    days: str = ""
    times: list[list[tuple[int, str | None, bool]]] = field(default_factory=list)
    off: bool = False


def osm_of(text: str) -> tuple[str, bool]:
    """The text in OpenStreetMap's grammar, and whether it says that one needs an appointment. Raises Garbled."""
    plain = _plain(text)
    shorter = APPOINTMENT.sub(" ", plain)
    by_appointment = shorter != plain
    shorter = " ".join(shorter.split()).strip(" ,;.:")
    if by_appointment and not shorter:
        return "", True
    if ROUND_THE_CLOCK.match(shorter):
        return "24/7", by_appointment
    for pattern, words in PHRASES:
        shorter = re.sub(pattern, words, shorter)
    clauses = _clauses(list(_tokens(shorter)))
    return "; ".join(_written(one) for one in clauses), by_appointment


def _plain(text: str) -> str:
    """Lower case, Latin digits, letters in one form (alef with hamza as alef, taa marbuta as haa, no vowel signs)."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text)
    text = re.sub("[\u064b-\u065f\u0640]", "", text)
    return text.translate(str.maketrans("أإآىة،؛", "اااىه,;")).replace("ى", "ي").replace("الي ", "الى ")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        if text[at] in " .()[]\t":
            at += 1
            continue
        found = TOKEN.match(text, at)
        if found is None:
            raise Garbled("unknown_word", text[at : at + 20])
        at = found.end()
        kind = found.lastgroup or ""
        yield from _word(found[0]) if kind == "word" else [(kind, found[0])]


def _word(word: str) -> Iterator[tuple[str, str]]:
    bare = word.rstrip(".")
    if word in AM or bare in AM:
        yield "half", "am"
    elif word in PM or bare in PM:
        yield "half", "pm"
    elif bare in NAMED_TIMES:
        yield "named", bare
    elif bare in DAYS:
        yield "day", DAYS[bare]
    elif bare in TO:
        yield "dash", "-"
    elif bare in AND:
        yield "comma", ","
    elif bare in OFF:
        yield "off", ""
    elif bare in EXCEPT:
        yield "except", ""
    elif bare.startswith("و") and bare[1:] in DAYS:
        yield "comma", ","
        yield "day", DAYS[bare[1:]]
    elif bare.startswith(("d'", "l'")) and bare[2:] in DAYS:
        yield "day", DAYS[bare[2:]]
    elif "-" in bare:
        for number, part in enumerate(bare.split("-")):
            if number:
                yield "dash", "-"
            yield from _word(part)
    elif bare not in SILENT:
        raise Garbled("unknown_word", word)


def _clauses(tokens: list[tuple[str, str]]) -> list[_Clause]:
    kinds = [kind for kind, _ in tokens if kind in ("day", "time", "named", "off", "except")]
    if not kinds:
        raise Garbled("unknown_word", "")
    times_first = kinds[0] in ("time", "named") and "day" in kinds
    clauses, clause, joiner = [], _Clause(), ""
    for kind, value in tokens:
        filled = bool(clause.times) or clause.off
        if kind == "except":
            clauses.append(clause)
            clause, joiner = _Clause(off=True), ""
        elif kind == "day":
            if not times_first and filled and not (clause.off and not clause.times and not clause.days):
                clauses.append(clause)
                clause, joiner = _Clause(), ""
            clause.days += f"{joiner if clause.days else ''}{value}"
            joiner = ","
        elif kind in ("time", "named"):
            if times_first and clause.days:
                clauses.append(clause)
                clause, joiner = _Clause(), ""
            _add_time(clause, value, joiner)
            joiner = ","
        elif kind == "half":
            _set_half(clause, value)
        elif kind == "off":
            clause.off = True
        elif kind in ("dash", "comma"):
            joiner = "-" if kind == "dash" else ","
        elif kind == "semi" and filled and clause.days and not times_first:
            clauses.append(clause)
            clause, joiner = _Clause(), ""
    clauses.append(clause)
    return [one for one in clauses if one.days or one.times or one.off]


def _add_time(clause: _Clause, text: str, joiner: str) -> None:
    named = NAMED_TIMES.get(text)
    if named is not None:
        minute, is_bare = named, False
    else:
        digits = re.findall(r"\d+", text)
        minute = int(digits[0]) * 60 + (int(digits[1]) if len(digits) > 1 else 0)
        is_bare = len(digits) == 1 and "h" not in text
        if minute > 1440 or (len(digits) > 1 and int(digits[1]) > 59):
            raise Garbled("unknown_word", text)
    last = clause.times[-1] if clause.times else None
    if last is not None and len(last) == 1:
        if joiner != "-":
            raise Garbled("open_ended", text)
        last.append((minute, None, is_bare))
    else:
        clause.times.append([(minute, None, is_bare)])


def _set_half(clause: _Clause, half: str) -> None:
    if not clause.times:
        raise Garbled("unknown_word", half)
    minute, _, is_bare = clause.times[-1][-1]
    if not 0 < minute < 780:
        raise Garbled("ambiguous_times", half)
    clause.times[-1][-1] = (minute, half, is_bare)


def _written(clause: _Clause) -> str:
    if clause.off:
        if clause.times:
            raise Garbled("ambiguous_times", "closed")
        return f"{clause.days} off".strip()
    spans = []
    for times in clause.times:
        if len(times) != 2:
            raise Garbled("open_ended", "")
        spans.append("-".join(_clock(one) for one in _range(*times)))
    if not spans:
        raise Garbled("open_ended", clause.days)
    return f"{clause.days} {','.join(spans)}".strip()


def _range(start: tuple[int, str | None, bool], end: tuple[int, str | None, bool]) -> tuple[int, int]:
    """Two times with their halves of the day; the half of the end counts for a begin without one."""
    begins, ends = start[0], end[0]
    if end[1] is not None:
        half = start[1]
        if half is None:
            half = end[1] if begins % 720 < ends % 720 else "am"
        begins = _of_half(begins, half) if begins < 780 else begins
        ends = _of_half(ends, end[1])
    elif start[1] is not None:
        begins = _of_half(begins, start[1])
        if ends <= 720:
            raise Garbled("ambiguous_times", "")
    elif ends <= begins and ends and (start[2] or end[2] or (begins >= 360 and 60 < ends <= 600)):
        raise Garbled("ambiguous_times", "")  # "9-5": nobody can know; a night is written with minutes, as 20:00-02:00
    return begins, 1440 if ends == 0 else ends


def _of_half(minute: int, half: str) -> int:
    return minute % 720 + (720 if half == "pm" else 0)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
