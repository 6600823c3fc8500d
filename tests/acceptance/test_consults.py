"""An agent asks second level, they talk with the caller together, a supervisor listens: with real phones."""

from collections.abc import Mapping

from channels.media.sound.g711 import RATE
from channels.media.sound.tone import hears
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.studio import Booth

TONES: Mapping[str, int] = {"caller": 1100, "first": 350, "second": 620, "board": 1600}


def registered(desk: Desk, booth: Booth, name: str) -> None:
    phone = booth.pjsua(name, TONES[name])
    phone.tell("register", f"{name}.1", password(f"{name}.1"), f"sip:127.0.0.1:{desk.port}")
    until(lambda: desk.agent(f"{name}.1")["state"] == "ready", f"the phone of {name}")


def heard(booth: Booth, name: str) -> set[str]:
    """Whose tones are in the last half second that this phone recorded."""
    samples = booth.heard(name)[-RATE // 2 :]
    return {other for other, hz in TONES.items() if hears(samples, hz, share=0.22)}


def hear(booth: Booth, **wanted: set[str]) -> None:
    """Wait until each of these phones hears just those."""
    until(lambda: {name: heard(booth, name) for name in wanted} == wanted, f"{wanted} to be what is heard")


def talk(open_desk: OpenDesk, booth: Booth) -> tuple[Desk, int]:
    """A caller and the agent of the first line; second line and supervisor are there."""
    desk = open_desk(*(Corner(name, agents=1, ring="20s") for name in ("first", "second", "board")))
    for name in ("first", "second", "board"):
        registered(desk, booth, name)
    caller = booth.pjsua("caller", TONES["caller"])
    caller.tell("call", f"sip:line.first@127.0.0.1:{desk.port}")
    hear(booth, caller={"first"}, first={"caller"})
    return desk, desk.live("first")[0]["id"]


def test_second_level_is_asked_joins_is_listened_to_and_takes_over(open_desk: OpenDesk, booth: Booth) -> None:
    desk, call = talk(open_desk, booth)
    desk.post(f"/contacts/{call}/consult", line="second")
    hear(booth, first={"second"}, second={"first"})
    until(lambda: "first" not in heard(booth, "caller"), "music, and no agent, for the caller")
    desk.post(f"/contacts/{call}/consult/merge", stays=True)
    hear(booth, caller={"first", "second"}, first={"caller", "second"}, second={"caller", "first"})
    desk.post(f"/contacts/{call}/listen", agent="board.1")
    hear(booth, board={"caller", "first", "second"}, caller={"first", "second"})
    desk.post(f"/contacts/{call}/listen", agent="board.1", how="whisper")
    hear(booth, first={"caller", "second", "board"}, caller={"first", "second"})
    booth.phones[0].tell("hang-up")
    hear(booth, caller={"second"}, second={"caller", "board"}, board={"caller", "second"})
    assert desk.agent("first.1")["state"] == "ready"


def test_a_consult_survives_the_death_of_the_server(open_desk: OpenDesk, booth: Booth) -> None:
    desk, call = talk(open_desk, booth)
    desk.post(f"/contacts/{call}/consult", line="second")
    hear(booth, first={"second"}, second={"first"})
    desk.kill()
    desk.start()
    hear(booth, first={"second"}, second={"first"})
    desk.post(f"/contacts/{call}/consult/merge", stays=True)
    hear(booth, caller={"first", "second"})
    desk.kill()
    desk.start()
    hear(booth, caller={"first", "second"}, first={"caller", "second"}, second={"caller", "first"})
    booth.phones[1].tell("hang-up")
    hear(booth, caller={"first"}, first={"caller"})
