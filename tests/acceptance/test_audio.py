"""Sound: both sides hear each other, proved by the frequencies of what each phone recorded."""

from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.studio import Booth, windows

CALLER_HZ, AGENT_HZ, MUSIC_HZ = 1500, 700, 620


def test_two_softphones_hear_music_and_then_each_other(shared_desk: Desk, booth: Booth) -> None:
    """Music while waiting, the other's tone when connected, keys pass through, music on hold, and back."""
    agent, caller = booth.pjsua("agent", AGENT_HZ), booth.pjsua("caller", CALLER_HZ)
    desk, name = f"sip:127.0.0.1:{shared_desk.port}", "pjsua-both.1"
    caller.tell("call", f"sip:line.pjsua-both@127.0.0.1:{shared_desk.port}")
    until(lambda: shared_desk.waiting("pjsua-both"), "the waiting caller")
    until(lambda: any(windows(booth.heard("caller"), MUSIC_HZ)), "music while waiting")
    agent.tell("register", name, password(name), desk)
    agent.until("state", state="CONFIRMED")
    until(lambda: any(windows(booth.heard("caller"), AGENT_HZ)), "the agent's tone at the caller")
    until(lambda: any(windows(booth.heard("agent"), CALLER_HZ)), "the caller's tone at the agent")
    assert not any(windows(booth.heard("agent"), MUSIC_HZ))
    caller.tell("dtmf", "12#")
    until(lambda: [one["digit"] for one in agent.events("dtmf")] == ["1", "2", "#"], "the keys at the agent")
    agent.tell("hold")
    before = len(booth.heard("caller"))
    until(lambda: any(windows(booth.heard("caller")[before:], MUSIC_HZ)), "music on hold")
    agent.tell("resume")
    before = len(booth.heard("caller"))
    until(lambda: any(windows(booth.heard("caller")[before:], AGENT_HZ)), "the agent's tone again")
    caller.tell("hang-up")
    agent.until("state", state="DISCONNECTED")
    kinds = ["Arrived", "Queued", "Offered", "Answered", "Held", "Resumed", "Released"]
    assert shared_desk.story("pjsua-both") == kinds


def test_a_baresip_agent_and_a_pjsua_caller_hear_each_other(shared_desk: Desk, booth: Booth) -> None:
    """Debian's baresip registers, answers by itself, and both hear the other's tone, not the music."""
    name = "baresip-answers.1"
    secret = f";auth_user={name};auth_pass={password(name)};answermode=auto;regint=60"
    agent = booth.baresip("agent", AGENT_HZ, f"<sip:{name}@127.0.0.1:{shared_desk.port}>{secret}")
    until(lambda: shared_desk.agent(name)["state"] == "ready", "baresip's registration")
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.baresip-answers@127.0.0.1:{shared_desk.port}")
    until(lambda: any(windows(agent.heard(), CALLER_HZ)), "the caller's tone at the agent")
    until(lambda: any(windows(booth.heard("caller"), AGENT_HZ)), "the agent's tone at the caller")
    agent.tell("hangup")
    caller.until("state", state="DISCONNECTED")
    assert shared_desk.story("baresip-answers") == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert shared_desk.fact("baresip-answers", "Released")["by"] == "agent"


def test_a_phone_registers_with_sha_256_and_is_rung(open_desk: OpenDesk, booth: Booth) -> None:
    """The desk offers SHA-256 alone (RFC 8760): pjsua2 knows it; a wrong password still gets nothing."""
    desk = open_desk(Corner("modern", agents=1), digests=["SHA-256"])
    registrar = f"sip:127.0.0.1:{desk.port}"
    stranger = booth.pjsua("stranger", CALLER_HZ)
    stranger.tell("register", "modern.1", "not-the-password", registrar)
    stranger.until("registered", status=403)
    assert desk.agent("modern.1")["reachable"] == []
    agent = booth.pjsua("agent", AGENT_HZ)
    agent.tell("register", "modern.1", password("modern.1"), registrar)
    agent.until("registered", status=200)
    stranger.tell("call", f"sip:{desk.corners['modern'].number}@127.0.0.1:{desk.port}")
    agent.until("state", state="CONFIRMED")
    stranger.tell("hang-up")
    agent.until("state", state="DISCONNECTED")
