"""A scenario written out as a plan: plan.toml, forecast.csv, roster.csv, a table for each observed law."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from queues.desk import Entry, EntryId
from simulation.laws import Kind, Law
from simulation.plan.forecasts import OPTIONAL, REQUIRED, Flow
from simulation.plan.rosters import OPTIONAL as ROSTER_OPTIONAL
from simulation.plan.rosters import REQUIRED as ROSTER_REQUIRED
from simulation.plan.span import Span
from simulation.scenario import Callbacks, Consulting, Goal, Handling, Redial, Scenario, Stream, Surge


def write_plan(scenario: Scenario, span: Span, site: str, folder: Path) -> Path:
    """Write the plan into `folder` (made if need be) and return the path of its plan.toml.

    `site` is the site file as the plan shall name it, relative to `folder` or absolute. Reading the plan
    gives the scenario again, its lengths and rates up to rounding. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = _Writer(scenario, span, folder)
    writer.forecast()
    writer.roster()
    path = folder / "plan.toml"
    path.write_text("\n".join(writer.plan(site)) + "\n", encoding="utf-8")
    return path


class _Writer:
    def __init__(self, scenario: Scenario, span: Span, folder: Path) -> None:
        self._scenario = scenario
        self._span = span
        self._folder = folder
        self._entries: dict[EntryId, Entry] = {entry.id: entry for entry in scenario.desk.entries}
        self._streams = {self._flow(stream): stream for stream in scenario.streams}

    def forecast(self) -> None:
        rows = (row for flow, stream in self._streams.items() for row in self._forecast_rows(flow, stream))
        self._table("forecast.csv", (*REQUIRED, *OPTIONAL), rows)

    def roster(self) -> None:
        rows = (
            (
                duty.agent,
                self._moment(duty.start_ms),
                self._moment(duty.end_ms),
                " ".join(f"{self._clock(a)}-{self._clock(b)}" for a, b in duty.breaks),
            )
            for duty in self._scenario.duties
        )
        self._table("roster.csv", (*ROSTER_REQUIRED, *ROSTER_OPTIONAL), rows)

    def plan(self, site: str) -> Iterator[str]:
        """The lines of plan.toml."""
        scenario, span = self._scenario, self._span
        yield from (f"site = {_text(site)}", f"name = {_text(scenario.name)}", f"day = {span.first}")
        yield from (f"days = {span.days}", f"timezone = {_text(span.zone.key)}")
        if span.days == 1:
            yield from (f'start = "{_minutes(span.opens)}"', f'end = "{_minutes(span.closes)}"')
        yield f"interval = {_seconds(span.interval_ms)}"
        yield from (f"run_on = {_seconds(scenario.run_on_ms)}", f"short = {_seconds(scenario.short_ms)}")
        yield from ("", "[demand]", 'file = "forecast.csv"', f"daily_cv = {scenario.daily_cv!r}")
        for flow in dict.fromkeys((*self._streams, *scenario.handling)):
            yield from ("", f"[lines.{_text(flow[0])}.{flow[1]}]", *self._line(flow))
        yield from ("", "[agents]", 'file = "roster.csv"', *self._habits())
        yield from ("", "[callbacks]", *_callbacks(scenario.callbacks))
        if scenario.surge is not None:
            yield from ("", "[incident]", *self._incident(scenario.surge))
        for goal in scenario.goals:
            yield from ("", "[[goals]]", *_goal(goal))

    def _flow(self, stream: Stream) -> Flow:
        entry = self._entries[stream.entry]
        return entry.line, entry.medium

    def _forecast_rows(self, flow: Flow, stream: Stream) -> Iterator[tuple[object, ...]]:
        handling = self._scenario.handling[flow]
        for number, offered in enumerate(stream.expected):
            start = self._moment(self._scenario.start_ms + number * self._scenario.interval_ms)
            aht_s = patience_s = ""
            if stream.talk_factor:
                talk_ms = handling.talk.mean_ms * stream.talk_factor[number]
                aht_s = repr((talk_ms + self._other_ms(flow, handling)) / 1000)
            if stream.patience_factor and stream.patience:
                patience_s = repr(stream.patience.mean_ms * stream.patience_factor[number] / 1000)
            yield start, *flow, repr(float(offered)), aht_s, patience_s

    def _other_ms(self, flow: Flow, handling: Handling) -> float:
        """Mean handling time beside the talk, as `simulation.plan.line_tables` takes it."""
        line = next(line for line in self._scenario.desk.lines if line.id == flow[0])
        hold_ms = handling.hold.mean_ms if handling.hold else 0.0
        return hold_ms + (handling.wrap_up.mean_ms if handling.wrap_up else line.wrap_up.ms)

    def _line(self, flow: Flow) -> Iterator[str]:
        stream, handling = self._streams.get(flow), self._scenario.handling.get(flow)
        if handling is not None:
            yield from self._laws(
                "-".join(flow), talk=handling.talk, hold=handling.hold, wrap_up=handling.wrap_up
            )
            if handling.code:
                yield f"code = {_text(handling.code)}"
            if handling.escalate_to is not None:
                yield f"escalate = {{ share = {handling.escalate!r}, to = {_text(handling.escalate_to)} }}"
            if handling.consult is not None:
                yield self._consult("-".join(flow), handling.consult)
        if stream is not None:
            yield from self._stream("-".join(flow), stream)

    def _consult(self, place: str, rule: Consulting) -> str:
        talk = self._law(f"{place}-consult", rule.talk)
        parts = f"share = {rule.share!r}, to = {_text(rule.to)}, patience = {_seconds(rule.patience_ms)}"
        return f"consult = {{ {parts}, talk = {talk} }}"

    def _stream(self, place: str, stream: Stream) -> Iterator[str]:
        yield f"entry = {_text(stream.entry)}"
        yield from self._laws(place, patience=stream.patience)
        if stream.vip_entry is not None:
            yield f"vip = {{ share = {stream.vip_share!r}, entry = {_text(stream.vip_entry)} }}"
        if stream.redial is not None:
            yield self._redial(place, stream.redial)
        if stream.backlog:
            yield f"backlog = {stream.backlog}"
        if stream.keys:
            yield f"keys = {{ {', '.join(f'{_text(key)} = {share!r}' for key, share in stream.keys)} }}"

    def _redial(self, place: str, redial: Redial) -> str:
        parts = [
            f"probability = {redial.probability!r}",
            f"delay = {self._law(f'{place}-redial', redial.delay)}",
        ]
        parts.append(f"most = {redial.most}")
        if redial.other_entry is not None:
            parts += [f"other_share = {redial.other_share!r}", f"other_entry = {_text(redial.other_entry)}"]
        return f"redial = {{ {', '.join(parts)} }}"

    def _habits(self) -> Iterator[str]:
        habits = self._scenario.habits
        yield f"no_answer = {habits.no_answer!r}"
        yield from self._laws("agents", answer_delay=habits.answer_delay, back_after=habits.back_after)
        yield from self._laws("agents", pause_every=habits.pause_every, pause=habits.pause)

    def _incident(self, surge: Surge) -> Iterator[str]:
        yield f"at = {_text(self._moment(surge.start_ms))}"
        yield f"for = {_seconds(surge.end_ms - surge.start_ms)}"
        yield f"factor = {surge.factor!r}"
        yield f"lines = {json.dumps(surge.lines)}"
        if surge.announced_ms is not None:
            yield f"announced_after = {_seconds(surge.announced_ms - surge.start_ms)}"
        yield f"announcement = {_seconds(surge.announcement_ms)}"
        yield f"deflect = {surge.deflect!r}"
        yield f"mandatory = {json.dumps(surge.mandatory)}"
        yield f"vip_exempt = {json.dumps(surge.vip_exempt)}"

    def _laws(self, place: str, **laws: Law | None) -> Iterator[str]:
        for key, law in laws.items():
            if law is not None:
                yield f"{key} = {self._law(f'{place}-{key}', law)}"

    def _law(self, name: str, law: Law) -> str:
        """The law as a plan says it; what was observed goes into a table of its own."""
        if law.kind is Kind.EMPIRICAL:
            self._table(f"{name}.csv", ("seconds",), ((repr(value / 1000),) for value in law.values_ms))
            return f"{{ file = {_text(f'{name}.csv')} }}"
        cv = f", cv = {law.cv!r}" if law.kind in (Kind.LOGNORMAL, Kind.GAMMA) else ""
        return f'{{ mean = {_seconds(law.mean_ms)}{cv}, kind = "{law.kind}" }}'

    def _table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)

    def _moment(self, moment_ms: int) -> str:
        """With its offset, so that the clocks may change."""
        return datetime.fromtimestamp(moment_ms / 1000, self._span.zone).isoformat(" ")

    def _clock(self, moment_ms: int) -> str:
        return f"{datetime.fromtimestamp(moment_ms / 1000, self._span.zone):%H:%M:%S}"


def _callbacks(callbacks: Callbacks) -> Iterator[str]:
    yield from (f"answer = {callbacks.answer!r}", f"ring = {_seconds(callbacks.ring_ms)}")
    yield f"dial_class = {_text(callbacks.dial_class)}"


def _goal(goal: Goal) -> Iterator[str]:
    yield from (f"line = {_text(goal.line)}", f'medium = "{goal.medium}"')
    yield from (f"definition = {_text(goal.definition)}", f"threshold = {_seconds(goal.threshold_ms)}")
    yield f"share = {goal.share!r}"


def _text(text: str) -> str:
    """A TOML text; unlike JSON, TOML wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _seconds(ms: float) -> str:
    """A length as TOML: seconds."""
    return repr(ms / 1000)


def _minutes(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
