"""Customers: attempts of one party that belong together, re-contacts, and what the first contact settled."""

from collections.abc import Iterator
from operator import attrgetter

from msgspec import Struct

from acd.kpi.intervals import Cells
from acd.kpi.ledger import Outcome, Segment
from acd.kpi.segment import View
from acd.kpi.service import moment

DAY_MS = 24 * 3_600_000


class Attempt(Struct, frozen=True, gc=False):
    """A contact of a known party, as much as is needed of it."""

    arrived_ms: int
    counted_ms: int
    done_ms: int
    line: str
    medium: str
    outcome: Outcome
    escalated: bool


_TRIED = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.BLOCKED)
_ARRIVED = attrgetter("arrived_ms")


class Customers:
    """Folds contacts (`acd.kpi.contacts`, in any order) into what is counted per customer of a client.

    A *case* is the attempts of one party until one is answered, each at most `case_ms` after the one before;
    attempts that ended in voicemail, a callback or the text of an incident count neither way. A *re-contact*
    is any contact of the party that arrives up to `again_ms` after the work on an answered one was over.
    Parties are ids of the vault, or a simulation's customers; contacts without a party are left out.
    """

    def __init__(self, case_ms: int = DAY_MS, again_ms: int = 7 * DAY_MS, view: View = View.ENTRY) -> None:
        self._case_ms = case_ms
        self._again_ms = again_ms
        self._view = view
        self._attempts: dict[tuple[str, str], list[Attempt]] = {}

    def take(self, contact: Segment) -> None:
        """Note a contact."""
        if contact.party:
            attempt = Attempt(
                contact.arrived_ms,
                moment(contact, self._view),
                contact.done_ms,
                contact.line,
                contact.medium,
                contact.outcome,
                contact.escalated,
            )
            self._attempts.setdefault((contact.tenant, contact.party), []).append(attempt)

    def cases(self) -> Iterator[tuple[str, Attempt, bool]]:
        """(tenant, first attempt, whether one was answered) of every case."""
        for tenant, attempts in self._by_party():
            first: Attempt | None = None
            last_ms = 0
            for attempt in attempts:
                if attempt.outcome not in _TRIED:
                    continue
                if first is not None and attempt.arrived_ms - last_ms > self._case_ms:
                    yield tenant, first, False
                    first = None
                first = first or attempt
                last_ms = attempt.arrived_ms
                if attempt.outcome is Outcome.ANSWERED:
                    yield tenant, first, True
                    first = None
            if first is not None:
                yield tenant, first, False

    def answered(self, now_ms: int) -> Iterator[tuple[str, Attempt, bool, bool]]:
        """(tenant, contact, came again, settled at first contact) of answered contacts.

        Only of those whose time of a re-contact is over at `now_ms`.
        """
        for tenant, attempts in self._by_party():
            settled_until_ms = -1
            for number, attempt in enumerate(attempts):
                if attempt.outcome is not Outcome.ANSWERED:
                    continue
                until_ms = attempt.done_ms + self._again_ms
                again = number + 1 < len(attempts) and attempts[number + 1].arrived_ms <= until_ms
                is_first = attempt.arrived_ms > settled_until_ms
                if until_ms <= now_ms:
                    yield tenant, attempt, again, is_first and not again and not attempt.escalated
                settled_until_ms = until_ms

    def count_into(self, cells: Cells, now_ms: int) -> None:
        """Fill in `customers…`, `resolv…` and `recontacted` of the cells of each case and contact."""
        for tenant, attempt, reached in self.cases():
            index = cells.intervals.index(attempt.counted_ms)
            if index >= 0:
                counts = cells.cell((index, tenant, attempt.line, attempt.medium))
                counts.customers += 1
                counts.customers_reached += reached
        for tenant, attempt, again, settled in self.answered(now_ms):
            index = cells.intervals.index(attempt.counted_ms)
            if index >= 0:
                counts = cells.cell((index, tenant, attempt.line, attempt.medium))
                counts.resolvable += 1
                counts.recontacted += again
                counts.resolved_first += settled

    def _by_party(self) -> Iterator[tuple[str, list[Attempt]]]:
        for (tenant, _), attempts in self._attempts.items():
            attempts.sort(key=_ARRIVED)
            yield tenant, attempts
