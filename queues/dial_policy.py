"""Dial policy: whether a number outside may be rung, as one function that never sees it.

Every leg to a number outside passes `decide`: callbacks, consults and those handed over to, calls that the
desk begins, and calls that an agent's phone diverts. It is what keeps strangers, and whoever has got hold of
a phone's password, from ringing at the desk's expense.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from queues.desk import OutboundRule, TenantId
from queues.outbound import CallResult, Dialled

NEVER = ("emergency", "premium", "unknown")
"""Classes that no rule allows: nobody promised the police a callback, premium numbers are what fraud is
after, and what an unknown one costs nobody knows.
"""

HOUR_MS = 3_600_000

Reason = Literal["", "never", "no rule", "at once", "per hour", "per number"]
"""Why a number is not rung; empty: it is."""

LATER: frozenset[Reason] = frozenset({"at once", "per hour", "per number"})
"""It may be rung when there is room again."""


class Wish(NamedTuple):
    """What shall be rung, and for what."""

    tenant: TenantId
    purpose: str
    dial_class: str


class Counts(NamedTuple):
    """What is going on already."""

    at_once: int = 0
    """Calls by the same rule that are under way."""
    in_hour: int = 0
    """Of the same client for the same purpose, within the last hour."""
    to_number: int = 0
    """Of these, how many went to that number."""


class Decision(NamedTuple):
    """`rule` is the one that fits, also when it has no room."""

    rule: OutboundRule | None
    reason: Reason

    @property
    def refusal(self) -> CallResult | None:
        """How the attempt ends at once; None: it may be placed."""
        if not self.reason:
            return None
        return "no room" if self.reason in LATER else "refused by policy"


def decide(rules: Iterable[OutboundRule], wish: Wish, counts: Counts) -> Decision:
    """The first rule that fits the wish decides, and nothing else: what none fits is not rung."""
    if wish.dial_class in NEVER:
        return Decision(None, "never")
    rule = rule_for(rules, *wish)
    if rule is None:
        return Decision(None, "no rule")
    if counts.at_once >= rule.at_once:
        return Decision(rule, "at once")
    if 0 < rule.per_hour <= counts.in_hour:
        return Decision(rule, "per hour")
    if 0 < rule.per_number <= counts.to_number:
        return Decision(rule, "per number")
    return Decision(rule, "")


def rule_for(
    rules: Iterable[OutboundRule], tenant: TenantId, purpose: str, dial_class: str
) -> OutboundRule | None:
    """The first rule that allows such calls; None: they are not allowed."""
    if dial_class in NEVER:
        return None
    for rule in rules:
        if rule.purpose == purpose and rule.tenant in ("", tenant) and dial_class in rule.classes:
            return rule
    return None


def lately(dialled: Iterable[Dialled], now_ms: int) -> list[Dialled]:
    """Those of the last hour."""
    return [one for one in dialled if one.at_ms > now_ms - HOUR_MS]


def counted(dialled: Iterable[Dialled], wish: Wish, number: str, at_once: int) -> Counts:
    """`dialled`: those of the last hour."""
    same = [one for one in dialled if (one.tenant, one.purpose) == (wish.tenant, wish.purpose)]
    return Counts(at_once, len(same), sum(one.number == number for one in same))
