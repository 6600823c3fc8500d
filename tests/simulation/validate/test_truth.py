"""Every truth case: closed forms to nine digits, and the engine within four standard errors."""

from pathlib import Path

import pytest

from simulation.runs.spread import workers
from simulation.validate.cases import Case, read_cases
from simulation.validate.run import CALLS, SEED, formulas_only, run_cases

TRUTH = Path(__file__).parents[1] / "truth" / "staffing.json"
CASES = {case.id: case for case in read_cases(TRUTH)}

SLOW_TO_SETTLE = {"C6", "S1"}
"""Their family is M/M/n like C1, C2 and C4, and each alone would take as long as ten others."""
FAST_CALLS = 3_000


def simulated_somehow(case: Case) -> set[str]:
    """Quantities that a run can see."""
    return {one.name for one in case.expect} - {"agents"}


def test_the_cases_shipped_are_those_of_the_tests() -> None:
    shipped, ours = read_cases(), read_cases(TRUTH)
    assert [(case.id, case.inputs, case.expect) for case in shipped] == [
        (case.id, case.inputs, case.expect) for case in ours
    ]


@pytest.mark.parametrize("id_", CASES)
def test_the_closed_form_has_nine_digits(id_: str) -> None:
    (verdict,) = formulas_only([CASES[id_]])
    assert verdict.passed, verdict.reason
    for one in verdict.quantities:
        assert one.relative_error is not None
        assert one.relative_error < (1e-9 if not id_.startswith("T") else 2e-8)


@pytest.mark.parametrize("id_", [id_ for id_ in CASES if id_ not in SLOW_TO_SETTLE])
def test_the_engine_agrees_within_four_standard_errors(id_: str) -> None:
    (verdict,) = run_cases([CASES[id_]], calls=FAST_CALLS)
    assert verdict.passed, verdict.reason
    unseen = {one.name for one in verdict.quantities if one.z is None}
    assert not unseen & simulated_somehow(CASES[id_])


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_the_engine_agrees_in_all_cases_with_all_calls() -> None:
    with workers(2) as spread:
        verdicts = run_cases(list(CASES.values()), calls=CALLS, seed=SEED, spread=spread)
    assert not [(verdict.id, verdict.reason) for verdict in verdicts if not verdict.passed]
