"""A scenario from history: the demand, laws, habits and attendance that the facts of past days show."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.ledger import Ledger
from acd.kpi.segment import BY_DESK, Outcome, Segment
from queues.desk import Desk, EntryId, LineId, Medium
from simulation.laws import Law, exponential
from simulation.past.asked import Asked
from simulation.past.attendance import Attendance
from simulation.past.heard import Answers, Heard, Keys, keys_of
from simulation.past.kaplan_meier import patience
from simulation.past.redials import Tries, flow_of
from simulation.past.thinning import thinned
from simulation.plan.forecasts import Flow
from simulation.plan.span import Span
from simulation.scenario import Habits, Handling, Scenario, Stream
from simulation.world.playable import served


def demand_from_facts(
    batches: Iterable[Iterable[Fact]],
    desk: Desk,
    span: Span,
    *,
    name: str = "history",
) -> Scenario:
    """The scenario of the days of `span` as it was; facts before it tell who was on duty when it began.

    `batches`: the facts of one or more events each, in order.
    Expected contacts are the first attempts counted per interval, redials apart; talk, hold and wrap-up are
    the observed ones; patience by Kaplan and Meier; every pause of an agent is a break of his duty. Lines
    that nobody answered have a talk of 0.
    """
    seen = _Seen(desk)
    for batch in batches:
        seen.take(batch)
    seen.ledger.close(min(span.end_ms, seen.last_ms), undecided=True)
    segments = [segment for segment in seen.segments if span.start_ms <= segment.arrived_ms < span.end_ms]
    tries, answers = Tries(_contacts(segments)), seen.heard.answers
    return _complete(
        Scenario(
            name=name,
            desk=desk,
            start_ms=span.start_ms,
            interval_ms=span.interval_ms,
            intervals=span.intervals,
            streams=_streams(tries, segments, answers, span),
            handling=_handling(segments, seen, desk),
            duties=seen.attendance.duties(span.start_ms, span.end_ms),
            habits=seen.habits(),
        )
    )


def _complete(scenario: Scenario) -> Scenario:
    """With the lines that contacts could reach and did not: talk is that of the medium there, else of all."""
    known, entries = scenario.handling, {entry.id for entry in scenario.desk.entries}
    if not all({stream.entry, stream.vip_entry or stream.entry} <= entries for stream in scenario.streams):
        return scenario  # of an entry that the desk has no more nobody knows where it leads
    missing = [flow for flow in served(scenario) if flow not in known]
    usual = {flow: _usual(known, flow[1]) for flow in missing}
    return replace(scenario, handling={**known, **usual})


def _usual(known: Mapping[Flow, Handling], medium: Medium) -> Handling:
    every = [one.talk for one in known.values()]
    alike = [one.talk for flow, one in known.items() if flow[1] == medium] or every
    mean_ms = sum(law.mean_ms for law in alike) / len(alike) if alike else 0.0
    return Handling(exponential(round(mean_ms)))


def _contacts(segments: Sequence[Segment]) -> list[tuple[Segment, Segment]]:
    """The first and the last segment of each contact whose line is known."""
    last: dict[int, Segment] = {}
    for segment in segments:
        if segment.contact not in last or last[segment.contact].number < segment.number:
            last[segment.contact] = segment
    first = (segment for segment in segments if segment.number == 1 and segment.line)
    return [(segment, last[segment.contact] if segment.contact else segment) for segment in first]


class _Seen:
    """All that is folded while the facts pass once."""

    def __init__(self, desk: Desk) -> None:
        self.heard = Heard(desk)
        self.segments: list[Segment] = []
        self.asked = Asked()
        self.ledger = Ledger(self.segments.append)
        self.attendance = Attendance()
        self.transfers: dict[Flow, Counter[LineId]] = {}
        self.last_ms = 0
        """Nothing is known after that."""
        self._media: dict[int, Medium] = {}
        self._rings: dict[int, int] = {}
        self._delays_ms: list[int] = []
        self._missed = 0

    def take(self, batch: Iterable[Fact]) -> None:
        batch = list(batch)
        self.last_ms = batch[-1].t_ms if batch else self.last_ms
        self.asked.take(batch)
        self.ledger.take(batch)
        self.attendance.take(batch)
        self.heard.take(batch)
        for fact in batch:
            match fact:
                case facts.Arrived():
                    self._media[fact.contact] = fact.medium
                case facts.MediumChange() if fact.contact in self._media:
                    self._media[fact.contact] = fact.medium
                case facts.Offered():
                    self._rings[fact.offer] = fact.t_ms
                case facts.Answered() if fact.offer in self._rings:
                    self._delays_ms.append(fact.t_ms - self._rings.pop(fact.offer))
                case facts.NotAnswered():
                    self._missed += 1
                case facts.Transferred() if fact.contact in self._media:
                    flow = fact.from_line, self._media[fact.contact]
                    self.transfers.setdefault(flow, Counter())[fact.to_line] += 1

    def habits(self) -> Habits:
        """Answer delay, share of offers that were not answered, and how long they stayed away then."""
        answered, back_ms = len(self._delays_ms), self.attendance.back_ms
        return Habits(
            answer_delay=_law(self._delays_ms),
            no_answer=self._missed / (answered + self._missed) if self._missed else 0.0,
            back_after=thinned(back_ms) if back_ms else None,
        )


def _streams(
    tries: Tries, segments: Sequence[Segment], answers: Mapping[int, Answers], span: Span
) -> tuple[Stream, ...]:
    """One stream per line and medium, in the order of their names."""
    by_flow: dict[Flow, list[Segment]] = {}
    for segment in tries.first:
        by_flow.setdefault(flow_of(segment), []).append(segment)
    entries = {flow: _entry(first, vip=False) or _entry(first, vip=True) for flow, first in by_flow.items()}
    known = {flow: entry for flow, entry in entries.items() if entry is not None}
    return tuple(
        _stream(
            flow,
            by_flow[flow],
            [segment for segment in segments if flow_of(segment) == flow],
            tries,
            keys=keys_of([answers.get(segment.contact, {}) for segment in by_flow[flow]]),
            entries=known,
            span=span,
        )
        for flow in sorted(known)
    )


def _stream(
    flow: Flow,
    first: Sequence[Segment],
    segments: Sequence[Segment],
    tries: Tries,
    *,
    keys: Keys,
    entries: dict[Flow, EntryId],
    span: Span,
) -> Stream:
    expected = [0.0] * span.intervals
    for segment in first:
        expected[(segment.arrived_ms - span.start_ms) // span.interval_ms] += 1
    vips = sum(segment.vip for segment in first)
    vip_entry = _entry(first, vip=True)
    # Only of first lines: who was handed on began to wait at another moment.
    waits = [
        segment for segment in segments if segment.number == 1 and segment.outcome is not Outcome.BLOCKED
    ]
    return Stream(
        name="/".join(flow),
        entry=entries[flow],
        expected=tuple(expected),
        patience=patience(
            [_waited_ms(segment) for segment in waits], [_gave_up(segment) for segment in waits]
        ),
        vip_share=vips / len(first) if vips < len(first) else 0.0,
        vip_entry=vip_entry if vips < len(first) else None,
        redial=tries.redial(flow, entries),
        keys=keys,
    )


def _entry(segments: Iterable[Segment], *, vip: bool) -> EntryId | None:
    """The entry that most of them used."""
    used = Counter(segment.entry for segment in segments if segment.vip is vip)
    return EntryId(used.most_common(1)[0][0]) if used else None


def _waited_ms(segment: Segment) -> int:
    return (segment.answered_ms or segment.ended_ms) - segment.arrived_ms


def _gave_up(segment: Segment) -> bool:
    """Not when the desk or the network ended it."""
    return segment.outcome is Outcome.ABANDONED and segment.kind not in (BY_DESK, "leg lost")


def _handling(segments: Iterable[Segment], seen: _Seen, desk: Desk) -> dict[Flow, Handling]:
    answered: dict[Flow, list[Segment]] = {}
    for segment in segments:
        if segment.line:
            answered.setdefault(flow_of(segment), [])
        if segment.answered_ms and segment.agent:
            answered[flow_of(segment)].append(segment)
    wrapped = {line.id for line in desk.lines if line.wrap_up.ms or line.wrap_up.code_required}
    return {
        flow: _handled(some, flow[0] in wrapped, seen.transfers.get(flow), seen.asked)
        for flow, some in sorted(answered.items())
    }


def _handled(
    segments: Sequence[Segment], wraps_up: bool, transfers: Counter[LineId] | None, asked: Asked
) -> Handling:
    codes = Counter(segment.code for segment in segments if segment.code)
    to, count = transfers.most_common(1)[0] if transfers and segments else (None, 0)
    return Handling(
        talk=_law([segment.talk_ms for segment in segments]) or thinned([0]),
        hold=_law([asked.hold_ms(segment) for segment in segments]),
        wrap_up=thinned([segment.wrap_up_ms for segment in segments]) if wraps_up and segments else None,
        code=codes.most_common(1)[0][0] if codes else "",
        escalate=min(count / len(segments), 1.0) if to is not None else 0.0,
        escalate_to=to,
        consult=asked.rule(segments),
    )


def _law(lengths_ms: Sequence[int]) -> Law | None:
    """None when there is nothing, or nothing but zeros."""
    return thinned(lengths_ms) if any(lengths_ms) else None
