"""What a case gives: closed form against the expected value, and the simulation against both."""

from collections.abc import Mapping, Sequence
from math import copysign, exp, inf, isfinite, sqrt

import numpy as np
from msgspec import Struct
from scipy import stats

from simulation.validate.calls import Mean
from simulation.validate.cases import Case, Expected
from simulation.validate.formulas import Figures
from simulation.validate.trial import Trial

MOST_Z = 4.0
"""One in 16,000 by chance: hundreds of comparisons must not fail for nothing."""


class Quantity(Struct, frozen=True):
    """One quantity of a case. None: there is nothing to show."""

    name: str
    expected: float
    got: float | None
    """By closed form."""
    relative_error: float | None
    simulated: float | None
    standard_error: float | None
    z: float | None
    """Of the simulated value against the expected one, as a normal quantile of the t test."""
    passed: bool
    reason: str = ""


class Verdict(Struct, frozen=True):
    """One case."""

    id: str
    model: str
    passed: bool
    quantities: tuple[Quantity, ...]
    reason: str = ""
    """Why the case as a whole did not pass or could not be run."""
    note: str = ""
    """How the engine expressed the model, where that needs saying."""
    replications: int = 0
    calls: int = 0
    """Expected in all replications together."""


Means = Sequence[Mapping[str, Mean]]
"""What each replication gave."""


def failed(case: Case, reason: str) -> Verdict:
    """The case could not be run."""
    quantities = tuple(
        Quantity(one.name, one.value, None, None, None, None, None, False, reason) for one in case.expect
    )
    return Verdict(case.id, case.model, False, quantities, reason)


def judge(case: Case, figures: Figures, trial: Trial | None = None, means: Means = ()) -> Verdict:
    """The verdict on a case; without a trial on its closed forms alone."""
    quantities = [_quantity(one, figures, trial, means) for one in case.expect]
    if trial is not None:
        exact = [Expected(name, value, 0.0) for name, value in trial.also.items()]
        quantities += [_quantity(one, trial.also, trial, means) for one in exact]
    wrong = [one.name for one in quantities if not one.passed]
    return Verdict(
        case.id,
        case.model,
        not wrong,
        tuple(quantities),
        f"not passed: {', '.join(wrong)}" if wrong else "",
        trial.note if trial else "",
        len(means),
        round(trial.calls * len(means)) if trial else 0,
    )


def _quantity(one: Expected, figures: Mapping[str, float], trial: Trial | None, means: Means) -> Quantity:
    got = figures.get(one.name)
    if got is None:
        reason = "this family has no such quantity"
        return Quantity(one.name, one.value, None, None, None, None, None, False, reason)
    error = abs(got - one.value) / abs(one.value) if one.value else abs(got)
    reasons = [] if abs(got - one.value) <= one.tolerance else [f"the closed form is off by {error:.1e}"]
    simulated = standard_error = z = None
    if trial is not None and means and one.name in means[0]:
        simulated, standard_error, z = compared([mean[one.name] for mean in means], one.value)
        if not abs(z) < MOST_Z and not _tolerated(one, simulated, standard_error, trial.tolerance):
            reasons.append(f"the simulated value is {z:+.1f} standard errors off")
    found = _shown(simulated), _shown(standard_error), _shown(z)
    return Quantity(one.name, one.value, got, error, *found, not reasons, "; ".join(reasons))


def _shown(number: float | None) -> float | None:
    """JSON has no infinity."""
    return None if number is None or not isfinite(number) else number


def _tolerated(one: Expected, simulated: float, standard_error: float, tolerance: float) -> bool:
    """Whether the model's own error explains what the chance does not."""
    share = abs(one.value) <= 1
    allowed = tolerance if share else tolerance * abs(one.value)
    return abs(simulated - one.value) - allowed < MOST_Z * standard_error if tolerance else False


def compared(means: Sequence[Mean], expected: float) -> tuple[float, float, float]:
    """Ratio of the sums, its standard error, and the z of the hypothesis that it is `expected`.

    One (numerator, denominator) per replication. The residuals numerator - expected * denominator have mean
    0 under the hypothesis whatever the denominators do, so that a t test of them has no bias of a ratio.
    """
    table = np.array([mean[:2] for mean in means], dtype=np.float64)
    many, total = len(table), float(table[:, 1].sum())
    if total == 0 or many < 2:
        return 0.0, inf, inf
    residuals = table[:, 0] - expected * table[:, 1]
    off, error = float(residuals.sum()), float(residuals.std(ddof=1)) * sqrt(many)
    error = max(error, _least_error(means, expected, total))
    value = float(table[:, 0].sum()) / total
    if error == 0:
        # All alike: the event that makes a difference was expected so often, and never seen.
        return value, 0.0, copysign(float(stats.norm.isf(exp(-abs(off)) / 2)), off)
    t = off / error
    z = copysign(float(stats.norm.isf(stats.t.sf(abs(t), many - 1))), t)
    return value, error / total, z


def _least_error(means: Sequence[Mean], expected: float, total: float) -> float:
    """Of a sum of events that come one by one: where they are too rare to show how much they vary."""
    grains = [mean[2] for mean in means if len(mean) > 2]
    if not grains:
        return 0.0
    return sqrt(max(0.0, expected * (1 - expected)) * total * float(np.mean(grains)))
