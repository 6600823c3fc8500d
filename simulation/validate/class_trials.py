"""Several classes of calls for one group, as the engine plays them: priorities of all kinds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agents.capacity import MAIL, VOICE
from simulation.validate import calls as seen
from simulation.validate.calls import Measure
from simulation.validate.desks import SHORTEST_MS, Source, law
from simulation.validate.formulas import Group, moments_by_class, shared, weights_of
from simulation.validate.inputs import Inputs
from simulation.validate.trial import (
    REPLICATIONS,
    Length,
    Trial,
    measuring,
    present,
    relaxation,
    run_of,
    steady_trial,
)


def classes(inputs: Inputs, effort: float) -> Trial:
    """One line per class, of that priority class."""
    rates, mu, agents = shared(inputs)
    sources = [(rate, 1 / mu, 1.0) for rate in rates]
    return _by_class(sources, agents, effort, classes=range(1, len(rates) + 1))


def general_classes(inputs: Inputs, effort: float) -> Trial:
    """The same with one agent and handling times of any variance."""
    found = zip(*moments_by_class(inputs), strict=True)
    sources = [(rate, mean, square / mean**2 - 1) for rate, mean, square in found]
    return _by_class(sources, 1, effort, classes=range(1, len(sources) + 1))


def weighted(inputs: Inputs, effort: float) -> Trial:
    """Lines of one class whose targets are in inverse ratio to the weights."""
    rates, mu, agents = shared(inputs)
    weights = weights_of(inputs, len(rates))
    sources = [(rate, 1 / mu, 1.0) for rate in rates]
    return _by_class(sources, agents, effort, targets_ms=[round(1e9 / weight) for weight in weights])


def _by_class(
    found: Sequence[tuple[float, float, float]],
    agents: int,
    effort: float,
    *,
    classes: Iterable[int] | None = None,
    targets_ms: Sequence[int] | None = None,
) -> Trial:
    """`found`: rate, mean handling time and its squared coefficient of variation, per class."""
    rate = sum(rate for rate, _, _ in found)
    mean = sum(rate * mean for rate, mean, _ in found) / rate
    spread = max(1.0, *((1 + scv) / 2 for _, _, scv in found))
    told = Group(rate, mean, agents)
    slow = relaxation(told) * spread
    length = Length.of(rate, slow, mean, effort, overtaken=True)
    unit_ms = SHORTEST_MS / min(mean for _, mean, _ in found)
    places = list(classes or [5] * len(found))
    targets = targets_ms or [round(unit_ms)] * len(found)
    sources = [
        Source((one * length.arrivals,), law(time * unit_ms, scv), None, place, target)
        for (one, time, scv), place, target in zip(found, places, targets, strict=True)
    ]
    sources[-1] = replace(sources[-1], backlog=present(told))
    measures: dict[str, Measure] = {
        "P_wait": seen.share(seen.delayed, seen.everyone),
        "W_fcfs": seen.mean_wait(seen.everyone),
    }
    measures |= {f"Wq[{n}]": seen.mean_wait(seen.of_stream(n)) for n in range(len(found))}
    return steady_trial(sources, agents, length, unit_ms, measures)


def interrupting(inputs: Inputs, effort: float) -> Trial:
    """Calls interrupt mails; the agent hands the mail back, so that whoever is free goes on with it."""
    rates = [inputs.rate("lam_call"), inputs.rate("lam_mail")]
    aht, agents = inputs.handling(), inputs.whole("n", "agents")
    told = Group(sum(rates), aht, agents)
    length = Length.of(told.rate, relaxation(told), aht, effort, overtaken=True)
    unit_ms = SHORTEST_MS / aht
    sources = [
        Source((rate * length.arrivals,), law(aht * unit_ms, 1.0), None, place, medium=medium)
        for rate, place, medium in zip(rates, (1, 2), (VOICE, MAIL), strict=True)
    ]
    sources[-1] = replace(sources[-1], backlog=present(told))
    measures = {
        "Wq_call": seen.mean_wait(seen.of_stream(0)),
        "sojourn_mail": seen.mean_time(seen.of_stream(1)),
        "delay_mail": seen.mean_time(seen.of_stream(1), less=aht),
    }
    run = run_of(sources, agents, length, unit_ms, interrupts=((VOICE, MAIL),))
    note = "an interrupted mail is handed back and taken by whoever is free"
    return Trial(measuring(run, measures), REPLICATIONS, told.rate * length.arrivals, note)
