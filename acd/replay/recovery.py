"""A restart: the last snapshot, and what followed it, through the engine; divergence stops loudly."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import Rejected
from acd.journal.codec import decode_event, encode_facts
from acd.journal.digest import facts_digest
from acd.ports import Entry, Recovered


class RecoveryError(Exception):
    """The journal cannot be continued by this engine. The text is for the operator."""


class Divergence(RecoveryError):
    """The same event led to other facts than when it was journalled."""

    def __init__(self, entry: Entry, why: str) -> None:
        super().__init__(
            f"replay diverges at entry {entry.seq}: {why} "
            f"(written by engine version {entry.version}, this is {ENGINE_VERSION}); nothing was changed"
        )
        self.seq = entry.seq


class VersionMismatch(RecoveryError):
    """The tail was written by another engine version."""

    def __init__(self, seq: int, theirs: int) -> None:
        super().__init__(
            f"entry {seq} was written by engine version {theirs}, this is {ENGINE_VERSION}: start and "
            f"stop version {theirs} once (a clean stop leaves nothing to replay) or run `acd upgrade`"
        )
        self.seq = seq


class Revived(NamedTuple):
    """An engine as it was after entry `seq`, stamped `t_ms` (both 0 if there was none)."""

    engine: Engine
    seq: int
    t_ms: int


def replay(engine: Engine, entries: Iterable[Entry], *, any_version: bool = False) -> int:
    """Take `engine` through `entries`; returns the time of the last one in Unix milliseconds (0: none).

    Raises VersionMismatch (not with `any_version`), and Divergence when the facts are not those journalled.
    """
    t_ms = 0
    for entry in entries:
        if entry.version != ENGINE_VERSION and not any_version:
            raise VersionMismatch(entry.seq, entry.version)
        _repeat(engine, entry)
        t_ms = entry.t_ms
    return t_ms


def revive(recovered: Recovered, *, any_version: bool = False) -> Revived:
    """The engine that `recovered` describes.

    `any_version` replays a tail of another engine version as long as all digests agree (`acd upgrade`).
    Raises RecoveryError when it cannot be continued.
    """
    snapshot, entries = recovered.snapshot, recovered.entries
    engine = Engine() if snapshot is None else _restored(snapshot.state, snapshot.seq)
    _check_sequence(0 if snapshot is None else snapshot.seq, entries)
    t_ms = replay(engine, entries, any_version=any_version)
    seq = entries[-1].seq if entries else (snapshot.seq if snapshot else 0)
    return Revived(engine, seq, t_ms)


def _repeat(engine: Engine, entry: Entry) -> None:
    try:
        outcome = engine.handle(decode_event(entry.event), entry.t_ms)
    except Rejected as refusal:
        raise Divergence(entry, f"its event is now rejected ({refusal})") from refusal
    if facts_digest(encode_facts(outcome.facts)) != entry.digest:
        raise Divergence(entry, "its facts are not those that were journalled")


def _restored(state: bytes, seq: int) -> Engine:
    try:
        return Engine.restore(state)
    except Exception as failure:
        raise RecoveryError(f"the snapshot after entry {seq} cannot be read: {failure}") from failure


def _check_sequence(snapshot_seq: int, entries: Sequence[Entry]) -> None:
    for expected, entry in enumerate(entries, snapshot_seq + 1):
        if entry.seq != expected:
            raise RecoveryError(f"the journal lacks entry {expected}: entry {entry.seq} follows instead")
