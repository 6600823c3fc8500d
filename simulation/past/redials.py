"""Who comes again after he was not served: first attempts and redials, told apart by party."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from acd.kpi.segment import Outcome, Segment
from queues.desk import EntryId
from simulation.past.thinning import thinned
from simulation.plan.forecasts import Flow
from simulation.scenario import MOST_TRIES, Redial

WITHIN_MS = 4 * 3_600_000
"""Who comes again later than this after a failure comes with something new."""

UNSERVED = frozenset((Outcome.ABANDONED, Outcome.BLOCKED))


class Tries:
    """The arrivals of some customers, in the order of time. Parties without a name come once each."""

    def __init__(self, contacts: Iterable[tuple[Segment, Segment]]) -> None:
        """`contacts`: the first and the last segment of each; what was blocked is both."""
        self.first: list[Segment] = []
        """Those that are no redials."""
        self._failures: Counter[Flow] = Counter()
        self._again: dict[Flow, list[tuple[Segment, Segment]]] = {}
        self._most = 1
        by_party: dict[str, list[tuple[Segment, Segment]]] = {}
        for first, last in sorted(contacts, key=lambda pair: pair[0].arrived_ms):
            if first.party:
                by_party.setdefault(first.party, []).append((first, last))
            else:
                self.first.append(first)
        for tries in by_party.values():
            self._follow(tries)
        self.first.sort(key=lambda segment: segment.arrived_ms)

    def redial(self, flow: Flow, entries: Mapping[Flow, EntryId]) -> Redial | None:
        """What the callers of this flow do who were not served; None when nobody was seen to come again."""
        again = self._again.get(flow)
        if not again:
            return None
        others = Counter(flow_of(segment) for _, segment in again if flow_of(segment)[1] is not flow[1])
        other = others.most_common(1)[0][0] if others else None
        return Redial(
            probability=len(again) / self._failures[flow],
            delay=thinned([segment.arrived_ms - failed.ended_ms for failed, segment in again]),
            most=max(5, min(self._most, MOST_TRIES)),
            other_share=sum(others.values()) / len(again),
            other_entry=entries.get(other) if other else None,
        )

    def _follow(self, contacts: Sequence[tuple[Segment, Segment]]) -> None:
        """The attempts of one party. A redial belongs to the flow of the customer's first attempt."""
        flow, failed, number = flow_of(contacts[0][0]), None, 1
        for segment, last in contacts:
            if failed is not None and segment.arrived_ms - failed.ended_ms <= WITHIN_MS:
                self._again.setdefault(flow, []).append((failed, segment))
                number += 1
            else:
                flow, number = flow_of(segment), 1
                self.first.append(segment)
            self._most = max(self._most, number)
            failed = last if last.outcome in UNSERVED else None
            self._failures[flow] += failed is not None


def flow_of(segment: Segment) -> Flow:
    """Its line and medium, as a place of demand."""
    return segment.line, segment.medium  # type: ignore[return-value]
