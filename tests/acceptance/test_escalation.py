"""An escalation list by real phones: called in its order, taken over by a key, also over a kill."""

import json
from typing import Any

import pytest

from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.studio import Booth

NUMBER, HOME_HZ, AGENT_HZ = "030 555 0123", 1100, 350


def shown(desk: Desk) -> dict[str, Any]:
    (one,) = json.loads(desk.command("escalations", "list", "--json").stdout)["escalations"]
    return dict(one)


def presses(phone: Pjsua, desk: Desk) -> None:
    """Again and again, as people do who do not know whether it was heard."""

    def taken() -> bool:
        phone.tell("dtmf", "1")
        return bool(shown(desk)["state"] == "acknowledged")

    until(taken, lambda: f"somebody who takes it over: {shown(desk)}")


@pytest.mark.parametrize("killed", [False, True])
def test_who_is_on_duty_takes_it_over_by_a_key(open_desk: OpenDesk, booth: Booth, *, killed: bool) -> None:
    home = booth.pjsua("home", HOME_HZ)
    home.tell("let-ring")
    desk = open_desk(Corner("line", agents=1, escalates=NUMBER), calls_to=home.port)
    started = desk.command("escalate", "night", "--ticket", "INC-1", "--json")
    assert json.loads(started.stdout)["escalation"] == 1, started.stderr
    until(lambda: home.events("rung"), "the phone that rings")
    assert "+49305550177" in home.events("rung")[0]["by"], "the client's own number is shown"
    if killed:
        desk.kill()
        desk.start()
    home.tell("pick-up")
    presses(home, desk)
    found = shown(desk)
    assert (found["who"], found["attempts"], found["step"]) == ("duty", 2, 2), "the agent has no phone"
    assert len(home.events("rung")) == 1, "nobody is called twice for a step"
    home.until("state", state="DISCONNECTED", status=200)
    assert desk.command("escalations", "status", "1").returncode == 0


def test_an_agent_on_the_list_is_called_by_his_phone_and_it_is_called_off(
    open_desk: OpenDesk, booth: Booth
) -> None:
    desk = open_desk(Corner("line", agents=1, escalates=NUMBER), calls_to=9)
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("let-ring")
    agent.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: desk.agent("line.1")["state"] == "ready", "the agent's phone")
    assert desk.command("escalate", "night", "--text", "de=Bitte anrufen.").returncode == 0
    until(lambda: agent.events("rung"), "the agent's phone that rings")
    assert desk.command("escalations", "cancel", "1").stdout == "escalation 1: called off\n"
    until(lambda: agent.events("state", state="DISCONNECTED"), "silence")
    assert shown(desk)["state"] == "cancelled"
    assert "already" not in desk.command("escalate", "night", "--text", "de=Bitte anrufen.").stderr
