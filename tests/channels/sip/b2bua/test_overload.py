"""More calls than can be done: new ones are refused, and nothing else."""

from collections.abc import Iterator

import pytest

from acd.core.effects import ConnectContact
from channels.sip.backlog import INTERVAL_MS, TARGET_MS
from channels.sip.protocol.message import Request, make_headers
from tests.channels.sip.b2bua.test_crossings import ANNA, CONTACT, OFFER, PHONE_OF_ANNA
from tests.channels.sip.b2bua.world import CALLER, DESK, World


def delayed(world: World, waited_ms: float) -> None:
    """Packets have waited so long for a whole interval."""
    for moment in (0, INTERVAL_MS):
        world.calls.backlog.read(waited_ms, moment)


@pytest.fixture
def late(world: World) -> Iterator[World]:
    yield world
    assert world.calls.backlog.standing


def test_a_new_call_is_told_to_come_again_and_nothing_is_kept_of_it(late: World) -> None:
    delayed(late, TARGET_MS)
    late.invite()
    [answer] = late.caller.responses
    assert (answer.status, answer.get("Retry-After")) == (503, "1")
    assert (late.host.events, late.calls.legs, len(late.layer)) == ([], {}, 0)


def test_what_was_taken_is_finished(late: World) -> None:
    """Its answers, ACKs, re-INVITEs and BYEs are what makes room."""
    late.invite()
    delayed(late, TARGET_MS)
    late.admit()
    late.offer()
    late.phone_answers()
    late.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=PHONE_OF_ANNA))
    dialog = late.calls.legs["o1"].record.dialog
    assert dialog is not None
    for number, method in ((10, "INVITE"), (11, "OPTIONS"), (12, "BYE")):
        headers = make_headers(
            ("Max-Forwards", "70"),
            ("From", f"<sip:anna@192.0.2.9>;tag={dialog.remote_tag}"),
            ("To", f"<sip:acd@192.0.2.1>;tag={dialog.local_tag}"),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", "<sip:anna@192.0.2.9>"),
        )
        request = Request(method=method, uri="sip:acd@192.0.2.1", headers=headers)
        key = late.phone.layer.send_request(request, DESK, late.now_ms)
        late.run()
        assert late.phone.statuses[-1] == 200, method
        if method == "INVITE":
            late.phone.layer.send_ack(key, request.with_header("CSeq", f"{number} ACK"), DESK)
    assert "o1" not in late.calls.legs


def test_a_caller_may_give_up_meanwhile(late: World) -> None:
    late.invite()
    delayed(late, TARGET_MS)
    [key] = [key for key in late.caller.layer._running.clients if key.method == "INVITE"]
    assert late.caller.layer.cancel(key, late.now_ms)
    late.run()
    assert late.caller.statuses[-1] == 487


def test_the_next_call_is_taken_as_soon_as_packets_are_read_in_time(world: World) -> None:
    delayed(world, TARGET_MS)
    world.invite()
    world.calls.backlog.read(TARGET_MS - 1, 2 * INTERVAL_MS)
    world.invite(source=CALLER, branch="invite-2", call_id="call-2")
    assert world.caller.statuses == [503, 100]


def test_a_registered_phone_and_a_monitor_are_served(late: World) -> None:
    """Else phones would go, and whoever watches us would take us for dead."""
    delayed(late, TARGET_MS)
    headers = make_headers(
        ("Max-Forwards", "70"), ("From", "<sip:a@h>;tag=1"), ("To", "<sip:b@h>"), ("Call-ID", "o")
    )
    for number, method in ((1, "OPTIONS"), (2, "REGISTER")):
        request = Request(
            method=method, uri="sip:192.0.2.1", headers=(*headers, ("CSeq", f"{number} {method}"))
        )
        refused = late.layer.screen(request.with_header("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"), CALLER)
        assert (refused.status if refused else None) == (200 if method == "OPTIONS" else None)
