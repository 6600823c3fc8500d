"""The guide to what callers hear: its site files are right, and its callers hear what it says."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from acd.core.effects import ReleaseContact, TreatContact
from acd.core.events import (
    ContactArrived,
    ContactTransferred,
    KeyPressed,
    MessageRecorded,
    OfferAccepted,
    PromptEnded,
)
from acd.core.facts import MessageLeft, Parked, Queued
from acd.testing import Story
from acd.testing.story import POSITION_MS
from agents.capacity import VOICE
from agents.skills import AgentId
from config.load import check
from config.schema import Site
from queues.desk import Calendar, CalendarId, Desk, EntryId, LineId
from queues.treatment import Phrase, Playlist
from tests.docs.test_snippets import ROOT, blocks

GUIDE = ROOT / "docs" / "guides" / "what-callers-hear.md"
BASE, SHORT_FORM, *TREATMENTS = blocks(GUIDE, "toml")

REST = """
[sip]
"""
PRINTERS = """
[entries.voice."+49 30 555 0102"]
line = "printers"
"""
CLOSED = """
[treatments.closed]
steps = [{ say = { en = "closed", de = "zu" } }]
"""
ANNA, NUMBER = AgentId("anna"), EntryId("+49305550101")
OPEN = Calendar(CalendarId("office"), ((0, 10**12),))
SHUT = Calendar(CalendarId("office"), ())
MUSIC = "default"


def site_of(folder: Path, *parts: str) -> Site:
    (folder / "site.toml").write_text("".join(parts), encoding="utf-8")
    site, errors, warnings = check(folder / "site.toml", {})
    assert (errors, warnings) == ((), ())
    assert site is not None
    return site


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    asks = '[lines.helpdesk]\nsurvey = "survey"\n'
    whole = "".join(TREATMENTS).replace("[lines.helpdesk]\n", asks, 1)
    return site_of(tmp_path, BASE, REST, whole).desk


def calls(desk: Desk, calendar: Calendar = OPEN) -> Story:
    """Somebody has just called, at 1 s."""
    told = Story(replace(desk, calendars=(calendar,)), start_ms=0)
    told.at(1000, ContactArrived("call", NUMBER, VOICE, party="number", dial_class="mobile"))
    return told


def heard(told: Story) -> TreatContact:
    return [effect for _, effect in told.effects if isinstance(effect, TreatContact)][-1]


def heard_at(told: Story, t_ms: int) -> Playlist:
    """What was begun by then."""
    told.until(t_ms)
    return heard(told).hears


def test_the_short_form_is_a_site_without_mistakes(tmp_path: Path) -> None:
    entry = '[entries.voice."+49 30 555 0101"]\nline = "helpdesk"\n'
    lines = site_of(tmp_path, BASE, PRINTERS, CLOSED, entry, SHORT_FORM).desk.lines
    line = next(one for one in lines if one.id == "helpdesk")
    assert (line.greeting, line.music, line.announce_every_ms) == ("greeting:helpdesk", MUSIC, 30_000)


def test_the_treatments_together_are_a_site_without_mistakes(desk: Desk) -> None:
    assert {one.id for one in desk.treatments} == {
        "welcome",
        "main",
        "english",
        "printers",
        "waiting",
        "offer",
        "callback",
        "soon",
        "closed",
        "voicemail",
        "survey",
        "thanks",
    }


def test_who_has_talked_is_asked_how_it_was_and_his_agent_is_free(desk: Desk) -> None:
    at_once = tuple(replace(entry, treatment="") for entry in desk.entries)
    told = calls(replace(desk, entries=at_once)).ready(1500, "anna")
    told.accept(2000, "anna").release(60_000, 1, "anna")
    assert heard(told).hears == Playlist((Phrase("treatment:survey:0"),), MUSIC, True, "12345")
    assert told.shown("anna") == "ready"


def test_who_presses_a_key_while_the_text_is_spoken_is_in_the_other_line(desk: Desk) -> None:
    told = calls(desk)
    asked = heard(told)
    says = Phrase("treatment:welcome:1"), Phrase("treatment:main:0")
    assert asked.hears == Playlist(says, MUSIC, True, "12")
    told.at(2000, KeyPressed(asked.contact, asked.visit, "1"))
    assert [fact.line for fact in told.facts if isinstance(fact, Queued)] == ["printers"]


def test_who_presses_nothing_waits_when_the_texts_and_the_time_for_a_key_are_over(desk: Desk) -> None:
    told = calls(desk)
    told.ready(1000, "anna")
    told.at(9000, PromptEnded(heard(told).contact, heard(told).visit))
    assert told.open_offers() == []
    told.until(14_000)
    assert [(fact.t_ms, fact.line) for fact in told.facts if isinstance(fact, Queued)] == [
        (14_000, "helpdesk")
    ]
    assert len(told.open_offers()) == 1


def test_who_may_be_called_back_is_asked_after_the_music_and_is_called_back_by_a_key(desk: Desk) -> None:
    told = calls(desk)
    contact = heard(told).contact
    told.at(2000, PromptEnded(contact, heard(told).visit))
    assert heard_at(told, 7000) == Playlist((Phrase("position", 1),), MUSIC, True)
    assert heard_at(told, 7000 + POSITION_MS + 30_000) == Playlist(
        (Phrase("treatment:offer:0"),), MUSIC, True, "1"
    )
    told.at(40_000, KeyPressed(contact, heard(told).visit, "1"))
    assert heard(told).hears.says == (Phrase("treatment:callback:0"),)
    assert not any(isinstance(fact, Parked) for fact in told.facts)
    told.at(43_000, PromptEnded(contact, heard(told).visit))
    assert any(isinstance(fact, Parked) for fact in told.facts)


def test_who_may_not_be_called_back_is_not_asked(desk: Desk) -> None:
    told = calls(replace(desk, outbound=()))
    told.at(2000, PromptEnded(heard(told).contact, heard(told).visit))
    assert heard_at(told, 7000).says == (Phrase("position", 1),)
    assert heard_at(told, 7000 + POSITION_MS + 30_000).says == (Phrase("position", 1),)


def test_who_presses_2_hears_the_menu_again_in_english_only(desk: Desk) -> None:
    told = calls(desk)
    asked = heard(told)
    told.at(2000, KeyPressed(asked.contact, asked.visit, "2"))
    assert heard(told).hears == Playlist((Phrase("treatment:main:0"),), MUSIC, True, "12", "en")


def test_who_calls_when_the_line_is_closed_hears_that_at_once_and_the_call_is_over(desk: Desk) -> None:
    told = calls(desk, SHUT)
    assert heard(told).hears.says == (Phrase("treatment:closed:0"),)
    told.at(9000, PromptEnded(heard(told).contact, heard(told).visit))
    told.until(17_000)
    assert [effect.cause for _, effect in told.effects if isinstance(effect, ReleaseContact)] == ["closed"]


def test_who_presses_1_when_it_is_closed_leaves_a_message_and_is_thanked_when_it_is_safe(desk: Desk) -> None:
    told = calls(desk, SHUT)
    told.at(2000, KeyPressed(heard(told).contact, heard(told).visit, "1"))
    asked = heard(told)
    assert asked.hears.says == (Phrase("treatment:voicemail:0"), Phrase("tone"))
    assert asked.hears.records_ms == 120_000
    told.at(9000, PromptEnded(asked.contact, asked.visit))
    told.at(20_000, MessageRecorded(asked.contact, asked.visit, "sound", 9000))
    assert heard(told).hears.says == (Phrase("treatment:voicemail:2"),)
    told.at(23_000, PromptEnded(asked.contact, heard(told).visit))
    assert [(fact.recording, fact.wait_ms) for fact in told.facts if isinstance(fact, MessageLeft)] == [
        ("sound", 0)
    ]


def test_who_is_handed_to_a_line_hears_its_waiting_treatment_from_its_beginning(desk: Desk) -> None:
    told = calls(desk)
    told.ready(1000, "anna")
    told.at(2000, KeyPressed(heard(told).contact, heard(told).visit, "1"))
    told.at(3000, OfferAccepted(*told.open_offers()))
    told.at(9000, ContactTransferred(heard(told).contact, ANNA, LineId("helpdesk")))
    assert heard(told).hears == Playlist((), MUSIC), "no place, since an agent is rung at once"


def test_who_waits_hears_how_long_it_will_be_and_is_offered_a_callback_if_that_is_long(desk: Desk) -> None:
    payroll, talk_ms = EntryId("+49305550103"), 240_000
    told = Story(replace(desk, calendars=(OPEN,)), start_ms=0).ready(0, "anna")

    def call(now: int) -> int:
        number = told.engine.state.last_contact + 1
        told.at(now, ContactArrived(f"call {number}", payroll, VOICE, party="number", dial_class="mobile"))
        return number

    for now in range(0, 8 * talk_ms, talk_ms):
        number = call(now)
        told.accept(now, "anna").release(now + talk_ms, number, "anna")
    call(8 * talk_ms)
    told.accept(8 * talk_ms, "anna")
    call(8 * talk_ms)
    assert heard(told).hears == Playlist((Phrase("expected wait", 3),), MUSIC, True)
    call(8 * talk_ms)
    says = Phrase("expected wait", 7), Phrase("treatment:offer:0")
    assert heard(told).hears == Playlist(says, MUSIC, True, "1")
