"""Counts by wrap-up code: what contacts were about, password resets for one."""

from msgspec import Struct

from acd.kpi.legs import Leg


class CodeCount(Struct, gc=False):
    """Of one code: how many contacts an agent coded so, and how many of these went to a higher level."""

    handled: int = 0
    escalated: int = 0
    escalation_ms: int = 0
    """From the arrival to that."""


class Codes:
    """Folds finished legs. Those without a code are left out: `Counts.coded` of `handled` tells how many."""

    def __init__(self) -> None:
        self.counts: dict[str, CodeCount] = {}

    def take(self, leg: Leg) -> None:
        """Count the leg under its code, if it has one."""
        if leg.code:
            found = self.counts.setdefault(leg.code, CodeCount())
            found.handled += 1
            if leg.escalated_ms:
                found.escalated += 1
                found.escalation_ms += leg.escalated_ms - leg.arrived_ms
