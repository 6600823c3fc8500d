"""What is measured: one function per row of the table, each with a desk of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.calls.desk import Cost, Desk, free_udp_port
from bench.calls.figures import arrived, delivered, idle_ms, inverted, percentile, routed_ms
from bench.calls.phones import Agents, Caller, Outcome, Sipp, call
from bench.calls.tap import Seen, Tap, traced

SETTLE_S = 3.0
OFFERED = (160, 220, 280, 340, 440)
"""Calls per second; the last of them are more than two cores of this kind can do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number beside its aim and the peers' (None: not measured, or not comparable)."""

    name: str
    value: float
    unit: str
    aim: float
    asterisk: float | None = None
    opensips: float | None = None

    @property
    def reached(self) -> bool:
        return self.value <= self.aim

    @property
    def ratio(self) -> float | None:
        """Ours over Asterisk's."""
        return self.value / self.asterisk if self.asterisk else None


@dataclass(frozen=True, slots=True)
class Result:
    """A row: its figures, and under which conditions they were measured."""

    figures: tuple[Figure, ...]
    conditions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scale:
    """How long and how many; `quick` is for trying things out, its tails mean little."""

    quick: bool

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(slots=True)
class Bench:
    """A running desk with its phones; the messages seen, if they are wanted."""

    desk: Desk
    folder: Path
    agents: Agents
    tap: Tap | None
    watched: bool
    callers: Sipp | None = None

    def call(self, callers: Sequence[Caller], rate: float) -> Sipp:
        self.callers = call(self.desk, self.folder, callers, rate=rate, trace=self._traces)
        return self.callers

    def seen(self) -> list[Seen]:
        """All messages so far, oldest first."""
        if self.tap is not None:
            return list(self.tap.seen)
        phones = self.agents.phones
        return traced(*(sipp.messages for sipp in (self.callers, phones) if sipp is not None))

    @property
    def _traces(self) -> bool:
        return self.watched and self.tap is None


@contextlib.contextmanager
def bench(
    folder: Path,
    agents: int,
    *,
    talk_ms: int,
    entries: tuple[tuple[str, int], ...] = (("100", 5),),
    watched: bool = False,
    agents_port: int = 0,
) -> Iterator[Bench]:
    """A desk whose agents have not signed in yet. `watched`: the messages and their times are wanted."""
    load = folder / "load"
    load.mkdir(parents=True)
    with Desk(folder / "desk", agents, entries) as desk, contextlib.ExitStack() as exits:
        tap = _tap(desk.port) if watched else None
        if tap is not None:
            exits.enter_context(tap)
        port = agents_port or free_udp_port()
        phones = Agents(desk, load, talk_ms=talk_ms, rtp_port=port, trace=watched and tap is None)
        exits.callback(phones.end)
        running = Bench(desk, load, phones, tap, watched)
        exits.callback(lambda: running.callers.end() if running.callers else None)
        yield running


def _tap(port: int) -> Tap | None:
    try:
        return Tap(port)
    except PermissionError:
        return None


class Streams:
    """The process of `streams.py`."""

    def __init__(self, callers: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("streams.py")), str(callers)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = self._read()
        self.agents: int = ports.pop("agents")[0]
        self.callers = ports["callers"]

    def _read(self) -> dict[str, list[int]]:
        assert self._process.stdout is not None
        answer: dict[str, list[int]] = json.loads(self._process.stdout.readline())
        return answer

    def counts(self) -> dict[str, int]:
        """Packets so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return {name: count for name, (count,) in self._read().items()}

    def end(self) -> None:
        self._process.communicate()


def cpu(folder: Path, scale: Scale) -> Result:
    """Calls at 100 a second; everything that our processes use from before the first to after the last.

    The median of several runs: on a shared machine the same code costs up to a third more from one minute to
    the next.
    """
    agents, rate, seconds, runs = scale.pick(500, 300), 100, scale.pick(20, 6), scale.pick(3, 1)
    costs: list[tuple[float, float]] = []
    with bench(folder, agents, talk_ms=2000) as running:
        running.agents.sign_in()
        idle, reference = _idle_percent(running.desk), reference_us()
        begun = running.desk.cost()
        for number in range(runs):
            callers = _callers(rate * seconds, first=number * rate * seconds)
            before = running.desk.cost()
            outcome = running.call(callers, rate).wait(seconds + 30)
            after, ended = running.desk.cost(), max(1, outcome.successful)
            server_ms, media_ms = after.server_ms - before.server_ms, after.media_ms - before.media_ms
            costs.append((server_ms / ended, media_ms / ended))
        written = _written(running.desk, 0)
    server, media = sorted(costs, key=sum)[runs // 2]
    figure = Figure(
        "CPU per call routed, bridged, ended", server + media, "ms", 2.5, asterisk=12.0, opensips=1.1
    )
    shares = {"server_ms": server, "media_ms": media, "idle_percent_of_core": idle}
    shares["reference_us"] = reference
    load = {"calls_per_s": rate, "seconds": seconds, "agents": agents, "talk_s": 2, "rtp": "none"}
    each = {"runs_ms": "/".join(f"{sum(cost):.2f}" for cost in costs)}
    return Result((figure,), {**load, **each, **shares, **_ended(outcome), **written, **_noise(begun, after)})


def route(folder: Path, scale: Scale) -> Result:
    """INVITE in to INVITE out at 20, 40 and 100 calls a second, agents free."""
    agents, seconds = 300, scale.pick(20, 5)
    figures: list[Figure] = []
    conditions: dict[str, object] = {}
    for rate in (20, 40, 100):
        with bench(folder / str(rate), agents, talk_ms=2000, watched=True) as running:
            running.agents.sign_in()
            before = running.desk.cost()
            outcome = running.call(_callers(rate * seconds), rate).wait(seconds + 30)
            after = running.desk.cost()
            written = _written(running.desk, 0)
            taken = routed_ms(running.seen())
        name = f"INVITE in → INVITE out at {rate} calls/s"
        # Above 40 calls a second the peers were not measured without what their own answering adds.
        peers = ((2.8, 0.4), (4.7, 0.9)) if rate <= 40 else ((None, None), (None, None))
        figures.append(Figure(f"{name}, p50", percentile(taken, 0.5), "ms", 5.0, *peers[0]))
        figures.append(Figure(f"{name}, p99", percentile(taken, 0.99), "ms", 20.0, *peers[1]))
        detail = {"n": len(taken), "max_ms": max(taken), **_ended(outcome), **_noise(before, after)}
        conditions |= {f"at_{rate}": detail, **written, "clock": _clock(running)}
    return Result(tuple(figures), {"agents": agents, "seconds": seconds, "talk_s": 2, **conditions})


def freed(folder: Path, scale: Scale) -> Result:
    """A queue of callers, few agents: from an agent's BYE to the next INVITE to him."""
    agents, count = 20, scale.pick(800, 150)
    with bench(folder, agents, talk_ms=500, watched=True) as running:
        queue = running.call(_callers(count), 100)
        time.sleep(count / 100 + 1)
        before = running.desk.cost()
        running.agents.sign_in()
        outcome = queue.wait(count / agents * 0.6 + 30)
        after = running.desk.cost()
        written = _written(running.desk, 0)
        taken = idle_ms(running.seen())
    figures = (
        Figure("agent freed → next INVITE, p50", percentile(taken, 0.5), "ms", 20.0, 600),
        Figure("agent freed → next INVITE, p99", percentile(taken, 0.99), "ms", 20.0, 1024),
    )
    load = {"n": len(taken), "agents": agents, "callers": count, "talk_s": 0.5, "max_ms": max(taken)}
    return Result(
        figures, {**load, "clock": _clock(running), **_ended(outcome), **written, **_noise(before, after)}
    )


def waiting(folder: Path, scale: Scale) -> Result:
    """Callers who hear music and send audio that nobody needs; no agent is there."""
    count, seconds = scale.pick(300, 100), scale.pick(15, 5)
    streams = Streams(count)
    try:
        with bench(folder, 1, talk_ms=0) as running:
            empty = running.desk.cost()
            running.call(_callers(count, streams.callers), 100)
            time.sleep(count / 100 + SETTLE_S)
            before, heard = running.desk.cost(), streams.counts()
            time.sleep(seconds)
            after, packets = running.desk.cost(), streams.counts()
    finally:
        streams.end()
    share = _percent(before, after) / count
    figure = Figure("waiting caller with music", share, "% of a core", 0.05, asterisk=0.19)
    memory = {"kb_per_caller": (after.rss - empty.rss) / 1000 / count, "asterisk_kb": 157}
    rates = _rates(heard, packets, after.at_s - before.at_s, count)
    load = {"callers": count, "seconds": seconds, "rtp": "music out, 50/s in from each"}
    return Result((figure,), {**load, **rates, **memory, **_noise(before, after)})


def bridged(folder: Path, scale: Scale) -> Result:
    """Calls whose caller streams and whose agent echoes, both ways through our relay."""
    count, seconds = scale.pick(100, 40), scale.pick(15, 5)
    streams = Streams(count)
    try:
        talk_ms = 1000 * (seconds + 60)
        with bench(folder, count, talk_ms=talk_ms, agents_port=streams.agents) as running:
            running.call(_callers(count, streams.callers), 50)
            time.sleep(count / 50 + 1)  # they hear music first: a stream begins when it hears something
            running.agents.sign_in()
            time.sleep(SETTLE_S)
            before, heard = running.desk.cost(), streams.counts()
            time.sleep(seconds)
            after, packets = running.desk.cost(), streams.counts()
    finally:
        streams.end()
    share = _percent(before, after) / count
    figure = Figure("bridged call relayed", share, "% of a core", 0.15, asterisk=0.28)
    rates = _rates(heard, packets, after.at_s - before.at_s, count)
    load = {"calls": count, "seconds": seconds, "rtp": "caller streams, agent echoes"}
    return Result((figure,), {**load, **rates, **_noise(before, after)})


def order(folder: Path, scale: Scale) -> Result:  # noqa: ARG001 - it is short as it is
    """100 callers in 10 classes wait before 5 agents sign in: pairs served against class and arrival."""
    entries = tuple((str(100 + rank), rank) for rank in range(10))
    callers = [Caller(_number(i), str(100 + (7 * i) % 10), free_udp_port()) for i in range(100)]
    with bench(folder, 5, talk_ms=500, entries=entries, watched=True) as running:
        queue = running.call(callers, 20)
        time.sleep(7)
        before = running.desk.cost()
        running.agents.sign_in()
        outcome = queue.wait(60)
        after = running.desk.cost()
        seen = running.seen()
    places = {number: place for place, number in enumerate(arrived(seen))}
    by_class = {caller.number: (int(caller.entry),) for caller in callers}
    both = {number: (*rank, places[number]) for number, rank in by_class.items()}
    served = delivered(seen)
    figures = (
        Figure("inverted pairs by class", inverted(served, by_class), "of 4,950", 0, 22),
        Figure("inverted pairs by class and arrival", inverted(served, both), "of 4,950", 0, 38),
    )
    load = {"delivered": len(served), "callers": 100, "classes": 10, "agents": 5, "talk_s": 0.5}
    return Result(figures, {**load, "clock": _clock(running), **_ended(outcome), **_noise(before, after)})


def overload(folder: Path, scale: Scale) -> Result:
    """Up to far more calls than the desk can take: how many still come to their end.

    Capacity is the most that ended in a second at any of the rates; who is told 503 does not count.
    """
    agents, seconds = 900, scale.pick(20, 8)
    conditions: dict[str, object] = {}
    with bench(folder, agents, talk_ms=1000) as running:
        running.agents.sign_in()
        before, ended = running.desk.cost(), dict[int, float]()
        for rate in OFFERED:
            outcome = running.call(_callers(rate * seconds), rate).wait(seconds + 45)
            ended[rate] = outcome.successful / seconds
            conditions[f"at_{rate}"] = {"ended_per_s": ended[rate], **_ended(outcome)}
            time.sleep(SETTLE_S)
        after = running.desk.cost()
    capacity = max(ended.values())
    figures = tuple(
        Figure(f"calls at {rate}/s: share of what can be done that is lost", 1 - done / capacity, "", 0.15)
        for rate, done in ended.items()
        if rate > capacity
    )
    load = {"capacity_per_s": capacity, "seconds": seconds, "agents": agents, "talk_s": 1}
    return Result(figures, {**load, **conditions, **_noise(before, after)})


ROWS: Mapping[str, Callable[[Path, Scale], Result]] = {
    "cpu": cpu,
    "route": route,
    "freed": freed,
    "waiting": waiting,
    "bridged": bridged,
    "order": order,
    "overload": overload,
}


def _number(place: int) -> str:
    return f"+4930555{place:06d}"


def _callers(count: int, ports: Sequence[int] = (), *, first: int = 0) -> list[Caller]:
    deaf = free_udp_port()
    return [Caller(_number(first + i), "100", ports[i] if ports else deaf) for i in range(count)]


def _percent(before: Cost, after: Cost) -> float:
    return (after.total_ms - before.total_ms) / (after.at_s - before.at_s) / 10


def _idle_percent(desk: Desk) -> float:
    before = desk.cost()
    time.sleep(2)
    return _percent(before, desk.cost())


def _ended(outcome: Outcome) -> dict[str, object]:
    return {
        "calls_ended_well": outcome.successful,
        "calls_failed": outcome.failed,
        "calls_refused": outcome.refused,
        "retransmissions_by_callers": outcome.retransmissions,
    }


def _written(desk: Desk, since: float) -> dict[str, object]:
    """That the journal really was written meanwhile: entries, and how many are not on the disk."""
    found = desk.metrics()
    return {
        "journal": "sqlite",
        "journal_entries": found["acd_journal_entries_total"] - since,
        "journal_unwritten": found["acd_journal_unwritten"],
    }


def reference_us() -> float:
    """CPU of a fixed piece of Python done once a millisecond, as a server at work does it: cold each time.

    It says how fast the machine is at this minute, which on a shared one changes by half and more.
    """
    text = json.dumps({f"key {number}": [number, "value"] * 4 for number in range(20)})
    used_ns = 0
    for _ in range(1000):
        began_ns = time.thread_time_ns()
        json.loads(text, parse_int=str)
        used_ns += time.thread_time_ns() - began_ns
        time.sleep(0.001)
    return used_ns / 1e6


def _noise(before: Cost, after: Cost) -> dict[str, object]:
    """How busy the whole machine was meanwhile, ours and the load's included."""
    busy = 100 * (after.busy_s - before.busy_s) / (after.at_s - before.at_s)
    return {"machine_busy_percent_of_core": busy, "load_1min": os.getloadavg()[0]}


def _rates(
    before: Mapping[str, int], after: Mapping[str, int], span_s: float, count: int
) -> dict[str, object]:
    return {f"{name}_per_s_each": (after[name] - before[name]) / span_s / count for name in before}


def _clock(running: Bench) -> str:
    return "kernel (AF_PACKET)" if running.tap is not None else "sipp traces"
