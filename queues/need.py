"""A need: what waiting contacts require now, who meets it, who of them is idle, and what waits for it."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from agents.roster import Seat
from agents.skills import AgentId, Alternative
from queues.desk import CalendarId, Medium, Policy
from queues.policy import Key, idle_key
from queues.priority import Urgency

BucketKey = tuple[int, int, CalendarId]
"""(class, target_ms, calendar): what all contacts of a bucket share besides the need."""

NeedKey = tuple[Medium, tuple[Alternative, ...], Policy, AgentId | None]
"""What is required, and the one agent that those who are held for him wait for."""

Waiting = list[tuple[int, int]]
"""A bucket: (key_ms, contact number), sorted; the first is served first."""


class Need:
    """Interned: there is one object for all contacts that require the same."""

    __slots__ = ("alternatives", "buckets", "fitness", "medium", "number", "policy", "pool")

    def __init__(self, number: int, key: NeedKey, fitness: dict[AgentId, int]) -> None:
        self.number = number
        self.medium, self.alternatives, self.policy, _ = key
        self.fitness = fitness
        """Agents that meet the need → how well."""
        self.buckets: dict[BucketKey, Waiting] = {}
        """What waits; never an empty list."""
        self.pool: list[tuple[int, Key, int, Seat]] = []
        """Heap of (contacts in hand, key, epoch, seat). An entry counts only while its epoch is the seat's.

        Whoever has least in hand goes first, so that nobody is interrupted while another one is idle.
        """

    def put(self, urgency: Urgency, number: int) -> None:
        key = (urgency.priority_class, urgency.target_ms, urgency.calendar)
        bucket = self.buckets.get(key)
        if bucket is None:
            self.buckets[key] = [(urgency.key_ms, number)]
        else:
            insort(bucket, (urgency.key_ms, number))

    def take(self, urgency: Urgency, number: int) -> None:
        key = (urgency.priority_class, urgency.target_ms, urgency.calendar)
        bucket = self.buckets[key]
        del bucket[bisect_left(bucket, (urgency.key_ms, number))]
        if not bucket:
            del self.buckets[key]

    def push_idle(self, seat: Seat) -> None:
        """Enter an idle agent. At twice the number who meet the need, outdated entries are dropped."""
        record = seat.record
        if len(self.pool) >= 2 * len(self.fitness) + 8:
            self.pool = [entry for entry in self.pool if entry[2] == entry[3].epoch]
            heapify(self.pool)
        key = idle_key(self.policy, record, self.fitness[record.id])
        heappush(self.pool, (len(seat.works), key, seat.epoch, seat))

    def idle(self) -> Iterator[Seat]:
        """Idle agents, best first. Drawn is drawn: give back with `push_idle` whom you pass over."""
        pool = self.pool
        while pool:
            _, _, epoch, seat = heappop(pool)
            if epoch == seat.epoch and self.medium in seat.free:
                yield seat
