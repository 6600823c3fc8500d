"""Leases: a leg that an outside exchange keeps is there as long as the exchange says so."""

from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.deadlines import Kind
from acd.core.events import CallId, ContactId
from acd.testing.story import Story, agent, desk, line, treatment
from agents.skills import AgentId
from queues.desk import CallbackRule, Desk, EntryId, Medium, MediumTraits, OutboundRule
from queues.names import TreatmentId
from queues.treatment import Menu

PBX = Medium("pbx")
LEASE, MINUTE = 30_000, 60_000


def pbx(lease_ms: int = LEASE) -> MediumTraits:
    return MediumTraits(PBX, promise=False, put_aside=False, keeps_leg=True, lease_ms=lease_ms)


def opened(lease_ms: int = LEASE) -> Desk:
    rule = CallbackRule(within_ms=10 * MINUTE)
    allowed = (OutboundRule("callback", ("local",), "sip"),)
    waiting = line(callback=rule)
    return desk(waiting, agent("anna", (PBX, 1)), media=(pbx(lease_ms),), outbound=allowed)


def renew(call: int) -> events.LeaseRenewed:
    return events.LeaseRenewed(ContactId(call))


def test_a_lease_runs_from_the_arrival_and_from_each_renewal() -> None:
    story = Story(opened())
    call = story.arrive(0, medium=PBX)
    story.at(LEASE - 1, renew(call)).until(2 * LEASE - 2)
    assert call in story.engine.state.contacts
    story.until(2 * LEASE - 1)
    assert story.log(facts.Abandoned) == [(2 * LEASE - 1, "Abandoned", call)]


def test_only_what_is_leased_is_renewed() -> None:
    story = Story(opened(lease_ms=0))
    call = story.arrive(0, medium=PBX)
    assert "has no lease" in story.rejects(1, renew(call))
    assert "not live" in story.rejects(1, renew(call + 1))
    assert story.engine.next_deadline() is None


def test_who_is_parked_has_no_leg_to_lose_and_the_one_that_we_call_is_our_own() -> None:
    story = Story(opened())
    call = story.arrive(0, medium=PBX)
    story.at(1, events.CallbackPromised(ContactId(call), "n", "local")).until(2 * LEASE)
    assert "has no lease" in story.rejects(2 * LEASE, renew(call))
    story.ready(2 * LEASE, "anna", media=(PBX,)).accept(2 * LEASE, "anna")
    story.at(2 * LEASE + 1, events.CallAnswered(CallId(1), "c1"))
    story.at(2 * LEASE + 2, events.DeskChanged(opened())).until(9 * MINUTE)
    assert story.contact(call).state == "connected"


def test_who_calls_in_by_the_exchange_again_is_leased_again() -> None:
    story = Story(opened())
    call = story.arrive(0, medium=PBX)
    story.at(1, events.CallbackPromised(ContactId(call), "n", "local"))
    story.arrive(MINUTE, medium=PBX, joins=ContactId(call))
    story.until(MINUTE + LEASE)
    assert [fact.again for fact in story.of(facts.Parked)] == [False, True], "he is called as promised"


def test_a_desk_that_learns_of_leases_believes_no_leg_for_ever_and_one_that_forgets_them_does() -> None:
    story = Story(opened(lease_ms=0))
    call = story.arrive(0, medium=PBX)
    story.at(MINUTE, events.DeskChanged(opened())).at(MINUTE + 1, events.DeskChanged(opened(lease_ms=0)))
    assert "has no lease" in story.rejects(MINUTE + 2, renew(call))
    story.until(60 * MINUTE)
    assert call in story.engine.state.contacts
    story.at(61 * MINUTE, events.DeskChanged(opened())).until(61 * MINUTE + LEASE)
    assert call not in story.engine.state.contacts


def test_who_called_in_by_a_lease_that_the_desk_forgets_is_forgotten_without_a_deadline_left() -> None:
    story = Story(opened())
    call = story.arrive(0, medium=PBX)
    story.at(1, events.CallbackPromised(ContactId(call), "n", "local"))
    story.arrive(2, medium=PBX, joins=ContactId(call))
    story.at(3, events.DeskChanged(opened(lease_ms=0)))
    story.ready(4, "anna", media=(PBX,)).accept(4, "anna").release(5, call, "anna")
    assert story.engine.next_deadline() is None


def consulting() -> Story:
    """Anna talks with a leased caller, and with somebody outside whom the desk has called."""
    allowed = (OutboundRule("consult", ("mobile",), "sip"), OutboundRule("alarm", ("mobile",), "sip"))
    told = treatment("alarm", Menu("press 1", (), 10 * MINUTE, "calm"))
    opened = desk(
        line(), agent("anna", (PBX, 1)), told, media=(replace(pbx(), hears=True),), outbound=allowed
    )
    story = Story(opened, reloads=True).ready(0, "anna", media=(PBX,))
    call = story.arrive(0, medium=PBX)
    story.accept(1, "anna")
    ask = events.ConsultStarted(ContactId(call), AgentId("anna"), party="n", dial_class="mobile")
    return story.at(2, ask).at(3, events.CallAnswered(CallId(1), "out"))


def test_a_leg_that_we_called_for_a_consult_is_leased_by_no_exchange_and_by_no_reload() -> None:
    """It was, and at its end the engine could not go on."""
    story = consulting()
    assert "has no lease" in story.rejects(4, renew(2))
    for k in range(1, 11):
        story.at(k * (LEASE - 5), renew(1))
    assert story.contact(2).state == "connected"
    story.release(10 * LEASE, 1, "anna")
    assert [fact.agent for fact in story.of(facts.HandedOut)] == ["anna"]
    story.at(10 * LEASE + 1, events.ContactLeft(ContactId(1)))
    assert not story.engine.state.contacts


def test_whom_the_desk_called_for_a_purpose_is_leased_by_no_exchange_and_by_no_reload() -> None:
    story = consulting()
    story.at(4, events.ContactLeft(ContactId(1)))
    alarm = events.CallOut(EntryId("help pbx"), "alarm", "n", "mobile", TreatmentId("alarm"))
    story.at(5, alarm).at(6, events.CallAnswered(CallId(2), "out"))
    story.until(5 * MINUTE)
    assert list(story.engine.state.contacts) == [3]


def test_a_lease_of_a_leg_that_we_called_in_an_older_snapshot_ends_nothing() -> None:
    story = consulting()
    story.engine.state.deadlines.set(Kind.LEASE, 2, story.moment(LEASE))
    story.at(LEASE - 5, renew(1)).until(2 * LEASE - 6)
    assert story.contact(2).state == "connected"


def test_a_conversation_whose_lease_ends_frees_its_agent_and_nobody_is_told_to_end_the_leg() -> None:
    story = Story(opened())
    story.ready(0, "anna", media=(PBX,))
    call = story.arrive(0, medium=PBX)
    story.accept(1, "anna").until(LEASE)
    assert [fact.by for fact in story.of(facts.Released)] == ["leg lost"]
    assert [effect.contact for effect in story.ordered(effects.ReleaseAgent)] == [call]
    assert story.ordered(effects.ReleaseContact) == []
    assert story.shown("anna") == "ready"
