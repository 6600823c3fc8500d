"""Texts, music and keys while waiting, heard and pressed by softphones; and what a key is good for."""

import pytest

from channels.media.sound.g711 import RATE
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.studio import Booth, windows

AGENT_HZ, CALLER_HZ, HOME_HZ = 350, 450, 1100
MUSIC_HZ, MENU_HZ, PROMISE_HZ = 620, 1500, 880
NUMBER = "+49305550123"


def opened(open_desk: OpenDesk, home: Pjsua) -> Desk:
    """A line whose menu offers a callback; numbers are called at home."""
    corner = Corner(
        "line",
        agents=1,
        ring="10s",
        callback="agent_first",
        music_hz=MUSIC_HZ,
        menu_hz=MENU_HZ,
        promise_hz=PROMISE_HZ,
    )
    return open_desk(corner, calls_to=home.port)


def caller_of(desk: Desk, booth: Booth) -> Pjsua:
    """He waits, and hears the menu."""
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call-from", NUMBER)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("caller"), MUSIC_HZ)), "music while waiting")
    until(lambda: any(windows(booth.heard("caller"), MENU_HZ)), "the menu after the music")
    return caller


def promised(desk: Desk, booth: Booth, caller: Pjsua) -> None:
    """He is told so, and hears the line go dead."""
    caller.until("state", state="DISCONNECTED", status=200)
    assert any(windows(booth.heard("caller"), PROMISE_HZ)), "he is told before he is let go"
    assert len(desk.waiting("line")) == 1, "he keeps his place"


def test_a_key_of_the_menu_is_a_callback_and_the_desk_calls(open_desk: OpenDesk, booth: Booth) -> None:
    home = booth.pjsua("home", HOME_HZ)
    desk = opened(open_desk, home)
    caller = caller_of(desk, booth)
    caller.tell("dtmf", "3")
    before = len(booth.heard("caller"))
    until(
        lambda: any(windows(booth.heard("caller")[before:], MUSIC_HZ)), "music after a key nobody asked for"
    )
    before = len(booth.heard("caller"))
    until(lambda: any(windows(booth.heard("caller")[before:], MENU_HZ)), "the menu once more")
    caller.tell("dtmf", "1")
    promised(desk, booth, caller)
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("register", "line.1", password("line.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("agent"), HOME_HZ)), "the party's tone at the agent")
    until(lambda: any(windows(booth.heard("home"), AGENT_HZ)), "the agent's tone at the party")
    assert not any(windows(booth.heard("home"), MENU_HZ)), "who is called back is asked nothing"
    home.tell("hang-up")
    kinds = desk.story("line")
    assert kinds.count("KeyChosen") == 1
    assert kinds[-2:] == ["CallbackOver", "Released"]


@pytest.mark.parametrize("pressed", ["while the server is gone", "when it is back"])
def test_a_menu_that_was_heard_when_the_server_was_killed_still_takes_its_key(
    open_desk: OpenDesk, booth: Booth, pressed: str
) -> None:
    desk = opened(open_desk, booth.pjsua("home", HOME_HZ))
    caller = caller_of(desk, booth)
    desk.kill()
    if pressed == "while the server is gone":
        caller.tell("dtmf", "1")
        before = len(booth.heard("caller"))
        until(lambda: len(booth.heard("caller")) > before + RATE, "a second, in which the key arrives")
    desk.start()
    if pressed == "when it is back":
        caller.tell("dtmf", "1")
    promised(desk, booth, caller)
