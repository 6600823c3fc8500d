"""What goes wrong on the way: lost packets, missing ACKs, odd but legal messages, and plain garbage."""

import contextlib
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.doubler import Doubler
from tests.acceptance.sipp import Sipp
from tests.acceptance.studio import Booth, windows
from tests.acceptance.wire import Wire

ANSWERED = ["Arrived", "Queued", "Offered", "Answered", "Released"]


def test_everybody_was_tried_so_everybody_is_tried_again(shared_desk: Desk, sipp: Sipp) -> None:
    """Both agents are busy at first; after `retry_tried` the first one is asked once more and answers."""
    first = sipp.phone(shared_desk, "all-tried.1", s.refuses(486, "Busy Here"), calls=2)
    second = sipp.phone(shared_desk, "all-tried.2", s.refuses(486, "Busy Here"), calls=2)
    sipp.call(shared_desk, "all-tried", s.calls(s.pause(1700), s.hang_up())).succeeds()
    first.succeeds()
    second.succeeds()
    refusal = ["Offered", "Refused", "Requeued"]
    again = ["TriedForgotten"]
    story = shared_desk.story("all-tried")
    assert story == ["Arrived", "Queued", *refusal, *refusal, *again, *refusal, *refusal, "Abandoned"]


def test_a_late_offer_is_answered_with_ours(shared_desk: Desk, sipp: Sipp) -> None:
    """An INVITE without a body gets our offer in the 200; its answer comes with the ACK."""
    agent = sipp.phone(shared_desk, "late-offer.1", s.phone(s.TALK))
    steps = [s.invite(body=""), s.recv(100, optional=True), s.recv(200), s.ack(body=s.sdp())]
    caller = sipp.call(shared_desk, "late-offer", s.scenario(steps, s.pause(400), s.hang_up())).succeeds()
    agent.succeeds()
    assert "m=audio" in caller.received("SIP/2.0 200", "INVITE")[0]
    assert shared_desk.story("late-offer") == ANSWERED


def test_a_caller_holds_and_resumes(shared_desk: Desk, sipp: Sipp) -> None:
    agent = sipp.phone(shared_desk, "caller-holds.1", s.phone(s.TALK))
    hold = [
        s.inside("INVITE", 2, body=s.sdp("sendonly", 2)),
        s.recv(100, optional=True),
        s.recv(200),
        s.ack(2),
    ]
    resume = [
        s.inside("INVITE", 3, body=s.sdp("sendrecv", 3)),
        s.recv(100, optional=True),
        s.recv(200),
        s.ack(3),
    ]
    steps = s.calls(s.pause(400), hold, s.pause(200), resume, s.pause(200), s.hang_up(4))
    caller = sipp.call(shared_desk, "caller-holds", steps).succeeds()
    agent.succeeds()
    answers = caller.received("SIP/2.0 200", "INVITE")
    assert ["a=recvonly" in answer for answer in answers] == [False, True, False]
    held = ["Arrived", "Queued", "Offered", "Answered", "Held", "Resumed", "Released"]
    assert shared_desk.story("caller-holds") == held
    assert shared_desk.fact("caller-holds", "Held")["by_agent"] is False


def test_an_agent_holds_and_resumes(shared_desk: Desk, sipp: Sipp) -> None:
    steps = []
    for cseq, direction in ((1, "sendonly"), (2, "sendrecv")):
        steps += [s.pause(200), s.phone_sends("INVITE", cseq, body=s.sdp(direction, cseq + 1))]
        steps += [s.recv(100, optional=True), s.recv(200), s.phone_sends("ACK", cseq)]
    agent = sipp.phone(shared_desk, "agent-holds.1", s.phone(s.RINGS, s.picks_up(), steps, s.HUNG_UP))
    sipp.call(shared_desk, "agent-holds", s.calls(s.pause(1200), s.hang_up())).succeeds()
    agent.succeeds()
    held = ["Arrived", "Queued", "Offered", "Answered", "Held", "Resumed", "Released"]
    assert shared_desk.story("agent-holds") == held
    assert shared_desk.fact("agent-holds", "Held")["by_agent"] is True


def test_options_are_answered_outside_and_inside_a_call(shared_desk: Desk, sipp: Sipp) -> None:
    ping = s.scenario(s.send(s.OPTIONS, retransmit=True), s.recv(200))
    allowed = sipp.call(shared_desk, "options", ping).succeeds().received("SIP/2.0 200")
    assert "Allow: INVITE" in allowed[0]
    agent = sipp.phone(shared_desk, "options.1", s.phone(s.TALK))
    inside = [s.inside("OPTIONS", 2), s.recv(200)]
    sipp.call(shared_desk, "options", s.calls(s.pause(300), inside, s.hang_up(3))).succeeds()
    agent.succeeds()
    assert shared_desk.story("options") == ANSWERED


def test_an_unknown_number_gets_404(shared_desk: Desk, sipp: Sipp) -> None:
    sipp.run(shared_desk, s.refused(404), "nobody-has-this-number").succeeds()


def test_a_call_from_an_unknown_trunk_gets_403(shared_desk: Desk, sipp: Sipp) -> None:
    number = shared_desk.corners["waits"].number
    sipp.run(shared_desk, s.refused(403), number, host="127.0.0.2").succeeds()


def test_every_packet_may_come_twice(shared_desk: Desk, sipp: Sipp) -> None:
    """Caller and phone send and get everything twice, REGISTER to BYE: the same answers, and one call."""
    with Doubler(shared_desk.port) as caller_side, Doubler(shared_desk.port) as phone_side:
        agent = sipp.phone(shared_desk, "retransmit.1", s.phone(s.TALK), via=phone_side.port)
        call = s.calls(s.pause(500), s.hang_up())
        caller = sipp.call(shared_desk, "retransmit", call, via=caller_side.port).succeeds()
        agent.succeeds()
        assert shared_desk.story("retransmit") == ANSWERED
        assert len({s.tag(one, "To") for one in caller.received("SIP/2.0 200")}) == 1
        assert sum(one.startswith("INVITE") for one in phone_side.from_desk) == 1


@pytest.mark.parametrize("copies", [1, 2])
def test_whether_the_cancel_or_the_answer_wins_the_call_ends_once(shared_desk: Desk, copies: int) -> None:
    """The desk answers at once, so every CANCEL races the 200: at distances from 0 to 10 ms, also doubled."""
    number = shared_desk.corners["cancels"].number
    before = len(shared_desk.stories("cancels"))
    statuses = []
    for ms in range(11):
        with Wire(shared_desk.port, number, f"cancel-{copies}-{ms}", copies) as wire:
            statuses.append(wire.invite_and_cancel(ms / 1000))
    assert set(statuses) <= {200, 487}
    shared_desk.until_idle("cancels")
    stories = list(shared_desk.stories("cancels").values())[before:]
    assert stories.count(["Arrived", "Queued", "Abandoned"]) == len(stories) <= 11


def test_a_200_is_repeated_until_its_ack_comes(shared_desk: Desk, sipp: Sipp) -> None:
    """After T1, 2*T1 and 4*T1 (RFC 3261 §13.3.1.4): the caller acknowledges after two seconds only."""
    agent = sipp.phone(shared_desk, "withheld-ack.1", s.phone(s.TALK))
    answer = [s.invite(retransmit=False), s.recv(100, optional=True), s.recv(200), s.pause(2000)]
    caller = sipp.call(shared_desk, "withheld-ack", s.scenario(answer, s.ack(), s.pause(2500), s.hang_up()))
    caller.succeeds()
    agent.succeeds()
    assert len(caller.received("SIP/2.0 200", "INVITE")) == 3
    assert shared_desk.story("withheld-ack") == ANSWERED


def test_calls_come_out_right_although_a_fifth_of_the_packets_is_lost(shared_desk: Desk, sipp: Sipp) -> None:
    """Both phones and 10 callers lose 20 % of what they send; retransmission makes up for all of it."""
    lose = ("-lost", "20")
    for agent in shared_desk.corners["lossy"].all_agents:
        sipp.phone(shared_desk, agent, s.phone(s.TALK), *lose, calls=100)
    steps = s.calls(s.pause(3000), s.hang_up())
    callers = sipp.call(shared_desk, "lossy", steps, *lose, "-r", "5", calls=10)
    callers.succeeds(60)
    shared_desk.until_idle("lossy")
    stories = list(shared_desk.stories("lossy").values())
    assert len(stories) == 10
    assert all(sum(kind in ("Abandoned", "Released") for kind in story) == 1 for story in stories)


def test_compact_headers_and_folded_lines_are_understood(shared_desk: Desk, sipp: Sipp) -> None:
    agent = sipp.phone(shared_desk, "compact.1", s.phone(s.TALK))
    caller = sipp.call(shared_desk, "compact", s.compact(), "-key", "tab", "\t").succeeds()
    agent.succeeds()
    assert caller.sent("INVITE")[0].count("\n\t") >= 1
    assert shared_desk.story("compact") == ANSWERED


def test_a_call_through_a_proxy_keeps_its_route(shared_desk: Desk, sipp: Sipp) -> None:
    """The INVITE carries a Record-Route; our 200 repeats it, and our BYE goes along it."""
    route = "Record-Route: <sip:[local_ip]:[local_port];lr>"
    ends = [s.RINGS, s.picks_up(), s.pause(300), s.phone_sends("BYE", 1), s.recv(200)]
    agent = sipp.phone(shared_desk, "proxied.1", s.phone(ends))
    steps = s.scenario(s.invite(route), s.ANSWERED, s.HUNG_UP)
    caller = sipp.call(shared_desk, "proxied", steps).succeeds()
    agent.succeeds()
    assert "\nRecord-Route: <sip:127.0.0.1:" in caller.received("SIP/2.0 200", "INVITE")[0]
    assert f"\nRoute: <sip:127.0.0.1:{caller.port};lr>" in caller.received("BYE")[0]
    assert shared_desk.story("proxied") == ANSWERED


def test_thousands_of_garbage_datagrams_do_not_stop_the_desk(open_desk: OpenDesk, sipp: Sipp) -> None:
    """Random bytes, and messages of a real call with random damage; then a call is answered as ever."""
    desk = open_desk(Corner("after", agents=1), Corner("before"))
    agent = sipp.phone(desk, "after.1", s.phone(s.TALK))
    before = sipp.call(desk, "before", s.calls(s.pause(100), s.hang_up())).succeeds()
    samples = [message.replace("\n", "\r\n").encode() for message in before.messages("sent")]
    _throw(desk.port, samples, count=4000)
    sipp.call(desk, "after", s.calls(s.pause(400), s.hang_up())).succeeds()
    agent.succeeds()
    assert desk.get("/health")["status"] == "ok"
    assert "Traceback" not in desk.log.read_text()
    assert ANSWERED in desk.stories("after").values()


def _throw(port: int, samples: list[bytes], count: int) -> None:
    chance = random.Random(4711)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(count):
            data = bytearray(chance.choice(samples)) if number % 4 else bytearray(chance.randbytes(300))
            for _ in range(chance.randrange(1, 9)):
                at = chance.randrange(len(data))
                data[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
            sock.sendto(data, ("127.0.0.1", port))
        _await_read(sock, port)


def _await_read(sock: socket.socket, port: int) -> None:
    """Until all of it is read: what stands in a queue that is too long is told 503 to come again."""
    ours = sock.getsockname()[1]
    question = (
        f"OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{ours};branch=z9hG4bKlast;rport\r\n"
        "From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: the last\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    sock.settimeout(5)
    for _ in range(12):  # its own packets may be lost, too
        sock.sendto(question.encode(), ("127.0.0.1", port))
        with contextlib.suppress(TimeoutError):
            while b"Call-ID: the last" not in sock.recv(65_535):
                continue
            return
    raise AssertionError("the desk answers nothing any more")


@pytest.mark.long
def test_a_caller_who_never_acknowledges_is_let_go(shared_desk: Desk, sipp: Sipp) -> None:
    """After 64*T1 without an ACK the desk ends the call with BYE (RFC 3261 §13.3.1.4)."""
    steps = [s.invite(retransmit=False), s.recv(100, optional=True), *[s.recv(200)] * 10]
    caller = sipp.call(shared_desk, "no-ack", s.scenario(steps, s.HUNG_UP))
    caller.ended(60)
    assert len(caller.received("BYE")) >= 1
    assert until(lambda: shared_desk.story("no-ack"), "a story")[-1] == "Abandoned"


def test_a_name_in_latin_1_is_shown_and_not_refused(shared_desk: Desk, sipp: Sipp) -> None:
    """Old exchanges send no UTF-8: the phone shows the name all the same."""
    agent = sipp.phone(shared_desk, "latin-1.1", s.phone(s.TALK))
    calls = s.calls(s.pause(400), s.hang_up()).replace('"Caller [call_number]"', '"J\xf6rg"')
    sipp.call(shared_desk, "latin-1", calls).succeeds()
    agent.succeeds()
    assert '\nFrom: "Nordwind latin-1: J\xf6rg" <' in agent.received("INVITE")[0]
    assert shared_desk.story("latin-1") == ANSWERED


def test_a_server_that_stood_still_finds_the_answer_that_came_meanwhile(
    open_desk: OpenDesk, booth: Booth
) -> None:
    """A machine that was paused for longer than agents are rung: nobody is paused for it, and they talk."""
    desk = open_desk(Corner("frozen", agents=1, ring="3s"))
    agent, caller = booth.pjsua("agent", 350), booth.pjsua("caller", 620)
    agent.tell("register", "frozen.1", password("frozen.1"), f"sip:127.0.0.1:{desk.port}")
    agent.tell("let-ring")
    caller.tell("call", f"sip:line.frozen@127.0.0.1:{desk.port}")
    agent.until("rung")
    assert desk.process is not None
    desk.process.send_signal(signal.SIGSTOP)
    agent.tell("pick-up")
    time.sleep(5)
    desk.process.send_signal(signal.SIGCONT)
    agent.until("state", state="CONFIRMED")
    until(lambda: any(windows(booth.heard("agent"), 620)), "the caller's tone at the agent")
    caller.tell("hang-up")
    desk.until_idle("frozen")
    assert desk.story("frozen") == ANSWERED
    assert desk.agent("frozen.1")["state"] == "ready"


def test_a_start_that_finds_its_sip_port_taken_names_it_and_leaves_no_media_process(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [Corner("only")], {})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", desk.port))
        done = subprocess.run(
            [sys.executable, "-m", "acd", "serve", str(desk.site)],
            env=desk.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Address already in use: SIP, 127.0.0.1 port {desk.port} (UDP)" in done.stderr.splitlines()[-1]
    until(lambda: desk.media_pid() is None, "the end of the media process")
