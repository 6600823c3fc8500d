"""A phone that an offer did not reach comes back when it is there, and not with its next REGISTER only."""

import pytest

from acd.core.events import AgentReachable, AgentUnreachable, OfferFailed
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.commands import LegId
from channels.sip.b2bua import qualifying
from channels.sip.b2bua.absent import PhoneId
from tests.channels.sip.b2bua.world import PHONE, World

ANNAS = PhoneId("anna", PHONE.host)
AWAY = AgentUnreachable(AgentId("anna"), VOICE, Carrier("sip", "anna"))
BACK = AgentReachable(AgentId("anna"), VOICE, Carrier("sip", "anna"))


@pytest.fixture
def waiting(world: World) -> World:
    """A caller waits."""
    world.invite()
    world.admit()
    return world


def asked(world: World) -> int:
    return sum(new.request.method == "OPTIONS" for new in world.phone.requests)


def answers(world: World, status: int = 200) -> None:
    """The phone answers the last OPTIONS."""
    last = [new for new in world.phone.requests if new.request.method == "OPTIONS"][-1]
    world.phone.layer.reply(last.key, status, world.now_ms)
    world.run()


def fails(world: World, number: int = 1) -> None:
    world.offer(number)
    world.phone_answers(500)
    assert isinstance(world.host.events[-1], OfferFailed)


@pytest.mark.parametrize(("command", "code"), [("offer", "no-port"), ("offer", "late"), ("accept", "late")])
def test_our_own_trouble_with_media_keeps_a_phone_away_for_a_second_only(
    waiting: World, command: str, code: str
) -> None:
    waiting.media.deaf = True
    if command == "offer":
        waiting.offer()
    else:
        waiting.media.deaf = False
        waiting.offer()
        waiting.media.deaf = True
        waiting.phone_answers()
    waiting.media.fail(LegId("o1"), command, code)
    waiting.run()
    assert [type(event) for event in waiting.host.events[1:]] == [OfferFailed]
    waiting.pass_time(999)
    assert BACK not in waiting.host.events
    waiting.pass_time(1)
    assert waiting.host.events[-1] == BACK
    waiting.pass_time(60_000)
    assert (waiting.host.events.count(BACK), asked(waiting)) == (1, 0)


def test_a_lasting_trouble_with_media_rings_a_phone_at_most_once_in_a_second(waiting: World) -> None:
    waiting.media.deaf = True
    for number in range(1, 6):
        waiting.offer(number)
        waiting.media.fail(LegId(f"o{number}"), "offer", "no-port")
        waiting.run()
        waiting.pass_time(1_000)
        assert waiting.host.events.count(BACK) == number


@pytest.mark.parametrize("status", [200, 404, 486])
def test_a_phone_that_failed_is_back_with_any_answer_to_options(waiting: World, status: int) -> None:
    fails(waiting)
    waiting.pass_time(9_999)
    assert asked(waiting) == 0
    waiting.pass_time(1)
    assert asked(waiting) == 1
    assert BACK not in waiting.host.events
    answers(waiting, status)
    assert waiting.host.events[-1] == BACK
    waiting.pass_time(60_000)
    assert (waiting.host.events.count(BACK), asked(waiting)) == (1, 1)


def test_a_phone_that_stays_dead_is_asked_again_one_question_at_a_time(waiting: World) -> None:
    waiting.deaf.add(PHONE)
    waiting.offer()
    waiting.pass_time(5_000)
    for _ in range(100):
        waiting.pass_time(1_000)
        assert len(waiting.absent.asked) <= 1
    assert BACK not in waiting.host.events
    waiting.deaf.clear()
    waiting.pass_time(42_000)
    answers(waiting)
    assert waiting.host.events[-1] == BACK


def test_a_phone_that_unregisters_or_registers_is_not_asked_any_more(waiting: World) -> None:
    fails(waiting)
    waiting.registered = False
    waiting.pass_time(60_000)
    waiting.registered = True
    fails(waiting, 2)
    waiting.absent.forget([ANNAS])  # as a REGISTER does
    waiting.pass_time(60_000)
    fails(waiting, 3)
    waiting.pass_time(10_000)
    assert asked(waiting) == 1
    waiting.absent.forget([ANNAS])
    answers(waiting)
    assert BACK not in waiting.host.events


def test_a_refusal_asks_nobody(waiting: World) -> None:
    waiting.offer(1)
    waiting.phone_answers(486)
    waiting.pass_time(60_000)
    assert asked(waiting) == 0


def test_a_phone_that_fails_while_its_offer_is_withdrawn_is_not_counted_on(waiting: World) -> None:
    waiting.host.rejects = {OfferFailed}
    waiting.offer()
    waiting.phone_answers(500)
    waiting.pass_time(10_000)
    answers(waiting)
    assert waiting.host.events[-2:] == [AWAY, BACK]


def test_no_more_than_fifty_phones_are_asked_at_once_and_each_has_its_turn(world: World) -> None:
    for number in range(120):
        qualifying.lost(world.calls, PhoneId(f"agent{number}", PHONE.host))
    world.pass_time(10_000)
    for already, then in ((0, 50), (50, 100), (100, 120)):
        questions = [new for new in world.phone.requests if new.request.method == "OPTIONS"]
        assert (len(questions), len(world.absent.asked)) == (then, then - already)
        for new in questions[already:]:
            world.phone.layer.reply(new.key, 200, world.now_ms)
        world.run()
        world.pass_time(1_000)
    assert len(world.host.events) == 120


def test_without_a_probe_a_phone_that_failed_waits_for_its_register(waiting: World) -> None:
    object.__setattr__(waiting.calls.settings, "phone_probe_ms", 0)
    fails(waiting)
    waiting.pass_time(600_000)
    assert asked(waiting) == 0
