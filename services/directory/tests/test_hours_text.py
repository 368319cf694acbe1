"""Hours as people write them, and as HSDS and OpenStreetMap do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imigr_directory.domain.hours.free_text import NotUnderstood, Understood, understand
from imigr_directory.domain.hours.recurrence import parts_of
from imigr_directory.domain.hours.schedule import Schedule
from imigr_directory.domain.hours.spans import span_of

WEEK = "MO TU WE TH FR"
READ = [
    ("Monday-Friday 8:30AM-5PM", {WEEK: "08:30-17:00"}),
    ("Monday - Friday: 8:30 am – 5:00 pm", {WEEK: "08:30-17:00"}),
    ("Mon-Fri 9am-12pm, 1-5pm", {WEEK: "09:00-12:00 13:00-17:00"}),
    ("M-F 9-5", None),
    ("Mon to Fri from 9:00 to 17:00", {WEEK: "09:00-17:00"}),
    ("8:30AM-5PM Monday-Friday", {WEEK: "08:30-17:00"}),
    ("9:00-17:00 Mon-Thu; 9:00-12:00 Fri", {"MO TU WE TH": "09:00-17:00", "FR": "09:00-12:00"}),
    ("Lun-Ven 08:00-17:00", {WEEK: "08:00-17:00"}),
    ("Lundi au vendredi : 8h30 - 12h30 et 13h30 - 17h30", {WEEK: "08:30-12:30 13:30-17:30"}),
    ("du lundi au jeudi de 8h30 à 12h30, vendredi de 8h à 13h", {"MO TU WE TH": "08:30-12:30", "FR": "08:00-13:00"}),
    ("Lun, Mer, Ven: 9h-12h", {"MO WE FR": "09:00-12:00"}),
    ("Tous les jours 8h-20h", {"MO TU WE TH FR SA SU": "08:00-20:00"}),
    ("Tous les jours de 8h à 20h sauf dimanche", {"MO TU WE TH FR SA": "08:00-20:00"}),
    ("Lundi-samedi 9h-18h, dimanche fermé", {"MO TU WE TH FR SA": "09:00-18:00"}),
    ("Samedi 8h à midi", {"SA": "08:00-12:00"}),
    ("من الاثنين إلى الجمعة من 8:30 إلى 17:00", {WEEK: "08:30-17:00"}),
    ("الاثنين والثلاثاء ٩:٠٠-١٢:٠٠", {"MO TU": "09:00-12:00"}),
    ("يوميا 8:00 صباحا - 5:00 مساء", {"MO TU WE TH FR SA SU": "08:00-17:00"}),
    ("24/7", {"MO TU WE TH FR SA SU": "00:00-24:00"}),
    ("24h/24 7j/7", {"MO TU WE TH FR SA SU": "00:00-24:00"}),
    ("Open 24 hours", {"MO TU WE TH FR SA SU": "00:00-24:00"}),
    ("Mo-Fr 08:00-12:00,13:00-17:00; PH off", {WEEK: "08:00-12:00 13:00-17:00"}),
    ("Mo-Sa 09:00-20:00; Su,PH off", {"MO TU WE TH FR SA": "09:00-20:00"}),
    ("mo-th 8:30-12:30, 13:30-17:30; fr 08:00-13:00", {"MO TU WE TH": "08:30-12:30 13:30-17:30", "FR": "08:00-13:00"}),
    ("Mo-Su 20:00-08:00", {"MO TU WE TH FR SA SU": "20:00-08:00"}),
    ("Fr-Su 22:00-02:00", {"FR SA SU": "22:00-02:00"}),
    ("08:00-20:00", {"MO TU WE TH FR SA SU": "08:00-20:00"}),
    ("Mo-We 00:00-24:00", {"MO TU WE": "00:00-24:00"}),
    ("Sunday 10AM - midnight", {"SU": "10:00-24:00"}),
    ("week-end 9h-13h", {"SA SU": "09:00-13:00"}),
    ("Mon - Fri 12AM-12PM", {WEEK: "00:00-12:00"}),
]
REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("call us", "unknown_word"),
    ("M-F 9-5", "unknown_word"),
    ("Mon-Fri 9-5", "ambiguous_times"),
    ("Mon-Fri 9:00-5:00", "ambiguous_times"),
    ("Monday 8:30AM", "open_ended"),
    ("Mo 08:00+", "open_ended"),
    ("Mo-Fr", "open_ended"),
    ("sunrise-sunset", "not_weekly"),
    ("Jun-Aug: Mo-Fr 08:00-14:00", "not_weekly"),
    ("Th[1] 10:00-12:00", "not_weekly"),
    ("week 1-53/2 Mo 10:00-12:00", "not_weekly"),
    ("1st and 3rd Tuesday 6pm", "unknown_word"),
    ("Hours vary, ask Mrs Smith", "unknown_word"),
    ("closed", "never_open"),
    ("fermé", "never_open"),
    ("Mon-Fri 25:00-26:00", "unknown_word"),
    ("Mon-Fri 8:99-10:00", "unknown_word"),
    ("a" * 600, "too_long"),
    ("<script>alert(1)</script>", "unknown_word"),
    ("#REF!", "unknown_word"),
    ("Mo-Fr 08:00-17:00 unknown", "unknown_word"),
]


def hours_of(schedule: Schedule) -> dict[str, str]:
    """Weekdays and their spans."""
    return {
        parts_of(rule.days.rrule)["BYDAY"].replace(",", " "): " ".join(one.text() for one in rule.spans)
        for rule in schedule.rules
    }


@pytest.mark.parametrize(("text", "expected"), READ)
def test_hours_as_people_write_them(text: str, expected: dict[str, str] | None) -> None:
    """Real forms in three languages, and OpenStreetMap's."""
    found = understand(text)
    if expected is None:
        assert isinstance(found, NotUnderstood)
        return
    assert isinstance(found, Understood), found
    assert hours_of(found.schedule) == expected


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_cannot_be_understood_is_said_so(text: str, reason: str) -> None:
    """Nothing is guessed."""
    found = understand(text)
    assert isinstance(found, NotUnderstood), found
    assert found.reason == reason


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("MoTuFrlundi 0123456789:-–,;h+/()[]\"'amp\x00\u0660ا"), max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Whatever comes, a schedule or a reason."""
    assert isinstance(understand(text), Understood | NotUnderstood)


def test_appointments_and_holidays_in_texts() -> None:
    """By appointment, closed or open on holidays, round the clock."""
    texts = ["Lun-Ven 9h-12h sur rendez-vous", "By appointment only", 'Mo-Fr 09:00-17:00 "by appointment"']
    found = [understand(one) for one in texts]
    assert all(isinstance(one, Understood) and one.schedule.by_appointment for one in found)
    holidays = [understand(one) for one in ("Mo-Fr 08:00-12:00; PH 10:00-11:00", "Mo-Fr 08:00-12:00; PH off", "24/7")]
    assert [one.schedule.on_holidays for one in holidays if isinstance(one, Understood)] == [
        (span_of(("10:00", "11:00")),),
        (),
        None,
    ]
