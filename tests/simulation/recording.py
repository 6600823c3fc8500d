"""Journals for tests: what the model played, or the live driver ran, written down entry by entry."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from acd.core.effects import Effect
from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import Rejected
from acd.core.events import Event, Restarted, Tick
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry, Recovered, Snapshot
from acd.server.driver import Driver
from acd.server.gate import Gate
from simulation.draws import Day
from simulation.driver import START_MS
from simulation.scenario import Scenario
from tests.simulation.replication import replicate
from tests.simulation.test_simpy_driver import InstantJournal, JumpingLoop, answer, unobserved


def played(scenario: Scenario, day: Day) -> list[JournalEntry]:
    """The journal of one replication, deadlines on time."""
    return written(replicate(scenario, day).events, scenario.end_ms + scenario.run_on_ms)


def written(told: Iterable[tuple[int, Event]], until_ms: int) -> list[JournalEntry]:
    """The journal of these events at their moments; deadlines fire on time, those before `until_ms` too.

    `Restarted` ends an outage, in which none fires.
    """
    engine, entries = Engine(), list[JournalEntry]()

    def step(event: Event, t_ms: int) -> None:
        facts = encode_facts(engine.handle(event, t_ms).facts)
        entries.append(
            JournalEntry(
                len(entries) + 1, t_ms, ENGINE_VERSION, encode_event(event), facts, facts_digest(facts)
            )
        )

    def pass_time(until_ms: int) -> None:
        while (due_ms := engine.next_deadline()) is not None and due_ms <= until_ms:
            step(Tick(), max(due_ms, engine.state.now_ms))  # a changed desk may find one due already

    for t_ms, event in told:
        pass_time(event.since_ms if isinstance(event, Restarted) else t_ms)
        step(event, t_ms)
    pass_time(until_ms - 1)
    return entries


class Keeping(InstantJournal):
    """Keeps what is appended; every hundredth state is kept, too."""

    def __init__(self, gate: Gate, engine: Engine) -> None:
        super().__init__(gate)
        self.entries: list[JournalEntry] = []
        self.snapshots: list[Snapshot] = []
        self._engine = engine

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        if entry is not None:
            self.entries.append(entry)
            if entry.seq % 100 == 0:
                self.snapshots.append(Snapshot(entry.seq, ENGINE_VERSION, self._engine.snapshot()))
        super().append(entry, records)


class HangingLoop(JumpingLoop):
    """Time may pass while nobody looks, as in a process that gets no processor."""

    def hang(self, for_s: float) -> None:
        self._jumping.now_s += for_s


def lived(
    told: Sequence[tuple[int, Event]], until_ms: int, stalls: Sequence[tuple[int, int]] = ()
) -> tuple[list[JournalEntry], list[Snapshot]]:
    """The journal of the live driver on an event loop whose time jumps; it hangs at (ms, for so many ms)."""
    engine = Engine()
    loop = HangingLoop()
    failures: list[Exception] = []
    kept: list[Keeping] = []

    async def live() -> None:
        def stamp() -> int:
            return START_MS + round(loop.time() * 1000)

        def carry_out(effect: Effect, seq: int, index: int) -> None:
            answer(effect, later)

        def later(delay_ms: int, event: Event) -> None:
            loop.call_at((stamp() - START_MS + delay_ms) / 1000, submit, event)

        def submit(event: Event) -> None:
            with suppress(Rejected):
                driver.submit(event)

        gate = Gate(loop, carry_out)
        kept.append(Keeping(gate, engine))
        driver = Driver(
            engine=engine,
            journal=kept[0],
            gate=gate,
            stamp=stamp,
            seq=0,
            observe=unobserved,
            fail=failures.append,
        )
        for now, event in told:
            loop.call_at(now / 1000, submit, event)
        for now, for_ms in stalls:
            loop.call_at(now / 1000, loop.hang, for_ms / 1000)
        await asyncio.sleep((until_ms - 0.5) / 1000)
        driver.close()

    try:
        loop.run_until_complete(live())
    finally:
        loop.close()
    assert failures == []
    return kept[0].entries, kept[0].snapshots


def stored(folder: Path, entries: Iterable[JournalEntry], snapshots: Iterable[Snapshot] = ()) -> Path:
    """The entries as a journal on disk, with its archive when there are snapshots."""
    journal = SqliteJournal(folder)
    found: Recovered = journal.open(lambda seq: None, lambda seq: None, _fail)
    assert not found.entries
    after = {one.seq: one for one in snapshots}
    for entry in entries:
        journal.append(entry)
        if entry.seq in after:
            journal.flush()
            journal.snapshot(after[entry.seq])
            journal.flush()
    journal.flush()
    journal.close()
    return folder


def _fail(error: Exception) -> None:
    raise error
