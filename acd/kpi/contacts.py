"""Contacts: the segments of one contact as one, so that a client's totals count it once."""

from collections.abc import Sequence

from msgspec.structs import replace

from acd.kpi.ledger import GOES_ON, Finished, Outcome, Segment


class Contacts:
    """Folds finished segments into one segment per contact: its first wait start, its final outcome.

    The waits of its segments add up, so an overflow waits on and a transfer adds what was waited after it;
    talk is no wait. Work adds up too. `line`, `kind` and `agent` are the last ones, `queued_ms` is when it
    first waited. A contact is handed over when its last segment is known and all of its segments are
    finished.
    """

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        self._parts: dict[int, list[Segment]] = {}

    def take(self, segment: Segment) -> None:
        """A segment is finished. Each segment may come once; the segments of a contact in any order."""
        if segment.number == 1 and not _goes_on(segment):
            self._finished(segment)
            return
        parts = self._parts.setdefault(segment.contact, [])
        parts.append(segment)
        last = max(parts, key=_number)
        if len(parts) == last.number and not _goes_on(last):
            del self._parts[segment.contact]
            self._finished(merged(parts))

    @property
    def unfinished(self) -> int:
        """Contacts of which some segments are here and others not yet; 0 after the ledger was closed.

        Except for contacts whose first segments a ledger that began later than they did has not seen.
        """
        return len(self._parts)


def merged(segments: Sequence[Segment]) -> Segment:
    """All segments of one contact as one segment."""
    parts = sorted(segments, key=_number)
    first, last = parts[0], parts[-1]
    answered = [part for part in parts if part.answered_ms]
    told = answered[0] if answered else last
    return replace(
        last,
        number=1,
        cause="arrived",
        queued_ms=last.anchor_ms or first.queued_ms,
        wait_ms=sum(part.wait_ms for part in parts),
        ring_ms=sum(part.ring_ms for part in parts),
        talk_ms=sum(part.talk_ms for part in parts),
        hold_ms=sum(part.hold_ms for part in parts),
        wrap_up_ms=sum(part.wrap_up_ms for part in parts),
        done_ms=max(part.done_ms for part in parts),
        agent=answered[-1].agent if answered else "",
        answered_ms=answered[0].answered_ms if answered else 0,
        told_ms=told.told_ms,
        told_wait_ms=told.told_wait_ms,
        told_band_ms=told.told_band_ms,
        escalated_ms=next((part.escalated_ms for part in parts if part.escalated_ms), 0),
        ticket=next((part.ticket for part in reversed(parts) if part.ticket), ""),
        code=next((part.code for part in reversed(parts) if part.code), ""),
    )


def _goes_on(segment: Segment) -> bool:
    return segment.outcome is Outcome.FLOWED_OUT and segment.kind in GOES_ON


def _number(segment: Segment) -> int:
    return segment.number
