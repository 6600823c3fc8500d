"""Every metric that is exposed; docs/reference/metrics.md lists them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.core.view import AgentView, LineView
from acd.observe.fact_counts import FactCounts
from acd.observe.figures import Figures
from acd.observe.pauses import BUCKETS_MS, Pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """What is shown, at the moment of a scrape."""

    facts: FactCounts
    lines: Iterable[LineView]
    agents: Iterable[AgentView]
    entry_ms: int
    """Moment of the last entry that is in it."""
    age_ms: int
    """For how long nothing was heard of the server."""
    lag: Pauses
    """Of the web process's own loop."""
    figures: Figures | None
    """Of the server's process; None: it does not answer."""


class Exposition(Collector):
    """All families of one scrape, in a fixed order."""

    def __init__(self, shown: Exposed) -> None:
        self._shown = shown

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks."""
        shown, now = self._shown, self._shown.figures
        yield from _contacts(shown.facts)
        yield from _lines(shown.lines)
        states = Counter(agent.state for agent in shown.agents)
        yield _gauge("acd_agents", "Agents by displayed state.", ("state",), states)
        yield _number(
            "acd_last_entry_timestamp_seconds", "When the last entry was made.", shown.entry_ms / 1000
        )
        yield _number("acd_web_age_seconds", "How long the server was not heard of.", shown.age_ms / 1000)
        yield _histogram("acd_web_loop_lag_seconds", "How late the web process's loop is.", shown.lag)
        yield _number("acd_server_up", "1 while the server's process answers.", now is not None)
        if now is not None:
            yield from _journal(now)
            yield from _server(now)


def text(shown: Exposed) -> bytes:
    """The Prometheus text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exposition(shown))
    return generate_latest(registry)


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
    yield _counter(
        "acd_callbacks", "Promised callbacks and what became of them.", ("what",), counted.callbacks
    )
    yield _counter("acd_calls_placed", "Calls that we placed, by how they ended.", ("result",), counted.calls)
    yield _counter("acd_offers", "Offers to agents and their outcomes.", ("outcome",), counted.offers)


def _lines(lines: Iterable[LineView]) -> Iterable[Metric]:
    waiting = GaugeMetricFamily(
        "acd_waiting", "Contacts no agent has answered yet, by line.", labels=["line"]
    )
    oldest = GaugeMetricFamily(
        "acd_oldest_wait_seconds", "Wait of the contact that waits longest, by line.", labels=["line"]
    )
    connected = GaugeMetricFamily("acd_connected", "Contacts with an agent, by line.", labels=["line"])
    parked = GaugeMetricFamily(
        "acd_parked", "Contacts to be called back, or with a message to be heard, by line.", labels=["line"]
    )
    for line in lines:
        parked.add_metric([line.id], line.parked)
        waiting.add_metric([line.id], line.waiting)
        connected.add_metric([line.id], line.connected)
        oldest.add_metric([line.id], line.oldest_wait_ms / 1000)
    return waiting, connected, oldest, parked


def _journal(now: Figures) -> Iterable[Metric]:
    yield _number("acd_journal_entries", "Entries of the journal.", now.entries, counts_up=True)
    yield _number(
        "acd_journal_unwritten",
        "Entries that would not survive the death of the process.",
        now.entries - now.written,
    )
    yield _number(
        "acd_journal_unsynced",
        "Entries that would not survive the death of the machine.",
        now.entries - now.synced,
    )
    yield _number("acd_journal_failing", "1 while the journal fails.", now.failing)
    yield _number("acd_content_unsynced", "Content that waits for the disk.", now.content_unsynced)
    yield _number("acd_content_failing", "1 while content cannot be stored.", now.content_failing)
    yield _number("acd_content_failures", "Failed attempts to store.", now.content_failures, counts_up=True)
    yield _number("acd_lists_refused", "List files that could not be taken.", now.lists_refused)
    yield _number("acd_snapshots", "Snapshots taken.", now.snapshots, counts_up=True)
    yield _number("acd_snapshots_failed", "Snapshots that failed.", now.snapshots_failed, counts_up=True)


def _server(now: Figures) -> Iterable[Metric]:
    yield _counter("acd_effects", "Effects carried out.", ("effect",), now.carried)
    yield _counter("acd_effects_failed", "Effects a channel failed to carry out.", ("effect",), now.failed)
    counts = {
        (name, what): number for name, found in now.channel_counts.items() for what, number in found.items()
    }
    yield _counter("acd_channel_events", "What channels counted.", ("channel", "what"), counts)
    up = {name: state == "up" for name, state in now.channel_states.items()}
    yield _gauge("acd_channel_up", "1 while the channel works.", ("channel",), up)
    yield _number("acd_effects_held", "Effects that wait for the journal.", now.held)
    yield _number("acd_events_rejected", "Events the engine refused.", now.rejected, counts_up=True)
    yield _number("acd_followers", "Connections that follow the feed.", now.followers)
    yield _number(
        "acd_followers_cut", "Followers that were too slow for the feed.", now.followers_cut, counts_up=True
    )
    yield _histogram("acd_loop_lag_seconds", "How late the loop serves its timers.", now.lag)
    yield _histogram("acd_gc_pause_seconds", "Pauses of the garbage collector.", now.collections)


def _number(name: str, text: str, number: float, *, counts_up: bool = False) -> Metric:
    family = (CounterMetricFamily if counts_up else GaugeMetricFamily)(name, text, labels=())
    family.add_metric([], float(number))
    return family


def _gauge(name: str, text: str, labels: Sequence[str], numbers: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for value, number in sorted(numbers.items()):
        family.add_metric([value], float(number))
    return family


def _counter(
    name: str, text: str, labels: Sequence[str], counts: Mapping[str, int] | Mapping[tuple[str, str], int]
) -> Metric:
    """A counter family from numbers keyed by one label value or a tuple of them."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, number in sorted(counts.items()):
        family.add_metric([key] if isinstance(key, str) else list(key), number)
    return family


def _histogram(name: str, text: str, pauses: Pauses) -> Metric:
    """In seconds."""
    bounds = [str(bound / 1000) for bound in BUCKETS_MS] + ["+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(pauses.counts)), strict=True))
    family = HistogramMetricFamily(name, text)
    family.add_metric([], buckets=buckets, sum_value=pauses.sum_ms / 1000)
    return family
