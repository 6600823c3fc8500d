"""docs/background/a-call.md: a real call passes the functions of its table, in the table's order."""

import re
from pathlib import Path

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner
from tests.acceptance.desk import Desk, until
from tests.acceptance.sipp import Sipp

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "background" / "a-call.md"
ROW = re.compile(r"^\| (\*?)`([\w/]+\.py)`\*? \| `(\w+)` \|", re.MULTILINE)

LAST = "acd/core/wrap_up.py wrap_up_due"

NOTES = """
import os, sys, threading

WANTED = {wanted!r}
log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(frame, event, _):
    if event == "call":
        code = frame.f_code
        place = WANTED.get((code.co_filename, code.co_name))
        if place:
            os.write(log, b"%d %s\\n" % (os.getpid(), place))


threading.setprofile(note)
sys.setprofile(note)
"""
"""Read by every Python process of the desk when it starts."""


class Noting(Desk):
    """A desk whose processes note when they enter one of the table's functions."""

    def environment(self) -> dict[str, str]:
        notes = self.folder / "notes"
        notes.mkdir(exist_ok=True)
        named = {(path, name) for _, path, name in ROW.findall(PAGE.read_text())}
        wanted = {(str(ROOT / path), name): f"{path} {name}".encode() for path, name in named}
        code = NOTES.format(wanted=wanted, log=str(self.folder / "noted"))
        (notes / "sitecustomize.py").write_text(code)
        return {**super().environment(), "PYTHONPATH": str(notes)}

    def noted(self) -> list[tuple[bool, str]]:
        """Whether it was the server (the web process repeats what the engine does), and the function."""
        assert self.process is not None
        lines = [line.split(" ", 1) for line in (self.folder / "noted").read_text().splitlines()]
        return [(int(pid) == self.process.pid, place) for pid, place in lines]


def test_a_call_passes_the_functions_of_the_page_in_their_order(tmp_path: Path, sipp: Sipp) -> None:
    desk = Noting(tmp_path / "desk", [Corner("shown", agents=1, wrap_up="1s")], {})
    try:
        desk.start()
        agent = sipp.phone(desk, "shown.1", s.phone(s.TALK))
        before = len(desk.noted())
        sipp.call(desk, "shown", s.calls(s.pause(400), s.hang_up())).succeeds()
        agent.succeeds()
        until(lambda: (True, LAST) in desk.noted(), "the end of the wrap-up")
        noted = desk.noted()[before:]
    finally:
        desk.clear_away()
    rows = ROW.findall(PAGE.read_text())
    assert len(rows) > 40
    at, last = 0, "the beginning"
    for elsewhere, path, name in rows:
        place = f"{path} {name}"
        among = ((True, place), (False, place)) if elsewhere else ((True, place),)
        found = next((n for n in range(at, len(noted)) if noted[n] in among), None)
        assert found is not None, f"{place} does not follow {last}"
        if not elsewhere:
            at, last = found + 1, place
