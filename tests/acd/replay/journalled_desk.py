"""An engine with its memory journal, for tests of what replays it."""

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactArrived, DeskChanged, Event
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.memory import MemoryJournal
from acd.ports import Journal, JournalEntry, Recovered
from acd.testing import NUMBER, small_desk
from agents.capacity import VOICE
from queues import desk


class Desk:
    """An engine with its memory journal; the next call is one `call()` away."""

    def __init__(
        self,
        *,
        version: int = ENGINE_VERSION,
        opened: desk.Desk | None = None,
        journal: Journal | None = None,
    ) -> None:
        """`version`: of the engine that the entries say wrote them; `journal`: one that is open already."""
        self.version = version
        self.engine = Engine()
        self.journal = journal or MemoryJournal()
        if journal is None:
            self.journal.open(lambda _: None, lambda _: None, lambda _: None)
        self.seq = 0
        self.handle(DeskChanged(opened or small_desk()))

    def call(self) -> None:
        self.handle(ContactArrived(f"call-{self.seq}", NUMBER, VOICE))

    def handle(self, event: Event, *, lie: bool = False) -> None:
        self.seq += 1
        facts = encode_facts(self.engine.handle(event, 1000 * self.seq).facts)
        digest = facts_digest(b"lie" if lie else facts)
        self.journal.append(
            JournalEntry(self.seq, 1000 * self.seq, self.version, encode_event(event), facts, digest)
        )

    def restart(self) -> Recovered:
        """What a start finds."""
        self.journal.close()
        return self.journal.open(lambda _: None, lambda _: None, lambda _: None)
