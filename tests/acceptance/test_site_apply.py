"""A changed site file while calls wait and talk: `acd site apply`, SIGHUP, and a file that is wrong."""

import signal

import pytest

from tests.acceptance.corners import Corner, password, variable
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ = 350, 450
BEFORE_HZ, AFTER_HZ = 620, 880


def test_who_waits_hears_the_new_music_keeps_his_place_and_is_answered_by_the_new_agent(
    open_desk: OpenDesk, booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable("line.1"), password("line.1"))
    desk = open_desk(Corner("line", music_hz=BEFORE_HZ))
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("caller"), BEFORE_HZ)), "the music of the old site")
    waiting = desk.waiting("line")
    desk.rewrite(Corner("line", agents=1, music_hz=AFTER_HZ))
    looked = desk.command("site", "apply", "--look")
    assert "agent line.1: new" in looked.stdout.splitlines()
    assert looked.stdout.splitlines()[-1] != "in force"
    assert desk.command("site", "apply").stdout.splitlines()[-1] == "in force"
    until(lambda: any(windows(booth.heard("caller"), AFTER_HZ)), "the music of the new site")
    assert desk.waiting("line") == waiting
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("agent"), CALLER_HZ)), "the caller's tone at the new agent")
    assert desk.command("site", "apply").stdout.splitlines() == ["nothing is different"]
    broken(desk)
    before = len(booth.heard("caller"))
    until(lambda: any(windows(booth.heard("caller")[before:], AGENT_HZ)), "the agent, still")
    caller.tell("hang-up")
    desk.until_idle("line")


def broken(desk: Desk) -> None:
    """A file with a mistake, and one that needs a restart: nothing changes, and the reason is told."""
    site = desk.site.read_text()
    desk.site.write_text(site.replace('wrap_up.time = "0s"', 'wrap_up.time = "soon"'))
    refused = desk.command("site", "apply")
    assert (refused.returncode, refused.stdout) == (2, ""), (
        "the command reads the file itself, to find the API"
    )
    assert "lines.line.wrap_up.time" in refused.stderr
    assert desk.process is not None
    desk.process.send_signal(signal.SIGHUP)
    until(lambda: "lines.line.wrap_up.time" in desk.log.read_text(), "the reason in the log")
    desk.site.write_text(site.replace('realm = "', 'realm = "other.'))
    refused = desk.command("site", "apply")
    assert (refused.returncode, refused.stdout) == (1, "nothing was changed\n")
    assert "sip.realm: needs a restart" in refused.stderr
    desk.process.send_signal(signal.SIGHUP)
    until(lambda: desk.log.read_text().count("sip.realm: needs a restart") == 2, "the log after a SIGHUP")
    desk.site.write_text(site.replace('wrap_up.time = "0s"', 'wrap_up.time = "1s"'))
    desk.process.send_signal(signal.SIGHUP)
    until(lambda: desk.command("site", "apply").stdout == "nothing is different\n", "the file in force")
