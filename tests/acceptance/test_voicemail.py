"""A caller leaves a message, the server is killed at any moment, and an agent's phone hears him."""

import pytest

from channels.media.sound.g711 import RATE
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ = 350, 450
MUSIC_HZ, SPEAK_HZ, THANKS_HZ = 620, 1500, 880
NUMBER = "+49305550123"


def opened(open_desk: OpenDesk) -> Desk:
    return open_desk(
        Corner("line", agents=1, ring="20s", music_hz=MUSIC_HZ, voicemail_hz=SPEAK_HZ, promise_hz=THANKS_HZ)
    )


def speaking(desk: Desk, booth: Booth) -> Pjsua:
    """A caller who speaks after the tone; how long he has been at it the recording says."""
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call-from", NUMBER)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("caller"), SPEAK_HZ)), "the text before the tone")
    part = desk.folder / "var" / "messages"
    two_seconds = 2 * 2 * RATE
    until(lambda: any(one.stat().st_size > two_seconds for one in part.glob("*.part")), "what he says")
    return caller


def agent_hears(desk: Desk, booth: Booth) -> Pjsua:
    """An agent comes, is rung, and hears what the caller has said; and no music, and nobody else."""
    until(lambda: [one["message"] for one in desk.live("line") if one["message"]], "a message")
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: sum(windows(booth.heard("agent"), CALLER_HZ)) >= 3, "the caller's words at the agent")
    assert not any(windows(booth.heard("agent"), MUSIC_HZ))
    return agent


def test_a_caller_ends_his_message_by_key_is_thanked_and_an_agent_hears_it(
    open_desk: OpenDesk, booth: Booth
) -> None:
    desk = opened(open_desk)
    caller = speaking(desk, booth)
    caller.tell("dtmf", "#")
    caller.until("state", state="DISCONNECTED", status=200)
    assert any(windows(booth.heard("caller"), THANKS_HZ)), "it is safe, and he is told so"
    agent = agent_hears(desk, booth)
    heard = len(booth.heard("agent"))
    until(lambda: sum(windows(booth.heard("agent")[heard:], CALLER_HZ)) >= 3, "the same once more")
    agent.tell("hang-up")
    story = desk.story("line")
    assert [kind for kind in story if kind in ("Recorded", "MessageLeft", "Answered", "Released")] == [
        "Recorded",
        "MessageLeft",
        "Answered",
        "Released",
    ]
    until(lambda: not list((desk.folder / "var" / "sounds").glob("once-*")), "his words to be removed")
    assert list((desk.folder / "var" / "messages").iterdir()) == []
    assert desk.fact("line", "Recorded")["length_ms"] > 1_500


@pytest.mark.parametrize("killed", ["while he speaks", "and he hangs up meanwhile", "when he has gone"])
def test_no_kill_of_the_server_loses_what_was_said(open_desk: OpenDesk, booth: Booth, killed: str) -> None:
    desk = opened(open_desk)
    caller = speaking(desk, booth)
    if killed == "when he has gone":
        caller.tell("hang-up")
        caller.until("state", state="DISCONNECTED")
    desk.kill()
    if killed == "and he hangs up meanwhile":
        caller.tell("hang-up")
    desk.start()
    if killed == "while he speaks":
        caller.tell("hang-up")
    agent = agent_hears(desk, booth)
    desk.kill()
    desk.start()
    heard = len(booth.heard("agent"))
    until(lambda: sum(windows(booth.heard("agent")[heard:], CALLER_HZ)) >= 3, "he hears it on")
    agent.tell("hang-up")
    kinds = desk.story("line")
    assert kinds.count("MessageLeft") == 1
    assert "Abandoned" not in kinds
    assert kinds.count("Released") == 1
