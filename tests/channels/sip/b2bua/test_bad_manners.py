"""What requests and answers of peers get that are not as they ought to be, by the RFCs' word."""

import pytest

from acd.core.effects import ReleaseAgent
from acd.core.events import OfferFailed
from channels.media.negotiation import AudioSession
from channels.sip.protocol.message import Request, make_headers
from channels.sip.protocol.outputs import AckReceived, SendTo
from channels.sip.protocol.replies import response_to
from tests.channels.sip.b2bua.test_crossings import ANNA, CONTACT, OFFER, PHONE_OF_ANNA, talk
from tests.channels.sip.b2bua.world import DESK, Side, World


def asked(
    world: World,
    method: str,
    *,
    uri: str = "sip:+49305550101@192.0.2.1",
    headers: dict[str, str] | None = None,
    side: Side | None = None,
    body: bytes = b"",
) -> list[int]:
    """A request as short as can be; returns what was answered."""
    side = side or world.caller
    before = len(side.statuses)
    known = {"Max-Forwards": "70", "From": "<sip:a@h>;tag=1", "To": "<sip:b@h>", "Call-ID": f"short {before}"}
    known |= {"CSeq": f"{100 + before} {method}", **(headers or {})}
    request = Request(method=method, uri=uri, headers=make_headers(*known.items()), body=body)
    side.layer.send_request(request, DESK, world.now_ms)
    world.run()
    return side.statuses[before:]


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "SUBSCRIBE"])
def test_a_required_extension_that_we_lack_is_named_in_any_request(world: World, method: str) -> None:
    assert asked(world, method, headers={"Require": "path, foo"}) == [420]
    assert world.caller.responses[-1].get("Unsupported") == "path, foo"


def test_so_it_is_within_a_call_which_goes_on_and_a_body_of_another_kind(world: World) -> None:
    talk(world)
    leg = world.calls.legs["o1"]
    assert leg.record.dialog is not None
    dialog = leg.record.dialog
    tags = {"To": f"<sip:acd@192.0.2.1>;tag={dialog.local_tag}", "From": f"<sip:a@h>;tag={dialog.remote_tag}"}
    asked(world, "BYE", headers={"Require": "foo", **tags, "Call-ID": dialog.call_id}, side=world.phone)
    assert (world.phone.statuses[-1], "o1" in world.calls.legs) == (420, True)
    isup = {"Content-Type": "application/isup", **tags, "Call-ID": dialog.call_id}
    asked(world, "INVITE", headers=isup, side=world.phone, body=b"x")
    assert world.phone.responses[-1].get("Accept") == "application/sdp, multipart/mixed"
    assert (world.phone.statuses[-1], "o1" in world.calls.legs) == (415, True)
    asked(world, "BYE", headers={**tags, "Call-ID": dialog.call_id}, side=world.phone)
    assert (world.phone.statuses[-1], "o1" in world.calls.legs) == (200, False)


@pytest.mark.parametrize("uri", ["mailto:info@acd.example", "http://acd.example/"])
@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_uri_of_another_kind_is_not_taken_for_an_unknown_number(
    world: World, method: str, uri: str
) -> None:
    assert asked(world, method, uri=uri) == [416]
    assert world.host.events == []


@pytest.mark.parametrize("contact", [{}, {"Contact": "*"}, {"Contact": "<tel:+49305550199>"}])
def test_an_invite_without_a_contact_of_use_never_becomes_a_contact_of_the_desk(
    world: World, contact: dict[str, str]
) -> None:
    assert asked(world, "INVITE", headers=contact) == [400]
    assert (world.host.events, world.calls.legs, len(world.layer)) == ([], {}, 0)


def test_a_second_200_of_a_fork_is_acknowledged_and_ended_even_if_the_first_call_is_over(
    world: World,
) -> None:
    """RFC 3261 §13.2.2.4: else that phone takes itself for one in a call, and repeats its 200 for 32 s."""
    talk(world)
    [invite] = [new.request for new in world.phone.requests if new.request.method == "INVITE"]
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=PHONE_OF_ANNA))
    assert "o1" not in world.calls.legs
    for headers, tag in (([("Contact", "<sip:other@192.0.2.9>")], "other"), ([], "third")):
        late = response_to(invite, 200, to_tag=tag, headers=headers)
        world.phone.layer.out.append(SendTo(late.to_bytes(), DESK))
        world.run()
        [ack] = [
            o.request for o in world.phone.other if isinstance(o, AckReceived) and o.request.to.tag == tag
        ]
        [bye] = [new.request for new in world.phone.requests if new.request.to.tag == tag]
        assert (ack.cseq.number, bye.method, bye.call_id) == (1, "BYE", invite.call_id)


def test_a_200_without_contact_is_acknowledged_and_ended_and_the_agent_is_not_paused(world: World) -> None:
    world.invite()
    world.admit()
    world.offer()
    [invite] = world.phone.requests
    world.phone.layer.reply(invite.key, 200, world.now_ms, body=b"v=0\r\n")
    world.run()
    assert [new.request.method for new in world.phone.requests] == ["INVITE", "BYE"]
    assert [type(out) for out in world.phone.other] == [AckReceived]
    assert world.host.events[-1] == OfferFailed(OFFER)


def test_the_number_of_the_contact_stands_in_the_invite_as_the_documents_spell_it(world: World) -> None:
    """Scripts of softphones look for the text."""
    world.invite()
    world.admit()
    world.offer()
    [invite] = world.phone.requests
    assert b"\r\nX-ACD-Contact: 1\r\n" in invite.request.to_bytes()
    assert b"\r\nX-ACD-Contact: 1\r\n" in world.calls.legs["o1"].record.rung[0].invite


def test_a_call_whose_session_description_is_one_part_of_several_is_answered(world: World) -> None:
    offer = AudioSession(1, "192.0.2.7", 30_000).offer()
    isup, sdp = b"Content-Type: application/isup\r\n\r\n\1", b"Content-Type: application/sdp\r\n\r\n" + offer
    body = b"--x\r\n%b\r\n--x\r\n%b\r\n--x--" % (isup, sdp)
    several = {"Content-Type": "multipart/mixed;boundary=x", "Contact": "<sip:a@192.0.2.7>"}
    assert asked(world, "INVITE", headers=several, body=body) == [100]
    world.admit()
    answer = world.caller.responses[-1]
    assert (answer.status, answer.content_type) == (200, "application/sdp")


def test_one_without_any_is_told_what_we_read(world: World) -> None:
    body = b"--x\r\nContent-Type: application/isup\r\n\r\n\1\r\n--x--"
    several = {"Content-Type": "multipart/mixed;boundary=x", "Contact": "<sip:a@192.0.2.7>"}
    assert asked(world, "INVITE", headers=several, body=body) == [415]
    assert world.caller.responses[-1].get("Accept") == "application/sdp, multipart/mixed"
    assert world.host.events == []
