"""Every metric the server exposes; docs/reference/metrics.md lists them."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric

from acd.core import view
from acd.server.metrics import Exposition, Gauge, counter

if TYPE_CHECKING:
    from acd.server.app import App


def exposition(app: "App") -> Exposition:
    """Read from `app` at the moment of each scrape."""
    return Exposition(
        [
            app.counts.families,
            lambda: _lines(app),
            lambda: _effects(app),
            lambda: _channels(app),
            lambda: _pauses(app),
        ],
        [*_desk_gauges(app), *_journal_gauges(app)],
    )


def _effects(app: "App") -> Iterable[Metric]:
    yield counter("acd_effects", "Effects carried out.", ("effect",), app.dispatch.carried)
    yield counter(
        "acd_effects_failed", "Effects a channel failed to carry out.", ("effect",), app.dispatch.failed
    )


def _channels(app: "App") -> Iterable[Metric]:
    counts = Counter(
        {
            (channel.name, what): number
            for channel in app.channels
            for what, number in channel.counts().items()
        }
    )
    yield counter("acd_channel_events", "What channels counted.", ("channel", "what"), counts)


def _pauses(app: "App") -> Iterable[Metric]:
    yield app.lag.pauses.family("acd_loop_lag_seconds", "How late the loop serves its timers.")
    yield app.garbage.pauses.family("acd_gc_pause_seconds", "Pauses of the garbage collector.")


def _desk_gauges(app: "App") -> list[Gauge]:
    def agents() -> dict[tuple[str, ...], float]:
        return {(name,): float(count) for name, count in Counter(one.state for one in _agents(app)).items()}

    return [Gauge("acd_agents", "Agents by displayed state.", ("state",), agents)]


def _agents(app: "App") -> Iterable[view.AgentView]:
    return view.agent_views(app.driver.engine.state)


def _lines(app: "App") -> Iterable[Metric]:
    waiting = GaugeMetricFamily(
        "acd_waiting", "Contacts no agent has answered yet, by line.", labels=["line"]
    )
    oldest = GaugeMetricFamily(
        "acd_oldest_wait_seconds", "Wait of the contact that waits longest, by line.", labels=["line"]
    )
    connected = GaugeMetricFamily("acd_connected", "Contacts with an agent, by line.", labels=["line"])
    for line in view.line_views(app.driver.engine.state, app.driver.now_ms()):
        waiting.add_metric([line.id], line.waiting)
        connected.add_metric([line.id], line.connected)
        oldest.add_metric([line.id], line.oldest_wait_ms / 1000)
    return waiting, connected, oldest


def _journal_gauges(app: "App") -> list[Gauge]:
    def one(number: float) -> dict[tuple[str, ...], float]:
        return {(): float(number)}

    return [
        Gauge("acd_journal_entries", "Entries of the journal.", (), lambda: one(app.driver.seq), True),
        Gauge(
            "acd_journal_unwritten",
            "Entries that would not survive the death of the process.",
            (),
            lambda: one(app.driver.seq - app.gate.written),
        ),
        Gauge(
            "acd_journal_unsynced",
            "Entries that would not survive the death of the machine.",
            (),
            lambda: one(app.driver.seq - app.gate.synced),
        ),
        Gauge("acd_journal_failing", "1 while the journal fails.", (), lambda: one(bool(app.gate.trouble))),
        Gauge("acd_effects_held", "Effects that wait for the journal.", (), lambda: one(app.gate.held)),
        Gauge(
            "acd_events_rejected", "Events the engine refused.", (), lambda: one(app.driver.rejected), True
        ),
        Gauge("acd_snapshots", "Snapshots taken.", (), lambda: one(app.snapshots.taken), True),
        Gauge("acd_snapshots_failed", "Snapshots that failed.", (), lambda: one(app.snapshots.failed), True),
        Gauge(
            "acd_channel_up",
            "1 while the channel works.",
            ("channel",),
            lambda: {(name,): float(state == "up") for name, state in app.channel_states.items()},
        ),
    ]
