"""A changed site file while calls wait and talk: `acd site apply`, SIGHUP, and a file that is wrong."""

import signal
import subprocess
import sys
import time

import pytest

from tests.acceptance.corners import Corner, password, variable
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ = 350, 450
BEFORE_HZ, AFTER_HZ = 620, 880
NOTHING = "nothing is different (recordings are read again)"


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
    assert desk.command("site", "apply").stdout.splitlines() == [NOTHING]
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
    until(lambda: desk.command("site", "apply").stdout == f"{NOTHING}\n", "the file in force")


def test_a_hangup_ends_no_server_neither_at_its_start_nor_at_its_end(open_desk: OpenDesk) -> None:
    """systemctl reload may come at any time."""
    desk = open_desk(Corner("line"))
    assert desk.stop() == 0
    command = [sys.executable, "-m", "acd", "serve", str(desk.site)]
    for wait_s in (0.6, 0.8, 1.0):
        with subprocess.Popen(command, env=desk.environment(), stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            process.stderr.readline()  # it has begun to do something
            process.send_signal(signal.SIGHUP)
            time.sleep(wait_s)
            process.send_signal(signal.SIGHUP)
            process.terminate()
            while process.poll() is None:
                process.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            assert process.returncode == 0, process.stderr.read()


def test_a_text_that_nobody_can_say_is_refused_by_its_name(open_desk: OpenDesk) -> None:
    """And the next file is taken."""
    desk = open_desk(Corner("line"))
    site = desk.site.read_text()
    desk.site.write_text(site.replace("[lines.line]\n", '[lines.line]\ngreeting = { de = "漢字" }\n'))
    refused = desk.command("site", "apply")
    assert (refused.returncode, refused.stdout) == (1, "nothing was changed\n")
    assert "text greeting:line: " in refused.stderr
    desk.site.write_text(site.replace("[lines.line]\n", '[lines.line]\ngreeting = { de = "Hallo" }\n'))
    assert desk.process is not None
    desk.process.send_signal(signal.SIGHUP)
    until(lambda: desk.command("site", "apply").stdout == f"{NOTHING}\n", "the next file in force")
