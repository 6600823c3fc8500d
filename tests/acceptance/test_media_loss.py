"""The media process dies: its calls end, and the desk takes new ones with a new process."""

import os
import signal

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
