"""Illegal events raise and change not a byte; so do a driver's mistakes."""

from typing import Any

import msgspec
import pytest

from acd.core import events
from acd.core.engine import ENGINE_VERSION, ON_EVENT, Engine
from acd.core.errors import EngineError, Overdue, TimeWentBack, UnreadableSnapshot
from acd.core.events import CallId, ContactId, OfferId
from acd.testing.story import START_MS, Story, agent, declared, desk, line
from agents.capacity import FAX, VOICE
from agents.skills import AgentId
from queues.desk import EntryId, IncidentId, LineId, TenantId
from queues.names import TreatmentId

NOBODY, GONE, LOST = AgentId("nobody"), ContactId(99), OfferId(99)
ANNA, CALL, OFFER = AgentId("anna"), ContactId(1), OfferId(1)

OF_NOBODY: list[events.Event] = [
    events.PromptEnded(GONE),
    events.KeyPressed(GONE, 1, "1"),
    events.DigitsCollected(GONE, 1, "kept"),
    events.MessageRecorded(GONE, 1, "sound", 5_000),
    events.ContactLeft(GONE),
    events.ContactDiverted(GONE, "voicemail"),
    events.IncidentChanged(declared("none").incident),
    events.IncidentEnded(IncidentId("none")),
    events.ContactLinked(GONE, IncidentId("none")),
    events.CallbackPromised(GONE, "number", "local"),
    events.CallbackCancelled(GONE),
    events.CallOut(EntryId("nobody"), "escalation", "number", "local", TreatmentId("none")),
    events.CallOutCancelled(GONE),
    events.EscalationStarted("list", EntryId("nobody"), (), "text"),
    events.EscalationCancelled(99),
    events.NoticeTaken(99),
    events.CallAnswered(CallId(7), "c7"),
    events.CallFailed(CallId(7), "busy"),
    events.ContactReleased(GONE, ANNA),
    events.LegLost(GONE),
    events.LegLost(GONE, ANNA),
    events.LeaseRenewed(GONE),
    events.MediumChanged(GONE, EntryId("help fax")),
    events.PageReceived(GONE, 1),
    events.ContactReceived(GONE, 1, complete=True),
    events.ContactHeld(GONE, True),
    events.ContactResumed(GONE, True),
    events.ContactTransferred(GONE, ANNA, LineId("help")),
    events.ConsultStarted(GONE, ANNA, LineId("help")),
    events.ConsultEnded(GONE, ANNA),
    events.ConsultMerged(GONE, ANNA),
    events.ListenStarted(GONE, ANNA),
    events.AgentPrompted(GONE, ANNA, "long"),
    events.PriorityChanged(GONE, 1),
    events.ListChanged(TenantId("nobody"), "vip", 1),
    events.OfferAccepted(LOST),
    events.OfferRefused(LOST),
    events.OfferFailed(LOST),
    events.OfferDiverted(LOST, "number", "mobile"),
    events.AgentSignedIn(NOBODY),
    events.AgentSignedOut(NOBODY),
    events.AgentPaused(NOBODY, "break"),
    events.AgentReady(NOBODY),
    events.AgentReachable(NOBODY, VOICE),
    events.AgentUnreachable(NOBODY, VOICE),
    events.ContactDeferred(GONE, START_MS + 60_000),
    events.TicketGiven(GONE, "INC-4711"),
    events.DeviceVanished(NOBODY, events.FIRST_DEVICE),
    events.WrapUpCoded(GONE, ANNA, ""),
    events.WrapUpCoded(CALL, NOBODY, ""),
    events.WrapUpExtended(GONE, ANNA, 1),
    events.WrapUpExtended(CALL, NOBODY, 1),
    events.WrapUpEnded(GONE, ANNA),
    events.WrapUpEnded(CALL, NOBODY),
]

WHILE_RINGING: list[events.Event] = [
    events.ContactArrived("ref-0-1", EntryId("help"), VOICE),
    events.LeaseRenewed(CALL),
    events.PageReceived(CALL, 1),
    events.ContactReceived(CALL, 1, complete=True),
    events.PromptEnded(CALL),
    events.KeyPressed(CALL, 0, "1"),
    events.DigitsCollected(CALL, 0, "kept"),
    events.MessageRecorded(CALL, 0, "sound", 5_000),
    events.ContactReleased(CALL, ANNA),
    events.ContactTransferred(CALL, ANNA, LineId("help")),
    events.ContactHeld(CALL, True),
    events.AgentSignedIn(ANNA),
    events.AgentReady(ANNA),
    events.AgentReachable(ANNA, VOICE),
    events.AgentUnreachable(ANNA, FAX),
    events.WrapUpCoded(CALL, ANNA, ""),
    events.WrapUpEnded(CALL, ANNA),
]

WHILE_CONNECTED: list[events.Event] = [
    events.MediumChanged(CALL, EntryId("help fax")),
    events.ContactDiverted(CALL, "callback"),
    events.OfferAccepted(OFFER),
    events.OfferRefused(OFFER),
    events.OfferFailed(OFFER),
    events.PromptEnded(CALL),
    events.WrapUpEnded(CALL, ANNA),
    events.WrapUpExtended(CALL, ANNA, 1),
]


def name(event: events.Event) -> str:
    return type(event).__name__


@pytest.mark.parametrize("event", OF_NOBODY, ids=name)
def test_what_concerns_nobody_is_rejected(event: events.Event) -> None:
    Story(desk(line(), agent("anna"))).ready(0, "anna").rejects(1_000, event)


@pytest.mark.parametrize("event", WHILE_RINGING, ids=name)
def test_what_does_not_fit_a_ringing_contact_is_rejected(event: events.Event) -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.rejects(1_000, event)
    story.accept(1_000, "anna")


@pytest.mark.parametrize("event", WHILE_CONNECTED, ids=name)
def test_what_does_not_fit_a_connected_contact_is_rejected(event: events.Event) -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.accept(0, "anna").rejects(1_000, event)
    story.release(1_000, 1, "anna")


@pytest.mark.parametrize("kind", [events.AgentPaused, events.AgentReady, events.AgentSignedOut])
def test_who_is_signed_out_can_only_sign_in(kind: type[events.Event]) -> None:
    story = Story(desk(line(), agent("anna")))
    event = events.AgentPaused(ANNA, "break") if kind is events.AgentPaused else kind(ANNA)
    assert "illegal in state 'signed_out'" in story.rejects(0, event)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"id": ""}, "needs an id and a text"),
        ({"greeting": ""}, "needs an id and a text"),
        ({"id": "mail"}, "on already"),
        ({"expires_ms": START_MS + 1_000}, "over already"),
    ],
)
def test_an_incident_that_makes_no_sense_is_rejected(said: dict[str, Any], reason: str) -> None:
    story = Story(desk(line())).at(0, declared("mail"))
    assert reason in story.rejects(1_000, declared(**{"id": "vpn", **said}))


def test_a_contact_is_diverted_to_a_service_that_there_is() -> None:
    story = Story(desk(line()))
    call = ContactId(story.arrive(0))
    kind: Any = "the bin"
    assert "no service" in story.rejects(1_000, events.ContactDiverted(call, kind))


def test_every_event_has_a_test_with_nobody_in_it() -> None:
    """Only five cannot concern somebody who does not exist."""
    tested = {type(event) for event in OF_NOBODY}
    bring = {events.Restarted, events.DeskChanged, events.CalendarChanged, events.ContactArrived}
    bring.add(events.IncidentDeclared)
    assert set(ON_EVENT) - tested == bring


def test_a_deadline_that_was_not_fired_first_is_the_drivers_fault_and_changes_nothing() -> None:
    story = Story(desk(line(ring_ms=5_000), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    before = story.engine.snapshot()
    with pytest.raises(Overdue):
        story.engine.handle(events.AgentSignedOut(ANNA), START_MS + 5_000)
    assert story.engine.snapshot() == before


def test_time_never_goes_back() -> None:
    story = Story(desk(line(), agent("anna"))).ready(5_000, "anna")
    before = story.engine.snapshot()
    for event in (events.Tick(), events.AgentSignedOut(ANNA)):
        with pytest.raises(TimeWentBack):
            story.engine.handle(event, START_MS + 4_999)
    assert story.engine.snapshot() == before


def test_a_tick_with_nothing_due_does_nothing_but_note_the_time() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    outcome = story.engine.handle(events.Tick(), START_MS + 60_000)
    assert (outcome.effects, outcome.facts) == ([], [])


def test_a_damaged_or_foreign_snapshot_says_so() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    saved = story.engine.snapshot()
    for damaged in (b"", saved[:-1], b"\xc1" + saved, saved[: len(saved) // 2], b"\x90", b"\x01"):
        with pytest.raises(UnreadableSnapshot):
            Engine.restore(damaged)
    parts = msgspec.msgpack.decode(saved)
    newer = msgspec.msgpack.encode({"version": ENGINE_VERSION + 1, "of": "another shape"})
    with pytest.raises(UnreadableSnapshot, match=f"version {ENGINE_VERSION + 1}, this is {ENGINE_VERSION}"):
        Engine.restore(newer)
    parts["contacts"][0]["line"] = "a line that the desk does not have"
    with pytest.raises(UnreadableSnapshot):
        Engine.restore(msgspec.msgpack.encode(parts))


def test_a_snapshot_of_the_version_before_is_read() -> None:
    """It lacks what its version did not know."""
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    image = msgspec.msgpack.decode(story.engine.snapshot()) | {"version": 3}
    for later in ("courses", "dialled", "paces"):
        del image[later]
    assert Engine.restore(msgspec.msgpack.encode(image)).snapshot() == story.engine.snapshot()


def test_our_mistake_and_the_drivers_are_told_apart() -> None:
    assert not issubclass(Overdue, TimeWentBack)
    assert issubclass(UnreadableSnapshot, EngineError)
