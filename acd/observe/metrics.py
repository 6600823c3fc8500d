"""Every metric the server exposes; docs/reference/metrics.md lists them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.core.view import AgentView, LineView
from acd.observe.fact_counts import FactCounts
from acd.observe.pauses import Pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers of the running server at one moment."""

    entries: int
    """Of the journal."""
    written: int
    """The last entry that would survive the death of the process …"""
    synced: int
    """… and that of the machine."""
    failing: bool
    """The journal is."""
    held: int
    """Effects that wait for the journal."""
    rejected: int
    """Events that the engine refused."""
    snapshots: int
    snapshots_failed: int
    content_unsynced: int
    """Items that wait for the disk."""
    content_failing: bool
    content_failures: int
    lists_refused: int
    """Files of people that could not be taken; their last good version holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """What is shown; callables are asked, and counters read, at the moment of each scrape."""

    facts: FactCounts
    lines: Callable[[], Iterable[LineView]]
    agents: Callable[[], Iterable[AgentView]]
    carried: Counter[str]
    """Effects carried out, by their kind."""
    failed: Counter[str]
    """Effects that a channel failed to carry out, by their kind."""
    channel_counts: Callable[[], Mapping[str, Mapping[str, int]]]
    """Channel → what it counted."""
    channel_states: Mapping[str, str]
    """Channel → `up`, or why it is not."""
    lag: Pauses
    collections: Pauses
    """Of garbage."""
    figures: Callable[[], Figures]


class Gauge(NamedTuple):
    """A number, or numbers by label values, read at the moment of a scrape."""

    name: str
    text: str
    labels: tuple[str, ...]
    read: Callable[[], dict[tuple[str, ...], float]]
    counts_up: bool = False


class Exposition(Collector):
    """Everything that is exposed, put together by the composition root."""

    def __init__(self, families: Iterable[Callable[[], Iterable[Metric]]], gauges: Iterable[Gauge]) -> None:
        self._families = tuple(families)
        self._gauges = tuple(gauges)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """All families, in a fixed order."""
        for families in self._families:
            yield from families()
        for gauge in self._gauges:
            kind = CounterMetricFamily if gauge.counts_up else GaugeMetricFamily
            family = kind(gauge.name, gauge.text, labels=gauge.labels)
            for values, number in sorted(gauge.read().items()):
                family.add_metric(values, number)
            yield family

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)


def exposition(shown: Exposed) -> Exposition:
    """Read from `shown` at the moment of each scrape."""
    return Exposition(
        [
            lambda: _contacts(shown.facts),
            lambda: _lines(shown.lines()),
            lambda: _effects(shown),
            lambda: _channels(shown.channel_counts()),
            lambda: _pauses(shown),
        ],
        [*_desk_gauges(shown), *_journal_gauges(shown.figures), *_channel_gauges(shown)],
    )


def _contacts(counted: FactCounts) -> Iterable[Metric]:
    yield _counter(
        "acd_contacts",
        "Contacts by what became of them; an answered contact is also released later.",
        ("medium", "outcome"),
        counted.contacts,
    )
    yield _counter("acd_contacts_blocked", "Contacts that were not admitted.", ("reason",), counted.blocked)
    yield _counter(
        "acd_contacts_overflowed",
        "Contacts that left a line for another.",
        ("line", "reason"),
        counted.overflowed,
    )
    yield _counter("acd_offers", "Offers to agents and their outcomes.", ("outcome",), counted.offers)


def _effects(shown: Exposed) -> Iterable[Metric]:
    yield _counter("acd_effects", "Effects carried out.", ("effect",), shown.carried)
    yield _counter("acd_effects_failed", "Effects a channel failed to carry out.", ("effect",), shown.failed)


def _channels(counted: Mapping[str, Mapping[str, int]]) -> Iterable[Metric]:
    counts = Counter(
        {(name, what): number for name, found in counted.items() for what, number in found.items()}
    )
    yield _counter("acd_channel_events", "What channels counted.", ("channel", "what"), counts)


def _pauses(shown: Exposed) -> Iterable[Metric]:
    yield shown.lag.family("acd_loop_lag_seconds", "How late the loop serves its timers.")
    yield shown.collections.family("acd_gc_pause_seconds", "Pauses of the garbage collector.")


def _desk_gauges(shown: Exposed) -> list[Gauge]:
    def agents() -> dict[tuple[str, ...], float]:
        return {(name,): float(count) for name, count in Counter(one.state for one in shown.agents()).items()}

    return [Gauge("acd_agents", "Agents by displayed state.", ("state",), agents)]


def _lines(lines: Iterable[LineView]) -> Iterable[Metric]:
    waiting = GaugeMetricFamily(
        "acd_waiting", "Contacts no agent has answered yet, by line.", labels=["line"]
    )
    oldest = GaugeMetricFamily(
        "acd_oldest_wait_seconds", "Wait of the contact that waits longest, by line.", labels=["line"]
    )
    connected = GaugeMetricFamily("acd_connected", "Contacts with an agent, by line.", labels=["line"])
    for line in lines:
        waiting.add_metric([line.id], line.waiting)
        connected.add_metric([line.id], line.connected)
        oldest.add_metric([line.id], line.oldest_wait_ms / 1000)
    return waiting, connected, oldest


def _journal_gauges(figures: Callable[[], Figures]) -> Sequence[Gauge]:
    def gauge(name: str, text: str, number: Callable[[Figures], float], counts_up: bool = False) -> Gauge:
        return Gauge(name, text, (), lambda: {(): float(number(figures()))}, counts_up)

    return (
        gauge("acd_journal_entries", "Entries of the journal.", lambda now: now.entries, True),
        gauge(
            "acd_journal_unwritten",
            "Entries that would not survive the death of the process.",
            lambda now: now.entries - now.written,
        ),
        gauge(
            "acd_journal_unsynced",
            "Entries that would not survive the death of the machine.",
            lambda now: now.entries - now.synced,
        ),
        gauge("acd_journal_failing", "1 while the journal fails.", lambda now: now.failing),
        gauge("acd_effects_held", "Effects that wait for the journal.", lambda now: now.held),
        gauge("acd_events_rejected", "Events the engine refused.", lambda now: now.rejected, True),
        gauge("acd_snapshots", "Snapshots taken.", lambda now: now.snapshots, True),
        gauge("acd_snapshots_failed", "Snapshots that failed.", lambda now: now.snapshots_failed, True),
        gauge("acd_content_unsynced", "Content that waits for the disk.", lambda now: now.content_unsynced),
        gauge("acd_content_failing", "1 while content cannot be stored.", lambda now: now.content_failing),
        gauge("acd_content_failures", "Failed attempts to store.", lambda now: now.content_failures, True),
        gauge("acd_lists_refused", "List files that could not be taken.", lambda now: now.lists_refused),
    )


def _channel_gauges(shown: Exposed) -> list[Gauge]:
    def up() -> dict[tuple[str, ...], float]:
        return {(name,): float(state == "up") for name, state in shown.channel_states.items()}

    return [Gauge("acd_channel_up", "1 while the channel works.", ("channel",), up)]


def _counter(
    name: str, text: str, labels: Sequence[str], counts: Counter[str] | Counter[tuple[str, str]]
) -> Metric:
    """A counter family from a Counter keyed by one label value or a tuple of them."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, number in sorted(counts.items()):
        family.add_metric([key] if isinstance(key, str) else list(key), number)
    return family
