"""Who has talked is asked how it was, by real phones, also over a kill; his mark is in the report."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import OpenDesk, until
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ, SURVEY_HZ, THANKS_HZ = 350, 450, 1500, 880


@pytest.mark.parametrize("killed", [False, True])
def test_a_caller_gives_a_mark_when_his_agent_has_hung_up(
    open_desk: OpenDesk, booth: Booth, *, killed: bool
) -> None:
    desk = open_desk(Corner("line", agents=1, survey_hz=SURVEY_HZ, promise_hz=THANKS_HZ))
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: desk.agent("line.1")["state"] == "ready", "the agent's phone")
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("caller"), AGENT_HZ)), "the agent")
    agent.tell("hang-up")
    until(lambda: any(windows(booth.heard("caller"), SURVEY_HZ)), "the question")
    until(lambda: desk.agent("line.1")["state"] == "ready", "the agent, who is free meanwhile")
    assert not caller.events("state", state="DISCONNECTED")
    if killed:
        desk.kill()
        desk.start()

    def marked() -> bool:
        caller.tell("dtmf", "4")
        time.sleep(0.2)
        (history,) = desk.histories("line").values()
        return "KeyChosen" in [fact["kind"] for fact in history]

    until(marked, "the key")
    until(lambda: any(windows(booth.heard("caller"), THANKS_HZ)), "thanks")
    caller.until("state", state="DISCONNECTED", status=200)
    desk.until_idle("line")
    told = desk.story("line")
    assert told[-1] == "Released"
    assert desk.fact("line", "Released")["by"] == "survey"
    today, day = datetime.now(UTC).date(), timedelta(days=1)
    days = "--from", str(today - day), "--to", str(today + day)
    report = json.loads(desk.command("kpi", "--client", "nordwind", *days, "--json").stdout)
    counts = report["total"]["counts"]
    assert (counts["surveys"], counts["surveys_answered"], counts["survey_points"]) == (1, 1, 4)
