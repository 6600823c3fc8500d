"""An agent hands his caller on from his own phone: the next agent and the caller hear each other."""

from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.studio import Booth, windows

FIRST_HZ, SECOND_HZ, CALLER_HZ = 350, 620, 1100


def talking(desk: Desk, booth: Booth) -> None:
    """A caller and the second line's agent hear each other; whoever had him before is off."""
    until(lambda: any(windows(booth.heard("second"), CALLER_HZ)), "the caller's tone at the second agent")
    until(lambda: any(windows(booth.heard("caller"), SECOND_HZ)), "the second agent's tone at the caller")
    until(lambda: desk.agent("first.1")["state"] == "ready", "the first agent's leg to end")
    (history,) = desk.histories("first").values()
    kinds = [fact["kind"] for fact in history]
    assert kinds == [
        "Arrived",
        "Queued",
        "Offered",
        "Answered",
        "Transferred",
        "Queued",
        "Treated",
        "Offered",
        "Answered",
    ]
    transferred = history[4]
    assert transferred["by"] == "phone:first.1"
    assert (transferred["fact"]["from_line"], transferred["fact"]["to_line"]) == ("first", "second")


def ready(open_desk: OpenDesk, booth: Booth) -> Desk:
    """Two lines; the second one's agent is there."""
    desk = open_desk(Corner("first", agents=1), Corner("second", agents=1))
    second = booth.pjsua("second", SECOND_HZ)
    second.tell("register", "second.1", password("second.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: desk.agent("second.1")["state"] == "ready", "the second agent")
    return desk


def test_baresip_transfers_a_caller(open_desk: OpenDesk, booth: Booth) -> None:
    desk = ready(open_desk, booth)
    secret = f";auth_user=first.1;auth_pass={password('first.1')};answermode=auto;regint=60"
    first = booth.baresip("first", FIRST_HZ, f"<sip:first.1@127.0.0.1:{desk.port}>{secret}")
    until(lambda: desk.agent("first.1")["state"] == "ready", "baresip's registration")
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.first@127.0.0.1:{desk.port}")
    until(lambda: any(windows(first.heard(), CALLER_HZ)), "the caller's tone at the first agent")
    first.tell("transfer", f"sip:line.second@127.0.0.1:{desk.port}")
    talking(desk, booth)


def test_pjsua_transfers_a_caller_and_a_number_that_is_not_there_costs_no_call(
    open_desk: OpenDesk, booth: Booth
) -> None:
    desk = ready(open_desk, booth)
    first = booth.pjsua("first", FIRST_HZ)
    first.tell("register", "first.1", password("first.1"), f"sip:127.0.0.1:{desk.port}")
    caller = booth.pjsua("caller", CALLER_HZ)
    until(lambda: desk.agent("first.1")["state"] == "ready", "the first agent")
    caller.tell("call", f"sip:line.first@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("first"), CALLER_HZ)), "the caller's tone at the first agent")
    first.tell("transfer", f"sip:nobody@127.0.0.1:{desk.port}")
    first.until("transfer", status=404)
    assert desk.agent("first.1")["state"] == "handling"
    first.tell("transfer", f"sip:line.second@127.0.0.1:{desk.port}")
    first.until("transfer", status=200)
    talking(desk, booth)
