"""An agent with several phones: all that are there ring, the first answer wins, none stops the others."""

from typing import Any

import pytest

from acd.core.effects import ConnectContact, OfferContact, WithdrawOffer
from acd.core.events import (
    AgentPaused,
    AgentReachable,
    AgentUnreachable,
    ContactId,
    Event,
    OfferAccepted,
    OfferFailed,
    OfferId,
    OfferRefused,
)
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import Close, LegId
from channels.sip.b2bua import restart, targets
from channels.sip.b2bua.absent import PhoneId
from channels.sip.b2bua.leg import LegRecord, LegStage
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.outputs import AckReceived
from tests.channels.sip.b2bua.world import PHONE, Side, World

CONTACT, OFFER, ANNA = ContactId(1), OfferId(1), AgentId("anna")
HERS = Carrier("sip", "anna")
HOME, HALL = Endpoint("192.0.2.31", 5060), Endpoint("192.0.2.32", 5060)
ALL = [PHONE, HOME, HALL]
BACK, AWAY = AgentReachable(ANNA, VOICE, HERS), AgentUnreachable(ANNA, VOICE, HERS)


def rung(*phones: Endpoint, **table: Any) -> World:
    """A caller waits, and anna is offered him on these phones."""
    world = World(**table)
    world.phones = list(phones or ALL)
    for phone in world.phones:
        world.at(phone)
    world.invite()
    world.admit()
    world.offer()
    return world


def methods(side: Side) -> list[str]:
    return [new.request.method for new in side.requests]


def says(world: World, phone: Endpoint, status: int) -> None:
    """The phone answers its INVITE."""
    side = world.at(phone)
    invite = next(new for new in side.requests if new.request.method == "INVITE")
    world.answer(side, invite, status, f"<sip:anna@{phone.host}>")


def ring(world: World, *phones: Endpoint) -> None:
    for phone in phones:
        says(world, phone, 180)


def told(world: World) -> list[Event]:
    """After the arrival."""
    return world.host.events[1:]


def cancels(world: World, phone: Endpoint) -> list[str]:
    """Reasons of the CANCELs that a phone got."""
    outputs = [out for out in world.at(phone).other if type(out).__name__ == "Cancelled"]
    return [out.request.get("Reason") or "" for out in outputs]  # type: ignore[union-attr]


def test_all_ring_and_the_first_to_answer_wins() -> None:
    world = rung()
    assert [methods(world.at(phone)) for phone in ALL] == [["INVITE"]] * 3
    ring(world, *ALL)
    says(world, HOME, 200)
    assert told(world) == [OfferAccepted(OFFER)]
    elsewhere = ['SIP;cause=200;text="Call completed elsewhere"']
    assert [cancels(world, phone) for phone in ALL] == [elsewhere, [], elsewhere]
    says(world, PHONE, 487)
    says(world, HALL, 487)
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=HERS))
    record = LegRecord.from_record(world.host.records["o1"])
    assert (record.stage, record.rung) == (LegStage.UP, [])
    assert [leg.id for leg in world.calls.legs.values() if not leg.is_caller] == ["o1"]
    assert set(world.calls.by_transaction.values()) == set(world.calls.legs.values())


def test_two_that_answer_at_once_are_one_call_and_one_is_hung_up() -> None:
    world = rung()
    ring(world, *ALL)
    world.deaf.add(HALL)  # the CANCEL does not reach it
    says(world, HOME, 200)
    world.deaf.clear()
    says(world, HALL, 200)
    assert told(world) == [OfferAccepted(OFFER)]
    assert (methods(world.at(HALL)), methods(world.at(HOME))) == (["INVITE", "BYE"], ["INVITE"])
    assert [type(out) for out in world.at(HALL).other if isinstance(out, AckReceived)] == [AckReceived]


def test_one_that_answers_after_the_call_is_over_is_hung_up_too() -> None:
    world = rung()
    ring(world, *ALL)
    world.deaf.add(HALL)
    says(world, HOME, 200)
    world.calls.hang_up(world.calls.legs["o1"])
    world.run()
    world.deaf.clear()
    says(world, HALL, 200)
    assert methods(world.at(HALL)) == ["INVITE", "BYE"]
    assert "o1" not in world.calls.legs


@pytest.mark.parametrize("status", [302, 404, 480, 486, 500])
def test_one_that_says_no_does_not_stop_the_others(status: int) -> None:
    world = rung()
    says(world, PHONE, status)
    assert told(world) == []
    says(world, HOME, 200)
    assert told(world) == [OfferAccepted(OFFER)]


@pytest.mark.parametrize("status", [600, 603, 607])
def test_a_6xx_stops_all(status: int) -> None:
    world = rung()
    ring(world, HOME, HALL)
    says(world, PHONE, status)
    assert told(world) == [OfferRefused(OFFER)]
    assert [len(cancels(world, phone)) for phone in (HOME, HALL)] == [1, 1]
    says(world, HOME, 487)
    assert world.calls.agent_of(1) is not None
    says(world, HALL, 487)
    assert (world.calls.agent_of(1), "o1" in world.host.records) == (None, False)
    assert told(world) == [OfferRefused(OFFER)]


def test_who_was_reached_anywhere_was_reached() -> None:
    """A broken phone beside a busy one does not make its agent unreachable."""
    world = rung()
    says(world, HOME, 486)
    says(world, PHONE, 500)
    says(world, HALL, 404)
    assert told(world) == [OfferRefused(OFFER)]
    assert [reach.at for reach in world.where("anna")] == [HOME]


def test_none_that_is_there_is_a_failure_and_one_that_comes_back_is_told() -> None:
    world = rung()
    for phone in ALL:
        says(world, phone, 500)
    assert told(world) == [OfferFailed(OFFER)]
    assert world.where("anna") == []
    world.pass_time(10_000)
    for phone in ALL:
        question = next(new for new in world.at(phone).requests if new.request.method == "OPTIONS")
        world.at(phone).layer.reply(question.key, 200, world.now_ms)
        world.run()
    assert told(world) == [OfferFailed(OFFER), BACK]


def test_a_dead_newest_phone_hides_no_living_one_and_pauses_nobody() -> None:
    world = World()
    world.phones = [HOME, PHONE]
    world.at(HOME)
    world.deaf.add(PHONE)
    world.invite()
    world.admit()
    world.offer()
    ring(world, HOME)
    world.pass_time(20_000)
    assert told(world) == []
    assert [reach.at for reach in world.where("anna")] == [HOME]
    says(world, HOME, 200)
    assert told(world) == [OfferAccepted(OFFER)]
    world.offer(2)
    assert methods(world.phone) == []


def test_a_withdrawal_cancels_all_and_the_last_answer_closes_the_leg() -> None:
    world = rung()
    ring(world, *ALL)
    world.carry_out(WithdrawOffer(OFFER, CONTACT, ANNA, "answered elsewhere", carrier=HERS))
    assert [len(cancels(world, phone)) for phone in ALL] == [1, 1, 1]
    for phone in ALL:
        assert world.media.sent(Close) == []
        says(world, phone, 487)
    assert world.media.sent(Close) == [Close(LegId("o1"))]
    assert told(world) == []


def test_a_phone_that_registers_while_others_fail_is_not_forgotten() -> None:
    world = rung(PHONE)
    world.phones.append(HOME)
    says(world, PHONE, 500)
    assert told(world) == [OfferFailed(OFFER)]
    world.pass_time(1_000)
    assert told(world) == [OfferFailed(OFFER), BACK]


# Restart


def again(world: World, *standing: OfferContact) -> World:
    records = dict(world.host.records)
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    restart.reconcile(world.calls, standing)
    world.run()
    return world


def test_a_restart_while_they_ring_rings_the_same_and_not_who_has_said_no() -> None:
    world = rung()
    ring(world, HOME, HALL)
    says(world, PHONE, 486)
    again(world, OfferContact(OFFER, CONTACT, ANNA, 20_000, carrier=HERS))
    assert [methods(world.at(phone)) for phone in ALL] == [["INVITE"]] * 3  # repetitions are no second call
    says(world, HALL, 200)
    assert told(world)[-1] == OfferAccepted(OFFER)
    assert [len(cancels(world, phone)) for phone in ALL] == [0, 1, 0]


def test_a_restart_after_the_answer_cancels_who_rings_still() -> None:
    world = rung()
    ring(world, *ALL)
    world.deaf |= {PHONE, HALL}
    says(world, HOME, 200)
    world.deaf.clear()
    assert [len(cancels(world, phone)) for phone in (PHONE, HALL)] == [0, 0]
    again(world)
    assert [len(cancels(world, phone)) for phone in (PHONE, HALL)] == [1, 1]


def test_a_record_of_one_phone_from_before_is_read() -> None:
    record = LegRecord(LegId("o1"), "anna", 1, 1, invite=b"INVITE", host="192.0.2.9", port=5060)
    read = LegRecord.from_record(record.to_record())
    assert [(one.invite, one.host, one.port, one.number) for one in read.rung] == [
        (b"INVITE", "192.0.2.9", 5060, 1)
    ]
    assert (read.rings, read.invite) == (1, b"")


# What an answer means


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, OfferRefused(OFFER)),
        (480, OfferRefused(OFFER)),
        (486, OfferRefused(OFFER)),
        (487, OfferRefused(OFFER)),
        (600, OfferRefused(OFFER)),
        (603, OfferRefused(OFFER)),
        (607, OfferRefused(OFFER)),
        (408, OfferFailed(OFFER)),
        (404, OfferFailed(OFFER)),
        (503, OfferFailed(OFFER)),
    ],
)
def test_a_single_phone_says_no(status: int, expected: Event) -> None:
    world = rung(PHONE)
    says(world, PHONE, status)
    assert told(world) == [expected]


def test_a_site_says_what_its_phones_mean() -> None:
    table: dict[str, Any] = {"phone_answers": {"480": "no answer", "404": "busy", "486": "unreachable"}}
    for status, expected in (
        (480, AgentPaused(ANNA, "no answer")),
        (404, OfferRefused(OFFER)),
        (486, OfferFailed(OFFER)),
    ):
        world = rung(PHONE, **table)
        says(world, PHONE, status)
        assert told(world) == [expected]


def test_do_not_disturb_pauses_where_the_site_has_a_reason_for_it() -> None:
    world = rung(PHONE, do_not_disturb="break")
    says(world, PHONE, 480)
    assert told(world) == [AgentPaused(ANNA, "break")]
    world = rung(PHONE, do_not_disturb="break")
    world.host.rejects = {AgentPaused}  # he is paused already, and was asked something
    says(world, PHONE, 480)
    assert told(world) == [OfferRefused(OFFER)]


# Questions


def questions(world: World, phone: Endpoint) -> int:
    return methods(world.at(phone)).count("OPTIONS")


def qualified(*phones: Endpoint) -> World:
    """Phones that registered just now, and were asked once a minute since, which they answered once."""
    world = World(phone_qualify="60s")
    world.phones = list(phones)
    for phone in phones:
        world.at(phone)
        world.absent.ask(PhoneId("anna", phone.host), world.now_ms + 30_000)
    world.pass_time(30_000)
    for phone in phones:
        (new,) = world.at(phone).requests
        world.at(phone).layer.reply(new.key, 200, world.now_ms)
    world.run()
    return world


def test_a_dead_phone_is_found_out_by_questions_before_anybody_is_offered() -> None:
    world = qualified(PHONE, HOME)
    assert world.host.events == []
    world.deaf.add(PHONE)
    world.pass_time(60_000)
    answer = world.at(HOME).requests[-1]
    world.at(HOME).layer.reply(answer.key, 200, world.now_ms)
    world.run()
    world.pass_time(32_000)
    assert [reach.at for reach in world.where("anna")] == [HOME]
    assert world.host.events == []
    world.deaf.add(HOME)
    world.pass_time(92_000)
    assert world.host.events == [AWAY]
    world.deaf.clear()
    world.pass_time(50_000)
    assert questions(world, HOME) > 2
    world.at(HOME).layer.reply(world.at(HOME).requests[-1].key, 200, world.now_ms)
    world.run()
    assert world.host.events == [AWAY, BACK]


def test_a_phone_that_never_answers_questions_is_not_taken_for_dead() -> None:
    """Some know no OPTIONS; the first INVITE tells."""
    world = World(phone_qualify="60s")
    world.absent.ask(PhoneId("anna", PHONE.host), 0)
    world.deaf.add(PHONE)
    world.pass_time(600_000)
    assert (world.host.events, len(world.where("anna"))) == ([], 1)


def test_a_phone_in_a_call_is_not_taken_for_dead() -> None:
    world = qualified(PHONE)
    world.invite()
    world.admit()
    world.offer()
    says(world, PHONE, 200)
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=HERS))
    world.deaf.add(PHONE)
    world.pass_time(92_000)
    assert AWAY not in world.host.events


def test_a_phone_that_registers_from_another_address_is_hung_up_there() -> None:
    world = rung(PHONE)
    says(world, PHONE, 200)
    world.at(HOME)
    targets.moved(world.calls, "anna", PHONE, HOME)
    world.calls.hang_up(world.calls.legs["o1"])
    world.run()
    assert (methods(world.at(HOME)), methods(world.phone)) == (["BYE"], ["INVITE"])
