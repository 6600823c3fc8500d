"""Runs truth cases: closed forms first, then the engine's replications, on several processes if wanted."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from simulation.runs.spread import Map, serial
from simulation.validate.calls import Mean
from simulation.validate.cases import Case
from simulation.validate.families import family_of
from simulation.validate.formulas import Figures
from simulation.validate.inputs import Inputs
from simulation.validate.trial import Trial
from simulation.validate.verdict import Quantity, Verdict, failed, judge

CALLS = 100_000
"""Per case, in all replications together; a desk that is slow to settle gets more."""
SEED = 20_260_301
"""Fixed, so that a failure can be looked into."""
SUSPECT_Z, LONGER = 3.0, 4
"""A case with a greater |z| is played on, to so many times the replications, and all of them decide: rare
events make a short run look more certain than it is, and a real fault only shows more clearly."""
BLOCK_CALLS = 30_000
"""About so many calls are played in one piece of work."""

Told = Callable[[float, float], None]
"""Called with the calls that have been played and those that are to be."""


class Piece(Struct, frozen=True):
    """Some replications of one case."""

    case: Case
    calls: float
    seed: int
    first: int
    many: int
    expected: float
    """Calls in all of it."""


class Played(Struct, frozen=True):
    """What a piece of work gave."""

    piece: Piece
    means: tuple[Mapping[str, Mean], ...]
    fault: str = ""
    """Why it gave nothing."""


class Plan(Struct, frozen=True):
    """What is to be done for one case, its closed forms being done."""

    case: Case
    figures: Figures
    trial: Trial


def formulas_only(cases: Sequence[Case]) -> list[Verdict]:
    """The verdicts on the closed forms alone, in the order of the cases."""
    return [_by_formula(case) for case in cases]


def run_cases(
    cases: Sequence[Case],
    *,
    calls: float = CALLS,
    seed: int = SEED,
    spread: Map = serial,
    told: Told = lambda *_: None,
) -> list[Verdict]:
    """The verdicts on closed forms and simulation, in the order of the cases.

    `calls` per case, in all its replications; `told` hears of the progress. The
    same seed gives the same verdicts, however the work is spread. A case that cannot be run fails with its
    reason, and the others go on.
    """
    plans = [_plan(case, calls) for case in cases]
    playable = [plan for plan in plans if isinstance(plan, Plan)]
    found: dict[str, list[Played]] = defaultdict(list)
    first = [piece for plan in _slowest_first(playable) for piece in _pieces(plan, range(1), calls, seed)]
    _play(first, found, spread, told)
    doubtful = [plan for plan in playable if _suspect(plan, found[plan.case.id])]
    more = [
        piece for plan in _slowest_first(doubtful) for piece in _pieces(plan, range(1, LONGER), calls, seed)
    ]
    _play(more, found, spread, told)
    return [plan if isinstance(plan, Verdict) else _verdict(plan, found[plan.case.id]) for plan in plans]


def _slowest_first(plans: Sequence[Plan]) -> list[Plan]:
    """So that the workers end together."""
    return sorted(plans, key=lambda plan: -plan.trial.calls)


def _play(pieces: Sequence[Piece], found: dict[str, list[Played]], spread: Map, told: Told) -> None:
    done, total = 0.0, sum(piece.expected for piece in pieces)
    for played in spread(play_piece, pieces):
        found[played.piece.case.id].append(played)
        done += played.piece.expected
        told(done, total)


def _suspect(plan: Plan, played: Sequence[Played]) -> bool:
    return any(one.z is None or abs(one.z) > SUSPECT_Z for one in _seen(_verdict(plan, played)))


def _seen(verdict: Verdict) -> Iterator[Quantity]:
    """What the runs gave; nothing of a case whose runs failed."""
    return (one for one in verdict.quantities if one.simulated is not None)


def _plan(case: Case, calls: float) -> Plan | Verdict:
    try:
        return Plan(case, _figures(case), family_of(case).trial(Inputs(case), calls))
    except (ValueError, ArithmeticError) as error:
        return failed(case, str(error))


def _by_formula(case: Case) -> Verdict:
    try:
        return judge(case, _figures(case))
    except (ValueError, ArithmeticError) as error:
        return failed(case, str(error))


def _figures(case: Case) -> Figures:
    return family_of(case).formulas(Inputs(case))


def _pieces(plan: Plan, times: range, calls: float, seed: int) -> Iterator[Piece]:
    """All replications of the trial, as many times over."""
    at_once = max(1, round(BLOCK_CALLS / plan.trial.calls))
    every = plan.trial.replications
    for first in range(times.start * every, times.stop * every, at_once):
        many = min(at_once, times.stop * every - first)
        yield Piece(plan.case, calls, seed, first, many, many * plan.trial.calls)


def play_piece(piece: Piece) -> Played:
    """Play the replications of a piece; perhaps in another process, so the trial is made anew."""
    try:
        trial = family_of(piece.case).trial(Inputs(piece.case), piece.calls)
        return Played(piece, tuple(trial.replicate(piece.seed, piece.first + n) for n in range(piece.many)))
    except Exception as error:
        return Played(piece, (), f"the simulation failed: {type(error).__name__}: {error}")


def _verdict(plan: Plan, played: Sequence[Played]) -> Verdict:
    fault = next((one.fault for one in played if one.fault), "")
    if fault:
        return failed(plan.case, fault)
    in_order = sorted(played, key=lambda one: one.piece.first)
    return judge(plan.case, plan.figures, plan.trial, [mean for one in in_order for mean in one.means])
