"""Desks whose rate of calls changes, as the engine plays them, seen at single moments."""

from collections.abc import Callable, Mapping, Sequence
from math import cos, gcd, inf, isinf, pi

from simulation import laws
from simulation.scenario import Surge
from simulation.validate import calls as seen
from simulation.validate.calls import Measure
from simulation.validate.cases import Expected
from simulation.validate.desks import SHORTEST_MS, START_MS, Source, law, scenario
from simulation.validate.formulas import AT, surging_desk, swing
from simulation.validate.inputs import Inputs
from simulation.validate.trial import REPLICATIONS, Run, Trial, measuring

MOMENT_REPLICATIONS, MOST_REPLICATIONS = 100, 4_000
"""Where each run is seen at a few moments only."""
STEPS_PER_PERIOD = 200
"""A rate that swings is constant over such a part of its period."""


def swinging(inputs: Inputs, effort: float) -> Trial:
    """So many agents that nobody ever waits, as in the model."""
    told = swing(inputs)
    busiest, aht = told.peak, 1 / told.mu
    agents = int(busiest + 12 * busiest**0.5) + 20
    warm = int(12 * aht / told.period) + 1
    wanted = effort / REPLICATIONS / (told.mean * told.period)
    periods = warm + max(3, round(wanted))
    unit_ms = SHORTEST_MS / min(aht, told.period)
    step_ms = round(told.period * unit_ms / STEPS_PER_PERIOD)
    unit_ms = step_ms * STEPS_PER_PERIOD / told.period
    one = [_expected(told.mean, told.amplitude, told.period, n) for n in range(STEPS_PER_PERIOD)]
    source = Source(tuple(one * periods), law(aht * unit_ms, 1.0))
    found = scenario([source], agents, interval_ms=step_ms, run_on_ms=0)

    def at(t: float) -> Measure:
        return seen.busy_at(*(t % told.period + k * told.period for k in range(warm, periods)))

    measures = {"max_mean_busy": at(told.peak_at)}
    if inputs.has("t"):
        measures["mean_busy"] = at(inputs.number("t"))
    run = Run(found, unit_ms, (warm * told.period, periods * told.period))
    calls = told.mean * told.period * periods
    return Trial(measuring(run, measures), REPLICATIONS, calls, f"{agents} agents")


def _expected(mean: float, amplitude: float, period: float, step: int) -> float:
    """Calls in one of the STEPS_PER_PERIOD parts of a period: the integral of the rate."""
    begin, end = (2 * pi * n / STEPS_PER_PERIOD for n in (step, step + 1))
    return mean * period / STEPS_PER_PERIOD + amplitude * period / (2 * pi) * (cos(begin) - cos(end))


def surging(inputs: Inputs, effort: float) -> Trial:
    """From an empty start through all segments; a single peak is played as the surge of a mass incident."""
    told = surging_desk(inputs)
    patience = 1 / told.impatience if told.impatience else inf
    aht = 1 / told.service
    unit_ms = SHORTEST_MS / min(aht, patience)
    ends_ms = [round(until * unit_ms) for until, _ in told.segments]
    step_ms = gcd(*ends_ms)
    if ends_ms[-1] // step_ms > 10_000:
        raise inputs.fault("segments", "the ends have no common step")
    rates, surge = _played(told.segments, ends_ms)
    expected = tuple(
        next(rate for end, rate in zip(ends_ms, rates, strict=True) if (n + 1) * step_ms <= end)
        * step_ms
        / unit_ms
        for n in range(ends_ms[-1] // step_ms)
    )
    source = Source(
        expected, law(aht * unit_ms, 1.0), None if isinf(patience) else laws.exponential(patience * unit_ms)
    )
    run_on_ms = round(unit_ms)
    found = scenario([source], told.agents, interval_ms=step_ms, run_on_ms=run_on_ms, surge=surge)
    run = Run(found, unit_ms, (0.0, told.segments[-1][0]))
    begins = (0.0, *(until for until, _ in told.segments))
    calls = sum(rate * (until - begin) for (until, rate), begin in zip(told.segments, begins, strict=False))
    many = min(MOST_REPLICATIONS, max(MOMENT_REPLICATIONS, round(effort / calls)))
    note = "played as a surge" if surge else ""
    return Trial(measuring(run, _at_moments(inputs.case.expect)), many, calls, note)


def _played(
    segments: Sequence[tuple[float, float]], ends_ms: Sequence[int]
) -> tuple[list[float], Surge | None]:
    """The rates of the forecast, and the surge on top of them if there is one peak."""
    rates = [rate for _, rate in segments]
    if len(rates) != 3 or rates[0] != rates[2] or not 0 < rates[0] < rates[1]:
        return rates, None
    surge = Surge(START_MS + ends_ms[0], START_MS + ends_ms[1], rates[1] / rates[0])
    return [rates[0]] * 3, surge


MOMENTS: Mapping[str, Callable[[float], Measure]] = {
    "mean_queue": seen.queue_at,
    "mean_busy": seen.busy_at,
    "cum_abandons": lambda t: seen.count_until(seen.abandoned, t, at_end=True),
    "cum_arrivals_delayed": lambda t: seen.count_until(seen.delayed, t, at_end=False),
}
"""What is measured at a moment, by the end of the quantity's name."""


def _at_moments(expect: Sequence[Expected]) -> dict[str, Measure]:
    """The measures of `t=….mean_queue` and the like."""
    told = {one.name: AT.fullmatch(one.name) for one in expect}
    return {
        name: MOMENTS[match[2]](float(match[1]))
        for name, match in told.items()
        if match and match[2] in MOMENTS
    }
