"""How fast the engine decides, in CPU time: `python bench/core.py [--json] [--quick]`."""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from acd.core import effects, events
from acd.core.engine import Engine, Reaction
from acd.core.events import ContactId, OfferId
from acd.core.matching import choose_contact, may_serve, rank_of
from acd.core.offers import refresh
from acd.core.state import State
from acd.journal.codec import encode_event, encode_facts, facts_digest
from agents.capacity import VOICE
from agents.roster import Seat
from agents.skills import AgentId, SkillId
from agents.states import WorkState
from queues.desk import (
    Agent,
    Desk,
    Entry,
    EntryId,
    Line,
    LineId,
    Promotion,
    Relaxation,
    Tenant,
    TenantId,
    WrapUpRule,
)
from queues.priority import Rank
from queues.states import ContactState

NOW_MS = 1_800_000_000_000


class Size(NamedTuple):
    """One row: so many of each; skills per agent from `least` to `most`."""

    agents: int
    lines: int
    waiting: int
    least: int
    most: int
    events: int


def sizes(quick: bool) -> list[Size]:
    """The rows of the table; the last three show what only the number of waiting contacts costs."""
    count = 6_000 if quick else 40_000
    rows = []
    for agents, lines, waiting in ((100, 10, 100), (1_000, 100, 1_000), (10_000, 1_000, 10_000)):
        for least, most in ((1, 20), (20, 20), (200, 200)):
            rows.append(Size(agents, lines, waiting, least, most, count))
    for agents, lines, waiting in ((1_000, 100, 10_000), (1_000, 100, 100_000), (100, 1, 100_000)):
        rows.append(Size(agents, lines, waiting, 1, 20, count))
    return rows


def a_desk(size: Size, rng: Random) -> Desk:
    """A skill per line, three classes, four targets; relaxation after 30 s, promotion, 20 s of wrap-up."""
    skills = [SkillId(f"s{number}") for number in range(size.lines)]
    lines = []
    for skill in skills:
        level = rng.randrange(1, 4)
        wider = (Relaxation(30_000, (((skill, 1),),)),) if level > 1 else ()
        lines.append(
            Line(
                LineId(f"l{skill}"),
                TenantId("t"),
                (((skill, level),),),
                priority_class=rng.choice((3, 5, 5, 7)),
                target_ms=rng.choice((10_000, 20_000, 20_000, 60_000)),
                relaxations=wider,
                promotion=Promotion(5_000, 2),
                wrap_up=WrapUpRule(ms=20_000),
            )
        )
    agents = []
    for number in range(size.agents):
        known = rng.sample(skills, min(size.lines, rng.randint(size.least, size.most)))
        agents.append(Agent(AgentId(f"a{number}"), tuple((skill, rng.randrange(1, 6)) for skill in known)))
    entries = tuple(Entry(EntryId(line.id), TenantId("t"), line.id, VOICE) for line in lines)
    return Desk((Tenant(TenantId("t")),), (), tuple(lines), entries, tuple(agents))


class Floor:
    """Plays the callers and the agents, and takes the time of every event."""

    def __init__(self, size: Size) -> None:
        self.size, self.rng, self.engine = size, Random(1), Engine()
        self.now_ms = NOW_MS
        self.refs = 0
        self.ringing: list[OfferId] = []
        self.connected: list[tuple[ContactId, AgentId]] = []
        self.wrapping: list[tuple[ContactId, AgentId]] = []
        self.paused: list[AgentId] = []
        self.spent_ns: list[int] = []
        self.encode_ns = 0
        self.encoding = False

    def do(self, event: events.Event) -> None:
        """Let due deadlines fire, then the event happen."""
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self._timed(events.Tick())
        self._timed(event)

    def _timed(self, event: events.Event) -> None:
        began_ns = time.process_time_ns()
        outcome = self.engine.handle(event, self.now_ms)
        self.engine.next_deadline()
        handled_ns = time.process_time_ns()
        self.spent_ns.append(handled_ns - began_ns)
        if self.encoding:
            encode_event(event)
            facts_digest(encode_facts(outcome.facts))
            self.encode_ns += time.process_time_ns() - handled_ns
        self._note(outcome)

    def _note(self, outcome: Reaction) -> None:
        for effect in outcome.effects:
            if isinstance(effect, effects.OfferContact):
                self.ringing.append(effect.offer)
            elif isinstance(effect, effects.ConnectContact):
                self.connected.append((effect.contact, effect.agent))

    def arrive(self) -> None:
        self.refs += 1
        line = self.rng.randrange(self.size.lines)
        self.do(events.ContactArrived(f"r{self.refs}", EntryId(f"ls{line}"), VOICE))

    def answer_all(self) -> None:
        """Nearly everybody who is rung answers; some refuse, a few go into a pause."""
        while self.ringing:
            offer = self.ringing.pop()
            work = self.engine.state.works.get(offer)
            if work is None or work.state is not WorkState.RINGING:
                continue
            luck = self.rng.random()
            if luck < 0.94:
                self.do(events.OfferAccepted(offer))
            elif luck < 0.98:
                self.do(events.OfferRefused(offer))
            else:
                self.paused.append(work.agent)
                self.do(events.AgentPaused(work.agent, "break"))

    def fill(self) -> None:
        """Everybody signed in and, as far as skills allow, busy; so many contacts wait."""
        self.do(events.DeskChanged(a_desk(self.size, self.rng)))
        for agent in [seat.record.id for seat in self.engine.state.seats.values()]:
            self.do(events.AgentReachable(agent, VOICE))
            self.do(events.AgentSignedIn(agent))
        while self.waiting() < self.size.waiting:
            self.now_ms += 2
            self.arrive()
            self.answer_all()

    def waiting(self) -> int:
        return len(self.engine.state.board.places)

    def run(self) -> None:
        """The mix: arrive, accept, refuse, release, end of wrap-up, pause and ready, until enough events."""
        self.spent_ns.clear()
        while len(self.spent_ns) < self.size.events:
            self.now_ms += 20
            if self.waiting() <= self.size.waiting:
                self.arrive()
            self._release_one()
            if len(self.wrapping) > self.size.agents // 20:
                self._end_one_wrap_up()
            if self.paused and self.rng.random() < 0.1:
                self.do(events.AgentReady(self.paused.pop()))
            self.answer_all()

    def _release_one(self) -> None:
        if self.connected:
            ended = self._any(self.connected)
            self.do(events.ContactReleased(*ended))
            self.wrapping.append(ended)

    def _end_one_wrap_up(self) -> None:
        contact, agent = self._any(self.wrapping)
        works = self.engine.state.seats[agent].works
        if any(work.contact == contact and work.state is WorkState.WRAP_UP for work in works):
            self.do(events.WrapUpEnded(contact, agent))

    def _any(self, things: list[tuple[ContactId, AgentId]]) -> tuple[ContactId, AgentId]:
        index = self.rng.randrange(len(things))
        things[index], things[-1] = things[-1], things[index]
        return things.pop()


class Pauses:
    """Counts and measures garbage collections, in CPU time."""

    def __init__(self) -> None:
        self.spent_ns: list[int] = []
        self._began_ns = 0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began_ns = time.process_time_ns()
        else:
            self.spent_ns.append(time.process_time_ns() - self._began_ns)

    def __enter__(self) -> "Pauses":
        gc.callbacks.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self)


def naive(state: State, seat: Seat) -> Rank | None:
    """The peer: looks at every waiting contact of the desk, as most distributors do at every line."""
    best: Rank | None = None
    for number, place in state.board.places.items():
        contact = state.contacts[number]
        if contact.state is ContactState.WAITING and may_serve(seat, place.need, contact):
            rank = rank_of(state, place.urgency, number)
            if best is None or rank.before(best):
                best = rank
    return best


def against_naive(floor: Floor) -> tuple[float, float]:
    """Mean µs per choice of a contact for an agent: ours, and the full scan; they must agree."""
    state, rng = floor.engine.state, Random(2)
    seats = rng.sample(list(state.seats.values()), 20)
    for seat in seats:
        seat.free = (VOICE,)
    began_ns = time.process_time_ns()
    ours = [choose_contact(state, seat) for _ in range(10) for seat in seats][:20]
    between_ns = time.process_time_ns()
    theirs = [naive(state, seat) for seat in seats]
    ended_ns = time.process_time_ns()
    for seat in seats:
        refresh(state, seat)
    assert [found and found[1] for found in ours] == theirs
    return (between_ns - began_ns) / 200e3, (ended_ns - between_ns) / 20e3


def percentiles(spent_ns: Sequence[int]) -> dict[str, float]:
    """p50, p99, p99.9 and max, in µs."""
    ordered = sorted(spent_ns)
    last = len(ordered) - 1
    shares = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999, "max_us": 1.0}
    return {name: round(ordered[int(last * share)] / 1000, 1) for name, share in shares.items()}


def served(floor: Floor) -> float:
    """Mean number of non-empty buckets that an agent compares when he frees."""
    seats = floor.engine.state.seats.values()
    return round(sum(len(need.buckets) for seat in seats for need in seat.needs) / len(seats), 1)


def rss_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def gc_of(pauses: Pauses) -> dict[str, float]:
    spent = pauses.spent_ns or [0]
    return {
        "collections": len(pauses.spent_ns),
        "max_ms": round(max(spent) / 1e6, 2),
        "total_ms": round(sum(spent) / 1e6, 1),
    }


def full_collection_ms() -> float:
    """The longest pause there can be: everything is walked once."""
    began_ns = time.process_time_ns()
    gc.collect()
    return round((time.process_time_ns() - began_ns) / 1e6, 1)


def measure(size: Size) -> dict[str, object]:
    """One row, in a process of its own."""
    empty_kb = rss_kb()
    floor = Floor(size)
    floor.fill()
    filled_kb = rss_kb()
    floor.run()  # warm
    with Pauses() as default:
        floor.run()
    full_ms = full_collection_ms()
    gc.freeze()
    with Pauses() as frozen:
        floor.run()
    spent_ns = list(floor.spent_ns)
    floor.encoding = True
    floor.run()
    ours_us, naive_us = against_naive(floor)
    return {
        **size._asdict(),
        "buckets_served": served(floor),
        "events_per_s": round(len(spent_ns) / sum(spent_ns) * 1e9),
        "with_journal_encoding_per_s": round(
            len(floor.spent_ns) / (sum(floor.spent_ns) + floor.encode_ns) * 1e9
        ),
        **percentiles(spent_ns),
        "gc_full_ms": full_ms,
        "gc_full_frozen_ms": full_collection_ms(),
        "gc_default": gc_of(default),
        "gc_frozen": gc_of(frozen),
        "choice_us": round(ours_us, 1),
        "naive_choice_us": round(naive_us, 1),
        "naive_ratio": round(naive_us / ours_us, 1),
        "rss_mb": round(filled_kb / 1024),
        "kb_per_contact_and_agent": round(
            (filled_kb - empty_kb) / (len(floor.engine.state.contacts) + size.agents), 2
        ),
        **saved(floor),
    }


def saved(floor: Floor) -> dict[str, float]:
    """CPU ms of a snapshot, of a restart from it, and of a new desk for all that waits."""
    began_ns = time.process_time_ns()
    image = floor.engine.snapshot()
    between_ns = time.process_time_ns()
    again = Engine.restore(image)
    ended_ns = time.process_time_ns()
    assert again.snapshot() == image
    changed_ns = time.process_time_ns()
    again.handle(events.Tick(), floor.now_ms)
    again.handle(events.DeskChanged(floor.engine.state.desk), floor.now_ms)
    return {
        "desk_change_ms": round((time.process_time_ns() - changed_ns) / 1e6, 1),
        "snapshot_ms": round((between_ns - began_ns) / 1e6, 1),
        "restore_ms": round((ended_ns - between_ns) / 1e6, 1),
        "snapshot_kb": len(image) // 1024,
    }


def rows(quick: bool) -> Iterator[dict[str, object]]:
    for size in sizes(quick):
        command = [sys.executable, __file__, "--row", *map(str, size)]
        yield json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


COLUMNS = {
    "agents": "agents",
    "lines": "lines",
    "waiting": "waiting",
    "least": "skills",
    "most": "to",
    "buckets_served": "buckets",
    "events_per_s": "events/s",
    "with_journal_encoding_per_s": "+encoding",
    "p50_us": "p50 µs",
    "p99_us": "p99 µs",
    "p999_us": "p99.9",
    "max_us": "max µs",
    "choice_us": "choice µs",
    "naive_choice_us": "full scan",
    "naive_ratio": "ratio",
    "snapshot_ms": "save ms",
    "restore_ms": "restore",
    "desk_change_ms": "new desk",
    "gc_full_ms": "full gc",
    "gc_full_frozen_ms": "frozen",
    "rss_mb": "MB",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.add_argument("--quick", action="store_true", help="fewer events per row")
    parser.add_argument("--row", nargs=len(Size._fields), type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(json.dumps(measure(Size(*asked.row))))
        return
    if asked.json:
        print(json.dumps(list(rows(asked.quick)), indent=1))
        return
    print(" ".join(f"{title:>9}" for title in COLUMNS.values()))
    for row in rows(asked.quick):
        print(" ".join(f"{row[name]!s:>9}" for name in COLUMNS), flush=True)


if __name__ == "__main__":
    main()
