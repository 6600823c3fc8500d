"""An engine with its memory journal, for tests of what replays it."""

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactArrived, DeskChanged, Event
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.memory import MemoryJournal
from acd.ports import JournalEntry, Recovered
from acd.testing import NUMBER, small_desk
from agents.capacity import VOICE


class Desk:
    """An engine with its memory journal; the next call is one `call()` away."""

    def __init__(self, *, version: int = ENGINE_VERSION) -> None:
        """`version`: of the engine that the entries say wrote them."""
        self.version = version
        self.engine = Engine()
        self.journal = MemoryJournal()
        self.journal.open(lambda _: None, lambda _: None, lambda _: None)
        self.seq = 0
        self.handle(DeskChanged(small_desk()))

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
