"""After a kill: what the records of the legs and the standing effects make of each call."""

from collections.abc import Sequence

import pytest

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact, RejectContact, ReleaseContact
from acd.core.events import ContactId, LegLost, OfferId
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Join
from channels.sip.b2bua import restart
from tests.channels.sip.b2bua.world import World

CONTACT, OFFER, ANNA = ContactId(1), OfferId(1), AgentId("anna")
PHONE_OF_ANNA = Carrier("sip", "anna")
OFFERED = OfferContact(OFFER, CONTACT, ANNA, 20_000, carrier=PHONE_OF_ANNA)
CONNECTED = ConnectContact(OFFER, CONTACT, ANNA, carrier=PHONE_OF_ANNA)


def killed(world: World, standing: Sequence[Effect], records: dict[str, bytes] | None = None) -> World:
    """The next process, with the same caller and phone, and all media still alive."""
    after = World()
    after.sides, after.caller, after.phone, after.trunk = world.sides, world.caller, world.phone, world.trunk
    after.host.numbers = world.host.numbers
    after.media._sessions = world.media._sessions
    after.host.records = dict(world.host.records if records is None else records)
    after.now_ms = after.calls.now_ms = world.now_ms
    restart.load_legs(after.calls, dict(after.host.records), frozenset(after.host.records))
    restart.reconcile(after.calls, standing)
    after.read_numbers()
    return after


def admission(world: World) -> AdmitContact:
    """As the engine states it after a restart."""
    (leg,) = [key for key in world.host.records if key.startswith("c")]
    return AdmitContact(CONTACT, "default", carrier=Carrier("sip", leg))


def test_a_caller_whose_refusal_was_killed_is_refused_by_the_next_process(world: World) -> None:
    """The entry was written, the order did not leave: he had seen 100 and would hear nothing for ever."""
    world.invite()
    after = killed(world, [])
    assert world.caller.statuses == [100, 480]
    assert (after.host.records, after.calls.legs) == ({}, {})


def test_a_caller_killed_between_his_admission_and_his_release_is_refused(world: World) -> None:
    world.media.deaf = True
    world.invite()
    world.admit()
    after = killed(world, [])
    assert world.caller.statuses == [100, 480]
    assert (after.host.records, after.calls.legs) == ({}, {})


def test_a_refused_caller_s_unreadable_invite_is_forgotten(world: World) -> None:
    world.invite()
    leg = world.calls.legs[next(iter(world.calls.legs))]
    leg.record.invite = b"what?"
    world.calls.save(leg)
    after = killed(world, [])
    assert world.caller.statuses == [100]
    assert (after.host.records, after.calls.legs) == ({}, {})


def test_a_caller_killed_while_he_was_admitted_is_answered(world: World) -> None:
    world.media.deaf = True
    world.invite()
    world.admit()
    after = killed(world, [admission(world)])
    assert world.caller.statuses == [100, 200]
    assert len(after.calls.legs) == 1


def test_an_answered_caller_who_stands_no_more_is_hung_up(world: World) -> None:
    world.invite()
    world.admit()
    killed(world, [])
    assert [new.request.method for new in world.caller.requests] == ["BYE"]


def test_an_admitted_contact_without_a_leg_is_lost(world: World) -> None:
    world.invite()
    world.admit()
    after = killed(world, [admission(world)], records={})
    assert after.host.events == [LegLost(CONTACT, None, world.caller_leg)]


def test_caller_and_agent_are_joined_again_and_asked_whether_they_are_there(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.phone_answers()
    world.carry_out(CONNECTED)
    after = killed(world, [admission(world), CONNECTED])
    assert {command.leg for command in after.media.sent(Join)} == {after.caller_leg, "o1"}
    assert world.caller.requests[-1].request.method == "OPTIONS"
    assert world.phone.requests[-1].request.method == "OPTIONS"


def test_a_phone_that_rang_goes_on_ringing_and_one_without_an_offer_is_cancelled(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.phone.layer.reply(world.phone.requests[-1].key, 180, world.now_ms)
    world.run()
    after = killed(world, [admission(world), OFFERED])
    assert [new.request.method for new in world.phone.requests] == ["INVITE"]
    killed(after, [admission(after)])
    assert [type(out).__name__ for out in world.phone.other] == ["Cancelled"]


@pytest.mark.parametrize(
    ("cause", "status"), [("waited too long", 480), ("agent", 480), ("closed", 480), ("full", 486)]
)
def test_a_call_that_ends_before_its_media_answered_gets_a_final_response(
    world: World, cause: str, status: int
) -> None:
    world.media.deaf = True
    world.invite()
    carrier = world.admit().carrier
    world.carry_out(ReleaseContact(CONTACT, cause, carrier=carrier))
    assert world.caller.statuses == [100, status]
    assert (world.host.records, world.calls.legs) == ({}, {})


def test_a_rejection_carried_out_twice_answers_once(world: World) -> None:
    world.invite()
    (leg,) = world.calls.legs
    for _ in range(2):
        world.carry_out(RejectContact("closed", carrier=Carrier("sip", leg)))
    assert world.caller.statuses == [100, 480]
