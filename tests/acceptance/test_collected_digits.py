"""A caller types his customer number on a softphone; nothing but an opaque id is ever written in clear."""

from tests.acceptance.corners import Corner
from tests.acceptance.desk import OpenDesk, until
from tests.acceptance.studio import Booth, windows

CALLER_HZ, TYPE_HZ, THANKS_HZ = 450, 1500, 880
DIGITS = "86421357"
"""Nothing else in the files is like it."""


def test_what_a_caller_types_is_in_the_vault_and_its_id_with_the_contact(
    open_desk: OpenDesk, booth: Booth
) -> None:
    desk = open_desk(Corner("line", collect_hz=TYPE_HZ, promise_hz=THANKS_HZ))
    caller = booth.pjsua("caller", CALLER_HZ)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("caller"), TYPE_HZ)), "the text")
    caller.tell("dtmf", DIGITS)
    until(lambda: any(windows(booth.heard("caller"), THANKS_HZ)), "the text after it")
    (live,) = desk.live("line")
    assert list(live["collected"]) == ["customer"]
    caller.tell("hang-up")
    assert "Collected" in desk.story("line")
    assert desk.fact("line", "Collected")["digits"] == live["collected"]["customer"]
    desk.kill()
    written = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert not [path.name for path in written if DIGITS.encode() in path.read_bytes()]
    desk.start()
