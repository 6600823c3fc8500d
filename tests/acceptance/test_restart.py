"""The server is killed and started again: calls, places, phones and audio are all still there."""

import random
import time
from pathlib import Path

import pytest

from acd.core.facts import ENDINGS
from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, another, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.sipp import Run, Sipp
from tests.acceptance.studio import Booth, windows
from tests.acceptance.wire import Wire

ENDS = tuple(ending.__name__ for ending in ENDINGS)
PROBED = "-aa"
"""sipp answers OPTIONS in a call by itself: the desk asks after a restart whether a leg is still there."""


def test_a_kill_loses_no_caller_no_place_and_no_conversation(
    open_desk: OpenDesk, sipp: Sipp, booth: Booth
) -> None:
    """20 callers wait in four classes, two talk; after `kill -9` all go on as if nothing had been."""
    desk = open_desk(Corner("talk", agents=1), Corner("wait", agents=2, classes=4))
    agent, caller = _conversation(desk, booth)
    phones = [sipp.phone(desk, f"wait.{n}", s.phone(s.QUICK), PROBED, calls=1000) for n in (1, 2)]
    desk.pause("wait.1", "wait.2")
    callers = _twenty(desk, sipp)
    before, media = desk.waiting("wait"), desk.media_pid()
    desk.kill()
    heard = len(booth.heard("agent"))
    until(lambda: any(windows(booth.heard("agent")[heard:], booth.hz["caller"])), "audio without a server")
    desk.start()
    assert desk.media_pid() == media
    assert desk.waiting("wait") == before
    assert [desk.agent(f"wait.{n}")["reachable"] for n in (1, 2)] == [["voice"], ["voice"]]
    heard = len(booth.heard("caller"))
    until(lambda: any(windows(booth.heard("caller")[heard:], booth.hz["agent"])), "audio after the restart")
    desk.ready("wait.1", "wait.2")
    for run in callers:
        run.succeeds(60)
    assert _served(desk, "wait") == before
    caller.tell("hang-up")
    agent.until("state", state="DISCONNECTED")
    caller.until("state", state="DISCONNECTED", status=200)
    assert desk.story("talk") == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert all(phone.process.poll() is None for phone in phones)
    assert desk.stop() == 0
    until(lambda: desk.media_pid() is None, "the end of the media process")


def test_twenty_kills_while_calls_come_and_go(open_desk: OpenDesk, sipp: Sipp) -> None:
    _kills(open_desk, sipp, kills=20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_kills_while_calls_come_and_go(open_desk: OpenDesk, sipp: Sipp) -> None:
    _kills(open_desk, sipp, kills=200)


@pytest.mark.parametrize("moment", ["SIP/2.0 100", "SIP/2.0 200"])
@pytest.mark.parametrize("after_ms", [0, 2, 10])
def test_a_call_killed_while_it_is_answered_is_one_call_in_one_dialog(
    open_desk: OpenDesk, moment: str, after_ms: int
) -> None:
    """Killed just after the 100 or the 200; the caller, who lost that 200, repeats its INVITE."""
    desk = open_desk(Corner("only"))
    with Wire(desk.port, desk.corners["only"].number, "torn") as wire:
        wire.invite()
        answers = [wire.receive(moment)]
        time.sleep(after_ms / 1000)
        desk.kill()
        desk.start()
        wire.invite()
        answers += wire.all_received(1.2)
        answered = [one for one in answers if one.startswith("SIP/2.0 200")]
        assert len({s.tag(one, "To") for one in answered}) == 1
        assert len({one.partition("\r\n\r\n")[2] for one in answered}) == 1
        wire.to_tag = s.tag(answered[0], "To")
        wire.send("ACK", 1, "ack")
        assert len(desk.live("only")) == 1
        wire.send("BYE", 2, "bye")
        assert wire.final("BYE") == 200
        # The BYE is answered at once, its event is journalled then.
        until(
            lambda: desk.story("only") == ["Arrived", "Queued", "Abandoned"], lambda: str(desk.story("only"))
        )


@pytest.mark.parametrize("adopt", [False, True])
def test_a_copy_of_the_data_speaks_to_the_callers_of_the_desk_only_if_it_is_told_to(
    open_desk: OpenDesk, tmp_path: Path, adopt: bool
) -> None:
    """A rehearsal of a restore, beside the desk: its legs have no media there, so it would hang them up."""
    desk = open_desk(Corner("only"))
    with Wire(desk.port, desk.corners["only"].number, "copied") as wire:
        wire.invite()
        assert wire.final("INVITE") == 200
        wire.send("ACK", 1, "ack")
        until(lambda: desk.live("only"), "the caller in the queue")
        until(lambda: desk.metric("acd_journal_unsynced") == 0, "a synced call")
        with another(desk, tmp_path / "copy", *["--adopt"][: int(adopt)]) as copy:
            until(lambda: not copy.live("only"), "a desk without calls")
            heard = [one.split()[0] for one in wire.all_received(1.0)]
        assert ("BYE" in heard) is adopt, heard
        assert len(desk.live("only")) == 1
        wire.send("BYE", 2, "bye")
        assert wire.final("BYE") == 200


def _conversation(desk: Desk, booth: Booth) -> tuple[Pjsua, Pjsua]:
    agent, caller = booth.pjsua("agent", 700), booth.pjsua("caller", 1500)
    agent.tell("register", "talk.1", password("talk.1"), f"sip:127.0.0.1:{desk.port}")
    agent.until("registered", status=200)
    caller.tell("call", f"sip:{desk.corners['talk'].number}@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("agent"), 1500)), "the caller's tone at the agent")
    until(lambda: any(windows(booth.heard("caller"), 700)), "the agent's tone at the caller")
    return agent, caller


def _twenty(desk: Desk, sipp: Sipp) -> list[Run]:
    runs = []
    for count in range(1, 21):
        number = desk.corners["wait"].number_of_class(count * 3 % 4)
        runs.append(sipp.run(desk, s.calls(s.HUNG_UP), number, PROBED))
        until(lambda: len(desk.live("wait")) == count, f"caller {count}")  # noqa: B023 (used at once)
    return runs


def _served(desk: Desk, line: str) -> list[int]:
    """Contacts in the order of their offers; each has been offered once and answered."""
    desk.until_idle(line)
    offers = []
    for number, facts in desk.histories(line).items():
        kinds = [one["kind"] for one in facts]
        assert kinds == ["Arrived", "Queued", "Offered", "Answered", "Released"], (number, kinds)
        offers.append((facts[2]["fact"]["offer"], number))
    return [number for _, number in sorted(offers)]


def _kills(open_desk: OpenDesk, sipp: Sipp, kills: int) -> None:
    """Calls at random, kills at random; in the end every call has come to exactly one end.

    Nobody helps the agents: a kill is not theirs, so none of them may be found paused after it.
    """
    chance = random.Random(20_26)
    desk = open_desk(Corner("rush", agents=3, retry_tried="1s", ring="3s"))
    for agent in desk.corners["rush"].all_agents:
        sipp.phone(desk, agent, s.phone(s.picks_up(), s.pause(200), s.LEAVES), PROBED, calls=100_000)
    calls = kills * 10
    callers = sipp.call(desk, "rush", s.IMPATIENT, PROBED, "-r", "5", calls=calls)
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 2.0))
        desk.kill()
        desk.start()
    callers.ended(120 + 2 * kills)
    until(lambda: not desk.live("rush"), "the end of all calls", 60)
    until(lambda: not desk.metric("acd_journal_unwritten"), "the last entry")
    stories = desk.recorded("rush")
    ends = {number: [kind for kind in story if kind in ENDS] for number, story in stories.items()}
    assert {number: end for number, end in ends.items() if len(end) != 1} == {}
    taken = {s.call_id(one) for one in callers.received("SIP/2.0 200", "INVITE")}
    assert len(stories) == len(taken)
    # A caller may find the desk down with each of his six INVITEs, or get a 100 just before a kill.
    assert len(taken) >= calls - kills
    for agent in desk.corners["rush"].all_agents:
        state = desk.agent(agent)
        assert (state["state"], state["contacts"]) == ("ready", []), state
