"""Cases, re-contacts and first contacts of parties; waits, codes and intervals."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.kpi.codes import Codes
from acd.kpi.customers import DAY_MS, Customers
from acd.kpi.definitions import DEFINITIONS
from acd.kpi.intervals import Cells, Intervals
from acd.kpi.ledger import Outcome, Segment
from acd.kpi.percentiles import Waits, percentile, percentiles
from acd.kpi.segment import View
from acd.kpi.service import Counts, Terms
from tests.acd.kpi import golden

HOUR_MS = 3_600_000
A, X, B, M, F = Outcome.ANSWERED, Outcome.ABANDONED, Outcome.BLOCKED, Outcome.INCIDENT, Outcome.FLOWED_OUT


def came(party: str, hour: float, outcome: Outcome, **said: object) -> Segment:
    """A contact of the party that came at that hour and was over a minute later."""
    at_ms = round(hour * HOUR_MS)
    moments: dict[str, Any] = {
        "arrived_ms": at_ms, "queued_ms": at_ms, "ended_ms": at_ms, "done_ms": at_ms + 60_000,
    }  # fmt: skip
    return golden.segment(outcome, party=party, **(moments | said))


def folded(*contacts: Segment, now_ms: int = 100 * DAY_MS) -> Counts:
    customers = Customers()
    cells = Cells(Intervals.even(0, DAY_MS, 100), Terms())
    for contact in contacts:
        customers.take(contact)
    customers.count_into(cells, now_ms)
    return cells.total()


@pytest.mark.parametrize(
    ("attempts", "cases", "reached"),
    [
        ([(0, A)], 1, 1),
        ([(0, X), (0.1, B), (0.2, A)], 1, 1),
        ([(0, X), (23, X)], 1, 0),
        ([(0, X), (25, X)], 2, 0),
        ([(0, X), (20, X), (40, A)], 1, 1),
        ([(0, A), (1, X)], 2, 1),
        ([(0, M)], 0, 0),
        ([(0, F), (1, M)], 0, 0),
        ([(0, X), (1, F), (2, A)], 1, 1),
    ],
)
def test_attempts_until_one_is_answered_are_one_case(
    attempts: list[tuple[float, Outcome]], cases: int, reached: int
) -> None:
    counts = folded(*(came("p", hour, outcome) for hour, outcome in reversed(attempts)))
    assert (counts.customers, counts.customers_reached) == (cases, reached)


def test_parties_of_two_clients_are_two_and_unknown_ones_none() -> None:
    counts = folded(came("p", 0, X), came("p", 1, A, tenant="other"), came("", 2, A), came("q", 3, B))
    assert (counts.customers, counts.customers_reached) == (3, 1)
    assert DEFINITIONS["reachability_per_customer"].value(counts) == 1 / 3


def test_a_case_counts_in_the_interval_of_its_first_attempt() -> None:
    customers, cells = Customers(), Cells(Intervals.even(0, DAY_MS, 3), Terms())
    for hour, outcome in ((23, X), (25, A)):
        customers.take(came("p", hour, outcome))
    customers.count_into(cells, 3 * DAY_MS)
    assert [cells.total(index=index).customers_reached for index in range(3)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("contacts", "resolvable", "recontacted", "first"),
    [
        ([came("p", 0, A)], 1, 0, 1),
        ([came("p", 0, A), came("p", 7 * 24 + 0.01, A)], 2, 1, 0),
        ([came("p", 0, A), came("p", 7 * 24 + 0.02, A)], 2, 0, 2),
        ([came("p", 0, A), came("p", 1, X)], 1, 1, 0),
        ([came("p", 0, X), came("p", 1, A)], 1, 0, 1),
        ([came("p", 0, A, escalated_ms=5)], 1, 0, 0),
        ([came("p", 99.9 * 24, A)], 0, 0, 0),
        ([came("", 0, A)], 0, 0, 0),
    ],
)
def test_what_the_first_contact_settled(
    contacts: list[Segment], resolvable: int, recontacted: int, first: int
) -> None:
    """Seven days after the end of the work; what may still be followed by another is not told yet."""
    counts = folded(*contacts)
    assert (counts.resolvable, counts.recontacted, counts.resolved_first) == (resolvable, recontacted, first)


# ---- percentiles


@given(st.lists(st.integers(0, 10**7), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_wait_that_enough_do_not_exceed(waits: list[int], percent: int) -> None:
    found = percentile(waits, percent)
    assert found in waits
    assert sum(wait <= found for wait in waits) * 100 >= percent * len(waits)
    below = [wait for wait in waits if wait < found]
    assert len(below) * 100 < percent * len(waits)


def test_percentiles_of_nothing_are_none_and_there_is_no_zeroth() -> None:
    assert percentiles([]) == [None] * 4
    with pytest.raises(ValueError, match="above 0 and up to 100, not at 0"):
        percentile([1], 0)


def test_answered_and_abandoned_waits_stand_apart_and_add_up() -> None:
    one, other = Waits(), Waits()
    for segment in golden.set_of_segments()[:6]:
        one.take(segment)
    for segment in golden.set_of_segments()[6:]:
        other.take(segment)
    one.add(other)
    assert percentiles(one.answered) == [19_000, 90_000, 90_000, 90_000]
    assert percentiles(one.abandoned) == [11_000, 70_000, 70_000, 70_000]


# ---- codes and intervals


def test_contacts_are_counted_by_their_code() -> None:
    codes = Codes()
    for code, escalated_ms in (("reset", 0), ("reset", 9_000), ("", 0), ("printer", 0)):
        codes.take(golden.segment(A, 3, code=code, escalated_ms=escalated_ms))
    assert {name: one.handled for name, one in codes.counts.items()} == {"reset": 2, "printer": 1}
    assert (codes.counts["reset"].escalated, codes.counts["reset"].escalation_ms) == (1, 9_000)


@pytest.mark.parametrize(
    ("t_ms", "index", "around"),
    [
        (-1, -1, (-1, 0)),
        (0, 0, (0, 10)),
        (9, 0, (0, 10)),
        (10, 1, (1, 30)),
        (29, 1, (1, 30)),
        (30, -1, (-1, -1)),
    ],
)
def test_an_interval_begins_at_its_first_moment(t_ms: int, index: int, around: tuple[int, int]) -> None:
    intervals = Intervals([0, 10, 30])
    assert (intervals.index(t_ms), intervals.around(t_ms)) == (index, around)


@pytest.mark.parametrize("bounds", [[], [1], [1, 1], [2, 1]])
def test_bounds_that_do_not_rise_are_refused(bounds: list[int]) -> None:
    with pytest.raises(ValueError, match="at least two rising bounds"):
        Intervals(bounds)


def test_the_view_says_which_interval_a_segment_belongs_to() -> None:
    segment = golden.segment(A, 15)
    for view, expected in ((View.ENTRY, [1, 0]), (View.EVENT, [0, 1])):
        cells = Cells(Intervals([0, 10_000, 20_000]), Terms(view=view))
        cells.take(segment)
        assert [cells.total(index=index).answered for index in (0, 1)] == expected
