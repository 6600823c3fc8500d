"""What becomes of a call when the media answer late, never, or no."""

import pytest

from acd.core.effects import ConnectContact, RejectContact
from acd.core.events import (
    ContactHeld,
    ContactId,
    ContactLeft,
    ContactResumed,
    LegLost,
    OfferAccepted,
    OfferFailed,
    OfferId,
)
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Accept, Answer, Close, Join, Leave, LegId, Offer, Play, Stop
from channels.media.latch import Latch
from channels.media.negotiation import AudioSession
from channels.media.sdp import Direction
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.world import CALLER, DESK, PHONE, World

CONTACT, OFFER, ANNA = ContactId(1), OfferId(1), AgentId("anna")
OURS = AudioSession(1, "192.0.2.1", 20_000).offer()


def talk(world: World) -> None:
    """A caller and anna are connected."""
    world.invite()
    world.admit()
    world.offer()
    world.phone_answers()
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=Carrier("sip", "anna")))


def reinvite(world: World, direction: Direction, cseq: int) -> None:
    """The caller holds or resumes."""
    body = AudioSession(1, "192.0.2.7", 30_000).offer().replace(b"sendrecv", direction.encode())
    contact, kind = ("Contact", "<sip:carla@192.0.2.7>"), ("Content-Type", "application/sdp")
    leg = world.calls.legs[world.caller_leg]
    request = request_of(leg, "INVITE", cseq, contact, kind, body=body)
    world.caller.layer.send_request(request, DESK, world.now_ms)
    world.run()


def offered_at(host: str) -> bytes:
    family = b"IP6" if ":" in host else b"IP4"
    body = AudioSession(1, "192.0.2.7", 30_000).offer()
    return body.replace(b"c=IN IP4 192.0.2.7", b"c=IN " + family + b" " + host.encode())


def test_a_caller_is_answered_when_engine_and_media_have_said_yes(world: World) -> None:
    world.media.deaf = True
    world.invite()
    world.admit()
    assert world.caller.statuses == [100]
    world.media.tell(media.Answered(world.caller_leg, OURS, held=False))
    world.run()
    assert world.caller.statuses == [100, 200]
    assert world.caller.responses[-1].body == OURS


def test_an_agent_who_is_rung_before_the_media_have_answered_the_caller_sees_who_calls(world: World) -> None:
    """So it is when many calls come at once and ports must be waited for."""
    world.media.deaf = True
    world.invite()
    world.admit()
    world.media.deaf = False
    world.offer()
    (invite,) = world.phone.requests
    assert invite.request.from_.uri.user == "+49305550199"


def test_a_call_that_the_engine_does_not_take_costs_no_media(world: World) -> None:
    world.invite()
    (leg,) = world.calls.legs
    world.carry_out(RejectContact("full", carrier=Carrier("sip", leg)))
    assert world.caller.statuses == [100, 486]
    assert world.media.commands == [Close(LegId(leg))]


def test_a_caller_for_whom_there_is_no_sound_is_asked_to_come_later_and_is_lost(world: World) -> None:
    world.media.deaf = True
    world.invite()
    world.admit()
    world.media.fail(world.caller_leg, "answer", "late")
    world.run()
    assert world.caller.statuses == [100, 503]
    assert world.host.events[-1] == LegLost(CONTACT)
    assert (world.host.records, world.calls.legs) == ({}, {})


def test_a_call_without_a_codec_of_ours_is_488_an_unreadable_one_400_and_neither_is_a_contact(
    world: World,
) -> None:
    """The peer tries again with another codec: that is one contact, not two."""
    video = AudioSession(1, "192.0.2.7", 30_000).offer().replace(b"m=audio", b"m=video")
    for number, (body, status) in enumerate(((video, 488), (b"what?", 400))):
        world.invite(branch=f"invite-{number}", call_id=f"call-{number}", body=body)
        assert world.caller.statuses[-1] == status
    assert (world.host.events, world.calls.legs, world.media.commands) == ([], {}, [])


@pytest.mark.parametrize(
    ("host", "warning"), [("pbx.example", 301), ("2001:db8::7", 301), ("224.2.1.1/127", 330)]
)
def test_a_call_whose_sound_can_go_nowhere_is_488_with_the_reason_and_no_contact(
    world: World, host: str, warning: int
) -> None:
    """Answered, it would count as a call in which nobody hears anything."""
    world.invite(body=offered_at(host))
    refused = world.caller.responses[-1]
    assert (refused.status, (refused.get("Warning") or "")[:3]) == (488, str(warning))
    assert (world.host.events, world.media.commands) == ([], [])


def test_a_new_session_whose_sound_can_go_nowhere_is_refused_with_the_reason(world: World) -> None:
    talk(world)
    leg = world.calls.legs[world.caller_leg]
    request = request_of(
        leg, "INVITE", 2, ("Content-Type", "application/sdp"), body=offered_at("pbx.example")
    )
    world.caller.layer.send_request(request, DESK, world.now_ms)
    world.run()
    refused = world.caller.responses[-1]
    assert (refused.status, (refused.get("Warning") or "")[:3]) == (488, "301")
    assert world.host.events[-1] == OfferAccepted(OFFER)


def test_a_phone_whose_sound_can_go_nowhere_has_not_taken_the_call(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    invite = world.phone.requests[-1]
    answer = AudioSession(1, "192.0.2.9", 40_000).answer(invite.request.body)
    answer = answer.replace(b"192.0.2.9", b"phone.example")
    world.answer(world.phone, invite, 200, "<sip:anna@192.0.2.9>", answer)
    assert world.host.events[-1] == OfferFailed(OFFER)
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]


def test_the_media_are_told_from_where_each_party_signals_and_what_its_policy_is(world: World) -> None:
    """A caller's by its trunk, a phone's by that of phones; who roams is told anew."""
    talk(world)
    (answer,), (offer,) = world.media.sent(Answer), world.media.sent(Offer)
    assert (answer.near, answer.latch) == (CALLER.host, Latch.NETWORK)  # type: ignore[union-attr]
    (accept,) = world.media.sent(Accept)
    assert (offer.near, offer.latch) == ("", Latch.ADDRESS)  # type: ignore[union-attr]
    assert accept.near == PHONE.host  # type: ignore[union-attr]
    leg = world.calls.legs[LegId("o1")]
    request = request_of(leg, "INVITE", 2, ("Contact", "<sip:anna@192.0.2.7>"))
    world.caller.layer.send_request(request, DESK, world.now_ms)
    world.run()
    assert world.media.sent(Offer)[-1].near == CALLER.host  # type: ignore[union-attr]


def test_an_agent_s_answer_counts_when_the_media_have_taken_it(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.media.deaf = True
    world.phone_answers()
    assert OfferAccepted(OFFER) not in world.host.events
    world.media.tell(media.Accepted(LegId("o1"), held=False))
    world.run()
    assert world.host.events[-1] == OfferAccepted(OFFER)


def test_an_agent_s_answer_that_the_media_cannot_use_fails_the_offer_and_hangs_up(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.media.deaf = True
    world.phone_answers()
    world.media.fail(LegId("o1"), "accept", "bad-sdp")
    world.run()
    assert world.host.events[-1] == OfferFailed(OFFER)
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]


def test_an_answer_of_the_media_to_a_call_that_has_ended_changes_nothing(world: World) -> None:
    world.media.deaf = True
    world.invite()
    world.admit()
    leg = world.caller_leg
    key = next(iter(world.caller.layer._running.clients))
    world.caller.layer.cancel(key, world.now_ms)
    world.run()
    world.media.tell(media.Answered(leg, OURS, held=False))
    world.run()
    assert world.caller.statuses == [100, 487]
    assert world.host.events[-1] == ContactLeft(CONTACT)
    assert world.host.records == {}


def test_a_leg_whose_media_hang_in_mid_call_is_lost_and_not_left_in_silence(world: World) -> None:
    talk(world)
    world.media.fail(LegId("o1"), "join", "late")
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT, ANNA)
    world.media.fail(world.caller_leg, "join", "late")
    world.run()
    assert world.host.events[-1] == LegLost(CONTACT)
    assert world.calls.legs == {}


def test_a_missing_sound_costs_nobody_his_call(world: World) -> None:
    talk(world)
    world.media.fail(world.caller_leg, "play", "unknown-sound")
    world.run()
    assert len(world.calls.legs) == 2


def test_who_holds_hears_nothing_and_the_other_one_music_until_he_is_back(world: World) -> None:
    talk(world)
    before = len(world.media.commands)
    reinvite(world, Direction.SENDONLY, 2)
    assert ContactHeld(CONTACT, False) in world.host.events
    assert [type(command) for command in world.media.commands[before:]] == [Answer, Leave, Play]
    assert {command.leg for command in world.media.commands[before + 1 :]} == {"o1"}
    before = len(world.media.commands)
    reinvite(world, Direction.SENDRECV, 3)
    assert ContactResumed(CONTACT, False) in world.host.events
    assert [type(command) for command in world.media.commands[before:]] == [Answer, Stop, Join]


def test_a_new_session_that_the_media_refuse_leaves_the_call_as_it_was(world: World) -> None:
    talk(world)
    world.media.deaf = True
    reinvite(world, Direction.SENDONLY, 2)
    world.media.fail(world.caller_leg, "answer", "not-acceptable")
    world.run()
    assert world.caller.statuses[-1] == 488
    world.media.deaf = False
    reinvite(world, Direction.SENDONLY, 3)
    assert world.caller.statuses[-1] == 200
    assert world.host.events[-1] == ContactHeld(CONTACT, False)


def test_what_the_engine_rejects_since_the_world_moved_on_is_counted_in_one_place(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    world.host.rejects = {OfferAccepted, OfferFailed}
    world.phone_answers()
    assert world.telling.counts["stale OfferAccepted"] == 1
    assert world.media.sent(Accept)
    assert "o1" not in world.host.records
