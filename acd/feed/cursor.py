"""Where a consumer is in the feed: `epoch.seq`, opaque to him. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from acd.ports import ChannelRecord

CHANNEL = "feed"
"""Under which the journal keeps the epochs."""

MAX_EPOCHS = 200
_TEXT = re.compile(r"([0-9a-f]{16})\.([0-9]{1,18})")
_KEY = "epochs"


class Cursor(NamedTuple):
    """Everything up to and including entry `seq` was seen."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"


def parse(text: str) -> Cursor:
    """The cursor that was given out as `text`. Raises ValueError."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("not a cursor of this feed")
    return Cursor(found[1], int(found[2]))


class Epochs:
    """The runs of the server, each with a random name and the last entry that was there when it began.

    A machine that dies may lose entries that were written, and so were seen, but not synced; their numbers
    are given again. Then a cursor of the run that died may lie beyond what is left of it, and whoever holds
    it must begin anew. A process that dies loses nothing, and its consumers go on.
    """

    def __init__(self, began: Sequence[tuple[str, int]]) -> None:
        """`began`: (epoch, last entry before it), oldest first; the last is the present one."""
        self.began = list(began)

    @classmethod
    def begin(cls, records: dict[str, bytes], epoch: str, seq: int) -> "Epochs":
        """Those of `records`, as they lay under CHANNEL, and from entry `seq` on the new one."""
        stored = records.get(_KEY)
        before = msgspec.msgpack.decode(stored, type=list[tuple[str, int]]) if stored else []
        return cls([*before[1 - MAX_EPOCHS :], (epoch, seq)])

    @property
    def current(self) -> str:
        """The name of the present one."""
        return self.began[-1][0]

    def record(self) -> ChannelRecord:
        """What the journal must know before an entry of this epoch leaves."""
        return ChannelRecord(CHANNEL, _KEY, msgspec.msgpack.encode(self.began))

    def holds(self, cursor: Cursor, written: int) -> bool:
        """Whether all that the holder of `cursor` has seen is part of the journal as it is now."""
        names = [epoch for epoch, _ in self.began]
        if cursor.epoch not in names:
            return False
        following = self.began[names.index(cursor.epoch) + 1 :]
        return cursor.seq <= (following[0][1] if following else written)
