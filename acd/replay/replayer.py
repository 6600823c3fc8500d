"""The replayer: an engine goes through journalled entries again; whoever replays anything does it with this.

A restart, a snapshot, `acd upgrade` and whoever follows a journal take each entry by `repeat`. `acd replay`
lets a simulated driver fire the deadlines itself, so it calls the two halves, `submit` and `compare`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from acd.core.engine import ENGINE_VERSION, Engine, Reaction
from acd.core.errors import EngineError
from acd.core.events import Event
from acd.core.facts import Fact
from acd.journal.codec import decode_event, encode_facts, facts_digest
from acd.ports import JournalEntry, Recovered
from acd.replay.divergence import Divergence, RecoveryError, VersionMismatch
from acd.replay.formerly import told_by

Answer = TypeVar("Answer")


class Revived(NamedTuple):
    """An engine as it was after entry `seq` (0 if there was none)."""

    engine: Engine
    seq: int


def revive(recovered: Recovered, *, any_version: bool = False) -> Revived:
    """The engine that `recovered` describes.

    `any_version` replays a tail of another engine version as long as all digests agree (`acd upgrade`).
    Raises RecoveryError when it cannot be continued.
    """
    snapshot, entries = recovered.snapshot, recovered.entries
    engine = Engine() if snapshot is None else _restored(snapshot.state, snapshot.seq)
    _check_sequence(0 if snapshot is None else snapshot.seq, entries)
    replay(engine, entries, any_version=any_version)
    seq = entries[-1].seq if entries else (snapshot.seq if snapshot else 0)
    return Revived(engine, seq)


def replay(engine: Engine, entries: Iterable[JournalEntry], *, any_version: bool = False) -> None:
    """Take `engine` through `entries`. Raises as `repeat` does."""
    for entry in entries:
        repeat(engine, entry, any_version=any_version)


def repeat(engine: Engine, entry: JournalEntry, *, any_version: bool = False) -> Reaction:
    """The entry's event again, at its moment. Raises Divergence unless it has the entry's facts.

    Raises VersionMismatch when another engine version decided it (not with `any_version`).
    """
    if entry.version != ENGINE_VERSION and not any_version:
        raise VersionMismatch(entry.seq, entry.version)
    outcome = submit(entry, engine.handle)
    compare(entry, outcome.facts)
    return outcome


def submit(entry: JournalEntry, handle: Callable[[Event, int], Answer]) -> Answer:
    """What `handle` answers to the entry's event and moment.

    Raises Divergence when this program cannot read the event, or the engine does not take it any more.
    """
    try:
        return handle(decode_event(entry.event), entry.t_ms)
    except EngineError as refusal:
        raise Divergence(entry, f"its event is now rejected ({refusal})") from refusal
    except msgspec.MsgspecError as error:
        raise Divergence(entry, f"its event cannot be read ({error})") from error


def compare(entry: JournalEntry, got: Sequence[Fact]) -> None:
    """Raise Divergence unless `got`, in the words of its version, are the facts whose digest it carries."""
    if facts_digest(encode_facts(told_by(entry.version, got))) != entry.digest:
        raise Divergence(entry, "its facts are not those that were journalled", got)


def _restored(state: bytes, seq: int) -> Engine:
    try:
        return Engine.restore(state)
    except Exception as failure:
        raise RecoveryError(f"the snapshot after entry {seq} cannot be read: {failure}") from failure


def _check_sequence(snapshot_seq: int, entries: Sequence[JournalEntry]) -> None:
    for expected, entry in enumerate(entries, snapshot_seq + 1):
        if entry.seq != expected:
            raise RecoveryError(f"the journal lacks entry {expected}: entry {entry.seq} follows instead")
