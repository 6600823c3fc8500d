"""Consults, conferences and supervisors who listen, as stories; restarted after every event."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import CallId, ContactId
from acd.core.participants import Part, Sound, hears, matrix, participants
from acd.testing.story import SECOND, START_MS, Story, agent, desk, line
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import DEFAULT_MEDIA, EntryId, Line, LineId, OutboundRule, WrapUpRule
from queues.states import ContactState

ANNA, BERT, SUSI, CAIO = (AgentId(name) for name in ("anna", "bert", "susi", "caio"))
FOR_TWO = (replace(DEFAULT_MEDIA[0], mixes=False), *DEFAULT_MEDIA[1:])
PUT_ASIDE = (replace(DEFAULT_MEDIA[0], put_aside=True), *DEFAULT_MEDIA[1:])
"""A medium whose work goes back to its line when its agent goes home, though its party is there: a chat."""
OUTSIDE = OutboundRule("consult", ("local", "mobile"), "sip", at_once=2)


def second(**rules: Any) -> Line:
    return line("second", "second", **rules)


def story(*more: Any, media: Any = DEFAULT_MEDIA, **lines: Any) -> Story:
    """Anna talks with the caller for ten seconds already; Bert is of the second line, Susi supervises."""
    told = Story(
        desk(
            line(**lines),
            second(),
            agent("anna"),
            agent("bert", second=1),
            agent("susi", none=1),
            *more,
            media=media,
            outbound=(OUTSIDE,),
        ),
        forgetful=True,
    )
    told.ready(0, "anna", "bert", "susi")
    told.arrive(0)
    return told.accept(SECOND, "anna")


CALL = ContactId(1)
ASKED = ContactId(2)


def ask(now: int, told: Story, **whom: Any) -> Story:
    return told.at(now, events.ConsultStarted(CALL, ANNA, **(whom or {"line": LineId("second")})))


def hearing(told: Story) -> dict[str, set[str]]:
    """Who hears whom, by the names of agents and of legs."""
    state = told.engine.state
    name = {int(work.id): work.agent for work in state.works.values()}
    found: dict[str, set[str]] = {}
    for contact in state.contacts.values():
        people = participants(state, contact)
        called = {one: str(name.get(one.offer) or one.carrier.ref) for one in people}
        for one in people:
            if one.hears is Sound.OTHERS:
                hearers = found.setdefault(called[one], set())
                hearers |= {called[other] for other in people if hears(one, other)}
    return found


def test_an_agent_asks_second_level_and_hands_over() -> None:
    told = ask(11 * SECOND, story(wrap_up=WrapUpRule(ms=5_000)))
    assert told.rung("bert") == ASKED
    assert hearing(told) == {}, "the caller and Anna hear music"
    told.accept(13 * SECOND, "bert")
    assert hearing(told) == {"anna": {"bert"}, "bert": {"anna"}}
    told.at(20 * SECOND, events.ConsultMerged(CALL, ANNA))
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"bert": {caller}, caller: {"bert"}}
    assert told.shown("anna") == "wrap_up"
    assert list(told.engine.state.contacts) == [CALL], "the consult is over and puts nothing into a queue"
    taken = told.of(facts.TakenOver)[0]
    assert (taken.agent, taken.from_agent, taken.from_line, taken.line) == (BERT, ANNA, "help", "second")
    told.release(30 * SECOND, CALL, "bert")
    assert told.of(facts.Released)[0].by == "agent"
    assert not told.engine.state.contacts


def test_a_caller_who_holds_while_he_is_handed_over_holds_whoever_has_him_then() -> None:
    told = ask(11 * SECOND, story())
    told.accept(13 * SECOND, "bert").at(14 * SECOND, events.ContactHeld(CALL, by_agent=False))
    told.at(20 * SECOND, events.ConsultMerged(CALL, ANNA))
    assert [(fact.agent, fact.t_ms) for fact in told.of(facts.Held)] == [
        (ANNA, START_MS + 14 * SECOND),
        (BERT, START_MS + 20 * SECOND),
    ]
    assert hearing(told) == {}
    told.at(25 * SECOND, events.ContactResumed(CALL, by_agent=False))
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"bert": {caller}, caller: {"bert"}}


def test_the_consult_ends_and_the_agent_is_back_with_his_caller() -> None:
    told = ask(11 * SECOND, story())
    told.accept(12 * SECOND, "bert").at(15 * SECOND, events.ConsultEnded(CALL, ANNA))
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"anna": {caller}, caller: {"anna"}}
    assert told.shown("bert") == "ready", "whom somebody asked has nothing to wrap up"
    connect = told.ordered(effects.ConnectContact)[-1]
    assert (connect.agent, connect.contact, connect.role) == (ANNA, CALL, "agent")


def test_who_is_asked_hangs_up_and_who_asks_is_back() -> None:
    told = ask(11 * SECOND, story())
    told.accept(12 * SECOND, "bert").release(15 * SECOND, ASKED, "bert")
    assert told.of(facts.ConsultOver)[0].result == "left"
    assert told.contact(CALL).state is ContactState.CONNECTED


def test_hanging_up_while_he_asks_hands_the_caller_over() -> None:
    told = ask(11 * SECOND, story())
    told.accept(12 * SECOND, "bert").release(15 * SECOND, CALL, "anna")
    assert told.of(facts.TakenOver)[0].agent == BERT
    assert not [one for one in told.ordered(effects.ReleaseAgent) if one.agent == ANNA], "he is off already"


def test_hanging_up_before_anybody_answered_lets_the_caller_wait_there_with_his_anchor() -> None:
    told = ask(11 * SECOND, story()).release(12 * SECOND, CALL, "anna")
    queued = told.of(facts.Queued)[-1]
    assert (queued.contact, queued.line, queued.anchor_ms) == (CALL, "second", START_MS)
    assert told.rung("bert") == CALL


def test_a_consult_waits_with_the_anchor_of_its_contact_and_is_never_offered_to_who_asks() -> None:
    two = desk(line(), second(), agent("anna", (VOICE, 2), help=1, second=1), agent("bert", second=1))
    told = Story(two, forgetful=True).ready(0, "anna")
    told.arrive(0)
    told.accept(SECOND, "anna")
    later = told.arrive(2 * SECOND, "second")
    assert told.rung("anna") == later
    told.refuse(3 * SECOND, "anna")
    ask(4 * SECOND, told)
    told.until(60 * SECOND)
    assert told.rung("anna") in {later, None}
    assert told.contact(ASKED + 1).anchor_ms == START_MS
    told.ready(70 * SECOND, "bert")
    assert told.rung("bert") == ASKED + 1, "before one who came after its caller"


def test_the_caller_hangs_up_while_his_agent_asks() -> None:
    told = ask(11 * SECOND, story(wrap_up=WrapUpRule(ms=5_000)))
    told.accept(12 * SECOND, "bert").leave(15 * SECOND, CALL)
    assert not told.engine.state.contacts
    assert (told.shown("anna"), told.shown("bert")) == ("wrap_up", "ready")
    released = {one.agent for one in told.ordered(effects.ReleaseAgent)}
    assert released == {ANNA, BERT}


def test_nobody_of_the_line_answers_and_the_consult_gives_up() -> None:
    told = Story(desk(line(), second(max_wait_ms=30_000), agent("anna")), forgetful=True).ready(0, "anna")
    told.arrive(0)
    told.accept(SECOND, "anna")
    ask(2 * SECOND, told).until(40 * SECOND)
    assert told.of(facts.ConsultOver)[0].result == "waited too long"
    assert told.of(facts.Released) == [], "a consult is in no figure of callers"
    assert not told.contact(CALL).consult


def test_three_together_and_the_agent_leaves() -> None:
    told = ask(11 * SECOND, story(wrap_up=WrapUpRule(ms=5_000)))
    told.accept(12 * SECOND, "bert").at(15 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {
        "anna": {"bert", caller},
        "bert": {"anna", caller},
        caller: {"anna", "bert"},
    }
    told.release(20 * SECOND, CALL, "anna")
    assert hearing(told) == {"bert": {caller}, caller: {"bert"}}
    assert told.shown("anna") == "wrap_up"
    told.release(30 * SECOND, CALL, "bert")
    assert not told.engine.state.contacts


def test_a_member_of_a_conference_hangs_up_and_the_agent_goes_on() -> None:
    told = ask(11 * SECOND, story())
    told.accept(12 * SECOND, "bert").at(15 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    told.release(20 * SECOND, CALL, "bert")
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"anna": {caller}, caller: {"anna"}}
    assert told.of(facts.ConferenceLeft)[0].reason == "left"


def test_media_for_two_know_no_conference_but_hand_over() -> None:
    told = ask(11 * SECOND, story(media=FOR_TWO))
    told.accept(12 * SECOND, "bert")
    assert "for two only" in told.rejects(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    told.at(14 * SECOND, events.ConsultMerged(CALL, ANNA))
    assert "for two only" in told.rejects(15 * SECOND, events.ListenStarted(CALL, SUSI))


def outside(now: int, told: Story) -> Story:
    return ask(now, told, party="number", dial_class="mobile")


def test_somebody_outside_is_asked_joins_and_stays_when_the_agent_goes() -> None:
    told = outside(11 * SECOND, story())
    placed = told.ordered(effects.PlaceCall)[0]
    assert (placed.party, placed.purpose, placed.contact) == ("number", "consult", ASKED)
    told.at(14 * SECOND, events.CallAnswered(CallId(1), "out"))
    assert hearing(told) == {"anna": {"out"}, "out": {"anna"}}
    told.at(16 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    caller = told.contact(CALL).carrier.ref
    assert hearing(told)[caller] == {"anna", "out"}
    told.release(20 * SECOND, CALL, "anna")
    assert hearing(told) == {caller: {"out"}, "out": {caller}}
    told.at(25 * SECOND, events.ContactLeft(CALL, "out"))
    assert told.of(facts.Released)[0].by == "outside"
    released = told.ordered(effects.ReleaseContact)[-1]
    assert released.carrier.ref == caller, "nobody is left alone on the line"


def test_of_two_legs_with_one_ref_in_two_channels_the_named_one_has_left() -> None:
    told = Story(desk(line(), agent("anna"), outbound=(OUTSIDE,)), forgetful=True).ready(0, "anna")
    told.arrive(0, channel="portal")
    ref = outside(11 * SECOND, told.accept(SECOND, "anna")).contact(CALL).carrier.ref
    told.at(14 * SECOND, events.CallAnswered(CallId(1), ref))
    told.at(15 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    assert "no leg" in told.rejects(16 * SECOND, events.ContactLeft(CALL, ref, "nobody's"))
    told.at(17 * SECOND, events.ContactLeft(CALL, ref, "sip"))
    assert [fact.ref for fact in told.of(facts.OutsideLeft)] == [ref]
    assert told.contact(CALL).state == "connected"


def test_a_caller_is_handed_to_somebody_outside_by_hanging_up() -> None:
    told = outside(11 * SECOND, story())
    told.at(14 * SECOND, events.CallAnswered(CallId(1), "out")).release(15 * SECOND, CALL, "anna")
    assert told.of(facts.HandedOut)[0].agent == ANNA
    told.leave(30 * SECOND, CALL)
    assert told.ordered(effects.ReleaseContact)[-1].carrier == Carrier("sip", "out")
    assert not told.engine.state.contacts


@pytest.mark.parametrize("result", ["busy", "no answer", "failed"])
def test_nobody_outside_answers(result: events.CallResult) -> None:
    told = outside(11 * SECOND, story()).at(14 * SECOND, events.CallFailed(CallId(1), result))
    assert told.of(facts.ConsultOver)[0].result == result
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"anna": {caller}, caller: {"anna"}}


def test_an_agent_who_hangs_up_while_outside_rings_does_not_drop_his_caller_on_nobody() -> None:
    told = outside(11 * SECOND, story()).release(12 * SECOND, CALL, "anna")
    assert told.ordered(effects.EndCall)[0].call == 1
    assert told.of(facts.Released)[0].by == "agent"


def test_no_number_is_called_that_the_desk_does_not_allow() -> None:
    told = story()
    event = events.ConsultStarted(CALL, ANNA, party="number", dial_class="premium")
    assert "not allowed" in told.rejects(11 * SECOND, event)


def test_a_supervisor_listens_whispers_and_barges() -> None:
    told = story().at(11 * SECOND, events.ListenStarted(CALL, SUSI))
    rung = told.ordered(effects.OfferContact)[-1]
    assert (rung.agent, rung.role) == (SUSI, "listening")
    told.accept(12 * SECOND, "susi")
    caller = told.contact(CALL).carrier.ref
    talk = {"anna": {caller}, caller: {"anna"}}
    assert hearing(told) == {**talk, "susi": {"anna", caller}}
    told.at(13 * SECOND, events.ListenStarted(CALL, SUSI, "whisper"))
    assert hearing(told) == {"anna": {caller, "susi"}, caller: {"anna"}, "susi": {"anna", caller}}
    told.at(14 * SECOND, events.ListenStarted(CALL, SUSI, "barge"))
    assert hearing(told)[caller] == {"anna", "susi"}
    told.release(15 * SECOND, CALL, "susi")
    assert hearing(told) == talk
    assert told.shown("susi") == "ready"


@pytest.mark.parametrize("what", ["refuse", "fail", "let it ring"])
def test_a_supervisor_who_does_not_answer_is_not_paused(what: str) -> None:
    told = story().at(11 * SECOND, events.ListenStarted(CALL, SUSI))
    if what == "refuse":
        told.refuse(12 * SECOND, "susi")
    elif what == "fail":
        told.at(12 * SECOND, events.OfferFailed(told.offer_to("susi", 12 * SECOND)))
    told.until(60 * SECOND)
    assert told.shown("susi") == "ready"
    assert told.of(facts.ListenerLeft)[0].reason in ("refused", "unreachable", "no answer")
    assert told.contact(CALL).state is ContactState.CONNECTED


def test_everybody_is_sent_away_when_the_conversation_is_over() -> None:
    told = outside(11 * SECOND, story())
    told.at(12 * SECOND, events.CallAnswered(CallId(1), "out"))
    told.at(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    told.at(14 * SECOND, events.ListenStarted(CALL, SUSI)).accept(15 * SECOND, "susi")
    told.leave(16 * SECOND, CALL)
    assert told.shown("susi") == "ready"
    assert not told.engine.state.contacts
    assert not told.engine.state.carried


def test_a_transfer_ends_the_consult_and_keeps_the_anchor() -> None:
    told = ask(11 * SECOND, story()).accept(12 * SECOND, "bert")
    told.at(13 * SECOND, events.ContactTransferred(CALL, ANNA, LineId("help")))
    assert told.of(facts.ConsultOver)[0].result == "contact over"
    assert told.contact(CALL).anchor_ms == START_MS


def test_the_leg_of_the_agent_is_lost_while_he_asks_and_whoever_answered_has_the_caller() -> None:
    told = ask(11 * SECOND, story()).accept(12 * SECOND, "bert")
    told.at(13 * SECOND, events.LegLost(CALL, ANNA))
    assert told.of(facts.TakenOver)[0].agent == BERT
    assert told.contact(CALL).state is ContactState.CONNECTED


def test_the_leg_of_the_agent_is_lost_before_anybody_answered() -> None:
    told = ask(11 * SECOND, story())
    told.at(13 * SECOND, events.LegLost(CALL, ANNA))
    assert told.rung("bert") is None
    assert told.contact(CALL).state in (ContactState.WAITING, ContactState.OFFERED)


def test_the_leg_of_the_party_may_be_named() -> None:
    told = story()
    caller = told.contact(CALL).carrier.ref
    told.at(11 * SECOND, events.ContactLeft(CALL, caller))
    assert told.of(facts.Released)[0].by == "caller"


@pytest.mark.parametrize(
    "event",
    [
        events.ConsultStarted(CALL, ANNA, LineId("second")),
        events.ConsultStarted(ASKED, BERT, LineId("help")),
        events.ContactTransferred(ASKED, BERT, LineId("help")),
        events.ContactLeft(ASKED),
        events.ContactLeft(CALL, "nobody"),
        events.CallbackPromised(ASKED, "number", "local"),
        events.ListenStarted(ASKED, SUSI),
        events.ListenStarted(CALL, BERT),
        events.ListenStarted(CALL, SUSI, "spy"),  # type: ignore[arg-type]
        events.ConsultMerged(CALL, BERT),
    ],
)
def test_what_is_illegal_while_somebody_is_asked_changes_nothing(event: events.Event) -> None:
    told = ask(11 * SECOND, story()).accept(12 * SECOND, "bert")
    bert_listens = isinstance(event, events.ListenStarted) and event.agent == BERT
    if bert_listens:
        told.at(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    assert told.rejects(14 * SECOND, event)


def test_a_restart_in_the_middle_states_who_is_where() -> None:
    told = ask(11 * SECOND, story()).accept(12 * SECOND, "bert")
    stands = {type(one).__name__: one for one in told.engine.standing()}
    aside = stands["StepAside"]
    assert isinstance(aside, effects.StepAside)
    assert (aside.agent, aside.contact, aside.into) == (ANNA, CALL, ASKED)
    connect = [one for one in told.engine.standing() if isinstance(one, effects.ConnectContact)]
    assert [(one.agent, one.contact, one.role) for one in connect] == [(BERT, ASKED, "consulted")]
    assert stands["TreatContact"]
    assert Engine.restore(told.engine.snapshot()).standing() == told.engine.standing()


def test_a_consult_by_a_dialled_number_asks_the_line_of_that_entry() -> None:
    told = ask(11 * SECOND, story(), entry=EntryId("second"))
    assert told.rung("bert") == ASKED
    unknown = events.ConsultStarted(CALL, ANNA, entry=EntryId("none"))
    fresh = story()
    assert "unknown" in fresh.rejects(11 * SECOND, unknown)


def test_the_matrix_names_legs() -> None:
    told = story()
    people = participants(told.engine.state, told.contact(CALL))
    assert {one.part for one in people} == {Part.PARTY, Part.AGENT}
    assert len(matrix(people)) == 2


def test_an_agent_hears_a_whisper_when_he_has_answered_and_only_then() -> None:
    told = story(whisper="call for nord")
    prompt = told.ordered(effects.PromptAgent)
    assert [(one.agent, one.text) for one in prompt] == [(ANNA, "call for nord")]
    order = [type(effect) for effect in told.outcome.effects]
    assert order.index(effects.ConnectContact) < order.index(effects.PromptAgent)
    ask(11 * SECOND, told).accept(12 * SECOND, "bert")
    assert len(told.ordered(effects.PromptAgent)) == 1, "who is asked hears none"
    assert not [one for one in told.engine.standing() if isinstance(one, effects.PromptAgent)]


def test_an_agent_is_told_that_it_lasts_long_and_nobody_else_is() -> None:
    told = story().at(600 * SECOND, events.AgentPrompted(CALL, ANNA, "ten minutes"))
    assert told.of(facts.AgentTold)[0].text == "ten minutes"
    assert told.rejects(601 * SECOND, events.AgentPrompted(CALL, BERT, "ten minutes"))
    assert told.rejects(601 * SECOND, events.AgentPrompted(CALL, ANNA, ""))


def test_who_takes_part_in_what_is_anothers_goes_home_and_takes_nothing_with_him() -> None:
    told = ask(11 * SECOND, story(media=PUT_ASIDE)).accept(12 * SECOND, "bert")
    told.at(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    told.at(14 * SECOND, events.AgentSignedOut(BERT))
    assert told.ordered(effects.ReleaseAgent)[-1].agent == BERT
    caller = told.contact(CALL).carrier.ref
    assert hearing(told) == {"anna": {caller}, caller: {"anna"}}


def test_who_is_asked_goes_home_and_who_asks_is_back() -> None:
    told = ask(11 * SECOND, story(media=PUT_ASIDE)).accept(12 * SECOND, "bert")
    told.at(14 * SECOND, events.AgentSignedOut(BERT))
    assert told.of(facts.ConsultOver)[0].result == "signed out"
    assert told.shown("anna") == "handling"
    assert list(told.engine.state.contacts) == [CALL]


def test_a_conference_goes_on_when_its_agent_goes_home() -> None:
    told = ask(11 * SECOND, story(media=PUT_ASIDE)).accept(12 * SECOND, "bert")
    told.at(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    told.at(14 * SECOND, events.AgentSignedOut(ANNA))
    assert told.of(facts.TakenOver)[0].agent == BERT
    assert told.ordered(effects.ReleaseAgent)[-1].agent == ANNA
    assert told.of(facts.HandedBack) == []


def test_what_somebody_outside_talks_in_is_not_put_away() -> None:
    told = ask(11 * SECOND, story(media=PUT_ASIDE), party="number", dial_class="local")
    told.at(12 * SECOND, events.CallAnswered(CallId(1), "outside"))
    told.at(13 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    with pytest.raises(Rejected, match="conference"):
        told.at(14 * SECOND, events.ContactDeferred(CALL, START_MS + 60 * SECOND, ANNA))
