"""Journals name events and facts by tags: a class may be renamed, its tag stays."""

from typing import get_args

import msgspec
import pytest

from acd.core.events import AnyEvent, Event
from acd.core.facts import AnyFact, DialDecided, Fact
from acd.journal.codec import decode_event, decode_facts

EVENTS = """
    AgentPaused AgentReachable AgentReady AgentSignedIn AgentSignedOut AgentUnreachable CalendarChanged
    CallAnswered CallFailed CallbackCancelled CallbackPromised
    ContactArrived ContactDeferred ContactDiverted ContactHeld ContactLeft ContactReleased
    CallOut CallOutCancelled EscalationStarted EscalationCancelled NoticeTaken
    ConsultEnded ConsultMerged ConsultStarted
    ContactResumed ContactTransferred DeskChanged DeviceVanished IncidentDeclared IncidentChanged
    IncidentEnded LegLost ContactLinked
    AgentPrompted ListenStarted
    LeaseRenewed MediumChanged PageReceived ContactReceived
    KeyPressed ListChanged OfferAccepted OfferDiverted OfferFailed OfferRefused PriorityChanged PromptEnded
    Restarted Tick
    TicketGiven DigitsCollected MessageRecorded WrapUpCoded WrapUpEnded WrapUpExtended
"""
"""Every tag that an event ever had in a released journal. Lines are added to this list, never taken away."""

FACTS = """
    Abandoned AgentLegLost Announced Answered Arrived Blocked CalendarSet CallOver CallPlaced CallbackOver
    DialDecided TalkTooLong TargetNear TargetMissed
    EscalationBegan EscalationTried EscalationMailed EscalationOver
    ConditionAsked LanguageSet NoKey Collected Recorded Sealing MessageLeft
    ConferenceJoined ConferenceLeft ConsultOver Consulted HandedOut ListenerJoined ListenerLeft ListenerRung
    SurveyBegan AgentTold OutsideJoined OutsideLeft TakenOver
    LegGone MediumChange PageKept Received Receiving
    CalledIn CalledOut Parked ReservationEnded Reserved Deferred Deflected DeskSet
    DeviceAway DeviceBack DeviceGone FlowedOut HandedBack Held IncidentOff IncidentOn IncidentChange
    Concerned Linked LinkOver AllClear IncidentWarned Informed
    Interrupted InterruptionEnded Joined KeyChosen ListSet NotAnswered OfferLost OfferWithdrawn Offered
    Overflowed
    Paused PositionTold PreferredHeld PreferredLet PriorityChange Promoted Queued Reachable Ready
    Refused Relaxed Released Requeued Restart Resumed SignedIn SignedOut Ticketed Transferred
    Treated TriedForgotten Unreachable WaitTold
    WrapUpCode WrapUpDone WrapUpExtension WrapUpOverdue WrapUpStarted
"""
"""Every tag that a fact ever had in a released journal. Lines are added to this list, never taken away."""


def tags_of(union: object) -> list[str]:
    return sorted(str(kind.__struct_config__.tag) for kind in get_args(union))


@pytest.mark.parametrize(("union", "released"), [(AnyEvent, EVENTS), (AnyFact, FACTS)])
def test_no_tag_of_an_old_journal_is_ever_lost(union: object, released: str) -> None:
    lost = set(released.split()) - set(tags_of(union))
    assert not lost, f"old journals hold {lost}: a renamed class keeps its tag, a dropped one stays readable"


@pytest.mark.parametrize(("union", "released"), [(AnyEvent, EVENTS), (AnyFact, FACTS)])
def test_a_new_tag_is_written_down_here(union: object, released: str) -> None:
    assert tags_of(union) == sorted(released.split())


@pytest.mark.parametrize("kind", [*get_args(AnyEvent), *get_args(AnyFact)])
def test_a_tag_is_said_in_the_source_and_not_taken_from_the_name_of_the_class(kind: type) -> None:
    renamed = type(kind)("Renamed", (kind,), {"__module__": __name__})
    assert renamed.__struct_config__.tag == kind.__struct_config__.tag  # type: ignore[attr-defined]


@pytest.mark.parametrize("bare", [Event, Fact])
def test_a_class_that_says_no_tag_has_none_and_so_cannot_be_decoded_among_the_others(bare: type) -> None:
    assert bare.__struct_config__.tag is None  # type: ignore[attr-defined]


def test_bytes_of_a_released_journal_are_read() -> None:
    left = bytes([0x82]) + b"\xa4type\xabContactLeft\xa7contact\x07"
    ready = bytes([0x91, 0x83]) + b"\xa4type\xa5Ready\xa4t_ms\x05\xa5agent\xa4anna"
    assert repr(decode_event(left)) == "ContactLeft(contact=7, ref='', channel='')"
    assert repr(decode_facts(ready)) == "[Ready(t_ms=5, agent='anna')]"


def test_a_decision_of_the_dial_policy_is_read_as_it_was_written_first() -> None:
    """A field of a fact is a promise, too: an entry that cannot be read stops every report about its days."""
    counted = {"at_once": 1, "in_hour": 2, "to_number": 3}
    ids = {"t_ms": 5, "call": 1, "contact": 7, "offer": 0, "agent": "", "tenant": "t"}
    said = {"purpose": "callback", "dial_class": "mobile", "reason": "", "caller_id": ""}
    (fact,) = decode_facts(msgspec.msgpack.encode([{"type": "DialDecided", **ids, **said, **counted}]))
    assert isinstance(fact, DialDecided)
    assert (fact.at_once, fact.in_hour, fact.to_number) == (1, 2, 3)
