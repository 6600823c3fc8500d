"""A staffing plan as tables: requirement, heads, shifts, roster, what is missed."""

from collections.abc import Iterator
from itertools import groupby
from math import isnan

import numpy as np
from numpy.typing import NDArray

from simulation.plan.span import Span
from simulation.report.files import Row
from simulation.runs.estimates import LEVEL
from simulation.staffing.headcount import Measured, measured
from simulation.staffing.planning import Plan, Rota, repeats
from simulation.staffing.shifts import ShiftType
from simulation.staffing.workload import Work

DAY_MS = 86_400_000
NOTHING = 1e-9


def requirement_rows(plan: Plan, span: Span) -> list[Row]:
    """Per interval and work: what comes, the heads that it needs by itself, and what the roster reaches."""
    single = {chosen[0]: number for number, chosen in enumerate(plan.required.sets) if len(chosen) == 1}
    counted = measured(plan.task.scenario, plan.certificate.days)
    return [
        {
            "interval_start": _start(plan, span, interval),
            "line": work.line,
            "medium": work.medium,
            "offered": round(float(work.arrivals[interval]), 3),
            "handling_s": round(float(work.handling_ms[interval]) / 1000, 1),
            "required": int(plan.required.heads[interval, single[place]]),
            **_reached(plan, work, counted, interval),
        }
        for place, work in enumerate(plan.task.works)
        for interval in range(plan.task.scenario.intervals)
    ]


def _reached(plan: Plan, work: Work, counted: Measured, interval: int) -> Row:
    """The first goal of the work in one interval of the certificate."""
    if not work.goals:
        return {"definition": None, "goal": None, "value": None, "ci_lo": None, "ci_hi": None}
    goal = work.goals[0]
    found = counted.share(plan.task.scenario.goals.index(goal), interval)
    return {
        "definition": goal.definition,
        "goal": goal.share,
        "value": _number(found.value),
        "ci_lo": _number(found.lo),
        "ci_hi": _number(found.hi),
    }


def _number(value: float) -> float | None:
    """A share; a confidence interval may reach beyond what shares can be."""
    return None if isnan(value) else round(min(max(value, 0.0), 1.0), 4)


def heads_rows(plan: Plan, span: Span) -> list[Row]:
    """Per interval and profile: heads that must be there, and heads that the roster has, before absence."""
    there = None if plan.rota is None else staffed(plan, plan.rota)
    return [
        {
            "interval_start": _start(plan, span, interval),
            "profile": group.name,
            "agents": len(group.agents),
            "needed": int(plan.found.best.heads[interval, number]),
            "scheduled": None if there is None else round(float(there[interval, number]), 3),
        }
        for interval in range(plan.task.scenario.intervals)
        for number, group in enumerate(plan.task.profiles)
    ]


def staffed(plan: Plan, rota: Rota) -> NDArray[np.float64]:
    """Heads of each profile that the roster has at work, breaks left out, [intervals, profiles]."""
    profile = {agent: number for number, group in enumerate(plan.task.profiles) for agent in group.agents}
    number_of = {kind: number for number, kind in enumerate(rota.menu.types)}
    there = np.zeros((plan.task.scenario.intervals, len(plan.task.profiles)))
    for agent, shift in rota.proposal.shifts:
        there[:, profile[agent]] += rota.menu.presence[number_of[shift]]
    return there


def shift_rows(plan: Plan, span: Span) -> list[Row]:
    """How many of each profile work which shift."""
    rota = plan.rota
    if rota is None:
        return []
    return [
        {
            "profile": plan.task.profiles[int(group)].name,
            **_times(plan, span, rota.menu.types[int(kind)]),
            "heads": int(rota.cover.chosen[group, kind]),
        }
        for group, kind in zip(*np.nonzero(rota.cover.chosen), strict=True)
    ]


def roster_rows(plan: Plan, span: Span) -> list[Row]:
    """The roster in the columns that a plan reads back: agent, start, end, breaks.

    Of a plan of one day with times of day. A shift that runs past the end of a longer plan of whole days is
    there twice: as the one before the plan, too.
    """
    if plan.rota is None:
        return []
    return [
        {"agent": agent, **_times(plan, span, shift, by_ms)}
        for agent, shift in plan.rota.proposal.shifts
        for by_ms in _rounds(plan, shift)
    ]


def _rounds(plan: Plan, shift: ShiftType) -> tuple[int, ...]:
    length_ms = plan.task.scenario.intervals * plan.task.scenario.interval_ms
    again = length_ms > DAY_MS and repeats(plan.task.scenario) and shift.end_ms > length_ms
    return (-length_ms, 0) if again else (0,)


def _times(plan: Plan, span: Span, shift: ShiftType, by_ms: int = 0) -> Row:
    scenario = plan.task.scenario
    one_day = scenario.intervals * scenario.interval_ms <= DAY_MS

    def shown(after_ms: int) -> str:
        text = span.show(scenario.start_ms + by_ms + after_ms)
        return text[-5:] if one_day else text

    return {
        "start": shown(shift.start_ms),
        "end": shown(shift.end_ms),
        "breaks": " ".join(f"{shown(a)[-5:]}-{shown(b)[-5:]}" for a, b in shift.breaks),
    }


def miss_rows(plan: Plan, span: Span) -> list[Row]:
    """What cannot be met, and by how much, each with a sentence."""
    return [
        *_goals_missed(plan, span),
        *_without_skill(plan),
        *_too_few_agents(plan),
        *_empty(plan, span),
        *_short(plan, span),
        *_unfilled(plan, span),
    ]


def _goals_missed(plan: Plan, span: Span) -> Iterator[Row]:
    """Goals that the whole confidence interval lies below; of many intervals together, corrected for that."""
    scenario = plan.certificate.scenario
    counted = measured(scenario, plan.certificate.days)
    intervals = range(scenario.intervals) if plan.wanted.below == 0 else ()
    for number, goal in enumerate(scenario.goals):
        for place in (None, *intervals):
            level = LEVEL if place is None else 1 - (1 - LEVEL) / scenario.intervals
            found = counted.share(number, place, level)
            if found.hi < goal.share:
                when = "over the day" if place is None else f"from {_start(plan, span, place)}"
                text = f"{goal.definition} {found.value:.1%} {when}, goal {goal.share:.1%}"
                yield _miss("goal", goal.line, goal.share - found.value, text)


def _without_skill(plan: Plan) -> Iterator[Row]:
    for work, may in zip(plan.task.works, plan.task.may, strict=True):
        if not may.any():
            text = f"no agent may take {work.medium} of this line"
            yield _miss("skill", work.line, float(work.arrivals.sum()), text)


def _empty(plan: Plan, span: Span) -> Iterator[Row]:
    """Stretches in which contacts come and the shifts leave nobody for them; the day's share may hide it."""
    if plan.rota is None:
        return
    there = staffed(plan, plan.rota)
    for work, may in zip(plan.task.works, plan.task.may, strict=True):
        alone = (work.arrivals > NOTHING) & (there[:, may].sum(axis=1) <= NOTHING)
        for first, last in _stretches(alone) if may.any() else ():
            come = float(work.arrivals[first : last + 1].sum())
            times = f"{_start(plan, span, first)} and {_start(plan, span, last + 1)}"
            yield _miss("empty", work.line, come, f"nobody for {come:.4g} {work.medium} between {times}")


def _short(plan: Plan, span: Span) -> Iterator[Row]:
    """Heads that the shifts lack, in stretches of intervals."""
    if plan.rota is None:
        return
    for row, missing in enumerate(plan.rota.cover.short.T):
        counts = plan.rota.demand.counts[row]
        who = " or ".join(group.name for group, able in zip(plan.task.profiles, counts, strict=True) if able)
        for first, last in _stretches(missing > NOTHING):
            most = float(missing[first : last + 1].max())
            times = f"{_start(plan, span, first)} and {_start(plan, span, last + 1)}"
            text = f"{most:g} too few between {times}"
            yield _miss("heads", who, most, text)


def _too_few_agents(plan: Plan) -> Iterator[Row]:
    """Profiles that would need more agents than the site has: in shifts, else at once."""
    peaks = plan.found.best.heads.max(axis=0, initial=0).tolist()
    needed = peaks if plan.rota is None else plan.rota.enough
    for group, number in zip(plan.task.profiles, needed, strict=True):
        have = len(group.agents)
        if number > have:
            text = f"about {number} agents would be enough, there are {have}"
            yield _miss("agents", group.name, float(number - have), text)


def _unfilled(plan: Plan, span: Span) -> Iterator[Row]:
    if plan.rota is not None:
        for name, shift, heads in plan.rota.proposal.unfilled:
            times = _times(plan, span, shift)
            text = f"nobody for {heads} of the shifts {times['start']}-{times['end']} of {name}"
            yield _miss("shift", name, float(heads), text)


def _stretches(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of True."""
    for flag, run in groupby(enumerate(flags.tolist()), key=lambda one: one[1]):
        places = [place for place, _ in run]
        if flag:
            yield places[0], places[-1]


def _miss(kind: str, what: str, by: float, text: str) -> Row:
    return {"kind": kind, "what": what, "by": round(by, 4), "text": text}


def _start(plan: Plan, span: Span, interval: int) -> str:
    return span.show(plan.task.scenario.start_ms + interval * plan.task.scenario.interval_ms)
