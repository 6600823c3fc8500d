"""`acd explain`: from a journal and the number of a contact to its timeline."""

from msgspec import Struct

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactId
from acd.journal.codec import decode_event
from acd.reports.history import is_over
from acd.why.record import EVERY, OnRead, Record, again
from acd.why.timeline import Timeline
from acd.why.watched import watched


class Explained(Struct, frozen=True):
    """A contact's timeline, and how much of the journal it took."""

    contact: int
    timeline: Timeline
    first_seq: int
    last_seq: int
    """Of the entries about it."""
    ended: bool
    replayed: int
    older_versions: tuple[int, ...]
    """Of the engines that wrote some of these entries; this one decides the same."""


def explain(record: Record, contact: int, on_read: OnRead = lambda done, total: None) -> Explained:  # noqa: ARG005
    """Replay what led to it, and what became of it. Blocks. Raises CannotExplain, JournalError."""
    history = record.history(contact)
    first, last = history[0].seq, history[-1].seq
    engine, start = record.before(first)
    timeline = Timeline(contact)
    seen: set[int] = set()
    over = is_over((one.fact for one in history), ContactId(contact))
    until = last if over else record.last_seq
    for entry in record.entries(start):
        if entry.seq > until:
            break
        if entry.seq == first:
            engine = _watch(engine, timeline)
        if entry.seq >= first:
            timeline.before(entry.seq, entry.by, decode_event(entry.event))
        again(engine, entry)
        if entry.seq >= first:
            timeline.after(engine, engine.state.facts)
        seen.add(entry.version)
        if entry.seq % EVERY == 0:
            on_read(entry.seq - start, until - start)
    timeline.close(engine.state.now_ms)
    older = tuple(sorted(seen - {ENGINE_VERSION}))
    return Explained(contact, timeline, first, last, over, until - start, older)


def _watch(engine: Engine, timeline: Timeline) -> Engine:
    timeline.begin(engine.state)
    seen = watched(engine, lambda fact: timeline.saw(seen.state, fact))
    return seen
