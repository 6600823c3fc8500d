"""Transactions keep RFC 3261's times, answer repeats, and change nothing on illegal moves."""

import tracemalloc
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import IllegalMoveError, UnknownTransactionError, UnsafeTextError
from channels.sip.protocol.live_transactions import Running
from channels.sip.protocol.message import Request, Response, parse
from channels.sip.protocol.outputs import (
    AckReceived,
    Cancelled,
    ClientKey,
    NewRequest,
    Output,
    SendTo,
    ServerKey,
    TimedOut,
)
from channels.sip.protocol.replies import response_to
from channels.sip.protocol.state_machines import (
    CLIENT_INVITE,
    CLIENT_OTHER,
    SERVER_INVITE,
    SERVER_OTHER,
    Machine,
    Timing,
    TransactionState,
    Trigger,
)
from channels.sip.protocol.transactions import TransactionLayer

Make = Callable[..., Request]
AGENT = Endpoint("192.0.2.9", 5060)


@pytest.fixture
def layer(make_id: Callable[[], str]) -> TransactionLayer:
    return TransactionLayer("192.0.2.1:5060", make_id)


def sent(outputs: list[Output]) -> list[Request | Response]:
    return [parse(output.data) for output in outputs if isinstance(output, SendTo)]


def names(outputs: list[Output]) -> list[str]:
    """Short words for outputs: methods and statuses that are sent, class names that are reported."""
    words = []
    for output in outputs:
        if isinstance(output, SendTo):
            message = parse(output.data)
            words.append(message.method if isinstance(message, Request) else str(message.status))
        else:
            words.append(type(output).__name__)
    return words


def run(layer: TransactionLayer, until_ms: int) -> list[tuple[int, str]]:
    """(time, word) of everything that timers cause up to and including `until_ms`."""
    log = []
    while (at_ms := layer.next_deadline()) is not None and at_ms <= until_ms:
        log += [(at_ms, word) for word in names(layer.expire(at_ms))]
    return log


def start(layer: TransactionLayer, request: Request, to: Endpoint = AGENT) -> tuple[ClientKey, Request]:
    """Send a request at time 0; its key and what went out."""
    key = layer.send_request(request.without("Via"), to, 0)
    out = sent(layer.take())
    assert isinstance(out[0], Request)
    return key, out[0].checked()


def reached(outputs: list[Output]) -> NewRequest:
    """The one new request in the outputs."""
    [found] = [output for output in outputs if isinstance(output, NewRequest)]
    return found


INVITE_TIMES = [500, 1500, 3500, 7500, 15500, 31500]
OTHER_TIMES = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]


def test_invite_without_any_response(layer: TransactionLayer, make_request: Make) -> None:
    """INVITE goes out at 0, 500, 1500 … 31500 ms and is given up at 32 s (timers A and B)."""
    key, _ = start(layer, make_request())
    assert run(layer, 60_000) == [(at, "INVITE") for at in INVITE_TIMES] + [(32_000, "TimedOut")]
    assert layer.state_of(key) is None
    assert len(layer) == 0
    assert layer.next_deadline() is None


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_that_cannot_be_sent_fails_at_once(
    layer: TransactionLayer, make_request: Make, method: str
) -> None:
    """It is as if 503 had come (RFC 3261 §8.1.3.1), not as if nobody had answered for 32 s."""
    key = layer.send_request(make_request(method).without("Via"), AGENT, 0)
    elsewhere = layer.send_request(make_request("INFO").without("Via"), Endpoint("192.0.2.99", 5060), 0)
    layer.take()
    layer.unreachable(AGENT, 10)
    [out] = layer.take()
    assert isinstance(out, TimedOut)
    assert (out.key, out.status, layer.state_of(key)) == (key, 503, None)
    assert layer.state_of(elsewhere) is TransactionState.TRYING


def test_a_bye_that_cannot_be_sent_now_is_repeated_as_ever(
    layer: TransactionLayer, make_request: Make
) -> None:
    """The network may be back in a second; a call that nobody ended would go on."""
    layer.send_request(make_request("BYE").without("Via"), AGENT, 0)
    layer.take()
    layer.unreachable(AGENT, 10)
    assert layer.take() == []
    assert names(layer.expire(500)) == ["BYE"]


def test_other_request_without_any_response(layer: TransactionLayer, make_request: Make) -> None:
    """BYE goes out at doubling intervals up to 4 s and is given up at 32 s (timers E and F)."""
    start(layer, make_request("BYE"))
    assert run(layer, 60_000) == [(at, "BYE") for at in OTHER_TIMES] + [(32_000, "TimedOut")]


def test_other_request_after_a_provisional(layer: TransactionLayer, make_request: Make) -> None:
    """After a 1xx a non-INVITE goes on at intervals of T2."""
    key, bye = start(layer, make_request("BYE"))
    assert names(layer.receive(response_to(bye, 100), AGENT, 100)) == ["ResponseReceived"]
    assert layer.state_of(key) is TransactionState.PROCEEDING
    assert run(layer, 12_600) == [(500, "BYE"), (4500, "BYE"), (8500, "BYE"), (12500, "BYE")]


def test_provisional_stops_invite_repeats(layer: TransactionLayer, make_request: Make) -> None:
    """After a 1xx nothing is repeated and nothing times out: how long it may ring is the user's matter."""
    key, invite = start(layer, make_request())
    layer.receive(response_to(invite, 100), AGENT, 200)
    assert layer.next_deadline() is None
    assert layer.state_of(key) is TransactionState.PROCEEDING


def test_failure_is_acknowledged_on_the_hop(layer: TransactionLayer, make_request: Make) -> None:
    """A 486 is ACKed with the INVITE's own Via, branch and routes; repeats are ACKed but not reported."""
    key, invite = start(layer, make_request(extra="Route: <sip:p.example;lr>"))
    busy = response_to(invite, 486, to_tag="b1")
    out = layer.receive(busy, AGENT, 50)
    [ack] = sent(out)
    assert names(out) == ["ACK", "ResponseReceived"]
    assert isinstance(ack, Request)
    assert (ack.get("Via"), ack.get("Route")) == (invite.get("Via"), invite.get("Route"))
    assert (ack.to.tag, ack.cseq, ack.uri) == ("b1", (1, "ACK"), invite.uri)
    assert names(layer.receive(busy, AGENT, 600)) == ["ACK"]
    assert layer.state_of(key) is TransactionState.COMPLETED
    assert run(layer, 40_000) == []
    assert len(layer) == 0


def test_success_is_reported_once_and_repeats_are_acknowledged(
    layer: TransactionLayer, make_request: Make
) -> None:
    """The first 200 is reported; its repeats get our ACK again; a fork's 200 is reported by itself."""
    key, invite = start(layer, make_request())
    ok = response_to(invite, 200, to_tag="b1")
    assert names(layer.receive(ok, AGENT, 50)) == ["ResponseReceived"]
    assert names(layer.receive(ok, AGENT, 60)) == []
    ack = make_request("ACK", to="<sip:hotline@acd.example>;tag=b1").without("Via")
    layer.send_ack(key, ack, AGENT)
    [first] = layer.take()
    assert layer.receive(ok, AGENT, 550) == [first]
    fork = response_to(invite, 200, to_tag="b2")
    assert names(layer.receive(fork, AGENT, 560)) == ["ResponseReceived"]
    assert names(layer.receive(fork, AGENT, 570)) == []
    assert run(layer, 32_049) == []
    assert layer.state_of(key) is TransactionState.ACCEPTED
    assert run(layer, 32_050) == []
    assert layer.state_of(key) is None


def test_ack_of_success_has_its_own_branch(layer: TransactionLayer, make_request: Make) -> None:
    """The ACK of a 2xx is a transaction of its own: a branch that the INVITE did not have."""
    key, invite = start(layer, make_request())
    layer.receive(response_to(invite, 200, to_tag="b1"), AGENT, 50)
    layer.send_ack(key, make_request("ACK", to="<sip:hotline@acd.example>;tag=b1").without("Via"), AGENT)
    [ack] = sent(layer.take())
    assert ack.via.branch.startswith("z9hG4bK")
    assert ack.via.branch != invite.via.branch


def test_cancel_waits_for_the_first_provisional(layer: TransactionLayer, make_request: Make) -> None:
    """No CANCEL before a 1xx; then one with the INVITE's branch; the 487 is what the user sees."""
    key, invite = start(layer, make_request(extra="Route: <sip:p.example;lr>"))
    assert layer.cancel(key, 100, [("Reason", "SIP;cause=200")])
    assert layer.cancel(key, 110)
    assert layer.take() == []
    out = layer.receive(response_to(invite, 180, to_tag="b1"), AGENT, 200)
    assert names(out) == ["ResponseReceived", "CANCEL"]
    cancel = sent(out)[0].checked()
    assert isinstance(cancel, Request)
    assert (cancel.get("Via"), cancel.uri, cancel.cseq) == (invite.get("Via"), invite.uri, (1, "CANCEL"))
    assert (cancel.to.tag, cancel.get("Route"), cancel.get("Reason")) == (
        "",
        "<sip:p.example;lr>",
        "SIP;cause=200",
    )
    assert names(layer.receive(response_to(cancel, 200, to_tag="b1"), AGENT, 210)) == []
    assert names(layer.receive(response_to(invite, 487, to_tag="b1"), AGENT, 220)) == [
        "ACK",
        "ResponseReceived",
    ]


def test_cancel_without_final_response_is_given_up(layer: TransactionLayer, make_request: Make) -> None:
    """64*T1 after our CANCEL the INVITE is over even when no 487 came (§9.1)."""
    key, invite = start(layer, make_request())
    layer.receive(response_to(invite, 180, to_tag="b1"), AGENT, 100)
    assert layer.cancel(key, 1000)
    assert names(layer.take()) == ["CANCEL"]
    log = run(layer, 60_000)
    assert [at for at, word in log if word == "CANCEL"] == [1000 + at for at in OTHER_TIMES]
    assert (33_000, "TimedOut") in log
    assert len(layer) == 0


def test_cancel_too_late(layer: TransactionLayer, make_request: Make) -> None:
    """After a final response there is nothing to cancel: False, and nothing is sent."""
    key, invite = start(layer, make_request())
    layer.receive(response_to(invite, 200, to_tag="b1"), AGENT, 100)
    assert not layer.cancel(key, 200)
    assert layer.take() == []


def test_same_branch_is_the_same_request(layer: TransactionLayer, make_request: Make) -> None:
    """An effect carried out twice with its own branch sends one request."""
    request = make_request("BYE").without("Via")
    first = layer.send_request(request, AGENT, 0, branch="effect-7-1")
    assert len(layer.take()) == 1
    assert layer.send_request(request, AGENT, 10, branch="effect-7-1") == first
    assert layer.take() == []
    assert first.branch == "z9hG4bKeffect-7-1"


def test_stray_response_is_dropped(layer: TransactionLayer, make_request: Make) -> None:
    """A response to nothing is counted and dropped."""
    assert layer.receive(response_to(make_request("BYE"), 200), AGENT, 0) == []
    assert layer.strays == 1


def test_response_with_another_via_is_dropped(layer: TransactionLayer, make_request: Make) -> None:
    """A response that still has a second Via is not for us (§8.1.3.3)."""
    key, invite = start(layer, make_request())
    astray = response_to(invite, 200, to_tag="b1")
    lines = [*astray.headers[:1], ("Via", "SIP/2.0/UDP other.example"), *astray.headers[1:]]
    assert layer.receive(replace(astray, headers=tuple(lines)), AGENT, 10) == []
    assert layer.state_of(key) is TransactionState.CALLING


def test_reliable_transport_repeats_nothing(layer: TransactionLayer, make_request: Make) -> None:
    """Over TCP only the 2xx is repeated; waits for late repeats shrink to nothing."""
    tcp = Endpoint("192.0.2.9", 45000, "TCP", 3)
    _, bye = start(layer, make_request("BYE"), tcp)
    assert layer.next_deadline() == 32_000
    assert bye.via.transport == "TCP"
    layer.receive(response_to(bye, 200), tcp, 40)
    assert run(layer, 40) == []
    assert len(layer) == 0
    new = reached(layer.receive(make_request(), tcp, 100))
    layer.reply(new.key, 486, 100)
    [packet] = layer.take()
    assert isinstance(packet, SendTo)
    assert packet.destination == tcp
    assert run(layer, 60_000) == []


def test_server_repeats_its_answers(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """A repeated INVITE gets the last provisional again and is never reported twice."""
    invite = make_request()
    new = reached(layer.receive(invite, caller, 0))
    assert layer.receive(invite, caller, 10) == []
    layer.reply(new.key, 100, 20)
    layer.reply(new.key, 180, 30)
    assert names(layer.take()) == ["100", "180"]
    [again] = sent(layer.receive(invite, caller, 500))
    assert isinstance(again, Response)
    assert (again.status, again.to.tag) == (180, new.to_tag)


def test_server_failure_until_ack(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """A 486 is repeated at 500, 1500, 3500, 7500, 11500 … (timer G) and given up after 32 s (H)."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 486, 0)
    layer.take()
    assert run(layer, 60_000) == [(at, "486") for at in OTHER_TIMES]
    assert len(layer) == 0


def test_server_failure_with_ack(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """The ACK of a 486 stops the repeats and is not reported; timer I (5 s) absorbs further ones."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 486, 0)
    layer.take()
    ack = make_request("ACK", to=f"<sip:hotline@acd.example>;tag={new.to_tag}")
    assert layer.receive(ack, caller, 100) == []
    assert layer.receive(ack, caller, 200) == []
    assert layer.receive(make_request(), caller, 300) == []
    assert layer.state_of(new.key) is TransactionState.CONFIRMED
    assert run(layer, 5_099) == []
    assert layer.state_of(new.key) is TransactionState.CONFIRMED
    assert run(layer, 5_100) == []
    assert layer.state_of(new.key) is None


def test_server_success_until_ack(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """A 200 is repeated until 32 s without ACK, which is then reported (§13.3.1.4)."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 200, 0)
    layer.take()
    log = run(layer, 60_000)
    assert log == [(at, "200") for at in OTHER_TIMES] + [(32_000, "AckMissing")]


def test_server_success_with_ack(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """The ACK of a 200 (another branch) stops the repeats and is reported once."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 200, 0)
    layer.take()
    assert run(layer, 600) == [(500, "200")]
    ack = make_request("ACK", branch="z9hG4bK-anna-2", to=f"<sip:hotline@acd.example>;tag={new.to_tag}")
    out = layer.receive(ack, caller, 700)
    assert [output.key for output in out if isinstance(output, AckReceived)] == [new.key]
    assert layer.receive(ack, caller, 750) == []
    assert layer.receive(make_request(), caller, 800) == []
    assert run(layer, 60_000) == []
    assert len(layer) == 0


def test_cancel_from_the_caller(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """CANCEL is answered 200 by the layer and reported once; the user then sends 487."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 180, 10)
    layer.take()
    cancel = make_request("CANCEL")
    out = layer.receive(cancel, caller, 20)
    assert names(out) == ["200", "Cancelled"]
    assert [output.key for output in out if isinstance(output, Cancelled)] == [new.key]
    assert sent(out)[0].to.tag == new.to_tag
    assert names(layer.receive(cancel, caller, 30)) == ["200"]
    layer.reply(new.key, 487, 40)
    assert names(layer.take()) == ["487"]
    assert names(layer.receive(cancel, caller, 50)) == ["200"]


def test_cancel_after_the_answer_changes_nothing(
    layer: TransactionLayer, make_request: Make, caller: Endpoint
) -> None:
    """A CANCEL that crosses the 200 is answered and has no further effect."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 200, 10)
    layer.take()
    assert names(layer.receive(make_request("CANCEL"), caller, 20)) == ["200"]
    assert layer.state_of(new.key) is TransactionState.ACCEPTED


@pytest.mark.parametrize("wrong", [("Call-ID", "other"), ("From", "<sip:x@h>;tag=x"), ("CSeq", "77 CANCEL")])
def test_a_cancel_that_is_of_another_call_cancels_nothing(
    layer: TransactionLayer, make_request: Make, caller: Endpoint, wrong: tuple[str, str]
) -> None:
    """Its branch alone does not make it one of ours (RFC 3261 §9.1)."""
    invite = reached(layer.receive(make_request("INVITE"), caller, 0))
    layer.reply(invite.key, 180, 10)
    layer.take()
    assert names(layer.receive(make_request("CANCEL").with_header(*wrong), caller, 20)) == ["481"]


def test_stray_cancel_and_ack(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """CANCEL of nothing gets 481; ACK of nothing is reported without a key and never answered."""
    assert names(layer.receive(make_request("CANCEL"), caller, 0)) == ["481"]
    [output] = layer.receive(make_request("ACK", to="<sip:h@acd.example>;tag=x"), caller, 0)
    assert isinstance(output, AckReceived)
    assert output.key is None


def test_other_server_transaction(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """Repeats of BYE are absorbed before the answer and answered the same way for 32 s after it."""
    bye = make_request("BYE", to="<sip:hotline@acd.example>;tag=x")
    new = reached(layer.receive(bye, caller, 0))
    assert new.to_tag == ""
    assert layer.receive(bye, caller, 10) == []
    layer.reply(new.key, 200, 20)
    assert names(layer.take()) == ["200"]
    assert names(layer.receive(bye, caller, 500)) == ["200"]
    assert names(layer.receive(bye, caller, 32_019)) == ["200"]
    assert run(layer, 32_020) == []
    assert layer.state_of(new.key) is None


def test_merged_request(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """The same request over a second path gets 482 (§8.2.2.2)."""
    reached(layer.receive(make_request(), caller, 0))
    assert names(layer.receive(make_request(branch="z9hG4bK-other"), caller, 5)) == ["482"]


def test_nothing_is_remembered_after_the_end(
    layer: TransactionLayer, make_request: Make, caller: Endpoint
) -> None:
    """Once a transaction is gone its ACK is a stray and its request a new one."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, 200, 0)
    layer.take()
    run(layer, 40_000)
    ack = make_request("ACK", branch="z9hG4bK-2", to=f"<sip:hotline@acd.example>;tag={new.to_tag}")
    [stray] = layer.receive(ack, caller, 40_000)
    assert isinstance(stray, AckReceived)
    assert stray.key is None
    assert names(layer.receive(make_request(branch="z9hG4bK-3"), caller, 40_000)) == ["NewRequest"]


def test_answered_calls_keep_little(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """A transaction that only waits for late repeats holds less than 3 KB, whatever the messages weighed."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(100):
        call = {"branch": f"z9hG4bK{number}", "call_id": f"c{number}"}
        request = make_request(**call, extra=f"X-Long: {number}{'x' * 8000}")
        new = reached(layer.receive(request, caller, 0))
        layer.reply(new.key, 200, 0, body=b"x" * 8000)
        layer.take()
        to = f"<sip:hotline@acd.example>;tag={new.to_tag}"
        layer.receive(make_request("ACK", **call, to=to), caller, 10)
    del request, new
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(layer) == 100
    assert kept < 100 * 3000


def test_same_branch_from_another_port(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """Two elements that chose the same branch are told apart by their sent-by, port included."""
    for number, port in enumerate((5060, 5070)):
        via = f"SIP/2.0/UDP 192.0.2.7:{port};branch=z9hG4bK1"
        out = layer.receive(make_request("OPTIONS", via=via, call_id=f"c{number}"), caller, 0)
        assert names(out) == ["NewRequest"]


def test_request_of_an_old_element(layer: TransactionLayer, make_request: Make, caller: Endpoint) -> None:
    """Without the magic cookie a repeat, an ACK and a CANCEL still find their INVITE (RFC 2543)."""
    new = reached(layer.receive(make_request(branch="old"), caller, 0))
    assert layer.receive(make_request(branch="old"), caller, 5) == []
    assert names(layer.receive(make_request("CANCEL", branch="old"), caller, 6)) == ["200", "Cancelled"]
    layer.reply(new.key, 487, 7)
    layer.take()
    to = f"<sip:hotline@acd.example>;tag={new.to_tag}"
    assert layer.receive(make_request("ACK", branch="old", to=to), caller, 8) == []
    assert layer.state_of(new.key) is TransactionState.CONFIRMED


def test_overload_is_shed(make_id: Callable[[], str], make_request: Make, caller: Endpoint) -> None:
    """Above the cap new calls get 503 with Retry-After, requests in dialogs still pass."""
    layer = TransactionLayer("192.0.2.1:5060", make_id, max_server_transactions=2)
    for number in range(3):
        out = layer.receive(make_request(branch=f"z9hG4bK{number}", call_id=f"c{number}"), caller, 0)
    assert names(out) == ["503"]
    assert sent(out)[0].get("Retry-After") == "5"
    bye = make_request("BYE", branch="z9hG4bKx", to="<sip:h@acd.example>;tag=x")
    assert names(layer.receive(bye, caller, 0)) == ["NewRequest"]


@pytest.mark.parametrize(
    ("via", "host", "port"),
    [
        ("SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1", "192.0.2.7", 5070),
        ("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1", "192.0.2.7", 5060),
        ("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1;rport", "192.0.2.7", 6000),
        ("SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bK1", "192.0.2.7", 5070),
        ("SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bK1;rport;received=198.51.100.1", "192.0.2.7", 6000),
        ("SIP/2.0/UDP pbx.example;maddr=198.51.100.1;rport=9;branch=z9hG4bK1", "192.0.2.7", 6000),
    ],
)
def test_where_responses_go(
    layer: TransactionLayer, make_bytes: Callable[..., bytes], via: str, host: str, port: int
) -> None:
    """Responses go to the real source address, to its port when rport is there, else to that of sent-by."""
    request = parse(make_bytes("OPTIONS", via=via + ", SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK0"))
    new = reached(layer.receive(request, Endpoint("192.0.2.7", 6000), 0))
    layer.reply(new.key, 200, 0)
    [packet] = layer.take()
    assert isinstance(packet, SendTo)
    assert (packet.destination.host, packet.destination.port) == (host, port)
    response = parse(packet.data).checked()
    assert (response.get("Via") or "").endswith("SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK0")
    if "10.1.1.1" in via or "rport" in via:
        assert response.via.params["received"] == "192.0.2.7"
        assert response.via.text.count("received=") == 1
    if "rport" in via:
        assert response.via.params["rport"] == "6000"


def test_malformed_requests_are_answered_or_dropped(
    layer: TransactionLayer, make_bytes: Callable[..., bytes], caller: Endpoint
) -> None:
    """A request with a broken Contact gets 400; a broken ACK or one without Via gets nothing."""
    assert names(layer.receive(parse(make_bytes(contact="<sip:")), caller, 0)) == ["400"]
    assert layer.receive(parse(make_bytes("ACK", contact="<sip:")), caller, 0) == []
    assert layer.receive(parse(make_bytes(via="nonsense")), caller, 0) == []
    assert len(layer) == 0


STATES: list[tuple[Machine, TransactionState]] = [
    (machine, state)
    for machine in (CLIENT_INVITE, CLIENT_OTHER, SERVER_INVITE, SERVER_OTHER)
    for state in machine.moves
]


@pytest.mark.parametrize(("machine", "state"), STATES)
def test_tables_are_closed(machine: Machine, state: TransactionState) -> None:
    """Every state has its timers, every timer of a state a move, every move leads to a state of the table."""
    moves = machine.moves[state]
    assert set(machine.timers[state]) <= set(moves)
    assert {to for to, _ in moves.values()} <= {*machine.moves, TransactionState.TERMINATED}
    assert machine.start in machine.moves


@pytest.mark.parametrize("event", Trigger)
@pytest.mark.parametrize(("machine", "state"), STATES)
def test_moves_that_are_not_in_the_table_change_nothing(
    machine: Machine, state: TransactionState, event: Trigger, make_request: Make
) -> None:
    """For every machine, state and event without an entry: no output, no timer, the same state."""
    running = Running(Timing())
    request = make_request()
    transaction = running.start_client(ClientKey("b", "INVITE"), machine, request, AGENT, 0)
    transaction.state = state
    before = (running.timers.next(), len(running.timers), transaction.last)
    running.out.clear()
    moved = running.move(transaction, event, (request, AGENT), 5)
    assert moved is (event in machine.moves[state])
    if not moved:
        after = (running.timers.next(), len(running.timers), transaction.last)
        assert (running.out, transaction.state, after) == ([], state, before)


@pytest.mark.parametrize("first", [200, 486])
@pytest.mark.parametrize("second", [100, 180, 404, 487])
def test_second_final_response_is_refused(
    layer: TransactionLayer, make_request: Make, caller: Endpoint, first: int, second: int
) -> None:
    """After a final response no other can be sent: an error, the state and the wire stay as they were."""
    new = reached(layer.receive(make_request(), caller, 0))
    layer.reply(new.key, first, 0)
    layer.take()
    before = layer.state_of(new.key)
    with pytest.raises(IllegalMoveError):
        layer.reply(new.key, second, 10)
    assert layer.state_of(new.key) is before
    assert layer.take() == []
    assert layer.next_deadline() == 500


def test_unsafe_response_changes_nothing(
    layer: TransactionLayer, make_request: Make, caller: Endpoint
) -> None:
    """A response that would smuggle a header is refused before anything moves."""
    new = reached(layer.receive(make_request(), caller, 0))
    with pytest.raises(UnsafeTextError):
        layer.reply(new.key, 200, 0, headers=[("Subject", "x\r\nEvil: 1")])
    assert layer.state_of(new.key) is TransactionState.PROCEEDING
    assert layer.take() == []
    with pytest.raises(UnsafeTextError):
        layer.send_request(make_request("INFO").with_header("Subject", "x\nEvil: 1"), AGENT, 0)
    assert len(layer) == 1


def test_unknown_keys_and_forbidden_methods(layer: TransactionLayer, make_request: Make) -> None:
    """Our own mistakes are typed errors."""
    with pytest.raises(UnknownTransactionError):
        layer.reply(ServerKey("x", "y", "INVITE"), 200, 0)
    with pytest.raises(UnknownTransactionError):
        layer.respond(ServerKey("x", "y", "INVITE"), response_to(make_request(), 200), 0)
    for method in ("ACK", "CANCEL"):
        with pytest.raises(IllegalMoveError):
            layer.send_request(make_request(method), AGENT, 0)


def test_a_cancel_that_waited_for_the_first_answer_is_given_up_like_any_other(
    layer: TransactionLayer, make_request: Make
) -> None:
    """The phone says 180 and then nothing more: 64*T1 after our CANCEL the INVITE has timed out (§9.1)."""
    key, invite = start(layer, make_request())
    layer.cancel(key, 10)
    layer.receive(response_to(invite, 180, to_tag="b"), AGENT, 100)
    assert [type(output) for output in layer.expire(100 + 64 * 500) if not isinstance(output, SendTo)] == [
        TimedOut
    ]
    assert layer.state_of(key) is None
