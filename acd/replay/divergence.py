"""Why an engine cannot go on from a journal; the texts are for the operator."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from acd.core.engine import ENGINE_VERSION
from acd.core.facts import Fact
from acd.journal.codec import decode_event, decode_facts
from acd.ports import JournalEntry


class RecoveryError(Exception):
    """The journal cannot be continued by this engine."""


class VersionMismatch(RecoveryError):
    """The tail was written by another engine version."""

    def __init__(self, seq: int, theirs: int) -> None:
        super().__init__(
            f"entry {seq} was written by engine version {theirs}, this is {ENGINE_VERSION}: start and "
            f"stop version {theirs} once (a clean stop leaves nothing to replay) or run `acd upgrade`"
        )
        self.seq = seq


class Divergence(RecoveryError):
    """The engine decides otherwise than when the entry was journalled."""

    def __init__(self, entry: JournalEntry, why: str, got: Sequence[Fact] = ()) -> None:
        """`got`: what it decides now."""
        super().__init__(
            f"replay diverges at entry {entry.seq}: {why} "
            f"(written by engine version {entry.version}, this is {ENGINE_VERSION}); nothing was changed"
        )
        self.seq = entry.seq
        self._entry = entry
        self._why = why
        self._got = got

    def difference(self) -> "Difference":
        """In detail, for who looks for the reason."""
        entry = self._entry
        expected, got = _facts_of(entry), [str(fact) for fact in self._got]
        same = 0
        while same < min(len(expected), len(got)) and expected[same] == got[same]:
            same += 1
        rest = tuple(expected[same:]), tuple(got[same:])
        return Difference(entry.seq, entry.t_ms, entry.version, _event_of(entry), self._why, *rest)


class Difference(Struct, frozen=True):
    """The first entry that this engine would not have written."""

    seq: int
    t_ms: int
    version: int
    """Of the engine that wrote it."""
    event: str
    why: str
    expected: tuple[str, ...]
    """The facts of the entry from the first different one on."""
    got: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"entry {self.seq}, {self.event}, at {self.t_ms}: {self.why} "
            f"(written by engine version {self.version}, this is {ENGINE_VERSION})"
        )


def _facts_of(entry: JournalEntry) -> list[str]:
    """Each fact of the entry as text; of another version's facts, as the data that they are."""
    try:
        return [str(fact) for fact in decode_facts(entry.facts)]
    except msgspec.MsgspecError:
        return _plain(entry.facts)


def _plain(data: bytes) -> list[str]:
    try:
        found: Any = msgspec.msgpack.decode(data)
    except msgspec.MsgspecError as error:
        return [f"unreadable: {error}"]
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def _event_of(entry: JournalEntry) -> str:
    try:
        return type(decode_event(entry.event)).__name__
    except msgspec.MsgspecError:
        return "an unreadable event"
