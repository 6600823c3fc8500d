"""Dialogs route, number and refuse requests as RFC 3261 §12–§15 say, and survive as a record."""

from collections.abc import Callable

import msgspec
import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import (
    MOVES,
    Dialog,
    DialogEvent,
    DialogState,
    uac_dialog,
    uas_dialog,
)
from channels.sip.protocol.errors import BadMessage, IllegalMoveError
from channels.sip.protocol.message import Request, Response
from channels.sip.protocol.outputs import Refusal
from channels.sip.protocol.replies import response_to

Make = Callable[..., Request]
OUR_CONTACT = "<sip:acd@192.0.2.1:5060>"
ROUTES = "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>"


def ours(make_request: Make, **changes: str) -> Request:
    """An INVITE that we send to bert."""
    return make_request(
        from_="<sip:hotline@acd.example>;tag=us1",
        to='"Bert" <sip:bert@phones.example>',
        contact=OUR_CONTACT,
        uri="sip:bert@192.0.2.9",
        **changes,
    )


def answered(
    invite: Request, status: int, tag: str = "b1", contact: str = "<sip:bert@192.0.2.9:5070>"
) -> Response:
    headers = [("Contact", contact)] if contact else []
    return response_to(invite, status, to_tag=tag, headers=headers)


@pytest.fixture
def uas(make_request: Make) -> Dialog:
    """A dialog in which anna called us, not answered yet."""
    return uas_dialog(make_request(cseq="7", extra=ROUTES), "us1", OUR_CONTACT)


@pytest.fixture
def uac(make_request: Make) -> Dialog:
    """A dialog in which we called bert and he answered."""
    invite = ours(make_request, extra=ROUTES)
    return uac_dialog(invite, answered(invite, 200))


def from_anna(make_request: Make, method: str, cseq: int, **changes: str) -> Request:
    """A request of anna in the dialog of `uas`."""
    return make_request(method, cseq=str(cseq), to="<sip:hotline@acd.example>;tag=us1", **changes)


def test_uas_dialog(uas: Dialog) -> None:
    """The callee's dialog: routes in order, target from Contact, tags the other way round."""
    assert uas.id == ("call-1@192.0.2.7", "us1", "a1")
    assert uas.route_set == ("<sip:p1.example;lr>", "<sip:p2.example;lr>")
    assert (uas.remote_target, uas.state, uas.remote_cseq) == (
        "sip:anna@192.0.2.7:5060",
        DialogState.EARLY,
        7,
    )


def test_uas_sends_bye(uas: Dialog, make_request: Make) -> None:
    """Our BYE to the caller: From and To swapped, own numbers, routes in front of the target."""
    uas.responded(make_request(cseq="7"), 200)
    bye = uas.request("BYE")
    assert (bye.uri, bye.cseq, bye.from_.tag, bye.to.tag) == (
        "sip:anna@192.0.2.7:5060",
        (1, "BYE"),
        "us1",
        "a1",
    )
    assert bye.get("To") == '"Anna" <sip:anna@pbx.example>;tag=a1'
    assert bye.routes == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert uas.destination() == Endpoint("p1.example", 0)


def test_uac_dialog(uac: Dialog) -> None:
    """The caller's dialog: routes reversed, target from the 2xx, ACK with the INVITE's number."""
    assert uac.route_set == ("<sip:p2.example;lr>", "<sip:p1.example;lr>")
    ack = uac.ack(b"v=0", "application/sdp")
    assert (ack.uri, ack.cseq, ack.to.tag, ack.body) == ("sip:bert@192.0.2.9:5070", (1, "ACK"), "b1", b"v=0")
    assert uac.request("BYE").cseq == (2, "BYE")


def test_known_peer_address_wins(make_request: Make) -> None:
    """Behind NAT requests go to where the packets came from."""
    peer = Endpoint("198.51.100.7", 40000)
    dialog = uas_dialog(make_request(), "us1", OUR_CONTACT)
    dialog.peer = peer
    assert dialog.destination() == peer


def test_strict_router(make_request: Make) -> None:
    """A first hop without lr gets the request itself, the target goes last."""
    invite = make_request(extra="Record-Route: <sip:old.example>, <sip:p2.example;lr>")
    dialog = uas_dialog(invite, "us1", OUR_CONTACT)
    bye = dialog.request("BYE")
    assert bye.uri == "sip:old.example"
    assert bye.routes == ["<sip:p2.example;lr>", "<sip:anna@192.0.2.7:5060>"]


def test_forked_early_dialogs(make_request: Make) -> None:
    """Each To tag is a dialog of its own; the 2xx of one leaves the others early."""
    invite = ours(make_request)
    one = uac_dialog(invite, answered(invite, 180, "b1"))
    two = uac_dialog(invite, answered(invite, 183, "b2", contact=""))
    assert (one.state, two.state, two.remote_target) == (DialogState.EARLY, DialogState.EARLY, invite.uri)
    one.response_received(answered(invite, 200, "b1", contact="<sip:bert@192.0.2.10>"))
    assert (one.state, one.remote_target) == (DialogState.CONFIRMED, "sip:bert@192.0.2.10")
    assert two.state is DialogState.EARLY


def test_success_computes_the_route_set_again(make_request: Make) -> None:
    """Routes of the 2xx replace those of the 180 (§13.2.2.4)."""
    invite = ours(make_request)
    dialog = uac_dialog(invite, answered(invite, 180))
    routed = ours(make_request, extra="Record-Route: <sip:p9.example;lr>")
    dialog.response_received(answered(routed, 200))
    assert dialog.route_set == ("<sip:p9.example;lr>",)


@pytest.mark.parametrize("contact", ["", "<tel:+49305550101>"])
def test_success_without_usable_contact(make_request: Make, contact: str) -> None:
    """A 2xx that does not say where the peer is cannot make a dialog."""
    invite = ours(make_request)
    with pytest.raises(BadMessage, match="Contact"):
        uac_dialog(invite, answered(invite, 200, contact=contact))


def test_old_cseq_is_refused(uas: Dialog, make_request: Make) -> None:
    """A lower or equal CSeq gets 500 and changes nothing; gaps are fine."""
    uas.responded(make_request(cseq="7"), 200)
    assert uas.receive(from_anna(make_request, "INFO", 12)) is None
    for number in (7, 11, 12):
        before = msgspec.msgpack.encode(uas)
        assert uas.receive(from_anna(make_request, "BYE", number)) == Refusal(500)
        assert msgspec.msgpack.encode(uas) == before


def test_target_refresh(uas: Dialog, make_request: Make) -> None:
    """A re-INVITE moves the peer's target, an INFO does not."""
    uas.responded(make_request(cseq="7"), 200)
    uas.receive(from_anna(make_request, "INFO", 8, contact="<sip:anna@203.0.113.1>"))
    assert uas.remote_target == "sip:anna@192.0.2.7:5060"
    uas.receive(from_anna(make_request, "INVITE", 9, contact="<sip:anna@203.0.113.2>"))
    assert uas.remote_target == "sip:anna@203.0.113.2"


@pytest.mark.parametrize(
    ("method", "contact"), [("INVITE", "tel:+49305550199"), ("UPDATE", "<sip:anna@203.0.113.3>")]
)
def test_what_is_no_target_or_is_refused_moves_nothing(
    uas: Dialog, make_request: Make, method: str, contact: str
) -> None:
    uas.responded(make_request(cseq="7"), 200)
    uas.receive(from_anna(make_request, method, 8, contact=contact))
    assert uas.remote_target == "sip:anna@192.0.2.7:5060"


def test_ack_of_a_reinvite(uac: Dialog) -> None:
    """The ACK carries the number of the INVITE that was answered last."""
    invite = uac.request("INVITE").with_first("Via", "SIP/2.0/UDP x")
    uac.response_received(answered(invite, 200))
    assert (invite.cseq.number, uac.ack().cseq.number) == (2, 2)


def test_glare(uas: Dialog, make_request: Make) -> None:
    """Re-INVITEs that cross: theirs gets 491 while ours is open, and passes once ours is answered."""
    uas.responded(make_request(cseq="7"), 200)
    mine = uas.request("INVITE", body=b"v=0", content_type="application/sdp")
    assert uas.receive(from_anna(make_request, "INVITE", 8)) == Refusal(491)
    uas.response_received(response_to(mine, 491))
    assert uas.receive(from_anna(make_request, "INVITE", 9)) is None


def test_second_open_invite_of_the_peer(uas: Dialog, make_request: Make) -> None:
    """A second INVITE before our final answer gets 500 with Retry-After; we start none either (§14.2)."""
    refused = uas.receive(from_anna(make_request, "INVITE", 8))
    assert refused is not None
    assert (refused.status, refused.headers[0][0]) == (500, "Retry-After")
    with pytest.raises(IllegalMoveError):
        uas.request("INVITE")


def test_refused_reinvite_leaves_the_dialog(uas: Dialog, make_request: Make) -> None:
    """A 488 to a re-INVITE ends only that INVITE; a failure of the first INVITE ends the dialog."""
    uas.responded(make_request(cseq="7"), 200)
    again = from_anna(make_request, "INVITE", 8)
    uas.receive(again)
    uas.responded(again, 488)
    assert (uas.state, uas.invited) == (DialogState.CONFIRMED, None)
    fresh = uas_dialog(make_request(cseq="7"), "us2", OUR_CONTACT)
    fresh.responded(make_request(cseq="7"), 486)
    assert fresh.state is DialogState.TERMINATED


def test_bye_ends_the_dialog(uas: Dialog, make_request: Make) -> None:
    """After the peer's BYE everything else gets 481 and we cannot send."""
    assert uas.receive(from_anna(make_request, "BYE", 8)) is None
    assert uas.receive(from_anna(make_request, "INFO", 9)) == Refusal(481)
    with pytest.raises(IllegalMoveError):
        uas.request("BYE")


@pytest.mark.parametrize("status", [408, 481])
def test_peer_has_lost_the_dialog(uac: Dialog, status: int) -> None:
    """481 or 408 to a request of ours ends the dialog (§12.2.1.2)."""
    uac.response_received(response_to(uac.request("OPTIONS").with_first("Via", "SIP/2.0/UDP x"), status))
    assert uac.state is DialogState.TERMINATED


def test_requests_find_their_dialog(uas: Dialog, make_request: Make) -> None:
    """The id says what a request of the peer in this dialog says, and one of another dialog does not."""
    dialogs = {uas.id: uas}
    request = from_anna(make_request, "INFO", 8)
    assert dialogs[request.call_id, request.to.tag, request.from_.tag] is uas
    assert (uas.receive(request), uas.receive(request)) == (None, Refusal(500))
    stranger = make_request("BYE", to="<sip:hotline@acd.example>;tag=other")
    assert (stranger.call_id, stranger.to.tag, stranger.from_.tag) not in dialogs


def test_responses_find_their_dialog(uac: Dialog) -> None:
    """A response in a dialog of ours finds it."""
    response = response_to(uac.request("INFO").with_first("Via", "SIP/2.0/UDP x"), 200)
    assert (response.call_id, response.from_.tag, response.to.tag) == uac.id


def test_record_continues_the_dialog(uac: Dialog) -> None:
    """A dialog read back from its record sends the same next request."""
    uac.peer = Endpoint("198.51.100.7", 40000, "TCP", 4)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(uac), type=Dialog)
    assert again == uac
    assert again.peer == uac.peer
    assert again.peer is not None
    assert again.peer.reliable
    assert again.request("BYE").to_bytes() == uac.request("BYE").to_bytes()


@pytest.mark.parametrize("state", DialogState)
@pytest.mark.parametrize("event", DialogEvent)
def test_illegal_moves_change_nothing(uas: Dialog, state: DialogState, event: DialogEvent) -> None:
    """Each pair of state and event either is in the table or raises and leaves the record as it was."""
    uas.state = state
    before = msgspec.msgpack.encode(uas)
    if event in MOVES[state]:
        uas.happened(event)
        assert uas.state is MOVES[state][event]
    else:
        with pytest.raises(IllegalMoveError):
            uas.happened(event)
        assert msgspec.msgpack.encode(uas) == before


@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_ack_and_cancel_are_not_numbered(uac: Dialog, method: str) -> None:
    """ACK and CANCEL are refused by `request` and take no number."""
    with pytest.raises(IllegalMoveError):
        uac.request(method)
    assert uac.local_cseq == 1
