"""One group with one line, as the engine plays it: Erlang B, C, A, finite lines, M/G/1, redials."""

from dataclasses import replace
from math import exp, isinf

from simulation import laws
from simulation.erlang import HOUR_S, ServiceLevel, erlang_x
from simulation.scenario import Redial
from simulation.validate import calls as seen
from simulation.validate.calls import Calls, Mean, Measure
from simulation.validate.desks import SHORTEST_MS, Source, law
from simulation.validate.formulas import Group, agents_of, definition, goal, group, steady_level
from simulation.validate.inputs import Inputs
from simulation.validate.trial import (
    COOL_DOWN,
    REPLICATIONS,
    Length,
    Trial,
    measuring,
    of_group,
    present,
    relaxation,
    run_of,
    source_of,
    steady_trial,
    unit_ms_of,
)

REDIAL_DELAY_S = 2 * 3600.0
REDIAL_RUNS = 16
REDIAL_TOLERANCE = 0.006
"""Redials after hours are not yet a Poisson stream; so far may a share be off its limit."""


def loss(inputs: Inputs, effort: float) -> Trial:
    """Callers without any patience: a desk always has room for one to wait."""
    told = group(inputs)
    measures = {
        "P_block": seen.share(seen.abandoned, seen.everyone),
        "occupancy": seen.busy_share(told.agents),
        "mean_busy": seen.busy_share(1),
    }
    alone = Group(told.rate, told.aht, told.agents, told.aht)
    return of_group(alone, source_of(told, patience=laws.fixed(0)), measures, effort, "blocked = patience 0")


def delay(inputs: Inputs, effort: float) -> Trial:
    """Callers of endless patience."""
    told = group(inputs)
    names = [one for one in inputs.case.expect if one.name.startswith("p") and one.name.endswith("_wait")]
    quantiles = {one.name: _at_quantile(one.name, one.value) for one in names}
    measures = {
        "a": seen.busy_share(1),
        "P_wait": seen.share(seen.delayed, seen.everyone),
        "ASA": seen.mean_wait(seen.everyone),
        "Wq": seen.mean_wait(seen.everyone),
        "mean_wait_all": seen.mean_wait(seen.everyone),
        "SL": seen.share(seen.within(seen.answered, told.target), seen.everyone),
        "occupancy": seen.busy_share(told.agents),
        "Lq": seen.mean_queue,
        "W_given_wait": seen.mean_wait(seen.delayed),
    }
    return of_group(told, source_of(told), measures | quantiles, effort)


def _at_quantile(name: str, value: float) -> Measure:
    """The expected quantile times (share of waits up to it / share that the quantile stands for)."""
    digits = name[1:].partition("_")[0]
    up_to = seen.share(seen.within(seen.answered, value), seen.everyone)
    wanted = int(digits) / 10 ** len(digits)

    def measure(calls: Calls) -> Mean:
        below, among = up_to(calls)[:2]
        return value * below / wanted, among

    return measure


def impatient(inputs: Inputs, effort: float) -> Trial:
    """Exponential patience."""
    told = group(inputs)
    return of_group(told, source_of(told), impatient_measures(told), effort)


def impatient_measures(told: Group) -> dict[str, Measure]:
    """What can be seen of a line with impatient callers, finite or not."""
    in_time, gone = (seen.within(which, told.target) for which in (seen.answered, seen.abandoned))
    return {
        "a": seen.arrivals_per(told.aht),
        "P_wait": seen.share(seen.delayed, seen.admitted),
        "P_wait_of_accepted": seen.share(seen.delayed, seen.admitted),
        "P_block": seen.share(seen.blocked, seen.everyone),
        "P_abandon": seen.share(seen.abandoned, seen.everyone),
        "P_abandon_of_offered": seen.share(seen.abandoned, seen.everyone),
        "P_abandon_of_accepted": seen.share(seen.abandoned, seen.admitted),
        "mean_wait_all": seen.mean_wait(seen.admitted),
        "mean_wait_accepted": seen.mean_wait(seen.admitted),
        "Lq": seen.mean_queue,
        "occupancy": seen.busy_share(told.agents),
        "p0": seen.empty_share,
        "SL_offered": seen.share(in_time, seen.everyone),
        "SL_answered": seen.share(in_time, seen.answered),
        "P_abandon_within_T": seen.share(gone, seen.everyone),
        "SL_excl_short_aband": seen.share(in_time, lambda calls: ~gone(calls)),
        "P_virtual_wait_le_T": _virtual(told),
        "ASA_answered": seen.mean_wait(seen.answered),
    }


def _virtual(told: Group) -> Measure:
    """Who would have been served in time: patience and virtual wait are independent, so those who still
    wait at the target stand for 1 / P(patience > target) calls each."""
    stands_for = exp(told.target / told.patience)
    late = seen.share(lambda calls: ~seen.within(seen.everyone, told.target)(calls), seen.admitted)

    def measure(calls: Calls) -> Mean:
        waiting, among = late(calls)[:2]
        return among - stands_for * waiting, among

    return measure


def limited(inputs: Inputs, effort: float) -> Trial:
    """So many waiting at most. Without any place to wait: callers without patience."""
    told = group(inputs)
    measures = impatient_measures(told)
    if told.lines == told.agents:
        measures |= {
            "P_block": seen.share(seen.abandoned, seen.everyone),
            "P_wait_of_accepted": lambda calls: (0.0, float(calls.counted.sum())),
        }
        return of_group(
            told, source_of(told, patience=laws.fixed(0)), measures, effort, "blocked = patience 0"
        )
    return of_group(told, source_of(told), measures, effort)


def one_line(inputs: Inputs, effort: float) -> Trial:
    """One agent; handling time fixed, exponential or gamma."""
    rate, mean, scv = inputs.rate("lam", "lambda", "calls"), inputs.handling(), inputs.number("cs2", "scv")
    told = Group(rate, mean, 1)
    measures = {
        "Wq": seen.mean_wait(seen.everyone),
        "Lq": seen.mean_queue,
        "W": seen.mean_time(seen.everyone),
        "occupancy": seen.busy_share(1),
        "P_wait": seen.share(seen.delayed, seen.everyone),
    }
    slow = relaxation(told) * max(1.0, (1 + scv) / 2)
    length = Length.of(rate, slow, mean, effort, overtaken=False)
    unit_ms = SHORTEST_MS / mean
    talk = law(mean * unit_ms, scv)
    source = Source((rate * length.arrivals,), talk, target_ms=round(unit_ms), backlog=present(told))
    return steady_trial([source], 1, length, unit_ms, measures)


def required(inputs: Inputs, effort: float) -> Trial:
    """The service level with the agents required, and with one fewer."""
    told, agents, sl = goal(inputs), agents_of(inputs), definition(inputs)
    trials, exact = {}, {}
    for many in (agents, agents - 1):
        here = Group(told.rate, told.aht, many, told.patience, told.target, told.lines)
        if many < 1 or (isinf(here.patience) and here.lines is None and here.load >= many):
            continue
        name = f"SL with {many} agents"
        exact[name] = steady_level(here, sl).service_level
        measured = impatient_measures(here)[NAMES[sl]]
        trials[name] = of_group(here, source_of(here), {name: measured}, effort / 2)
    return Trial(
        lambda seed, replication: {
            name: mean
            for trial in trials.values()
            for name, mean in trial.replicate(seed, replication).items()
        },
        REPLICATIONS,
        sum(trial.calls for trial in trials.values()),
        also=exact,
    )


NAMES = {
    "virtual": "P_virtual_wait_le_T",
    "answered": "SL_answered",
    "offered": "SL_offered",
    "excluding_short": "SL_excl_short_aband",
}
"""The quantity that each definition of the service level is."""


def redials(inputs: Inputs, effort: float) -> Trial:
    """Callers who were lost come again after hours."""
    told, again = group(inputs), inputs.number("p_redial")
    delay = REDIAL_DELAY_S / inputs.unit_s
    settling = delay / (1 - again * _more_lost(told, again))
    unit_ms = unit_ms_of(told)
    redial = Redial(again, laws.exponential(delay * unit_ms), most=40)
    window = max(4 * effort / REDIAL_RUNS / told.rate, settling)
    length = Length(5 * settling, window, 0.0, COOL_DOWN * min(told.patience, delay) + 20 * told.aht)
    hour = 3600.0 / inputs.unit_s
    measures = impatient_measures(told) | {
        "effective_calls_per_hour": seen.arrivals_per(hour),
        "effective_calls_per_min": seen.arrivals_per(hour / 60),
    }
    source = source_of(told, length.arrivals, redial=redial)
    run = run_of([source], told.agents, length, unit_ms)
    note = f"redial delay {REDIAL_DELAY_S / 3600:g} h on average"
    return Trial(measuring(run, measures), REDIAL_RUNS, told.rate * length.arrivals, note, REDIAL_TOLERANCE)


def _more_lost(told: Group, again: float) -> float:
    """Of a few calls more, the share that is lost: so the redials of redials fade with it."""
    at = erlang_x(
        told.rate * HOUR_S, told.aht, told.agents, told.patience, 0.0, ServiceLevel.OFFERED,
        p_redial=again, lines=told.lines,
    )  # fmt: skip
    more = replace(told, rate=at.calls_per_hour / HOUR_S * 1.01)
    found = steady_level(more, ServiceLevel.OFFERED)
    return 101 * (found.p_abandon + found.p_block) - 100 * (at.p_abandon + at.p_block)
