"""Whom agents asked in the middle of a talk, and went on without: from the facts of past days."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.segment import Segment
from queues.desk import LineId
from simulation.past.thinning import thinned
from simulation.scenario import ASKS_FOR_MS, Consulting

STAYED = ("conference", "transferred")
"""Results of a consult after which whoever was asked was still there: the model knows no such."""


class Ask(NamedTuple):
    """One consult of a line. Moments in Unix milliseconds."""

    contact: int
    line: LineId
    started_ms: int
    answered_ms: int = 0
    """0: by nobody."""
    over_ms: int = 0


class Asked:
    """A fold of facts."""

    def __init__(self) -> None:
        self._asks: dict[int, list[Ask]] = {}
        """Contact → those that are over."""
        self._open: dict[int, Ask] = {}
        """Consult → as far as it is known."""
        self._about: dict[int, int] = {}
        """Consult → the contact that it is about."""

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of one event."""
        for fact in batch:
            if isinstance(fact, facts.Consulted):
                self._about[fact.consult] = fact.contact
            match fact:
                case facts.Consulted(dial_class=""):
                    self._open[fact.consult] = Ask(fact.contact, LineId(fact.line), fact.t_ms)
                case facts.Answered() if fact.contact in self._open:
                    self._open[fact.contact] = self._open[fact.contact]._replace(answered_ms=fact.t_ms)
                case facts.ConsultOver() if (ask := self._open.pop(fact.consult, None)) is not None:
                    if fact.result not in STAYED:
                        self._asks.setdefault(ask.contact, []).append(ask._replace(over_ms=fact.t_ms))

    def subject(self, contact: int) -> int:
        """The contact that this one, if it is a consult, is about."""
        return self._about.get(contact, contact)

    def of(self, segment: Segment) -> list[Ask]:
        """Those within its talk."""
        until_ms = segment.answered_ms + segment.talk_ms + segment.hold_ms
        return [
            ask
            for ask in self._asks.get(segment.contact, ())
            if segment.answered_ms <= ask.started_ms <= until_ms
        ]

    def hold_ms(self, segment: Segment) -> int:
        """Without the time in which the party waited for them."""
        return segment.hold_ms - sum(ask.over_ms - ask.started_ms for ask in self.of(segment))

    def answer_ms(self, segment: Segment) -> int:
        """How long those talked who were asked."""
        return sum(ask.over_ms - ask.answered_ms for ask in self.of(segment) if ask.answered_ms)

    def rule(self, segments: Sequence[Segment]) -> Consulting | None:
        """The share of these segments in which somebody was asked, and the line that most asked.

        None where nobody was. The patience is the longest seen.
        """
        asking = [segment for segment in segments if self.of(segment)]
        if not asking:
            return None
        asks = [ask for segment in asking for ask in self.of(segment)]
        vain_ms = [ask.over_ms - ask.started_ms for ask in asks if not ask.answered_ms]
        waited_ms = [ask.answered_ms - ask.started_ms for ask in asks if ask.answered_ms]
        patience_ms = max(vain_ms) if vain_ms else max(ASKS_FOR_MS, *(ms + 1 for ms in waited_ms))
        return Consulting(
            share=len(asking) / len(segments),
            to=Counter(ask.line for ask in asks).most_common(1)[0][0],
            talk=thinned([self.answer_ms(segment) for segment in asking if self.answer_ms(segment)] or [0]),
            patience_ms=max(1, patience_ms),
        )
