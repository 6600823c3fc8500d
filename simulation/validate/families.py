"""Which family of models a truth case belongs to: closed form and simulation of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulation.validate import class_trials, formulas, group_trials, moment_trials
from simulation.validate.cases import Case
from simulation.validate.formulas import Figures
from simulation.validate.inputs import Inputs, Unusable
from simulation.validate.trial import Trial


@dataclass(frozen=True, slots=True)
class Family:
    """Models told by what their name matches, in lower case, the first of FAMILIES first."""

    name: str
    told_by: re.Pattern[str]
    formulas: Callable[[Inputs], Figures]
    trial: Callable[[Inputs, float], Trial]
    """(inputs, calls in all replications together)"""


FAMILIES = tuple(
    Family(name, re.compile(told_by), closed, played)
    for name, told_by, closed, played in (
        ("redials", r"redial|retrial", formulas.redials, group_trials.redials),
        (
            "required agents",
            r"required agents|agents (needed|required)",
            formulas.required,
            group_trials.required,
        ),
        ("accumulating priority", r"accumulating|delay.dependent", formulas.weighted, class_trials.weighted),
        (
            "preemptive-resume priority",
            r"(?<!non-)(?<!non)preemptive",
            formulas.interrupting,
            class_trials.interrupting,
        ),
        ("priority, M/G/1", r"m/g/1.*priority", formulas.general_classes, class_trials.general_classes),
        ("priority, M/M/n", r"priority", formulas.classes, class_trials.classes),
        ("M(t)/M/infinity", r"m\(?t\)?/m/(inf|∞)", formulas.swinging, moment_trials.swinging),
        ("M(t)/M/n+M", r"m\(?t\)?/m/|transient", formulas.surging, moment_trials.surging),
        ("M/G/1", r"^m/g/1$", formulas.one_line, group_trials.one_line),
        ("M/M/n/n", r"^m/m/(\w+)/\1$", formulas.loss, group_trials.loss),
        ("M/M/n/K(+M)", r"^m/m/\w+/\w+(\+m)?$", formulas.limited, group_trials.limited),
        ("M/M/n+M", r"^m/m/\w+\+m$", formulas.impatient, group_trials.impatient),
        ("M/M/n", r"^m/m/\w+$", formulas.delay, group_trials.delay),
    )
)


def family_of(case: Case) -> Family:
    """The family of a case. Raises Unusable: it is not known."""
    model = re.sub(r"\s+", " ", case.model.strip().lower())
    for family in FAMILIES:
        if family.told_by.search(model):
            return family
    known = "; ".join(family.name for family in FAMILIES)
    raise Unusable(f"{case.file}: {case.id}: model: {case.model!r} is not one of {known}")
