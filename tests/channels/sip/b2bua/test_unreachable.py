"""A peer to whom nothing can be sent: no name server knows it, or there is no way there."""

from acd.core.events import CallFailed, CallId, OfferFailed, OfferId
from channels.media import events as media
from channels.media.commands import LegId
from tests.channels.sip.b2bua.test_crossings import talk
from tests.channels.sip.b2bua.world import PHONE, TRUNK, World


def test_a_phone_that_cannot_be_reached_fails_its_offer_at_once(world: World) -> None:
    world.deaf.add(PHONE)
    world.invite()
    world.admit()
    world.offer()
    world.layer.unreachable(PHONE, world.now_ms)
    world.run()
    assert world.host.events[-1] == OfferFailed(OfferId(1))
    assert "o1" not in world.calls.legs


def test_a_call_of_ours_has_failed_then_and_is_not_unanswered(world: World) -> None:
    world.deaf.add(TRUNK)
    world.place()
    world.layer.unreachable(TRUNK, world.now_ms)
    world.run()
    assert world.host.events == [CallFailed(CallId(7), "failed")]
    assert world.calls.legs == {}


def test_a_call_does_not_end_because_its_peer_cannot_be_asked_at_this_moment(world: World) -> None:
    """RFC 3261 §12.2.1.2: 481 and 408 end it, 503 does not."""
    talk(world)
    world.deaf.add(PHONE)
    world.media.tell(media.Silent(LegId("o1"), 60_000))
    world.run()
    before = len(world.host.events)
    world.layer.unreachable(PHONE, world.now_ms)
    world.run()
    assert (len(world.host.events), "o1" in world.calls.legs) == (before, True)
