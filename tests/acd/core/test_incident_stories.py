"""Mass incidents: who hears the text, what follows it, when it is over."""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, declared, desk, entry, line
from agents.capacity import FAX, MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import (
    DEFAULT_MEDIA,
    Calendar,
    CalendarId,
    IncidentId,
    LineId,
    Medium,
    MediumTraits,
    OutboundRule,
    Overflow,
    TenantId,
    Way,
)
from queues.treatment import Phrase, Playlist

OTHER = Way(Overflow.LINE, LineId("other"))
VPN = IncidentId("vpn")


def office(*opens: tuple[int, int]) -> Calendar:
    return Calendar(CalendarId("office"), tuple((START_MS + a, START_MS + b) for a, b in opens))


def ends(story: Story) -> list[tuple[object, ...]]:
    return story.log(*facts.ENDINGS)


def stands(story: Story) -> list[Playlist]:
    """What a restart states to be heard."""
    return [one.hears for one in story.engine.standing() if isinstance(one, effects.TreatContact)]


def test_while_an_incident_is_on_a_caller_hears_its_text_before_he_can_be_offered() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna").at(0, declared())
    call = story.arrive(1_000)
    assert story.rung("anna") is None
    leg = Carrier("sip", "ref-1000-1")
    assert story.ordered(effects.AdmitContact) == [
        effects.AdmitContact(ContactId(call), "default", carrier=leg)
    ]
    text = Playlist((Phrase("vpn down"),), "default", reports=True)
    assert story.ordered(effects.TreatContact) == [
        effects.TreatContact(ContactId(call), 1, text, carrier=leg)
    ]
    assert story.of(facts.Informed) == [
        facts.Informed(START_MS + 1_000, ContactId(call), VPN, LineId("help"))
    ]
    story.heard(16_000, call)
    assert story.rung("anna") == call
    assert story.contact(call).anchor_ms == START_MS + 16_000, "he waits from when he was queued"


def test_an_incident_of_one_medium_is_nobody_else_s_business() -> None:
    chat = Medium("chat")
    traits = MediumTraits(chat, hears=True, promise=False, put_aside=False, keeps_leg=True)
    opened = desk(line(), entry("chats", "help", chat), media=(*DEFAULT_MEDIA, traits))
    story = Story(opened).at(0, declared(media=(chat,)))
    story.arrive(1_000)
    told = story.arrive(2_000, "chats", chat)
    assert [fact.contact for fact in story.of(facts.Informed)] == [told]


def test_after_the_text_of_an_incident_a_caller_hears_what_all_callers_must_hear() -> None:
    greeted: dict[str, Any] = {"greeting": "consent", "greeting_mandatory": True}
    story = Story(desk(line(**greeted))).at(0, declared())
    call = story.arrive(0)
    story.heard(10_000, call).heard(15_000, call)
    assert story.heard_by(call)[:2] == [(0, ("vpn down",), "default"), (10_000, ("consent",), "default")]
    assert story.contact(call).anchor_ms == START_MS + 15_000


def test_a_text_that_is_not_mandatory_comes_first_in_one_list_with_the_greeting() -> None:
    story = Story(desk(line(greeting="welcome"))).at(0, declared(mandatory=False))
    call = story.arrive(0)
    assert story.heard_by(call) == [(0, ("vpn down", "welcome"), "default")]
    assert story.contact(call).anchor_ms == START_MS


def test_a_text_that_is_not_mandatory_is_played_to_who_is_queued_and_delays_nothing() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna").at(0, declared(mandatory=False))
    call = story.arrive(0)
    assert story.rung("anna") == call
    assert story.ordered(effects.TreatContact)[0].hears == Playlist((Phrase("vpn down"),), "default")
    assert story.of(facts.Informed)[0].incident == VPN


def test_who_hangs_up_in_a_mandatory_text_was_deflected_and_abandoned_nothing() -> None:
    story = Story(desk(line())).at(0, declared())
    call = story.arrive(0)
    story.leave(5_000, call)
    assert story.of(facts.Deflected) == [
        facts.Deflected(START_MS + 5_000, ContactId(call), LineId("help"), VPN, "caller")
    ]
    assert ends(story) == [(5_000, "Deflected", call)]
    assert story.engine.state.contacts == {}


def test_who_hangs_up_while_queued_abandoned_whatever_text_was_played() -> None:
    story = Story(desk(line())).at(0, declared(mandatory=False))
    story.leave(5_000, story.arrive(0))
    assert [(fact.stage, fact.wait_ms) for fact in story.of(facts.Abandoned)] == [("waiting", 5_000)]


def test_a_leg_that_dies_in_the_text_is_no_content_caller() -> None:
    story = Story(desk(line())).at(0, declared())
    story.at(5_000, events.LegLost(ContactId(story.arrive(0))))
    assert [(fact.stage, fact.leg_lost) for fact in story.of(facts.Abandoned)] == [("greeting", True)]


@pytest.mark.parametrize("mandatory", [True, False])
def test_in_mode_end_the_desk_hangs_up_after_the_text_whatever_it_says_of_mandatory(mandatory: bool) -> None:
    story = (
        Story(desk(line(), agent("anna"))).ready(0, "anna").at(0, declared(mode="end", mandatory=mandatory))
    )
    call = story.arrive(0)
    story.heard(12_000, call)
    assert story.ordered(effects.ReleaseContact) == [
        effects.ReleaseContact(ContactId(call), "incident", carrier=Carrier("sip", "ref-0-1"))
    ]
    assert [fact.by for fact in story.of(facts.Deflected)] == ["end"]
    assert story.of(facts.IncidentOn)[0].mandatory
    assert story.rung("anna") is None


def test_vips_are_served_as_ever_unless_the_incident_says_otherwise() -> None:
    gold, early = entry("gold", "help", priority_class=4), entry("early", "help", head_start_ms=1)
    usual = entry("usual", "help", priority_class=5)
    story = Story(desk(line(), gold, early, usual)).at(0, declared())
    for name in ("gold", "early", "usual"):
        story.arrive(0, to=name)
    story.arrive(0, priority_class=1)
    assert [fact.contact for fact in story.of(facts.Informed)] == [3]
    story.at(1_000, events.IncidentEnded(VPN)).at(1_000, declared(vip_exempt=False))
    assert story.arrive(2_000, to="gold") == story.of(facts.Informed)[-1].contact


@pytest.mark.parametrize(
    ("scope", "informed"),
    [
        ({}, [1, 2, 3]),
        ({"lines": (LineId("help"),)}, [1, 3]),
        ({"entries": (entry("hot", "help").id,)}, [3]),
        ({"tenants": (TenantId("acme"),)}, [1, 2, 3]),
        ({"tenants": (TenantId("nobody"),)}, []),
        ({"lines": (LineId("other"),), "entries": (entry("hot", "help").id,)}, []),
        ({"lines": (LineId("vanished"),)}, []),
    ],
)
def test_a_scope_restricts_and_all_scopes_must_fit(scope: dict[str, Any], informed: list[int]) -> None:
    story = Story(desk(line(), line("other"), entry("hot", "help"))).at(0, declared(**scope))
    for name in ("help", "other", "hot"):
        story.arrive(0, to=name)
    assert [fact.contact for fact in story.of(facts.Informed)] == informed


def test_a_mail_or_a_fax_hears_nothing_and_is_never_ended_by_an_incident() -> None:
    story = Story(desk(line())).at(0, declared(mode="end"))
    story.arrive(0, medium=MAIL)
    story.arrive(0, medium=FAX)
    assert [fact.contact for fact in story.of(facts.Queued)] == [1, 2]
    assert story.of(facts.Informed) == []


def test_of_several_incidents_a_caller_hears_the_one_declared_first_that_concerns_him() -> None:
    story = Story(desk(line(), line("other")))
    story.at(0, declared("mail", lines=(LineId("other"),))).at(0, declared()).at(0, declared("wlan"))
    story.arrive(1_000)
    story.at(2_000, events.IncidentEnded(VPN))
    story.arrive(3_000)
    assert [fact.incident for fact in story.of(facts.Informed)] == ["vpn", "wlan"]


def test_the_incident_comes_before_closed_and_before_full() -> None:
    rules: dict[str, Any] = {"hours": CalendarId("office"), "max_length": 1}
    story = Story(desk(line(**rules), calendars=(office((0, 10_000)),))).at(0, declared())
    for now in (0, 0, 9_999):
        story.arrive(now)
    for call in (1, 2, 3):
        story.heard(9_999 + call, call)
    assert story.of(facts.Blocked) == []
    released = [(fact.contact, fact.by) for fact in story.of(facts.Released)]
    assert released == [(1, "closed"), (2, "closed"), (3, "closed")]
    assert [effect.cause for effect in story.ordered(effects.ReleaseContact)] == ["closed"] * 3


def test_who_finds_the_line_full_after_the_text_is_sent_on_or_away() -> None:
    full = line(max_length=1, when_full=OTHER)
    story = Story(desk(full, line("other", max_length=1))).at(0, declared())
    for call in [story.arrive(0) for _ in range(3)]:
        story.heard(5_000, call)
    assert [(fact.contact, fact.line) for fact in story.of(facts.Queued)] == [(1, "help"), (2, "other")]
    assert [(fact.contact, fact.by) for fact in story.of(facts.Released)] == [(3, "full")]


def test_who_hears_a_text_takes_no_place_in_the_line_yet() -> None:
    story = Story(desk(line(max_length=1))).at(0, declared())
    story.arrive(0)
    story.at(1_000, events.IncidentEnded(VPN)).arrive(2_000)
    assert [fact.contact for fact in story.of(facts.Queued)] == [2]
    story.heard(5_000, 1)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Released)] == [(1, "full")]


def test_a_closed_line_plays_no_text_that_need_not_be_heard() -> None:
    closed = line(hours=CalendarId("office"))
    story = Story(desk(closed, calendars=(office(),))).at(0, declared(mandatory=False))
    story.at(0, events.ContactArrived("r", entry("help", "help").id, VOICE))
    assert [fact.reason for fact in story.of(facts.Blocked)] == ["closed"]


def test_a_way_out_to_a_line_that_is_gone_by_the_end_of_the_text_leads_nowhere() -> None:
    night = line(hours=CalendarId("office"), when_closed=OTHER)
    story = Story(desk(night, line("other"), calendars=(office(),))).at(0, declared())
    call = story.arrive(0)
    story.at(1_000, events.DeskChanged(desk(line("new")))).heard(5_000, call)
    assert [fact.by for fact in story.of(facts.Released)] == ["closed"]


def busy_line() -> Story:
    """At 10.5 s: 1 is rung at anna, 2 hears music, 3 is told his position, 4 hears what he must hear."""
    greeted: dict[str, Any] = {"greeting": "consent", "greeting_mandatory": True}
    opened = desk(
        line(ring_ms=60_000),
        line("told", "nobody", announce_every_ms=10_000),
        line("greeted", "nobody", **greeted),
        agent("anna"),
    )
    story = Story(opened).ready(0, "anna")
    story.arrive(0)
    story.arrive(0)
    story.arrive(0, to="told")
    story.until(9_000).arrive(9_000, to="greeted")
    return story.until(10_500)


def test_who_is_on_the_line_when_it_is_declared_hears_it_at_once_and_keeps_his_place() -> None:
    story = busy_line().at(11_000, declared())
    assert [fact.contact for fact in story.of(facts.Informed)] == [1, 2, 3, 4]
    heard = [story.heard_by(number)[-1] for number in (1, 2, 3, 4)]
    assert heard == [(11_000, ("vpn down",), "default")] * 4
    assert (story.rung("anna"), story.position(2), story.position(3)) == (1, 2, 1)
    assert story.contact(4).state == "greeting"


def test_after_the_text_everybody_goes_on_where_he_was_interrupted() -> None:
    story = busy_line().at(11_000, declared())
    story.heard(15_000, 3).heard(15_000, 4)
    assert story.heard_by(3)[-1] == (15_000, ("position 1",), "default"), "it was cut, so it comes again"
    assert story.heard_by(4)[-1] == (15_000, ("consent",), "default")
    assert "hears no text" in story.rejects(15_000, events.PromptEnded(ContactId(2))), (
        "music follows by itself"
    )
    story.heard(20_000, 4)
    assert story.contact(4).anchor_ms == START_MS + 20_000


def test_an_incident_of_mode_end_ends_no_call_that_is_in_line_but_those_that_are_in_none_yet() -> None:
    story = busy_line().at(11_000, declared(mode="end"))
    for number in (3, 4):
        story.heard(15_000, number)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Deflected)] == [(4, "end")]
    assert story.position(3) == 1


def test_the_scope_of_an_incident_is_the_line_in_which_somebody_waits() -> None:
    moved = line(max_wait_ms=5_000, when_waited=Way(Overflow.LINE, LineId("other")))
    story = Story(desk(moved, line("other", "other")))
    call = story.arrive(0)
    story.until(6_000).at(7_000, declared(lines=(LineId("help"),)))
    assert story.of(facts.Informed) == []
    story.at(8_000, declared("wlan", lines=(LineId("other"),)))
    assert [(fact.contact, fact.incident) for fact in story.of(facts.Informed)] == [(call, "wlan")]


def test_a_second_incident_does_not_talk_over_the_text_of_the_first() -> None:
    story = busy_line().at(11_000, declared()).at(12_000, declared("wlan"))
    assert story.heard_by(4)[-1][1] == ("vpn down",)
    assert story.heard_by(2)[-1][1] == ("wlan down",), "whose music goes on by itself is told of both"


def test_what_was_interrupted_survives_a_restart_and_the_text_stands() -> None:
    story = busy_line().at(11_000, declared()).away(12_000, 60_000)
    texts = [one.says for one in stands(story)]
    assert texts == [(Phrase("vpn down"),), (Phrase("vpn down"),)], "those of which the end is waited for"
    story.heard(61_000, 4)
    assert story.heard_by(4)[-1][1] == ("consent",)


def test_who_talks_or_is_parked_or_a_vip_is_not_told() -> None:
    opened = desk(line(), agent("anna"), outbound=(OutboundRule("callback", ("local",), "sip"),))
    story = Story(opened).ready(0, "anna")
    story.arrive(0)
    story.accept(0, "anna").at(1_000, events.AgentPaused(AgentId("anna"), "break"))
    parked, vip = story.arrive(1_000), story.arrive(1_000, head_start_ms=1)
    story.at(2_000, events.CallbackPromised(ContactId(parked), "number", "local")).at(3_000, declared())
    assert story.of(facts.Informed) == []
    assert story.heard_by(vip) == []


def test_an_incident_is_over_when_it_expires_or_is_ended_by_hand() -> None:
    story = Story(desk(line())).at(0, declared(expires_ms=START_MS + 10_000)).at(0, declared("mail"))
    story.at(5_000, events.IncidentEnded(IncidentId("mail"))).until(20_000)
    off = [(fact.t_ms - START_MS, fact.incident, fact.reason) for fact in story.of(facts.IncidentOff)]
    assert off == [(5_000, "mail", "by hand"), (10_000, "vpn", "expired")]
    story.arrive(20_000)
    assert story.of(facts.Informed) == []
    story.at(30_000, declared("mail"))


def test_an_incident_does_not_outlive_the_moment_of_its_expiry() -> None:
    story = Story(desk(line())).at(0, declared(expires_ms=START_MS + 10_000))
    story.arrive(9_999)
    story.arrive(10_000)
    assert [fact.contact for fact in story.of(facts.Informed)] == [1]


@pytest.mark.parametrize("how", ["by hand", "expired"])
def test_who_hears_the_text_when_the_incident_goes_off_hears_it_out_and_is_then_served(how: str) -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.at(0, declared(mode="end", expires_ms=START_MS + 6_000))
    call = story.arrive(0)
    if how == "by hand":
        story.at(5_000, events.IncidentEnded(VPN))
    story.heard(12_000, call)
    assert story.rung("anna") == call
    assert ends(story) == []


def test_who_hangs_up_after_the_incident_went_off_but_in_its_text_was_still_deflected() -> None:
    story = Story(desk(line())).at(0, declared())
    call = story.arrive(0)
    story.at(5_000, events.IncidentEnded(VPN)).leave(6_000, call)
    assert [(fact.incident, fact.by) for fact in story.of(facts.Deflected)] == [("vpn", "caller")]


def test_who_was_told_something_else_is_not_ended_by_an_incident_declared_anew() -> None:
    story = Story(desk(line())).at(0, declared())
    call = story.arrive(0)
    story.at(1_000, events.IncidentEnded(VPN)).at(1_000, declared(mode="end", greeting="call later"))
    story.heard(9_000, call)
    assert [fact.contact for fact in story.of(facts.Queued)] == [call]


def test_an_incident_survives_a_restart_and_a_new_desk() -> None:
    opened = desk(line())
    story = Story(opened).at(0, declared(expires_ms=START_MS + 10_000)).restart()
    story.at(1_000, events.DeskChanged(opened)).restart()
    assert story.arrive(2_000) == story.of(facts.Informed)[0].contact
    story.until(10_000)
    assert [fact.reason for fact in story.of(facts.IncidentOff)] == ["expired"]


def test_after_a_restart_a_text_in_play_is_stated_anew_and_its_contact_goes_on() -> None:
    story = Story(desk(line(max_length=1), agent("anna"))).ready(0, "anna").at(0, declared())
    call = story.arrive(0)
    story.at(1_000, events.IncidentEnded(VPN)).restart()
    assert stands(story) == [Playlist((Phrase("vpn down"),), "default", reports=True)]
    story.heard(9_000, call)
    assert story.rung("anna") == call
    assert stands(story) == []


def test_a_mandatory_greeting_that_the_new_desk_dropped_is_still_the_one_that_stands() -> None:
    """Else a restart would wait for the end of a greeting without a name."""
    story = Story(desk(line(greeting="consent", greeting_mandatory=True)))
    story.arrive(0)
    story.at(1_000, events.DeskChanged(desk(line())))
    assert stands(story) == [Playlist((Phrase("consent"),), "default", reports=True)]


def test_who_is_in_a_text_can_neither_be_diverted_nor_is_he_on_the_board() -> None:
    story = Story(desk(line())).at(0, declared())
    call = story.arrive(0)
    assert "illegal" in story.rejects(1_000, events.ContactDiverted(ContactId(call), "callback"))
    assert story.position(call) == 0
    assert story.engine.state.board.length(LineId("help")) == 0
