"""Alphabets, costs and parts of SMS (acceptance: notifications, text 1 to 9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_notifications.sms_text import (
    JOINED,
    MOST_PARTS,
    RIGHT_TO_LEFT_MARK,
    SINGLE,
    Alphabet,
    TextTooLong,
    cut,
    encoded,
    expensive,
    ordered,
    tidy,
    transliterated,
)


@pytest.mark.parametrize(("letters", "parts"), [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3)])
def test_plain_letters_fill_160_then_153(letters: int, parts: int) -> None:
    """Case 1."""
    sms = cut("a" * letters)
    assert (sms.alphabet, len(sms.parts), sms.units) == (Alphabet.GSM7, parts, letters)


@pytest.mark.parametrize("letter", list("€^{}[]~\\|"))
def test_a_letter_of_the_extension_table_counts_two(letter: str) -> None:
    """Case 2: 160 letters of which one is such a letter need two parts."""
    sms = cut("a" * 159 + letter)
    assert (sms.units, len(sms.parts)) == (161, 2)
    assert len(cut("a" * 158 + letter).parts) == 1


def test_an_escape_pair_is_not_split() -> None:
    """Case 3: at position 153 it moves to the next part as a whole."""
    sms = cut("a" * 152 + "€" + "b" * 20)
    assert [len(encoded(part, sms.alphabet)) for part in sms.parts] == [152, 22]
    assert encoded(sms.parts[1], sms.alphabet).startswith(b"\x1b\x65")


@pytest.mark.parametrize(("letters", "parts"), [(70, 1), (71, 2), (134, 2), (135, 3)])
def test_arabic_letters_fill_70_then_67(letters: int, parts: int) -> None:
    """Case 4."""
    sms = cut("م" * letters)
    assert (sms.alphabet, len(sms.parts)) == (Alphabet.UCS2, parts)


def test_a_surrogate_pair_counts_two_and_is_not_split() -> None:
    """Case 5: 69 letters and an emoji need two parts; at position 67 the emoji moves on as a whole."""
    assert len(cut("م" * 69 + "😀").parts) == 2
    assert len(cut("م" * 68 + "😀").parts) == 1
    assert cut("م" * 66 + "😀" + "م" * 10).parts[1].startswith("😀")


@pytest.mark.parametrize(("letter", "costs"), [("é", False), ("è", False), ("à", False), ("ù", False), ("Ç", False),
                                               ("ç", True), ("ê", True), ("î", True), ("ô", True), ("û", True),
                                               ("ë", True), ("ï", True), ("œ", True)])  # fmt: skip
def test_french_letters_and_the_alphabet_they_need(letter: str, costs: bool) -> None:
    """Case 6: with transliteration none of them forces UCS-2; without it the preview names the guilty."""
    assert (cut(letter).alphabet is Alphabet.UCS2) is costs
    assert expensive(letter) == ({letter: "forces"} if costs else {})
    assert cut(transliterated(letter)).alphabet is Alphabet.GSM7


def test_transliteration_keeps_what_costs_nothing() -> None:
    """Only letters outside the alphabet change; an Arabic text does not."""
    assert transliterated("ça a été reçu à l'hôtel, œuf, {€}") == "ca a été recu à l'hotel, oeuf, {€}"
    assert transliterated("موعد à Ariana ça") == "موعد à Ariana ça"


def test_pasted_signs_become_plain_and_line_ends_one_letter() -> None:
    """Cases 7 and 9."""
    assert tidy("“l’été”…\u00a0– «ok»\u202f!\r\nb\rc") == '"l\'été"... - "ok" !\nb\nc'


def test_letters_in_two_pieces_are_put_together() -> None:
    """An e and a combining accent are one letter of the alphabet."""
    assert cut(tidy("e\u0301")).units == 1


def test_a_line_that_begins_in_latin_gets_one_mark() -> None:
    """Case 8: the phone would take the direction of the line from its first letter."""
    assert ordered("La Marsa: موعد").startswith(RIGHT_TO_LEFT_MARK)
    assert ordered("موعدكم 09:30\nhttps://imigr.tn/m/a.b") == "موعدكم 09:30\nhttps://imigr.tn/m/a.b"
    assert ordered("plain latin") == "plain latin"


def test_a_mark_is_not_worth_a_part() -> None:
    """Case 8: at the edge of a part the mark is left out."""
    assert ordered("La " + "م" * 67) == "La " + "م" * 67


def test_more_parts_than_exist_are_refused() -> None:
    """The header counts to 255."""
    assert len(cut("a" * 153 * MOST_PARTS).parts) == MOST_PARTS
    with pytest.raises(TextTooLong):
        cut("a" * (153 * MOST_PARTS + 1))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_parts_hold_the_whole_text_and_fit(text: str) -> None:
    """For any text: nothing lost, nothing over the size of a part, every part can be encoded."""
    sms = cut(text)
    assert "".join(sms.parts) == text
    limit = (SINGLE if len(sms.parts) == 1 else JOINED)[sms.alphabet]
    octets = 1 if sms.alphabet is Alphabet.GSM7 else 2
    assert all(len(encoded(part, sms.alphabet)) <= limit * octets for part in sms.parts)
