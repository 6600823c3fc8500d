"""What one replication leaves: additive counts per cell, waits, staff and backlog; small, to be sent."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from msgspec import Struct, msgpack
from numpy.typing import NDArray

from acd.core.facts import Fact
from acd.kpi.contacts import Contacts
from acd.kpi.customers import Customers
from acd.kpi.intervals import Intervals
from acd.kpi.ledger import GOES_ON, Ledger, Outcome, Segment
from acd.kpi.occupancy import AgentTime, TimeSheet
from acd.kpi.service import Counts, Terms, count
from queues.calendar import BusinessClock, Clock
from queues.desk import ALWAYS, LineId, Medium
from simulation.scenario import Scenario

COUNTS = Counts.__struct_fields__
"""Columns of `Tally.counts`."""
AGENT_TIME = AgentTime.__struct_fields__
"""Columns of `DayResult.agents`."""
FLUSH = 20_000
"""Facts that are gathered before they are folded."""


class Cell(NamedTuple):
    """Where something is counted: by the interval in which it entered the line, or first waited."""

    interval: int
    """That of the number of all intervals: after the last one."""
    tenant: str
    line: str
    medium: Medium
    vip: bool


class Tally(Struct, frozen=True):
    """Counts and waits per cell."""

    cells: tuple[Cell, ...]
    """Sorted; only those that were met."""
    counts: NDArray[np.int64]
    """Shape (cells, COUNTS)."""
    waits: NDArray[np.int32]
    """Waits in ms of the answered, cell by cell, ascending within one: as many as its `answered`."""
    abandoned_waits: NDArray[np.int32]
    """The same of those who gave up: as many as `abandoned`."""


class DayResult(Struct, frozen=True):
    """One replication. Whole numbers only, so that equal runs are equal byte for byte.

    Lines count segments, clients count contacts; most contacts have one segment, in `single` for both.
    """

    replication: int
    single: Tally
    """Contacts of one segment."""
    segments: Tally
    """All segments of the others."""
    contacts: Tally
    """The others, each once, in the line where it ended."""
    agents: NDArray[np.int64]
    """Shape (intervals + 1, AGENT_TIME): all agents together."""
    queues: tuple[tuple[str, Medium], ...]
    """(line, medium) of the rows of `backlog`, sorted."""
    backlog: NDArray[np.int32]
    """Shape (queues, intervals): contacts waiting at the end of each interval."""
    digest: str = ""
    """Of all facts in their order, in hexadecimal; empty: not asked for."""

    def fingerprint(self) -> bytes:
        """BLAKE2b-128 of everything: equal exactly when two replications left the same."""
        tallies = (self.single, self.segments, self.contacts)
        plain = (self.replication, [tally.cells for tally in tallies], self.queues, self.digest)
        hashed = blake2b(repr(plain).encode(), digest_size=16)
        for tally in tallies:
            for array in (tally.counts, tally.waits, tally.abandoned_waits):
                hashed.update(array.tobytes())
        hashed.update(self.agents.tobytes() + self.backlog.tobytes())
        return hashed.digest()


def terms_of(scenario: Scenario) -> Mapping[tuple[str, Medium], Terms]:
    """What each (line, medium) is measured by: the threshold of its goal, else the target of its line.

    Raises ValueError when two goals of one line and medium have different thresholds.
    """
    desk = scenario.desk
    clocks = {calendar.id: BusinessClock(calendar.opens) for calendar in desk.calendars}
    business: dict[str, Clock] = {
        line.id: clocks[line.calendar] for line in desk.lines if line.calendar != ALWAYS
    }
    thresholds: dict[tuple[LineId, Medium], int] = {}
    for goal in scenario.goals:
        if thresholds.setdefault((goal.line, goal.medium), goal.threshold_ms) != goal.threshold_ms:
            raise ValueError(f"goals of line {goal.line!r} have different thresholds")
    terms: dict[tuple[str, Medium], Terms] = {}
    for line in desk.lines:
        for medium in desk.medium_ids:
            within_ms = thresholds.get((line.id, medium), line.target_ms)
            terms[line.id, medium] = Terms(
                threshold_ms=within_ms, short_ms=scenario.short_ms, reply_ms=within_ms, clocks=business
            )
    return terms


class _Sum:
    """What is counted so far of one cell."""

    __slots__ = ("abandoned_waits", "counts", "terms", "waits")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.counts = Counts()
        self.waits: list[int] = []
        self.abandoned_waits: list[int] = []


class _Count:
    """Counts segments by cell."""

    def __init__(self, scenario: Scenario, terms: Mapping[tuple[str, Medium], Terms]) -> None:
        self._terms = terms
        self._elsewhere = Terms(short_ms=scenario.short_ms)
        self._sums: dict[tuple[int, str, str, Medium, bool], _Sum] = {}

    def take(self, segment: Segment, interval: int) -> None:
        """Count it in the cell of that interval."""
        found = self.at(interval, segment.tenant, segment.line, segment.medium, segment.vip)
        count(segment, found.terms, found.counts)
        if segment.outcome is Outcome.ANSWERED:
            found.waits.append(segment.wait_ms)
        elif segment.outcome is Outcome.ABANDONED:
            found.abandoned_waits.append(segment.wait_ms)

    def at(self, interval: int, tenant: str, line: str, medium: Medium, vip: bool) -> _Sum:
        """The sum of that cell."""
        cell = interval, tenant, line, medium, vip
        found = self._sums.get(cell)
        if found is None:
            found = self._sums[cell] = _Sum(self._terms.get((line, medium), self._elsewhere))
        return found

    def count_customers_of(self, contacts: "_Count") -> None:
        """Customers who came once each, by what became of them."""
        for cell, found in list(contacts._sums.items()):
            counts, mine = found.counts, self.at(*cell).counts
            mine.customers += counts.answered + counts.abandoned + counts.blocked
            mine.customers_reached += counts.answered

    def tally(self) -> Tally:
        """All of it as arrays."""
        cells = sorted(self._sums)
        sums = [self._sums[cell] for cell in cells]
        counts = [[getattr(one.counts, name) for name in COUNTS] for one in sums]
        return Tally(
            tuple(Cell(*cell) for cell in cells),
            np.array(counts, np.int64).reshape(len(cells), len(COUNTS)),
            _in_a_row(one.waits for one in sums),
            _in_a_row(one.abandoned_waits for one in sums),
        )


def _in_a_row(lists: Iterable[list[int]]) -> NDArray[np.int32]:
    return np.array([wait for waits in lists for wait in sorted(waits)], np.int32)


class Fold:
    """Folds the facts of one replication, in their order, into its result."""

    def __init__(self, scenario: Scenario, *, digest: bool = False) -> None:
        """`digest`: hash all facts, too. Raises ValueError as `terms_of`."""
        self._scenario = scenario
        self._start_ms, self._interval_ms = scenario.start_ms, scenario.interval_ms
        self._last = scenario.intervals
        self._facts: list[Fact] = []
        self._hash = blake2b(digest_size=16) if digest else None
        self._ledger = Ledger(self._finished)
        self._sheet = TimeSheet(Intervals(_bounds(scenario)))
        terms = terms_of(scenario)
        self._single, self._segments, self._merged = (_Count(scenario, terms) for _ in range(3))
        self._contacts = Contacts(self._merged_contact)
        self._customers = {False: Customers(), True: Customers()}
        self._vips: set[str] = set()
        self._redials = any(stream.redial is not None for stream in scenario.streams)
        self._waiting: dict[tuple[str, Medium], list[int]] = {}
        """(line, medium) → by how much more wait at the end of each interval than at the one before."""

    def observe(self, facts: list[Fact]) -> None:
        """Take the facts of one event."""
        self._facts += facts
        if len(self._facts) > FLUSH:
            self._flush()

    def close(self, replication: int, now_ms: int) -> DayResult:
        """The result, after the last fact; what is not over at `now_ms` is counted as open."""
        self._flush()
        self._ledger.close(now_ms)
        self._sheet.close(now_ms)
        self._count_customers()
        queues = tuple(sorted(self._waiting))
        steps = np.array([self._waiting[queue][:-1] for queue in queues], np.int32)
        return DayResult(
            replication,
            self._single.tally(),
            self._segments.tally(),
            self._merged.tally(),
            self._agents(),
            queues,
            np.cumsum(steps.reshape(len(queues), self._scenario.intervals), axis=1, dtype=np.int32),
            self._hash.hexdigest() if self._hash else "",
        )

    def _flush(self) -> None:
        facts, self._facts = self._facts, []
        self._ledger.take(facts)
        self._sheet.take(facts)
        if self._hash:
            self._hash.update(msgpack.encode(facts))

    def _finished(self, segment: Segment) -> None:
        interval = self._interval(segment.queued_ms)
        if segment.number == 1 and not (segment.outcome is Outcome.FLOWED_OUT and segment.kind in GOES_ON):
            self._single.take(segment, interval)
            self._note_customer(segment)
        else:
            self._segments.take(segment, interval)
            self._contacts.take(segment)
        if segment.anchor_ms:
            self._note_waiting(segment, interval)

    def _merged_contact(self, contact: Segment) -> None:
        self._merged.take(contact, self._interval(contact.queued_ms))
        self._note_customer(contact)

    def _note_customer(self, contact: Segment) -> None:
        """Who once came as a VIP stays one, also when he comes again by mail."""
        if not self._redials:
            return  # each contact is a customer of its own, and the counts say all there is to know
        if contact.vip:
            self._vips.add(contact.party)
        self._customers[contact.party in self._vips].take(contact)

    def _count_customers(self) -> None:
        """A customer belongs to the line of his first attempt, and by it to its client."""
        if not self._redials:
            self._single.count_customers_of(self._single)
            self._single.count_customers_of(self._merged)
        for vip, customers in self._customers.items():
            for tenant, first, reached in customers.cases():
                interval, medium = self._interval(first.counted_ms), Medium(first.medium)
                counts = self._single.at(interval, tenant, first.line, medium, vip).counts
                counts.customers += 1
                counts.customers_reached += reached

    def _note_waiting(self, segment: Segment, came: int) -> None:
        queue = segment.line, segment.medium
        if queue not in self._waiting:
            self._waiting[queue] = [0] * (self._scenario.intervals + 1)
        went = self._interval(segment.answered_ms or segment.ended_ms)
        if went > came:
            self._waiting[queue][came] += 1
            self._waiting[queue][went] -= 1

    def _interval(self, t_ms: int) -> int:
        """Number of the moment's interval; what is there when the first one begins belongs to that one."""
        number = (t_ms - self._start_ms) // self._interval_ms
        return 0 if number < 0 else number if number < self._last else self._last

    def _agents(self) -> NDArray[np.int64]:
        times = np.zeros((self._scenario.intervals + 1, len(AGENT_TIME)), np.int64)
        for (_, interval), time in self._sheet.rows.items():
            times[interval] += [getattr(time, name) for name in AGENT_TIME]
        return times


def _bounds(scenario: Scenario) -> list[int]:
    """Where the intervals begin and end, and the end of the time after the last one."""
    bounds = list(range(scenario.start_ms, scenario.end_ms + 1, scenario.interval_ms))
    return [*bounds, scenario.end_ms + scenario.run_on_ms] if scenario.run_on_ms else bounds
