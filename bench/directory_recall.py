"""How many names of the directory are found however they are typed: the recall table.

Run with ``python -m bench.directory_recall``; it prints a table and writes ``bench/out/directory_recall.json``. Names
are those of the seed and of all rows of the OpenStreetMap file, whether they are services or neighbourhoods. A name is
found when its entry, or another one of the very same name, is among the first ten.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.report import Row, alone, save, table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "services" / "directory"))

from imigr_directory.domain import Service  # noqa: E402  # the path comes first
from imigr_directory.search import Query, Searcher  # noqa: E402
from imigr_directory.seeding import read  # noqa: E402

ARABIC = re.compile(r"[\u0600-\u06ff]")
_HAMZA = str.maketrans("أإآؤئ", "اااوي", "ء")
_ACCENTS = str.maketrans("éèêëàâäîïôöûùüçÉÈÊÀÂÎÔÛÇ", "eeeeaaaiioouuucEEEAAIOUC")
Change = Callable[[str], str | None]


def one_letter_less(name: str) -> str | None:
    """The longest word, of five letters or more, without its middle letter."""
    longest = max(name.split(), key=len)
    if len(longest) < 5:
        return None
    at = len(longest) // 2
    return name.replace(longest, longest[:at] + longest[at + 1 :], 1)


def vocalised(name: str) -> str | None:
    """A fatha after every Arabic letter."""
    return re.sub(r"([\u0621-\u064a])", "\\1\u064e", name) if ARABIC.search(name) else None


CHANGES: dict[str, tuple[Change, float]] = {
    "exact": (lambda name: name, 0.99),
    "hamza or madda dropped": (lambda name: name.translate(_HAMZA), 0.99),
    "taa marbuta typed as haa": (lambda name: name.replace("ة", "ه"), 0.99),
    "article dropped": (lambda name: re.sub(r"(?<!\w)ال(?=\w{2})", "", name), 0.99),
    "fully vocalised": (vocalised, 0.99),
    "French accents dropped": (lambda name: name.translate(_ACCENTS), 0.99),
    "one letter deleted": (one_letter_less, 0.99),
}
LATIN_AIM = 0.90
LATIN: dict[str, tuple[str, ...]] = {
    "المرسى": ("La Marsa", "Marsa", "El Marsa"),
    "أريانة": ("Ariana", "L'Ariana", "Aryanah"),
    "سيدي بوسعيد": ("Sidi Bou Saïd", "Sidi Bousaid", "Sidi Boussaid"),
    "دلتا مديكال": ("Delta Medical",),
    "مستشفى عبد الرحمان مامي للأمراض الصدرية": ("Abderrahmane Mami", "Abderrahman Mami"),
    "حي ابن خلدون": ("Cité Ibn Khaldoun", "Ibn Khaldun", "Hay Ibn Khaldoun"),
    "جامع نهج المطار": ("Nahj El Matar",),
    "مصحة النصر": ("Ennasr", "Annasr", "El Nasr"),
    "شطرانة": ("Chotrana", "Shotrana"),
    "حي المنصورة 1": ("Mansoura", "El Mansoura 1"),
    "حي الصنوبر": ("Sanawbar", "Essnoubar"),
    "الصفصاف": ("Safsaf", "Essafsaf"),
    "قمرت": ("Gammarth", "Gamarth"),
    "سيدي داود": ("Sidi Daoud", "Sidi Dawud"),
    "الكرم": ("Le Kram", "El Kram"),
    "حي الطيب المهيري": ("Taieb Mhiri", "Taïeb Mehiri"),
    "العوينة": ("L'Aouina", "El Aouina", "Aouina"),
    "قرطاج": ("Carthage", "Qartaj", "Kartaj"),
    "حي الخليل": ("Cité El Khalil", "Khalil"),
    "الرياض": ("Riadh", "Er-Riadh", "Erriadh"),
    "رواد": ("Raoued", "Rawad"),
    "حي التحرير": ("Ettahrir", "Cité Ettahrir", "Tahrir"),
    "شاطئ رواد": ("Chatt Raoued", "Chati Raoued"),
    "المنزه 6": ("El Menzah 6", "Menzah 6"),
    "حي القضاة": ("Cité El Kodhat", "Kodhat"),
    "أميلكار": ("Amilcar", "Amilkar"),
    "برج الطويل": ("Borj Touil", "Borj Ettouil", "Bordj Touil"),
    "المنار 1": ("El Manar 1", "Manar 1"),
    "الحدائق": ("El Hadayek", "Hadaïk"),
    "حي الخضراء": ("Cité El Khadra", "Khadra"),
    "ضفاف البحيرة": ("Dhifaf El Bouhaira", "Bouhaïra", "Bhira"),
    "جامع إبن الجزار": ("Ibn El Jazzar", "Ibn Jazzar"),
    "دار فضال": ("Dar Fadhal", "Dar Fadhel"),
    "موتوالفيل": ("Mutuelleville",),
    "الملاحة": ("El Mallaha", "Malaha"),
    "الإزدهار": ("El Izdihar", "Izdihar"),
    "الاستقلال": ("El Istiklal", "Istiqlal"),
    "التعمير1": ("Ettaamir", "Taamir 1"),
    "النزهة": ("Ennozha", "Nozha"),
    "المستقبل": ("El Mostakbal", "Moustakbal"),
    "البلدية": ("El Baladia", "Baladiya"),
    "حي الزياتين": ("Ezzayatine", "Zayatine"),
    "الجبل الأحمر": ("Jebel Lahmar", "Djebel Ahmar", "El Jabal El Ahmar"),
    "نوتردام": ("Notre Dame", "Notre-Dame"),
    "جامع الرحمة": ("Errahma", "Rahma"),
    "جامع التوبة": ("Ettawba", "Tawba", "Taouba"),
    "التجاري بنك": ("Attijari Bank", "Attijari"),
    "مصحة عليسة": ("Elyssa", "Alyssa"),
    "صيدلية كميلة العباسي": ("Kamila Abbassi", "Kmila El Abbassi"),
    "صيدلة سامية جازي": ("Samia Jazi",),
    "صيدلية اليل هادية الجلولي المصمودي": ("Hedia Jallouli Masmoudi", "Hadia Jallouli"),
    "حي النسيم": ("Ennassim", "Nassim", "Nasim"),
    "كورنيش المرسى": ("Corniche La Marsa", "Corniche Marsa"),
    "سيدي عبد العزيز": ("Sidi Abdelaziz", "Sidi Abdel Aziz"),
    "مدرسة مالك الصغير": ("Malek Essaghir", "Malik Saghir"),
    "مدرسة الامام مالك للعلوم الشرعية": ("Imam Malek", "Al Imam Malik"),
    "مصحة الياسمين": ("El Yasmine", "Yasmine", "Yasmin"),
    "Place Colonel Tahar Ayari - ساحة العقيد الطّاهر العيّاري": ("Tahar Ayari", "Taher Ayari"),
    "سيدي الظريف": ("Sidi Dhrif", "Sidi Edhrif"),
    "المنقطة الصناعية الشرقية 1": ("Charguia 1", "La Charguia 1"),
    "حي المهرجان": ("Mahrajène", "El Mahrajane"),
    "حي الملعب": ("El Malaab", "Malaab"),
    "حي الحديقة 2": ("El Hadika 2", "Hadiqa 2"),
}
"""Usual Latin spellings (Tunisian French and English) of Arabic names of the file; only the Arabic name is in the index
when they are asked for."""


TRANSLATED = ("Les Jardins", "Arab League Educational, Cultural and Scientific Organization (ALECSO)", "Carthage")
"""Latin names of the file that say the Arabic name in other words, or are older than it: no rule of sounds reads
them."""


@dataclass(frozen=True)
class Recall:
    """How many were tried, and which were missed: what was typed and the name that was meant."""

    tried: int
    missed: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return 1 - len(self.missed) / self.tried


@cache
def named() -> tuple[Service, ...]:
    """The entries of the seed, and every other named row of the file as an entry of its own."""
    seed = read(ROOT / "data")
    known = {one.source.get("id") for one in seed.services}
    rows: list[Service] = []
    with (ROOT / "data" / "osm" / "places.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = {language: row[column] for language, column in (("ar", "name"), ("en", "name_en")) if row[column]}
            if names and f"node/{row['osm_node_id']}" not in known:
                rows.append(Service(f"osm-{row['osm_node_id']}", "raoued", names, ()))
    return (*seed.services, *rows)


@cache
def searcher() -> Searcher:
    """The search over them, with the themes of the seed."""
    seed = read(ROOT / "data")
    return Searcher(named(), {term.code: term for term in seed.terms}, seed.municipalities)


@cache
def arabic_searcher() -> Searcher:
    """The same names without their Latin ones, so that a Latin spelling must cross the scripts."""
    seed = read(ROOT / "data")
    bare = [
        Service(one.id, one.municipality, {"ar": name}, one.taxonomy)
        for one in named()
        for name in [" ".join(part for part in one.name.get("ar", "").split() if ARABIC.search(part) or part.isdigit())]
        if name
    ]
    return Searcher(bare, {term.code: term for term in seed.terms})


def recall(change: Change, *, every: int = 1) -> Recall:
    """The names as typed with the change; names it does not touch are left out, ``every`` nth is tried."""
    unchanged = change is CHANGES["exact"][0]
    own = [(one, name) for one in named() if not one.name_is_generic for name in one.name.values()]
    typed = [(one, name, change(name)) for one, name in own]
    some = [(one, name, text) for one, name, text in typed if text and (unchanged or text != name)][::every]
    missed = [(text, name) for one, name, text in some if not _is_found(one, name, text)]
    return Recall(len(some), tuple(missed))


def latin_recall() -> Recall:
    """Latin spellings of Arabic names."""
    tried = [(spelling, name) for name, spellings in LATIN.items() for spelling in spellings]
    return Recall(len(tried), tuple((text, name) for text, name in tried if not _crosses(text, name)))


@cache
def beside() -> tuple[tuple[str, str], ...]:
    """Latin and Arabic name of the same place, as whoever mapped it wrote both: a sample nobody here has chosen."""
    rows: list[tuple[str, str]] = []
    with (ROOT / "data" / "osm" / "places.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            latin, _, arabic = row["name"].partition(" - ")
            if ARABIC.search(row["name"]) and row["name_en"]:
                rows.append((row["name_en"], row["name"]))
            elif ARABIC.search(arabic) and not ARABIC.search(latin):
                rows.append((latin, row["name"]))
    return tuple(rows)


def beside_recall() -> Recall:
    """Those of them that are transliterations."""
    tried = [(latin, name) for latin, name in beside() if latin not in TRANSLATED]
    return Recall(len(tried), tuple((latin, name) for latin, name in tried if not _crosses(latin, name)))


def _is_found(service: Service, name: str, text: str) -> bool:
    hits = searcher().find(Query(q=text, per_page=10)).hits
    return any(hit.service.id == service.id or name in hit.service.name.values() for hit in hits)


def _crosses(text: str, name: str) -> bool:
    wanted = " ".join(part for part in name.split() if ARABIC.search(part) or part.isdigit())
    hits = arabic_searcher().find(Query(q=text, per_page=10)).hits
    return any(hit.service.name["ar"] == wanted for hit in hits)


def measure() -> Iterable[tuple[Row, Recall]]:
    """A row per way of typing."""
    for what, (change, aim) in CHANGES.items():
        found = recall(change)
        yield _row(what, found, aim), found
    found = latin_recall()
    yield _row("Latin spelling of an Arabic name", found, LATIN_AIM), found
    found = beside_recall()
    yield _row(f"Latin name beside it in the file, without {len(TRANSLATED)} translations", found, LATIN_AIM), found


def _row(what: str, found: Recall, aim: float) -> Row:
    return alone(f"{what} ({found.tried} names)", 100 * found.share, "% in the first ten", 100 * aim)


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", action="store_true", help="say what was missed")
    options = parser.parse_args()
    measured = list(measure())
    rows = [row for row, _ in measured]
    print(table(rows))
    if options.missed:
        for row, found in measured:
            for text, name in found.missed:
                print(f"{row.name}: {text} | {name}")
    save(rows, "directory_recall")
    return 0


if __name__ == "__main__":
    sys.exit(main())
