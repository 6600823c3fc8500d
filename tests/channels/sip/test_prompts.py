"""What texts, positions and music of a site become as sounds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from acd.core.estimates.expectation import MINUTES
from acd.testing.story import desk, line, treatment
from channels.media.sound import prompts
from channels.media.sound.prompts import VOICES, PromptTextError
from channels.media.sound.sounds import SILENCE
from channels.sip.prompts import FARTHEST, WAITS, Phrases, make_phrases, wait_text
from config import texts
from config.schema import Passage, Site
from config.texts import SPOKEN
from queues.desk import Line
from queues.treatment import EXPECTED_WAIT, POSITION, Phrase, SayExpectedWait, SayPosition


def spoken(folder: Path, *parts: Any) -> Phrases:
    """The sounds of a site with these parts, which speaks German and English."""
    site = SimpleNamespace(
        languages=("de", "en"),
        prompts={"hello": (Passage("de", "Guten Tag"), Passage("en", "Hello"))},
        music={"default": None},
        desk=desk(*parts),
    )
    return make_phrases(cast(Site, site), folder)


def place(number: int) -> tuple[Phrase]:
    return (Phrase(POSITION, number),)


def test_phrases_are_said_one_after_the_other_each_in_every_language(tmp_path: Path) -> None:
    phrases = spoken(tmp_path, line(announce_every_ms=30_000))
    hello, first = phrases.say([Phrase("hello")]), phrases.say(place(1))
    assert (len(hello), len(first), len({*hello, *first})) == (2, 2, 4)
    assert phrases.say([Phrase("hello"), *place(1)]) == hello + first


def test_who_has_chosen_a_language_hears_no_other_where_a_text_has_it(tmp_path: Path) -> None:
    phrases = spoken(tmp_path, line(announce_every_ms=30_000))
    german, english = phrases.say([Phrase("hello")])
    assert phrases.say([Phrase("hello")], "en-GB") == (english,)
    assert phrases.say([Phrase("hello")], "de") == (german,)
    assert phrases.say([Phrase("hello")], "fr") == (german, english), "better both than none"
    assert len(phrases.say(place(1), "de")) == 1


def test_a_text_in_a_language_without_a_voice_is_named(tmp_path: Path) -> None:
    prompts = {"bonjour": (Passage("fr-CH", "Bonjour"),)}
    site = SimpleNamespace(languages=("fr-CH",), prompts=prompts, music={"default": None}, desk=desk(line()))
    with pytest.raises(PromptTextError, match='nobody speaks "fr-CH": give a recording'):
        make_phrases(cast(Site, site), tmp_path)


def test_what_acd_check_takes_for_speakable_is_spoken() -> None:
    assert set(VOICES) == set(SPOKEN)
    assert texts.LONGEST_TEXT == prompts.LONGEST_TEXT


def test_positions_differ_until_they_are_many(tmp_path: Path) -> None:
    phrases = spoken(tmp_path, line(announce_every_ms=30_000))
    told = [phrases.say(place(number)) for number in range(1, FARTHEST + 3)]
    assert len(set(told)) == FARTHEST + 1
    assert told[-1] == told[-2]


@pytest.mark.parametrize(
    ("parts", "are_spoken"),
    [
        ((line(),), False),
        ((line(announce_every_ms=30_000),), True),
        ((line(), treatment("waiting", SayPosition())), True),
    ],
)
def test_positions_are_spoken_where_a_line_or_a_treatment_tells_them(
    tmp_path: Path, parts: tuple[Line, ...], are_spoken: bool
) -> None:
    assert (spoken(tmp_path, *parts).say(place(1)) != (SILENCE.id,)) is are_spoken


def test_every_wait_that_can_be_told_has_a_text_of_its_own(tmp_path: Path) -> None:
    phrases = spoken(tmp_path, line(), treatment("waiting", SayExpectedWait()))
    told = [phrases.say([Phrase(EXPECTED_WAIT, minutes)]) for minutes in MINUTES]
    assert len({sound for sounds in told for sound in sounds}) == 2 * len(MINUTES)
    assert SILENCE.id not in {sound for sounds in told for sound in sounds}
    assert phrases.say([Phrase(EXPECTED_WAIT, 5)], "de") == told[MINUTES.index(5)][:1]


@pytest.mark.parametrize(
    ("minutes", "german", "english"),
    [
        (0, "weniger als eine Minute", "less than a minute"),
        (1, "etwa eine Minute", "about one minute"),
        (5, "etwa 5 Minuten", "about 5 minutes"),
        (60, "etwa 60 Minuten", "about 60 minutes"),
        (61, "mehr als 60 Minuten", "more than 60 minutes"),
    ],
)
def test_a_wait_is_said_as_people_do(minutes: int, german: str, english: str) -> None:
    assert wait_text("de", minutes) == f"Die Wartezeit beträgt {german}."
    assert wait_text("en", minutes) == f"The wait is {english}."
    assert set(WAITS) == set(VOICES)


def test_waits_are_spoken_only_where_a_treatment_tells_them(tmp_path: Path) -> None:
    assert spoken(tmp_path, line()).say([Phrase(EXPECTED_WAIT, 5)]) == (SILENCE.id,)


def test_a_text_that_nobody_has_spoken_is_silence_among_the_others(tmp_path: Path) -> None:
    phrases = spoken(tmp_path, line())
    hello = phrases.say([Phrase("hello")])
    assert phrases.say([Phrase("nothing"), Phrase("hello")]) == (SILENCE.id, *hello)
