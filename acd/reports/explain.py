"""Why a contact was offered to whom: the story that its facts tell."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, to_builtins

from acd.core import facts as f
from acd.ports import Told

_OUTCOMES: dict[type[f.Fact], str] = {
    f.Answered: "answered",
    f.Refused: "refused",
    f.NotAnswered: "not answered",
    f.OfferLost: "could not be delivered",
    f.OfferWithdrawn: "withdrawn",
    f.ReservationEnded: "no longer needed",
}


class Happening(Struct, frozen=True):
    """One fact of the contact's history. `t_ms` in Unix milliseconds; `fact` are its other fields.

    `by` asked for what led to it: `api:TOKEN`, `channel:NAME`, `phone:AGENT`, `site`; empty: time.
    """

    seq: int
    by: str
    t_ms: int
    kind: str
    fact: dict[str, Any]


class OfferExplained(Struct, frozen=True):
    """One offer, what it was decided by, and what became of it."""

    t_ms: int
    offer: int
    agent: str
    why: str
    outcome: str


def happening(told: Told) -> Happening:
    """The fact as the API shows it."""
    fields = to_builtins(told.fact)
    kind = fields.pop("type")
    t_ms = fields.pop("t_ms")
    return Happening(told.seq, told.by, t_ms, kind, fields)


def explain(facts: Iterable[f.Fact]) -> list[OfferExplained]:
    """The offers among the facts of one contact, oldest first."""
    decided: dict[int, f.Decision] = {}
    outcomes: dict[int, str] = {}
    for fact in facts:
        if isinstance(fact, f.Decision):
            decided.setdefault(fact.offer, fact)  # who was reserved first is rung by the same decision
        elif (outcome := _OUTCOMES.get(type(fact))) is not None:
            cause = f" ({fact.cause})" if isinstance(fact, f.OfferWithdrawn) else ""
            outcomes[fact.offer] = outcome + cause  # type: ignore[attr-defined]
    return [
        OfferExplained(fact.t_ms, fact.offer, fact.agent, _why(fact), outcomes.get(fact.offer, "open"))
        for fact in decided.values()
    ]


def _why(fact: f.Decision) -> str:
    share = 100 * fact.urgency_ms // fact.target_ms if fact.target_ms else 0
    if fact.choice == "agent chosen":
        reason = f"the best of the idle agents by {fact.policy} ({fact.compared} compared)"
    else:
        reason = f"the most urgent contact this agent may serve ({fact.compared} compared)"
    relaxed = f", relaxation {fact.step} in force" if fact.step else ""
    if isinstance(fact, f.Reserved):
        reason += ", kept free while the party is called back"
    return f"{reason}; line {fact.line}, class {fact.priority_class}, {share} % of its target used{relaxed}"
