"""Which line takes a contact: the ways out of closed and full ones."""

from acd.core import facts
from acd.core.state import State
from queues.contact import Contact
from queues.desk import Line, LineId, Overflow, Way

Hop = tuple[LineId, LineId, str]
"""From line, to line, reason."""


def find_line(state: State, line: Line) -> tuple[Line, list[Hop], str]:
    """Follow the ways out of closed and full lines to one that takes the contact.

    Where none does, the third is the reason (`closed`, `full`), and the first the line that says so.
    """
    hops: list[Hop] = []
    while True:
        if not state.clocks[line.hours].is_open(state.now_ms):
            reason = "closed"
        elif line.max_length and state.on_the_line(line.id) >= line.max_length:
            reason = "full"
        else:
            return line, hops, ""
        way = way_of(line, reason)
        following = state.lines.get(way.line) if way.kind is Overflow.LINE and way.line is not None else None
        if following is None or len(hops) >= len(state.lines):
            return line, hops, reason
        hops.append((line.id, following.id, reason))
        line = following


def way_of(line: Line, reason: str) -> Way:
    """What the line does with whom it does not take."""
    return line.when_closed if reason == "closed" else line.when_full


def send_on(state: State, contact: Contact, hops: list[Hop]) -> None:
    """Say by which lines it came."""
    for from_line, to_line, why in hops:
        state.tell(facts.Overflowed(state.now_ms, contact.id, from_line, to_line, why))
