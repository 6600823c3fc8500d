"""A caller hangs up with a promise, and is called at home by a trunk: the whole desk, with softphones."""

import json
from collections.abc import Callable

import httpx
import pytest

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, free_udp_port, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.sipp import Sipp
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ, HOME_HZ = 350, 620, 1100
NUMBER = "030 555 0123"

both_orders = pytest.mark.parametrize("order", ["agent_first", "caller_first"])


class Line:
    """A desk of one line; its agent comes later. Whom it calls back has a phone at home."""

    def __init__(self, open_desk: OpenDesk, booth: Booth, order: str, home: int) -> None:
        self.booth = booth
        self.desk: Desk = open_desk(Corner("line", agents=1, callback=order, ring="10s"), calls_to=home)

    def promised(self) -> int:
        """Somebody waits and is promised to be called at home; he hears the line go dead."""
        caller = self.booth.pjsua("caller", CALLER_HZ)
        caller.tell("call", f"sip:line.line@127.0.0.1:{self.desk.port}")
        until(lambda: self.desk.waiting("line"), "the waiting caller")
        (contact,) = self.desk.waiting("line")
        self.desk.post(f"/contacts/{contact}/callback", number=NUMBER)
        caller.until("state", state="DISCONNECTED", status=200)
        assert self.desk.waiting("line") == [contact], "he keeps his place"
        return contact

    def agent(self) -> Pjsua:
        phone = self.booth.pjsua("agent", AGENT_HZ)
        phone.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{self.desk.port}")
        return phone

    def kinds(self) -> list[str]:
        (history,) = self.desk.histories("line").values()
        return [fact["kind"] for fact in history]

    def until_told(self, kind: str, times: int = 1) -> None:
        until(lambda: self.kinds().count(kind) >= times, lambda: f"{kind} in {self.kinds()}")

    def results(self) -> list[str]:
        (history,) = self.desk.histories("line").values()
        return [fact["fact"]["result"] for fact in history if fact["kind"] == "CallOver"]


@both_orders
def test_agent_and_party_hear_each_other_in_both_orders(
    open_desk: OpenDesk, booth: Booth, order: str
) -> None:
    home = booth.pjsua("home", HOME_HZ)
    line = Line(open_desk, booth, order, home.port)
    line.promised()
    line.agent()
    until(lambda: any(windows(booth.heard("agent"), HOME_HZ)), "the party's tone at the agent")
    until(lambda: any(windows(booth.heard("home"), AGENT_HZ)), "the agent's tone at the party")
    assert home.events("rung")[0]["by"].find("+49305550100") >= 0, "the desk's own number is shown"
    home.tell("hang-up")
    line.desk.until_idle("line")
    assert line.results() == ["answered"]
    assert line.kinds()[-2:] == ["CallbackOver", "Released"]
    assert line.desk.agent("line.1")["state"] == "ready"


@both_orders
def test_busy_then_nobody_and_the_agent_is_free_again_each_time(
    open_desk: OpenDesk, booth: Booth, sipp: Sipp, order: str
) -> None:
    home = free_udp_port()
    line = Line(open_desk, booth, order, home)
    busy = sipp.run(line.desk, s.refuses(486, "Busy Here"), "home", port=home)
    line.promised()
    line.agent()
    busy.succeeds()
    line.desk.until_idle("line")
    assert line.results() == ["busy", "no answer"], "the second time nothing is there"
    assert line.kinds()[-2:] == ["CallbackOver", "Released"]
    assert line.desk.agent("line.1")["state"] == "ready"


KILLED_AT: dict[str, Callable[[Line], object]] = {
    "parked": lambda line: None,
    "called": lambda line: line.until_told("CallPlaced"),
    "answered": lambda line: line.until_told("CallOver"),
    "joined": lambda line: line.until_told("CallbackOver"),
}


@both_orders
@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_kill_at_any_step_costs_nobody_his_callback(
    open_desk: OpenDesk, booth: Booth, order: str, moment: str
) -> None:
    home = booth.pjsua("home", HOME_HZ)
    line = Line(open_desk, booth, order, home.port)
    line.promised()
    agent = line.agent() if moment != "parked" else None
    KILLED_AT[moment](line)
    line.desk.kill()
    line.desk.start()
    if agent is None:
        line.agent()
    line.until_told("CallbackOver")
    heard = len(booth.heard("agent"))
    until(lambda: any(windows(booth.heard("agent")[heard:], HOME_HZ)), "the party's tone at the agent")
    until(lambda: any(windows(booth.heard("home"), AGENT_HZ)), "the agent's tone at the party")
    home.tell("hang-up")
    line.desk.until_idle("line")
    assert line.results() == ["answered"], "he was called once"
    assert len(home.events("rung")) == 1


def test_a_number_that_may_not_be_called_is_refused_and_the_caller_waits_on(
    open_desk: OpenDesk, booth: Booth
) -> None:
    line = Line(open_desk, booth, "agent_first", free_udp_port())
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.line@127.0.0.1:{line.desk.port}")
    until(lambda: line.desk.waiting("line"), "the waiting caller")
    (contact,) = line.desk.waiting("line")
    for number in ("0900 5 123456", "110", "+1 212 555 0123", "nobody"):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            line.desk.post(f"/contacts/{contact}/callback", number=number)
        assert refused.value.response.status_code == 409, number
    assert line.desk.waiting("line") == [contact]
    assert not caller.events("state", state="DISCONNECTED")


def test_the_command_promises_and_cancels(open_desk: OpenDesk, booth: Booth) -> None:
    line = Line(open_desk, booth, "agent_first", free_udp_port())
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.line@127.0.0.1:{line.desk.port}")
    until(lambda: line.desk.waiting("line"), "the waiting caller")
    (contact,) = line.desk.waiting("line")
    promised = line.desk.command("callback", str(contact), "--number", NUMBER)
    assert (promised.returncode, promised.stdout) == (0, f"contact {contact}: callback promised\n")
    caller.until("state", state="DISCONNECTED", status=200)
    assert "to be called back" in line.desk.command("contact", str(contact)).stdout
    cancelled = line.desk.command("callback", str(contact), "--cancel", "--json")
    assert (cancelled.returncode, list(json.loads(cancelled.stdout))) == (0, ["seq"])
    again = line.desk.command("callback", str(contact), "--cancel")
    assert (again.returncode, "not live" in again.stderr) == (1, True)
