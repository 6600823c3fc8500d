"""Prometheus metrics: what facts say about contacts and offers, and how the process itself fares."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.core import facts as f
from acd.core.events import ContactId

PAUSE_BUCKETS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

_ENDINGS: dict[type[f.Fact], str] = {
    f.Abandoned: "abandoned",
    f.Released: "released",
    f.FlowedOut: "flowed_out",
    f.Deflected: "deflected",
}
_OFFERS: dict[type[f.Fact], str] = {
    f.Offered: "offered",
    f.Answered: "answered",
    f.Refused: "refused",
    f.NotAnswered: "not_answered",
    f.OfferLost: "failed",
    f.OfferWithdrawn: "withdrawn",
}


class FactCounts:
    """Counts contacts and offers by folding facts; one dictionary step per fact, as it is on the hot path."""

    def __init__(self, live: Iterable[tuple[ContactId, str]] = ()) -> None:
        """`live`: (contact, medium) of contacts that arrived before the process started."""
        self.contacts: Counter[tuple[str, str]] = Counter()
        self.blocked: Counter[str] = Counter()
        self.offers: Counter[str] = Counter()
        self.overflowed: Counter[tuple[str, str]] = Counter()
        self._medium: dict[ContactId, str] = dict(live)

    def observe(self, facts: Sequence[f.Fact]) -> None:
        """Count the facts of one entry."""
        for fact in facts:
            kind = type(fact)
            if (outcome := _OFFERS.get(kind)) is not None:
                self.offers[outcome] += 1
            if kind in _CONTACT_FACTS:
                self._contact(fact)

    def _contact(self, fact: f.Fact) -> None:
        match fact:
            case f.Arrived():
                self._medium[fact.contact] = fact.medium.value
                self.contacts[fact.medium.value, "arrived"] += 1
            case f.Answered():
                self.contacts[self._medium.get(fact.contact, "unknown"), "answered"] += 1
            case f.Abandoned() | f.Released() | f.FlowedOut() | f.Deflected():
                medium = self._medium.pop(fact.contact, "unknown")
                self.contacts[medium, _ENDINGS[type(fact)]] += 1
            case f.Overflowed():
                self.overflowed[fact.from_line, fact.reason] += 1
            case f.Blocked():
                self.blocked[fact.reason] += 1
            case _:
                pass

    def families(self) -> Iterable[Metric]:
        """The counters as metric families."""
        yield counter(
            "acd_contacts",
            "Contacts by what became of them; an answered contact is also released later.",
            ("medium", "outcome"),
            self.contacts,
        )
        yield counter("acd_contacts_blocked", "Contacts that were not admitted.", ("reason",), self.blocked)
        yield counter(
            "acd_contacts_overflowed",
            "Contacts that left a line for another.",
            ("line", "reason"),
            self.overflowed,
        )
        yield counter("acd_offers", "Offers to agents and their outcomes.", ("outcome",), self.offers)


_CONTACT_FACTS = frozenset((f.Arrived, f.Answered, *_ENDINGS, f.Overflowed, f.Blocked))


class Pauses:
    """A histogram of short durations in milliseconds that costs two list steps per observation."""

    def __init__(self) -> None:
        self._counts = [0] * (len(PAUSE_BUCKETS_MS) + 1)
        self._sum_ms = 0.0
        self.max_ms = 0.0

    def observe(self, ms: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(PAUSE_BUCKETS_MS, ms)] += 1
        self._sum_ms += ms
        self.max_ms = max(ms, self.max_ms)

    def family(self, name: str, text: str) -> Metric:
        """The histogram in seconds."""
        family = HistogramMetricFamily(name, text)
        total, buckets = 0, []
        bounds = [str(bound / 1000) for bound in PAUSE_BUCKETS_MS] + ["+Inf"]
        for bound, count in zip(bounds, self._counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric([], buckets=buckets, sum_value=self._sum_ms / 1000)
        return family


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


def counter(
    name: str, text: str, labels: Sequence[str], counts: Counter[str] | Counter[tuple[str, str]]
) -> Metric:
    """A counter family from a Counter keyed by one label value or a tuple of them."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, number in sorted(counts.items()):
        family.add_metric([key] if isinstance(key, str) else list(key), number)
    return family
