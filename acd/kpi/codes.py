"""Counts by wrap-up code: what contacts were about, password resets for one."""

from msgspec import Struct

from acd.kpi.ledger import Segment


class CodeCount(Struct, gc=False):
    """Of one code: how many contacts an agent coded so, and how many of these went to a higher level."""

    handled: int = 0
    escalated: int = 0
    escalation_ms: int = 0
    """From the arrival to that."""


class Codes:
    """Folds finished segments that have a code: `Counts.coded` of `handled` tells how many."""

    def __init__(self) -> None:
        self.counts: dict[str, CodeCount] = {}

    def take(self, segment: Segment) -> None:
        """Count the segment under its code, if it has one."""
        if segment.code:
            found = self.counts.setdefault(segment.code, CodeCount())
            found.handled += 1
            if segment.escalated_ms:
                found.escalated += 1
                found.escalation_ms += segment.escalated_ms - segment.arrived_ms
