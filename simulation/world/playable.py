"""Whether a scenario fits together: what the model cannot play, it refuses with the reasons."""

from collections.abc import Collection, Iterator, Mapping

from queues.desk import EntryId, Line, LineId, Medium
from queues.treatment import KEYS
from simulation.scenario import Duty, Handling, Scenario, Stream
from simulation.world.treated import Treated

Served = tuple[LineId, Medium]

ROUNDING = 1e-9
"""Shares that a person wrote may add up to a little more than 1."""


class Unplayable(ValueError):
    """The scenario contradicts itself or its desk. `reasons` are all that were found."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def check(scenario: Scenario) -> None:
    """Raises Unplayable with every reason why the scenario cannot be played."""
    reasons = [*_of_time(scenario), *_of_streams(scenario)]
    reasons = reasons or [*_of_handling(scenario), *_of_duties(scenario), *_of_surge(scenario)]
    reasons += [*_of_texts(scenario), *_of_callbacks(scenario)]
    if reasons:
        raise Unplayable(reasons)


def _of_time(scenario: Scenario) -> Iterator[str]:
    if scenario.interval_ms <= 0 or scenario.intervals <= 0 or scenario.run_on_ms < 0:
        yield "a scenario needs at least one interval, longer than 0 ms, and cannot run on for less than 0 ms"


def _of_streams(scenario: Scenario) -> Iterator[str]:
    media = {entry.id: entry.medium for entry in scenario.desk.entries}
    for stream in scenario.streams:
        numbers, keys = _of_numbers(stream, scenario.intervals), _of_keys(stream)
        for reason in (*numbers, *_of_entries(stream, media), *keys):
            yield f"stream {stream.name}: {reason}"


def _of_numbers(stream: Stream, intervals: int) -> Iterator[str]:
    for many in (stream.expected, stream.talk_factor or stream.expected):
        if len(many) != intervals:
            yield f"{len(many)} numbers for {intervals} intervals"


def _of_keys(stream: Stream) -> Iterator[str]:
    yield from (f"there is no key {key}" for key, _ in stream.keys if len(key) != 1 or key not in KEYS)
    shares = [share for _, share in stream.keys]
    if min(shares, default=0.0) < 0 or sum(shares) > 1 + ROUNDING:
        yield "the shares of the keys are not at least 0 and together at most 1"


def _of_entries(stream: Stream, media: Mapping[EntryId, Medium]) -> Iterator[str]:
    yield from (f"entry {entry} is not one of the desk's" for entry in _entries(stream) if entry not in media)
    if stream.vip_share and stream.vip_entry is None:
        yield "VIPs need an entry of their own"
    if stream.vip_entry is not None and media.get(stream.vip_entry) is not media.get(stream.entry):
        yield "the entry of VIPs is of another medium"
    if stream.redial is not None and stream.redial.other_share and stream.redial.other_entry is None:
        yield "who comes again otherwise needs another entry"


def _entries(stream: Stream) -> Iterator[EntryId]:
    other = None if stream.redial is None else stream.redial.other_entry
    yield from (entry for entry in (stream.entry, stream.vip_entry, other) if entry is not None)


def served(scenario: Scenario) -> list[Served]:
    """Every (line, medium) that a contact of the scenario can reach, each once."""
    entries = {entry.id: entry for entry in scenario.desk.entries}
    lines = {line.id: line for line in scenario.desk.lines}
    treated = Treated(scenario.desk)
    first = dict.fromkeys(entries[entry] for stream in scenario.streams for entry in _entries(stream))
    ahead = [(line, entry.medium) for entry in first for line in treated.lines_after(entry)]
    found: dict[Served, None] = {}
    while ahead:
        line, medium = ahead.pop()
        if (line, medium) not in found and line in lines:
            found[line, medium] = None
            ahead.extend((way, medium) for way in _ways(scenario, lines[line], medium))
            ahead.extend((way, medium) for way in treated.lines_from(lines[line], medium))
    return list(found)


def _ways(scenario: Scenario, line: Line, medium: Medium) -> Iterator[LineId]:
    handling = scenario.handling.get((line.id, medium))
    escalate_to = None if handling is None else handling.escalate_to
    asked = None if handling is None or handling.consult is None else handling.consult.to
    too_long = None if line.talk_limit is None else line.talk_limit.to
    to = (line.when_waited.line, line.when_full.line, line.when_closed.line, escalate_to, asked, too_long)
    yield from (way for way in to if way is not None)


def _of_handling(scenario: Scenario) -> Iterator[str]:
    lines = {line.id: line for line in scenario.desk.lines}
    for line, medium in served(scenario):
        handling = scenario.handling.get((line, medium))
        if handling is None:
            yield f"line {line}, {medium}: contacts can come here, but how long they talk is not said"
            continue
        for reason in (*_of_work(lines, lines[line], handling), *_of_asking(scenario, medium, handling)):
            yield f"line {line}, {medium}: {reason}"


def _of_work(lines: Collection[LineId], line: Line, handling: Handling) -> Iterator[str]:
    rule = line.wrap_up
    if not line.ring_ms:
        yield "it rings for 0 ms, so nobody can answer"
    if handling.wrap_up is not None and not rule.ms and not rule.code_required:
        yield "a wrap-up time is given, but the line has no wrap-up"
    if handling.code and rule.codes and handling.code not in rule.codes:
        yield f"{handling.code} is not a wrap-up code of the line"
    if handling.escalate and handling.escalate_to is None:
        yield "a share is escalated, but to no line"
    if handling.escalate_to is not None and handling.escalate_to not in lines:
        yield f"line {handling.escalate_to} is not one of the desk's"


def _of_asking(scenario: Scenario, medium: Medium, handling: Handling) -> Iterator[str]:
    rule = handling.consult
    if rule is None:
        return
    if rule.to not in {line.id for line in scenario.desk.lines}:
        yield f"line {rule.to}, which is asked, is not one of the desk's"
    if not 0 <= rule.share <= 1 or rule.patience_ms <= 0:
        yield "the share that asks is from 0 to 1, and waits for somebody for more than 0 ms"
    if medium not in {one.id for one in scenario.desk.media if one.keeps_leg} or any(
        left == medium for _, left in scenario.desk.interrupts
    ):
        yield "nobody can ask while a party waits that has no leg, or whose agent may be called away"


def _of_duties(scenario: Scenario) -> Iterator[str]:
    known = {agent.id for agent in scenario.desk.agents}
    last: dict[str, Duty] = {}
    for duty in sorted(scenario.duties, key=lambda duty: duty.start_ms):
        before = last.get(duty.agent)
        last[duty.agent] = duty
        if duty.agent not in known:
            yield f"duty of {duty.agent}: no such agent"
        if before is not None and before.end_ms > duty.start_ms:
            yield f"duty of {duty.agent}: two at the same time"
        if not _in_order(duty):
            yield f"duty of {duty.agent}: its times are not in order"
        if duty.breaks and not scenario.desk.pause_reasons:
            yield f"duty of {duty.agent}: the desk has no reason for a pause"
    yield from _of_pauses(scenario)


def _of_pauses(scenario: Scenario) -> Iterator[str]:
    if scenario.habits.pause_every is None:
        return
    if not scenario.desk.pause_reasons:
        yield "unplanned pauses: the desk has no reason for a pause"
    if scenario.habits.pause is None:
        yield "unplanned pauses: how long they are is not said"


def _in_order(duty: Duty) -> bool:
    moments = [duty.start_ms, *(moment for one in duty.breaks for moment in one), duty.end_ms]
    return duty.start_ms < duty.end_ms and moments == sorted(moments) and all(a < b for a, b in duty.breaks)


def _of_surge(scenario: Scenario) -> Iterator[str]:
    surge = scenario.surge
    if surge is None:
        return
    known = {line.id for line in scenario.desk.lines}
    yield from (f"surge: line {line} is not one of the desk's" for line in surge.lines if line not in known)
    if surge.announced_ms is not None and surge.announced_ms >= surge.end_ms:
        yield "surge: it is announced after its end"


def _of_texts(scenario: Scenario) -> Iterator[str]:
    lengths = scenario.text_ms.items()
    yield from (f"text {text}: its length is negative" for (text, _), ms in lengths if ms < 0)


def _of_callbacks(scenario: Scenario) -> Iterator[str]:
    callbacks = scenario.callbacks
    if callbacks.ring_ms < 0 or not 0 <= callbacks.answer <= 1:
        yield "callbacks: it cannot ring for less than 0 ms, and the share that answers is from 0 to 1"
