"""Contacts that the desk itself begins: somebody is called, told something, and may answer by a key."""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId
from acd.testing.story import SECOND, Story, agent, declared, desk, line, treatment
from agents.capacity import MAIL
from queues.desk import EntryId, IncidentMode, LineId, OutboundRule
from queues.names import TreatmentId
from queues.states import ContactState
from queues.treatment import Enqueue, Menu, Record, Say

ALARM = TreatmentId("alarm")
RULE = OutboundRule("escalation", ("mobile",), "sip", at_once=1)
TREATMENTS = (
    treatment("alarm", Say("line is down"), Menu("press 1", (("1", TreatmentId("thanks")),), 5_000, "calm")),
    treatment("thanks", Say("thank you")),
    treatment("to second", Enqueue(LineId("help"))),
)


def story(*more: Any) -> Story:
    told = Story(desk(line(), agent("anna"), *TREATMENTS, *more, outbound=(RULE,)), forgetful=True)
    return told.ready(0, "anna")


def call_out(treatment: str = "alarm", **changes: Any) -> events.CallOut:
    said: dict[str, Any] = {
        "entry": EntryId("help"),
        "purpose": "escalation",
        "party": "number",
        "dial_class": "mobile",
        "treatment": TreatmentId(treatment),
    }
    return events.CallOut(**(said | changes))


def test_whoever_is_called_hears_it_and_acknowledges_by_a_key() -> None:
    told = story().at(0, call_out())
    placed = told.ordered(effects.PlaceCall)[0]
    assert (placed.party, placed.purpose, placed.contact) == ("number", "escalation", 1)
    told.at(5 * SECOND, events.CallAnswered(CallId(1), "out"))
    assert [type(effect).__name__ for effect in told.outcome.effects] == ["AdmitContact", "TreatContact"]
    told.heard(8 * SECOND, 1).press(9 * SECOND, 1, "1").heard(11 * SECOND, 1)
    assert told.of(facts.KeyChosen)[0].key == "1"
    assert told.of(facts.Released)[0].by == "treatment"
    assert told.ordered(effects.ReleaseContact)[-1].carrier.ref == "out"
    assert not told.engine.state.contacts
    assert told.rung("anna") is None, "nobody of the desk is asked"
    assert not told.of(facts.Arrived), "it is in no figure of callers"


def test_whoever_is_called_and_says_nothing_has_abandoned_nothing() -> None:
    told = story(treatment("say", Record(30_000))).at(0, call_out("say"))
    told.at(SECOND, events.CallAnswered(CallId(1), "out")).at(2 * SECOND, events.ContactLeft(ContactId(1)))
    told.until(60 * SECOND)
    assert [fact.by for fact in told.of(facts.Released)] == ["caller"]
    assert not told.of(facts.Abandoned)


@pytest.mark.parametrize("result", ["busy", "no answer", "failed"])
def test_whoever_is_not_reached_ends_it(result: events.CallResult) -> None:
    told = story().at(0, call_out()).at(SECOND, events.CallFailed(CallId(1), result))
    assert told.of(facts.Released)[0].by == "not reached"
    assert told.of(facts.CallOver)[0].result == result


def test_one_who_never_answers_is_given_up() -> None:
    told = story().at(0, call_out()).until(120 * SECOND)
    assert told.of(facts.CallOver)[0].result == "timed out"
    assert told.ordered(effects.EndCall)
    assert not told.engine.state.contacts


def test_no_more_at_once_than_the_desk_allows() -> None:
    told = story().at(0, call_out()).at(SECOND, call_out(party="another")).until(2 * SECOND)
    assert told.of(facts.CallOver)[0].result == "no room"
    assert [one.party for one in told.ordered(effects.PlaceCall)] == ["number"]


@pytest.mark.parametrize("answered", [False, True])
def test_it_is_called_off(answered: bool) -> None:
    told = story().at(0, call_out())
    if answered:
        told.at(SECOND, events.CallAnswered(CallId(1), "out"))
    told.at(2 * SECOND, events.CallOutCancelled(ContactId(1)))
    assert told.of(facts.Released)[0].by == "cancelled"
    ended = told.ordered(effects.ReleaseContact) if answered else told.ordered(effects.EndCall)
    assert len(ended) == 1
    assert not told.engine.state.contacts


def test_he_hangs_up_while_he_is_told() -> None:
    told = story().at(0, call_out()).at(SECOND, events.CallAnswered(CallId(1), "out")).leave(2 * SECOND, 1)
    assert told.of(facts.Released)[0].by == "caller"
    assert not told.of(facts.Abandoned)


def test_a_treatment_may_bring_him_into_a_line_where_he_is_like_any_other() -> None:
    told = story().at(0, call_out("to second")).at(SECOND, events.CallAnswered(CallId(1), "out"))
    assert told.rung("anna") == 1
    told.accept(2 * SECOND, "anna")
    assert told.contact(1).state is ContactState.CONNECTED
    assert told.rejects(3 * SECOND, events.CallOutCancelled(ContactId(1)))
    told.release(4 * SECOND, 1, "anna")
    assert told.of(facts.Released)[0].by == "agent"


def test_who_is_told_of_one_thing_is_not_told_of_an_incident() -> None:
    told = story().at(0, call_out()).at(SECOND, events.CallAnswered(CallId(1), "out"))
    told.at(2 * SECOND, declared(mode=IncidentMode.INFORM.value))
    assert not told.of(facts.Informed)


@pytest.mark.parametrize(
    "changes",
    [
        {"entry": EntryId("none")},
        {"entry": EntryId(f"help {MAIL}")},
        {"purpose": "callback"},
        {"purpose": "consult"},
        {"purpose": ""},
        {"party": ""},
        {"dial_class": "premium"},
        {"treatment": TreatmentId("none")},
    ],
)
def test_what_is_not_allowed_is_refused(changes: dict[str, Any]) -> None:
    assert story().rejects(0, call_out(**changes))


def test_a_caller_of_his_own_is_not_called_off() -> None:
    told = story()
    number = told.arrive(0)
    assert "for a purpose" in told.rejects(SECOND, events.CallOutCancelled(ContactId(number)))
