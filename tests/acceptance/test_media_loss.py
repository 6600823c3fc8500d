"""The media process dies: its calls end, and the desk takes new ones with a new process."""

import fcntl
import os
import signal
from typing import IO

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner
from tests.acceptance.desk import OpenDesk, until
from tests.acceptance.sipp import Sipp


def test_calls_end_with_bye_and_the_next_one_is_answered(open_desk: OpenDesk, sipp: Sipp) -> None:
    """Nobody is left in silence, nobody stays busy, and no operator is needed."""
    desk = open_desk(Corner("loss", agents=1))
    agent = sipp.phone(desk, "loss.1", s.phone(s.TALK), calls=2)
    caller = sipp.call(desk, "loss", s.calls(s.HUNG_UP))
    until(lambda: [one["state"] for one in desk.live("loss")] == ["connected"], "a connected call")
    media = desk.media_pid()
    assert media is not None
    os.kill(media, signal.SIGKILL)
    caller.succeeds()
    until(lambda: "media process started again" in desk.log.read_text(), "a new media process")
    assert desk.media_pid() not in (None, media)
    until(lambda: desk.agent("loss.1")["state"] == "ready", "an agent who is ready again")
    sipp.call(desk, "loss", s.calls(s.pause(300), s.hang_up())).succeeds()
    agent.succeeds()
    stories = desk.stories("loss")
    answered = ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert list(stories.values()) == [answered, answered]
    assert desk.stop() == 0


def test_media_that_hang_are_replaced_and_health_says_so_meanwhile(open_desk: OpenDesk, sipp: Sipp) -> None:
    """Nobody talks, and nobody asks it for anything: the next call would be answered with silence."""
    desk = open_desk(Corner("waits"))
    hung = desk.media_pid()
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    until(
        lambda: desk.health()["channels"]["sip"] == "the media process hangs", "what is wrong, in the health"
    )
    until(lambda: desk.health()["status"] == "ok", "a new media process")
    assert desk.media_pid() not in (None, hung)
    sipp.call(desk, "waits", s.calls(s.pause(500), s.hang_up())).succeeds()


def test_what_keeps_new_media_from_starting_is_told_and_tried_again(open_desk: OpenDesk, sipp: Sipp) -> None:
    """Another process holds its lock; then it lets go."""
    desk = open_desk(Corner("waits"))
    media = desk.media_pid()
    assert media is not None
    with (desk.folder / "var" / "media.sock.lock").open() as lock:
        os.kill(media, signal.SIGKILL)
        until(lambda: _taken(lock), "the lock of the process that is killed")
        until(lambda: "no media process" in desk.health()["channels"]["sip"], "what is wrong, in the health")
        assert desk.health()["status"] == "degraded"
    until(lambda: desk.health()["status"] == "ok", "a new media process")
    sipp.call(desk, "waits", s.calls(s.pause(500), s.hang_up())).succeeds()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
