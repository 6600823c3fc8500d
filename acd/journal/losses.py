"""Losses that an operator accepted: what the journal does not have of which time, for every report."""

from pathlib import Path

import msgspec

from acd.files import sync_path, write_synced
from acd.journal.errors import JournalDamagedError
from acd.journal.moments import moment

FILE = "losses"


class Loss(msgspec.Struct, frozen=True):
    """Entries `first` to `last` are gone; other entries have these numbers now."""

    first: int
    last: int
    after_ms: int
    """The moment of the last entry before them; 0: there is none."""
    accepted_ms: int
    """When the desk went on without them."""

    def touches(self, begin_ms: int, end_ms: int) -> bool:
        """Whether anything of that time may be missing."""
        return self.after_ms < end_ms and self.accepted_ms >= begin_ms

    def __str__(self) -> str:
        since = f"after {moment(self.after_ms)}" if self.after_ms else "from the first on"
        return (
            f"entries {self.first} to {self.last} were lost, which was accepted: nothing is known "
            f"{since} until {moment(self.accepted_ms)}"
        )


def losses(directory: Path) -> list[Loss]:
    """In the order in which they were accepted. Raises JournalDamagedError."""
    path = directory / FILE
    try:
        return [msgspec.json.decode(line, type=Loss) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise JournalDamagedError(f"{path}: {error}: restore it from a backup") from error


def note_loss(directory: Path, loss: Loss) -> None:
    """Durable when this returns. Raises OSError, JournalDamagedError."""
    unfinished = directory / (FILE + ".new")
    write_synced(unfinished, *(msgspec.json.encode(one) + b"\n" for one in (*losses(directory), loss)))
    unfinished.rename(directory / FILE)
    sync_path(directory)
