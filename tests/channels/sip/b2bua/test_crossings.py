"""What phones cannot be made to do on demand: messages, effects and events that cross each other."""

import pytest

from acd.core.effects import ConnectContact, ReleaseAgent, ReleaseContact, WithdrawOffer
from acd.core.events import (
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReleased,
    LegLost,
    OfferAccepted,
    OfferFailed,
    OfferId,
    OfferRefused,
)
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Join, LegId
from channels.sip.b2bua import inbound
from channels.sip.b2bua.absent import PhoneId
from channels.sip.b2bua.leg import LegRecord, LegStage
from channels.sip.protocol.outputs import AckReceived
from queues.treatment import Playlist
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.world import CALLER, DESK, PHONE, World

CONTACT, OFFER, ANNA = ContactId(1), OfferId(1), AgentId("anna")
CALL, PHONE_OF_ANNA = Carrier("sip", "call"), Carrier("sip", "anna")


def kinds(world: World) -> list[str]:
    return [type(event).__name__ for event in world.host.events]


def talk(world: World) -> None:
    """A caller and anna are connected."""
    world.invite()
    world.admit()
    world.offer()
    world.phone_answers()
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=PHONE_OF_ANNA))


def test_a_call_goes_from_invite_to_bridge_and_bye_in_order(world: World) -> None:
    talk(world)
    assert world.caller.statuses == [100, 200]
    assert kinds(world) == ["ContactArrived", "OfferAccepted"]
    assert [command.leg for command in world.media.sent(Join)] == [world.caller_leg, "o1"]
    world.carry_out(ReleaseContact(CONTACT, "agent", carrier=Carrier("sip", world.caller_leg)))
    assert [new.request.method for new in world.caller.requests] == ["BYE"]


def test_a_cancel_that_comes_before_the_engine_s_answer_ends_the_contact(world: World) -> None:
    world.invite()
    key = next(iter(world.caller.layer._running.clients))
    world.caller.layer.cancel(key, world.now_ms)
    world.run()
    assert world.caller.statuses == [100, 487]
    world.admit()
    assert isinstance(world.host.events[-1], ContactLeft)
    assert world.host.records == {}


def test_a_withdrawal_that_crosses_the_200_hangs_up_and_accepts_nothing(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    invite = world.phone.requests[-1]
    world.phone.layer.reply(invite.key, 180, world.now_ms)
    world.run()
    agent = world.calls.agent_of(1)
    assert agent is not None
    agent.gone = True  # the CANCEL is under way
    world.phone_answers()
    assert "OfferAccepted" not in kinds(world)
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]
    assert [out.request.method for out in world.phone.other if isinstance(out, AckReceived)] == ["ACK"]


def test_an_answer_that_the_engine_rejects_is_hung_up(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.host.rejects = {OfferAccepted}
    world.phone_answers()
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]
    assert "o1" not in world.host.records


def test_the_same_offer_carried_out_twice_rings_once(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.offer()
    assert len(world.phone.requests) == 1


def test_the_same_admission_carried_out_twice_answers_once(world: World) -> None:
    world.invite()
    world.admit()
    world.admit()
    assert world.caller.statuses == [100, 200]


def test_busy_is_a_refusal_and_a_failure_is_not(world: World) -> None:
    world.invite()
    world.admit()
    for number, (status, expected) in enumerate(
        [
            (486, OfferRefused),
            (603, OfferRefused),
            (404, OfferFailed),
            (500, OfferFailed),
            (480, OfferRefused),
        ],
        1,
    ):
        world.absent.found(PhoneId("anna", PHONE.host))
        world.offer(number)
        world.phone_answers(status)
        assert type(world.host.events[-1]) is expected
    assert [leg.id for leg in world.calls.legs.values() if not leg.is_caller] == []


def test_an_agent_without_a_phone_fails_the_offer_at_once(world: World) -> None:
    world.invite()
    world.admit()
    world.registered = False
    world.offer()
    assert world.host.events[-1] == OfferFailed(OFFER)


def test_a_phone_that_never_answers_fails_the_offer_after_five_seconds_and_its_leg_ends_after_64_t1(
    world: World,
) -> None:
    world.invite()
    world.admit()
    world.deaf.add(PHONE)
    world.offer()
    world.pass_time(4_999)
    assert OfferFailed(OFFER) not in world.host.events
    world.pass_time(1)
    assert world.host.events[-1] == OfferFailed(OFFER)
    world.pass_time(26_999)
    assert world.calls.agent_of(1) is not None
    world.pass_time(1)
    assert world.calls.agent_of(1) is None


def test_a_caller_who_never_acknowledges_is_lost_after_64_t1(world: World) -> None:
    world.invite()
    world.deaf.add(CALLER)
    world.admit()
    world.pass_time(32_000)
    assert world.host.events[-1] == LegLost(CONTACT)


def test_bye_of_the_agent_releases_the_contact(world: World) -> None:
    talk(world)
    (leg,) = world.calls.by_contact[1].talking
    world.phone.layer.send_request(request_of(leg, "BYE", 1), DESK, world.now_ms)
    world.run()
    assert world.host.events[-1] == ContactReleased(CONTACT, ANNA)
    assert world.phone.statuses[-1] == 200


def test_release_of_an_agent_who_hung_up_at_the_same_moment_does_nothing(world: World) -> None:
    talk(world)
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]


def test_an_agent_is_released_though_his_caller_waits_again_already(world: World) -> None:
    """The engine says so in this order when a leg is lost or a contact is handed back."""
    talk(world)
    world.treat(Playlist(music="default"))
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]
    assert [leg.is_caller for leg in world.calls.legs.values()] == [True]


def test_a_release_leaves_alone_a_phone_of_his_that_rings_for_the_same_contact(world: World) -> None:
    talk(world)
    world.treat(Playlist(music="default"))
    world.offer(2)
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    assert list(world.calls.by_contact[1].agents) == [2]


def test_a_phone_that_answers_a_contact_of_another_channel_stays_up_until_it_is_released(
    world: World,
) -> None:
    world.offer()
    world.phone_answers()
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=PHONE_OF_ANNA))
    assert [command.leg for command in world.media.sent(Join)] == ["o1"]
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]
    assert (world.calls.legs, world.calls.by_contact, world.host.records) == ({}, {}, {})


def test_an_agent_who_accepted_and_whose_sound_fails_before_he_is_joined_is_lost(world: World) -> None:
    """His offer is over for the engine, so it must hear of the leg."""
    world.invite()
    world.admit()
    world.offer()
    world.phone_answers()
    world.media.fail(LegId("o1"), "play", "late")
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT, ANNA)
    assert world.phone.requests[-1].request.method == "BYE"


def test_an_unknown_trunk_is_refused_before_anything_is_opened(world: World) -> None:
    world.invite(source=PHONE)
    assert world.phone.statuses == [403]
    assert (world.host.events, world.calls.legs) == ([], {})


def test_a_required_extension_that_we_lack_is_named(world: World) -> None:
    world.invite(headers={"Require": "100rel"})
    assert world.caller.statuses == [420]
    assert world.caller.responses[-1].get("Unsupported") == "100rel"


def test_a_withdrawn_offer_ends_with_the_phone_s_487(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    invite = world.phone.requests[-1]
    world.phone.layer.reply(invite.key, 180, world.now_ms)
    world.run()
    world.host.rejects = {OfferRefused, OfferFailed}
    world.carry_out(WithdrawOffer(OFFER, CONTACT, ANNA, "answered elsewhere", carrier=PHONE_OF_ANNA))
    world.phone_answers(487)
    assert [leg.id for leg in world.calls.legs.values() if not leg.is_caller] == []
    assert "o1" not in world.host.records


@pytest.mark.parametrize(("vips", "given"), [({"+49305550199"}, (2, 60_000)), (set(), (None, 0))])
def test_a_caller_has_the_class_and_head_start_that_the_directory_gives_his_number(
    world: World, vips: set[str], given: tuple[int | None, int]
) -> None:
    world.host.vips = vips
    world.invite()
    arrived = world.host.events[-1]
    assert isinstance(arrived, ContactArrived)
    assert (arrived.priority_class, arrived.head_start_ms, arrived.party) == (*given, "party-1")


def test_a_number_is_read_as_the_network_of_its_trunk_writes_it(world: World) -> None:
    world.invite()
    assert world.host.networks == ["AT"]


def test_a_record_says_all_that_a_restart_needs(world: World) -> None:
    talk(world)
    arrived = world.host.events[0]
    assert isinstance(arrived, ContactArrived)
    caller = LegRecord.from_record(world.host.records[arrived.ref])
    agent = LegRecord.from_record(world.host.records["o1"])
    assert (caller.stage, caller.contact, agent.stage, agent.agent) == (LegStage.UP, 1, LegStage.UP, "anna")
    assert caller.dialog is not None
    assert agent.dialog is not None


def test_without_media_every_call_ends_and_new_ones_are_asked_to_come_later(world: World) -> None:
    talk(world)
    world.calls.without_media = True
    inbound.end_all(world.calls)
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT)
    assert [new.request.method for new in world.caller.requests] == ["BYE"]
    world.invite(source=CALLER, headers={"X-Again": "1"}, branch="invite-2", call_id="call-2")
    assert world.caller.statuses[-1] == 503
    assert world.caller.responses[-1].get("Retry-After")


def test_without_media_an_agent_s_leg_of_a_contact_of_another_channel_is_lost_too(world: World) -> None:
    world.offer()
    world.phone_answers()
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=PHONE_OF_ANNA))
    inbound.end_all(world.calls)
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT, ANNA)
    assert world.phone.requests[-1].request.method == "BYE"
    assert world.calls.legs == {}
