"""Why a conversation does not go on, and what the time meanwhile counts as."""

from acd.core import facts
from acd.kpi.segment import Segment

BY_AGENT, BY_OTHER, RESTING, ASIDE = 1, 2, 4, 8


Breaking = (
    facts.Held
    | facts.Resumed
    | facts.Interrupted
    | facts.InterruptionEnded
    | facts.Consulted
    | facts.ConsultOver
)


class Break:
    """Why the conversation of a contact is not going on now, as bits, and since when."""

    __slots__ = ("bits", "since_ms")

    def __init__(self) -> None:
        self.bits = self.since_ms = 0


def add_talk(segment: Segment, t_ms: int, paused: Break | None) -> None:
    """The conversation ended at `t_ms`: what was neither hold nor rest was talk."""
    if paused is not None:
        add_break(segment, t_ms, paused)
    segment.talk_ms += t_ms - segment.answered_ms - segment.hold_ms


def add_break(segment: Segment, t_ms: int, paused: Break) -> None:
    """Count the time since the last change as what it was; rest is taken off the talk beforehand."""
    if paused.bits & RESTING:
        segment.talk_ms -= t_ms - paused.since_ms
    elif paused.bits:
        segment.hold_ms += t_ms - paused.since_ms
    paused.since_ms = t_ms
