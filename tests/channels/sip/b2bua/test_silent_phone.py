"""A phone that gives no sign is not there; one that rings may ring as long as the engine lets it."""

from acd.core.events import OfferFailed
from tests.channels.sip.b2bua.world import World


def offered(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()


def test_a_phone_without_a_sign_is_reported_when_its_time_is_over_and_once(world: World) -> None:
    offered(world)
    world.pass_time(4_999)
    assert not [event for event in world.host.events if isinstance(event, OfferFailed)]
    world.pass_time(1)
    world.pass_time(10_000)
    assert len([event for event in world.host.events if isinstance(event, OfferFailed)]) == 1


def test_a_phone_that_said_trying_is_there(world: World) -> None:
    offered(world)
    world.phone.layer.reply(world.phone.requests[-1].key, 100, world.now_ms)
    world.run()
    world.pass_time(60_000)
    assert not [event for event in world.host.events if isinstance(event, OfferFailed)]


def test_a_phone_that_answers_after_it_was_given_up_is_hung_up(world: World) -> None:
    """The caller is somebody else's by then."""
    offered(world)
    world.pass_time(5_000)
    world.phone_answers()
    assert [new.request.method for new in world.phone.requests][-1] == "BYE"
