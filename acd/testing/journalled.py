"""A story that a journal on disk remembers, entry by entry, as a server's would."""

from pathlib import Path
from typing import Any

from acd.core import events
from acd.core.engine import ENGINE_VERSION
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import JournalEntry
from acd.testing.story import Story
from queues.desk import Desk


class JournalledStory(Story):
    """Close `journal` when the story is over, or flush it to read what is there."""

    def __init__(self, opened: Desk, folder: Path, *, version: int = ENGINE_VERSION, **how: Any) -> None:
        """The journal is in `folder`/journal; `version`: of the engine that its entries say wrote them."""
        self.seq, self.version = 0, version
        self.journal = SqliteJournal(folder / "journal")
        self.journal.open(_ignore, _ignore, _fail)
        super().__init__(opened, **how)

    def _handle(self, event: events.Event) -> None:
        super()._handle(event)
        self.seq += 1
        told = encode_facts(self.outcome.facts)
        what = encode_event(event), told, facts_digest(told)
        self.journal.append(JournalEntry(self.seq, self.start_ms + self.now, self.version, *what))


def _ignore(_seq: int) -> None:
    pass


def _fail(failure: Exception) -> None:
    raise failure
