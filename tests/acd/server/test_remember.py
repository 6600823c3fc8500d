"""Records of no event travel with the next entry, but do not wait for one for long."""

import asyncio
from collections.abc import Iterable

import pytest

from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import AgentReachable, AgentSignedIn, DeskChanged
from acd.journal.memory import MemoryJournal
from acd.ports import ChannelRecord, JournalEntry
from acd.server.driver import LINGER_S, Driver
from acd.server.gate import Gate
from acd.testing import small_desk
from agents.capacity import VOICE
from agents.skills import AgentId

ANNA = AgentId("anna")
FIRST, SECOND = ChannelRecord("sip", "a", b"1"), ChannelRecord("sip", "a", b"2")


class Appends(MemoryJournal):
    """Notes what each append brought: the entry's number (0: none) and its records."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, list[ChannelRecord]]] = []

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        found = list(records)
        self.seen.append((entry.seq if entry else 0, found))
        super().append(entry, found)


def driver_over(journal: Appends) -> Driver:
    gate = Gate(asyncio.get_running_loop(), lambda *_: None)
    journal.open(gate.on_written, gate.on_synced, lambda _: None)
    driver = Driver(
        engine=Engine(), journal=journal, gate=gate, stamp=lambda: 1, seq=0, observe=_nothing, fail=_nothing
    )
    driver.submit(DeskChanged(small_desk()))
    journal.seen.clear()
    return driver


def _nothing(_: object) -> None:
    pass


def test_they_go_in_front_of_the_next_entrys_own() -> None:
    """One append; of two values of a key the later one counts."""

    async def story() -> None:
        journal = Appends()
        driver = driver_over(journal)
        driver.remember([FIRST])
        driver.submit(AgentReachable(ANNA, VOICE), [SECOND])
        assert journal.seen == [(2, [FIRST, SECOND])]
        await asyncio.sleep(2 * LINGER_S)
        assert len(journal.seen) == 1

    asyncio.run(story())


def test_without_an_entry_they_are_written_soon() -> None:
    async def story() -> None:
        journal = Appends()
        driver_over(journal).remember([FIRST, SECOND])
        assert journal.seen == []
        await asyncio.sleep(5 * LINGER_S)
        assert journal.seen == [(0, [FIRST, SECOND])]

    asyncio.run(story())


def test_a_rejected_event_does_not_take_them_along() -> None:
    async def story() -> None:
        journal = Appends()
        driver = driver_over(journal)
        driver.remember([FIRST])
        with pytest.raises(Rejected):
            driver.submit(AgentSignedIn(AgentId("nobody")), [SECOND])
        driver.close()
        assert journal.seen == [(0, [FIRST])]

    asyncio.run(story())


def test_closing_writes_them() -> None:
    async def story() -> None:
        journal = Appends()
        driver = driver_over(journal)
        driver.remember([FIRST])
        driver.close()
        assert journal.seen == [(0, [FIRST])]

    asyncio.run(story())
