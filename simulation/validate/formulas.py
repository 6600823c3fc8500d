"""Closed forms of every family of truth cases: each takes the inputs and gives quantities by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf

from simulation.erlang import (
    HOUR_S,
    ErlangA,
    ServiceLevel,
    agents_needed,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_x,
)
from simulation.theory.birth_death import Station
from simulation.theory.infinite_server import Swing
from simulation.theory.priority import (
    accumulating,
    busy,
    by_class,
    one_server,
    one_server_by_class,
    preempted,
)
from simulation.theory.transient import Desk, moments
from simulation.theory.waits import Waits
from simulation.validate.cases import Case
from simulation.validate.inputs import Inputs

Figures = dict[str, float]

QUANTILE = re.compile(r"p(\d+)_wait")
AT = re.compile(r"t=([\d.]+)\.(\w+)")
SEGMENTS = re.compile(r"segments_until_(\w+)_rate_per_(\w+)")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of agents with one line. Times are in the unit of the case, rates per that unit."""

    rate: float
    aht: float
    agents: int
    patience: float = inf
    target: float = 0.0
    lines: int | None = None

    @property
    def load(self) -> float:
        """Erlang."""
        return self.rate * self.aht

    @property
    def station(self) -> Station:
        """As a birth-death chain."""
        impatience = 0.0 if isinf(self.patience) else 1 / self.patience
        return Station(self.rate, 1 / self.aht, self.agents, impatience, self.lines)


def group(inputs: Inputs) -> Group:
    """The group of a case; it may be told by its load `a` and `n` alone, with the handling time as unit."""
    agents = inputs.whole("agents", "n", "c")
    if inputs.has("a", "load"):
        aht = inputs.handling() if inputs.has("aht", "es", "mu") else 1.0
        rate = inputs.number("a", "load") / aht
    else:
        aht, rate = inputs.handling(), inputs.rate("calls", "lam", "lambda")
    patience = inputs.time("patience") if inputs.has("patience") else inf
    if inputs.has("theta"):
        patience = 1 / inputs.rate("theta")
    target = inputs.span("target", "awt") if inputs.has("target", "awt") else 0.0
    lines = inputs.whole("lines", "k") if inputs.has("lines", "k") else None
    if lines is not None and lines < agents:
        raise inputs.fault("lines", "must not be below the number of agents")
    return Group(rate, aht, agents, patience, target, lines)


def loss(inputs: Inputs) -> Figures:
    """M/M/n/n."""
    told = group(inputs)
    blocked = erlang_b(told.load, told.agents)
    carried = told.load * (1 - blocked)
    return {"P_block": blocked, "a": told.load, "occupancy": carried / told.agents, "mean_busy": carried}


def delay(inputs: Inputs) -> Figures:
    """M/M/n."""
    told = group(inputs)
    found = erlang_c(told.rate * HOUR_S, told.aht, told.agents, told.target)
    names = (name for name in (one.name for one in inputs.case.expect) if QUANTILE.fullmatch(name))
    shares = {name: int(name[1:].partition("_")[0]) for name in names}
    quantiles = {name: found.wait_quantile(share / 10 ** len(str(share))) for name, share in shares.items()}
    return quantiles | {
        "a": found.load,
        "P_wait": found.p_wait,
        "ASA": found.asa_s,
        "Wq": found.asa_s,
        "mean_wait_all": found.asa_s,
        "SL": found.service_level,
        "occupancy": found.occupancy,
        "Lq": found.queue_length,
        "W_given_wait": found.wait_given_wait_s,
    }


def impatient(inputs: Inputs) -> Figures:
    """M/M/n+M."""
    told = group(inputs)
    inputs.time("patience") if inputs.has("patience") else inputs.rate("theta")
    found = {sl: steady_level(told, sl) for sl in ServiceLevel}
    one = found[ServiceLevel.OFFERED]
    return {
        "a": told.load,
        "P_wait": one.p_wait,
        "P_abandon": one.p_abandon,
        "mean_wait_all": one.mean_wait_s,
        "Lq": one.queue_length,
        "occupancy": one.occupancy,
        "p0": one.p_empty,
        "SL_offered": one.service_level,
        "SL_answered": found[ServiceLevel.ANSWERED].service_level,
        "P_abandon_within_T": one.p_abandon_in_target,
        "SL_excl_short_aband": found[ServiceLevel.EXCLUDING_SHORT].service_level,
        "P_virtual_wait_le_T": found[ServiceLevel.VIRTUAL].service_level,
        "ASA_answered": one.asa_s,
    }


def steady_level(told: Group, sl: ServiceLevel) -> ErlangA:
    """Erlang A of the group, in the unit of the case."""
    return erlang_a(told.rate * HOUR_S, told.aht, told.agents, told.patience, told.target, sl, told.lines)


def limited(inputs: Inputs) -> Figures:
    """M/M/n/K and M/M/n/K+M."""
    told = group(inputs)
    if told.lines is None:
        raise inputs.fault("lines", "is missing")
    found = Waits.of(told.station, told.target)
    return {
        "a": told.load,
        "P_block": found.p_block,
        "P_abandon_of_offered": found.p_abandon,
        "P_abandon": found.p_abandon,
        "P_abandon_of_accepted": found.p_abandon / (1 - found.p_block),
        "P_wait_of_accepted": found.p_wait,
        "P_wait": found.p_wait,
        "mean_wait_accepted": found.mean_wait,
        "Lq": found.queue_length,
        "occupancy": found.busy / told.agents,
        "ASA_answered": found.asa,
        "SL_offered": found.p_in_target,
    }


def one_line(inputs: Inputs) -> Figures:
    """M/G/1."""
    rate, mean, scv = inputs.rate("lam", "lambda", "calls"), inputs.handling(), inputs.number("cs2", "scv")
    wait = one_server(rate, mean, mean**2 * (1 + scv))
    share = rate * mean
    return {"Wq": wait, "Lq": rate * wait, "W": wait + mean, "occupancy": share, "P_wait": share}


def classes(inputs: Inputs) -> Figures:
    """M/M/n with non-preemptive priority, highest first."""
    rates, mu, agents = shared(inputs)
    found = busy(sum(rates), mu, agents)
    return {"P_wait": found.p_wait, "W_fcfs": found.wait} | _listed("Wq", by_class(rates, mu, agents))


def general_classes(inputs: Inputs) -> Figures:
    """M/G/1 with non-preemptive priority, highest first."""
    rates, means, squares = moments_by_class(inputs)
    return _listed("Wq", one_server_by_class(rates, means, squares))


def moments_by_class(inputs: Inputs) -> tuple[list[float], list[float], list[float]]:
    """Rates, means and mean squares of the handling times, of equal length."""
    rates, means, squares = (
        inputs.numbers("lams", "lams_high_to_low"),
        inputs.numbers("es"),
        inputs.numbers("es2"),
    )
    if not len(rates) == len(means) == len(squares):
        raise inputs.fault("ES", "there must be as many as rates, and as many ES2")
    if any(square < mean**2 for mean, square in zip(means, squares, strict=True)):
        raise inputs.fault("ES2", "a mean square is never below the square of the mean")
    return rates, means, squares


def weighted(inputs: Inputs) -> Figures:
    """Accumulating priority."""
    rates, mu, agents = shared(inputs)
    weights = weights_of(inputs, len(rates))
    found = _listed("Wq", accumulating(rates, weights, mu, agents))
    return found | {
        "W_fcfs": busy(sum(rates), mu, agents).wait,
        "P_wait": busy(sum(rates), mu, agents).p_wait,
    }


def weights_of(inputs: Inputs, many: int) -> list[float]:
    """How fast each class gains priority."""
    weights = inputs.numbers("rates_b", "b")
    if len(weights) != many or min(weights) <= 0:
        raise inputs.fault("rates_b", "there must be one above 0 for each rate")
    return weights


def shared(inputs: Inputs) -> tuple[list[float], float, int]:
    """Rates by class, mu and agents of several classes with one exponential handling time."""
    rates = inputs.numbers("lams_high_to_low", "lams")
    named = re.search(r"m/m/(\d+)", inputs.case.model.lower())
    agents = int(named[1]) if named and not inputs.has("n", "agents") else inputs.whole("n", "agents")
    return rates, 1 / inputs.handling(), agents


def interrupting(inputs: Inputs) -> Figures:
    """Preemptive-resume priority."""
    calls, mails = inputs.rate("lam_call"), inputs.rate("lam_mail")
    found = preempted(calls, mails, 1 / inputs.handling(), inputs.whole("n", "agents"))
    return {"Wq_call": found.call_wait, "sojourn_mail": found.mail_sojourn, "delay_mail": found.mail_delay}


def redials(inputs: Inputs) -> Figures:
    """M/M/n+M with redials, as a fixed point."""
    told = group(inputs)
    found = {
        sl: erlang_x(
            told.rate * HOUR_S,
            told.aht,
            told.agents,
            told.patience,
            told.target,
            sl,
            p_redial=inputs.number("p_redial"),
            lines=told.lines,
        )
        for sl in ServiceLevel
    }
    one = found[ServiceLevel.OFFERED]
    hourly = one.calls_per_hour / inputs.unit_s
    return {
        "effective_calls_per_hour": hourly,
        "effective_calls_per_min": hourly / 60,
        "P_abandon": one.p_abandon,
        "P_block": one.p_block,
        "SL_offered": one.service_level,
        "SL_answered": found[ServiceLevel.ANSWERED].service_level,
        "P_virtual_wait_le_T": found[ServiceLevel.VIRTUAL].service_level,
        "occupancy": one.occupancy,
        "Lq": one.queue_length,
        "ASA_answered": one.asa_s,
    }


def required(inputs: Inputs) -> Figures:
    """The fewest agents that reach a service level."""
    return {"agents": float(agents_of(inputs))}


def agents_of(inputs: Inputs) -> int:
    """The answer of a case of required agents."""
    told = goal(inputs)
    sl = definition(inputs)
    patience = told.patience
    return agents_needed(
        told.rate * HOUR_S,
        told.aht,
        share=inputs.number("sl", "sl_target", "share"),
        target_s=told.target,
        sl=sl,
        patience_s=patience,
        lines=told.lines,
    )


def goal(inputs: Inputs) -> Group:
    """The group of a case that asks for the number of agents."""
    with_agents = dict(inputs.case.inputs) | {"agents": 1}
    case = Case(inputs.case.file, inputs.case.id, inputs.case.model, with_agents, inputs.case.expect)
    return group(Inputs(case))


def definition(inputs: Inputs) -> ServiceLevel:
    """The service level that a case of required agents means; of all that came when it does not say."""
    said = inputs.text("definition", ServiceLevel.OFFERED)
    try:
        return ServiceLevel(said)
    except ValueError:
        raise inputs.fault("definition", f"must be one of {', '.join(ServiceLevel)}") from None


def swinging(inputs: Inputs) -> Figures:
    """M(t)/M/infinity."""
    told = swing(inputs)
    found = {"max_mean_busy": told.peak}
    return found | ({"mean_busy": told.busy(inputs.number("t"))} if inputs.has("t") else {})


def swing(inputs: Inputs) -> Swing:
    """The rate that swings."""
    mean, amplitude = inputs.rate("lam_bar"), inputs.number("amplitude")
    if amplitude > mean:
        raise inputs.fault("amplitude", "must not be above the mean rate")
    return Swing(mean, amplitude, inputs.time("period"), 1 / inputs.handling())


def surging(inputs: Inputs) -> Figures:
    """M(t)/M/n+M from an empty start."""
    asked = {one.name: match for one in inputs.case.expect if (match := AT.fullmatch(one.name))}
    times = sorted({float(match[1]) for match in asked.values()})
    at = dict(zip(times, moments(surging_desk(inputs), times), strict=True))
    known = {"mean_queue": "queue", "mean_busy": "busy"}
    known |= {"cum_abandons": "abandoned", "cum_arrivals_delayed": "delayed"}
    return {
        name: getattr(at[float(match[1])], known[match[2]])
        for name, match in asked.items()
        if match[2] in known
    }


def surging_desk(inputs: Inputs) -> Desk:
    """The desk of a case whose rate changes."""
    key, raw = inputs.raw("segments")
    match = SEGMENTS.fullmatch(key.lower())
    unit, per = (match[1], match[2]) if match else ("min", "min")
    scale = inputs.in_unit(key, unit), inputs.in_unit(key, per)
    try:
        segments = tuple((float(until) * scale[0], float(rate) / scale[1]) for until, rate in raw)
    except (TypeError, ValueError):
        raise inputs.fault(key, "must be a list of [until, rate]") from None
    ends = [until for until, _ in segments]
    if not ends or sorted(set(ends)) != ends or min(rate for _, rate in segments) < 0:
        raise inputs.fault(key, "the ends must grow, and no rate be below 0")
    impatience = 1 / inputs.time("patience") if inputs.has("patience") else 0.0
    return Desk(inputs.whole("agents", "n"), 1 / inputs.handling(), impatience, segments)


def _listed(name: str, values: Sequence[float]) -> Figures:
    return {f"{name}[{number}]": value for number, value in enumerate(values)}
