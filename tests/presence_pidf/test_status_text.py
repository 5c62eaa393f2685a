"""What people write to say what they do."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.status_text import WORDS, NotUnderstood, StatusWish, meant, understood

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2024, 5, 15, 11, 0, tzinfo=OSLO).timestamp()


def until(text: str) -> str:
    found = understood(text, "Europe/Oslo", NOW).until
    assert found is not None
    return f"{datetime.fromtimestamp(found, OSLO):%d.%m. %H:%M}"


@pytest.mark.parametrize(
    ("text", "activity", "end"),
    [
        ("lunch until 12:30", "away", "15.05. 12:30"),
        ("Frokost til 12.30", "away", "15.05. 12:30"),
        ("møde til kl. 15", "meeting", "15.05. 15:00"),
        ("møte til 15", "meeting", "15.05. 15:00"),
        ("möte till klockan 15", "meeting", "15.05. 15:00"),
        ("Besprechung bis 15 Uhr", "meeting", "15.05. 15:00"),
        ("meeting 45 min", "meeting", "15.05. 11:45"),
        ("borta 2 timmar", "away", "15.05. 13:00"),
        ("busy until 9", "busy", "16.05. 09:00"),
        ("Urlaub bis 24.12.", "vacation", "24.12. 23:59"),
        ("ferie til 3.1", "vacation", "03.01. 23:59"),
        ("away until tomorrow 8:15", "away", "16.05. 08:15"),
        ("vacation 2024-06-01", "vacation", "01.06. 23:59"),
        ("lunsj til 12.10", "away", "15.05. 12:10"),
    ],
)
def test_words_and_ends_are_understood_in_five_languages(text: str, activity: str, end: str) -> None:
    assert understood(text, "Europe/Oslo", NOW).activity == activity
    assert until(text) == end


def test_the_text_is_the_note_and_its_end_is_when_the_person_is_back() -> None:
    report = understood("lunch  until 12:30", "Europe/Oslo", NOW).report("sip:a@b", "text:sms", NOW)
    assert report.note == "lunch until 12:30"
    assert report.back_at == report.expires_at == NOW + 5400


@pytest.mark.parametrize("text", ["free", "ledig", "tillgänglig", "frei", "Available!"])
def test_a_status_is_taken_back(text: str) -> None:
    assert understood(text, "Europe/Oslo", NOW) == StatusWish("unknown")


def test_each_word_means_one_thing() -> None:
    assert all(meant(word) == activity for activity, words in WORDS.items() for word in words)


@pytest.mark.parametrize("text", ["", "banana until 12", "vacation until 31.2.", "away until 2024-05-14"])
def test_what_means_nothing_is_answered_with_what_may_be_written(text: str) -> None:
    with pytest.raises(NotUnderstood):
        understood(text, "Europe/Oslo", NOW)


@given(st.text(max_size=60), st.sampled_from(["lunch ", "ferie til ", "møde ", ""]))
def test_any_text_is_understood_or_refused(text: str, before: str) -> None:
    try:
        wish = understood(before + text, "Europe/Oslo", NOW)
    except NotUnderstood:
        return
    assert wish.until is None or wish.until > NOW
