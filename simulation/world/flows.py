"""What the contacts of a stream are like, as columns of numbers by their index; drawn when first needed."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from queues.desk import Desk, Entry, EntryId, Line
from simulation.draws import Day, Purpose
from simulation.laws import Law
from simulation.scenario import Handling, Redial, Scenario

SEGMENTS = 16
"""Segments of a try, and its offers, have the numbers from `16 × try` on; the last one serves all more."""

N = TypeVar("N", int, float)


class Columns(dict[int, list[N]], Generic[N]):
    """By number of the attempt: one number for each contact of the stream."""

    _draw: Callable[[int], list[N]]

    def __init__(self, draw: Callable[[int], list[N]]) -> None:
        super().__init__()
        self._draw = draw

    def __missing__(self, attempt: int) -> list[N]:
        column = self[attempt] = self._draw(attempt)
        return column


def shares(day: Day, purpose: Purpose, stream: int) -> Columns[float]:
    """Numbers in [0, 1)."""
    return Columns(partial(day.uniform, purpose, stream))


def lengths(day: Day, purpose: Purpose, stream: int, law: Law) -> Columns[int]:
    """Lengths in ms."""
    return Columns(lambda attempt: day.lengths(purpose, stream, attempt, law))


def lengths_if(day: Day, purpose: Purpose, stream: int, law: Law | None) -> Columns[int] | None:
    """Lengths in ms; None where there is no law."""
    return None if law is None else lengths(day, purpose, stream, law)


class Manner:
    """The work on the contacts of one stream in one line."""

    __slots__ = (
        "code", "consult", "consult_talk", "consults", "escalate", "escalate_share", "escalate_to", "hold",
        "rule", "talk", "wrap_up",
    )  # fmt: skip

    def __init__(self, day: Day, stream: int, line: Line, handling: Handling) -> None:
        self.rule = line.wrap_up
        self.talk = lengths(day, Purpose.TALK, stream, handling.talk)
        self.hold = lengths_if(day, Purpose.HOLD, stream, handling.hold)
        self.wrap_up = lengths_if(day, Purpose.WRAP_UP, stream, handling.wrap_up)
        self.escalate = shares(day, Purpose.ESCALATE, stream)
        self.escalate_share = handling.escalate
        self.escalate_to = handling.escalate_to
        self.consult = rule = handling.consult
        self.consults = shares(day, Purpose.CONSULT, stream)
        self.consult_talk = lengths_if(day, Purpose.CONSULT_TALK, stream, rule.talk if rule else None)
        self.code = code_given(line, handling)


def code_given(line: Line, handling: Handling) -> str:
    """The wrap-up code: the scenario's, else the line's first when it requires one; empty: none is given."""
    if line.wrap_up.code_required:
        return handling.code or next(iter(line.wrap_up.codes), "done")
    return handling.code if line.wrap_up.codes else ""


class Redials:
    """Who of a stream comes again, when, and how."""

    __slots__ = ("again", "delay", "most", "other", "other_flow", "other_share", "probability")

    def __init__(self, day: Day, stream: int, redial: Redial, other_flow: "Flow") -> None:
        self.most = redial.most
        self.probability = redial.probability
        self.again = shares(day, Purpose.REDIAL, stream)
        self.delay = lengths(day, Purpose.REDIAL_DELAY, stream, redial.delay)
        self.other = shares(day, Purpose.OTHER_MEDIUM, stream)
        self.other_share = redial.other_share
        self.other_flow = other_flow


class Flow:
    """The contacts of one stream that come by one medium."""

    def __init__(self, scenario: Scenario, day: Day, number: int, entry: Entry, patient: bool) -> None:
        """`patient`: they wait for ever, whatever the stream says."""
        stream = scenario.streams[number]
        self._scenario = scenario
        self._day = day
        self.number = number
        self.entry = entry.id
        self.medium = entry.medium
        self.talk_factor = stream.talk_factor
        self.patience = None if patient else lengths_if(day, Purpose.PATIENCE, number, stream.patience)
        self.deflect = shares(day, Purpose.DEFLECT, number)
        self.keys = stream.keys
        self.key = shares(day, Purpose.KEY, number)
        self.called_back = shares(day, Purpose.CALLED_BACK, number)
        self.redials: Redials | None = None
        self.vips: list[bool] = []
        """Which of them use `vip_entry`; empty: none."""
        self.vip_entry: EntryId = stream.vip_entry or entry.id
        self.manners: dict[str, Manner] = {}

    def manner(self, line: str) -> Manner:
        """What the work on them is like in this line."""
        found = self.manners.get(line)
        if found is None:
            told = line_of(self._scenario.desk, line)
            handling = self._scenario.handling[told.id, self.medium]
            found = self.manners[line] = Manner(self._day, self.number, told, handling)
        return found


def flows_of(scenario: Scenario, day: Day) -> list[Flow]:
    """The flow of each stream, with its VIPs and its redials."""
    entries = {entry.id: entry for entry in scenario.desk.entries}
    flows = []
    for number, stream in enumerate(scenario.streams):
        flow = Flow(scenario, day, number, entries[stream.entry], patient=False)
        if stream.vip_share:
            flow.vips = day.vip(number)
        if stream.redial is not None:
            other = stream.redial.other_entry
            other_flow = flow if other is None else _other(scenario, day, flow, entries[other])
            flow.redials = other_flow.redials = Redials(day, number, stream.redial, other_flow)
        flows.append(flow)
    return flows


def _other(scenario: Scenario, day: Day, flow: Flow, entry: Entry) -> Flow:
    """Who comes again by another medium has time."""
    return Flow(scenario, day, flow.number, entry, patient=entry.medium != flow.medium)


def line_of(desk: Desk, line: str) -> Line:
    """The line with this id."""
    return next(one for one in desk.lines if one.id == line)
