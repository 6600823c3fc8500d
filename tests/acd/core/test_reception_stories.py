"""Receiving: what comes in parts is not ready before it is there, and nothing that came is thrown away."""

from typing import Any

import msgspec
import pytest

from acd.core import effects, events, facts
from acd.core.engine import Engine
from acd.core.events import ContactId
from acd.server.unserved import STEPS
from acd.testing.story import START_MS, Story, agent, declared, desk, line, treatment
from agents.capacity import FAX, MAIL, VOICE
from agents.skills import AgentId
from queues.desk import (
    DEFAULT_MEDIA,
    Desk,
    EntryId,
    Medium,
    MediumTraits,
    OutboundRule,
    Overflow,
    Tenant,
    TenantId,
    Way,
)
from queues.names import TreatmentId
from queues.treatment import Park, Say

ANNA = AgentId("anna")
MINUTE = 60_000
PART = 5 * MINUTE
FAXES = EntryId("help fax")


def opened(**rules: Any) -> Desk:
    people = agent("anna", (VOICE, 1), (FAX, 1), (MAIL, 1))
    return desk(line(**rules), people, outbound=(OutboundRule("callback", ("local",), "sip"),))


def tone(call: int, entry: str = FAXES) -> events.MediumChanged:
    return events.MediumChanged(ContactId(call), EntryId(entry))


def page(fax: int, pages: int) -> events.PageReceived:
    return events.PageReceived(ContactId(fax), pages)


def all_of(fax: int, pages: int, *, complete: bool = True) -> events.ContactReceived:
    return events.ContactReceived(ContactId(fax), pages, complete)


def received(story: Story, now: int = 0) -> int:
    """A fax of one page whose sender has hung up."""
    fax = story.arrive(now, medium=FAX, ready=False)
    story.at(now, all_of(fax, 1)).leave(now, fax)
    return fax


def test_pages_are_counted_upwards_and_only_while_something_is_received() -> None:
    story = Story(opened())
    fax = story.arrive(0, medium=FAX, ready=False)
    assert "a contact of medium voice is ready" in story.rejects(
        0, events.ContactArrived("r", EntryId("help"), VOICE, ready=False)
    )
    story.at(1, page(fax, 2))
    assert "2 pages are there already" in story.rejects(2, page(fax, 2))
    assert "cannot end with 1 pages" in story.rejects(2, all_of(fax, 1))
    assert "still being received" in story.rejects(
        2, events.ContactDeferred(ContactId(fax), START_MS + MINUTE)
    )
    story.at(3, all_of(fax, 2))
    assert "nothing of contact" in story.rejects(4, page(fax, 3))
    assert "nothing of contact" in story.rejects(4, all_of(fax, 3))


def test_all_of_nothing_is_nothing() -> None:
    story = Story(opened())
    fax = story.arrive(0, medium=FAX, ready=False)
    assert "cannot end with 0 pages" in story.rejects(1, all_of(fax, 0))
    story.at(2, all_of(fax, 0, complete=False))
    assert [fact.stage for fact in story.of(facts.Abandoned)] == ["receiving"]
    assert story.engine.next_deadline() is None


def test_each_page_has_its_own_time() -> None:
    story = Story(opened())
    fax = story.arrive(0, medium=FAX, ready=False)
    for number in range(1, 6):
        story.at(number * (PART - 1), page(fax, number))
    story.until(6 * (PART - 1) + 1)
    (over,) = story.of(facts.Received)
    assert (over.pages, over.complete, over.by) == (5, False, "timed out")
    assert [effect.cause for effect in story.ordered(effects.ReleaseContact)] == ["not received"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("nowhere", "has no entry nowhere"),
        ("help", "is ready when it arrives"),
        ("theirs fax", "has no entry theirs fax"),
    ],
)
def test_a_call_becomes_only_what_its_own_client_receives(entry: str, why: str) -> None:
    theirs = opened()
    other = type(theirs.entries[0])(EntryId("theirs fax"), TenantId("other"), theirs.lines[0].id, FAX)
    tenants = (*theirs.tenants, Tenant(TenantId("other")))
    story = Story(
        Desk(tenants=tenants, lines=theirs.lines, entries=(*theirs.entries, other), agents=theirs.agents)
    )
    call = story.arrive(0)
    assert why in story.rejects(1, tone(call, entry))


def test_only_who_is_on_the_line_and_has_no_agent_turns_out_to_be_a_fax() -> None:
    story = Story(opened())
    mail, call = story.arrive(0, medium=MAIL), story.arrive(0)
    assert "has no leg" in story.rejects(1, tone(mail))
    story.at(1, events.CallbackPromised(ContactId(call), "n", "local"))
    assert "has no leg" in story.rejects(2, tone(call))
    story.arrive(3, joins=ContactId(call))
    assert "is promised a callback" in story.rejects(4, tone(call))
    story.ready(5, "anna").accept(5, "anna")
    assert "illegal in state 'connected'" in story.rejects(6, tone(call))


def test_a_tone_in_a_greeting_gives_the_place_in_the_line_back() -> None:
    story = Story(opened(greeting="welcome", greeting_mandatory=True, max_length=1))
    call = story.arrive(0)
    story.at(1_000, tone(call))
    assert story.contact(call).walk is None
    other = story.arrive(2_000)
    assert story.contact(other).state == "greeting", "there is room for one"
    story.at(3_000, all_of(call, 1))
    assert [fact.anchor_ms - START_MS for fact in story.of(facts.Queued)] == [3_000]


def test_a_tone_in_the_text_of_an_incident_that_ends_calls_is_a_fax_all_the_same() -> None:
    story = Story(opened()).at(0, declared(mode="end"))
    call = story.arrive(1)
    story.at(2, tone(call)).at(3, all_of(call, 1)).leave(4, call)
    assert story.contact(call).state == "waiting"
    assert story.of(facts.Deflected) == []


def test_a_tone_while_its_caller_is_told_that_the_line_is_closed_or_of_a_callback() -> None:
    closed = Way(Overflow.TREATMENT, None, TreatmentId("sorry"))
    offered = treatment("offer", Say("we will call"), Park())
    waits = line(max_length=1, when_full=closed, treatment=TreatmentId("offer"))
    rules = (OutboundRule("callback", ("local",), "sip"),)
    anna = agent("anna", (FAX, 1))
    story = Story(desk(waits, offered, treatment("sorry", Say("sorry")), anna, outbound=rules))
    first = story.arrive(0, party="n", dial_class="local")
    turned_away = story.arrive(1)
    assert story.contact(first).callback is not None, "he is being told"
    for now, call in ((2, first), (5, turned_away)):
        story.at(now, tone(call)).at(now + 1, all_of(call, 1)).leave(now + 2, call)
    assert [story.position(call) for call in (first, turned_away)] == [1, 2]
    story.ready(10, "anna", media=(FAX,)).accept(10, "anna")
    assert story.contact(first).state == "connected", "there is nobody to call back"
    assert story.of(facts.Parked) == []


def test_a_tone_on_a_leased_leg_ends_the_lease() -> None:
    pbx = Medium("pbx")
    kept = MediumTraits(pbx, promise=False, put_aside=False, keeps_leg=True, lease_ms=30_000)
    story = Story(desk(line(), media=(*DEFAULT_MEDIA, kept)))
    call = story.arrive(0, medium=pbx)
    story.at(1, tone(call)).at(2, page(call, 1)).until(MINUTE)
    assert story.contact(call).receiving


def test_what_is_being_received_is_joined_by_nothing_and_joins_nothing() -> None:
    story = Story(opened())
    fax = story.arrive(0, medium=FAX, ready=False)
    second = story.arrive(1, medium=FAX, joins=ContactId(fax))
    third = story.arrive(2, medium=FAX, joins=ContactId(second), ready=False)
    assert [fact.continues for fact in story.of(facts.Arrived)] == [None, fax, second]
    story.at(3, all_of(third, 1))
    assert story.arrive(4, medium=FAX, joins=ContactId(third)) > third
    assert [fact.contact for fact in story.of(facts.Joined)] == [third]


def test_a_received_fax_without_a_leg_is_like_a_mail() -> None:
    """It is put away, comes back, is handed on and outlives a restart; nobody is told to hang up."""
    story = Story(opened(), forgetful=True)
    story.ready(0, "anna", media=(FAX,))
    fax = received(story)
    story.accept(1, "anna").at(2, events.ContactDeferred(ContactId(fax), START_MS + MINUTE, ANNA))
    story.until(MINUTE).accept(MINUTE, "anna")
    story.at(MINUTE + 1, events.ContactTransferred(ContactId(fax), ANNA, story.contact(fax).line))
    assert story.engine.standing()[0].carrier.channel == "sip", "an offer, and nothing else"
    assert len(story.engine.standing()) == 1
    story.accept(MINUTE + 2, "anna").release(MINUTE + 3, fax, "anna")
    assert story.ordered(effects.ReleaseContact) == []
    assert story.engine.state.carried == {}


def test_the_lines_longest_wait_holds_for_a_fax_without_a_leg() -> None:
    story = Story(opened(max_wait_ms=MINUTE))
    received(story)
    story.until(MINUTE)
    assert [fact.by for fact in story.of(facts.Released)] == ["waited too long"]
    assert story.ordered(effects.ReleaseContact) == []


def test_a_fax_whose_channel_is_not_there_any_more_is_lost_only_while_it_is_on_the_line() -> None:
    story = Story(opened())
    fax, mail = story.arrive(0, medium=FAX, ready=False), story.arrive(0, medium=FAX)
    assert list(STEPS[0](story.engine.state, ())) == [events.LegLost(ContactId(fax))]
    story.at(1, all_of(fax, 1)).leave(2, fax)
    assert list(STEPS[0](story.engine.state, ())) == []
    assert mail in story.engine.state.contacts


def test_a_snapshot_of_before_knows_no_reception_and_is_read() -> None:
    story = Story(opened())
    mail = story.arrive(0, medium=MAIL)
    image = msgspec.msgpack.decode(story.engine.snapshot())
    for contact in image["contacts"]:
        del contact["reception"]
    for traits in image["desk"]["media"]:
        del traits["receive_ms"], traits["lease_ms"]
    engine = Engine.restore(msgspec.msgpack.encode(image))
    assert engine.snapshot() == story.engine.snapshot()
    assert engine.state.contacts[mail].reception is None
