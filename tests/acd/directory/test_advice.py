"""What `acd check` and an import say of a list that is right and yet, perhaps, not meant."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from acd.directory.advice import MOST_TWICE, advise, class_of_lines
from acd.directory.rows import Row
from acd.testing import NUMBER, TENANT, small_desk, small_line
from agents.capacity import VOICE
from queues.desk import Entry, EntryId, LineId, TenantId

DAY_MS = 24 * 3600 * 1000
NOW_MS = 20_454 * DAY_MS
"""2026-01-01T00:00Z."""


def row(number: int, **more: Any) -> Row:
    return Row(number, (("number", str(number)),), **more)


def said(*rows: Row, lines: int = 5) -> list[str]:
    return list(advise(rows, lines, NOW_MS, ZoneInfo("UTC")))


def test_an_ordinary_list_needs_no_advice() -> None:
    far = row(4, head_start_ms=1, valid_until_ms=NOW_MS + 14 * DAY_MS + 1)
    assert said(row(2, head_start_ms=60_000), row(3, priority_class=5), far, row(5, valid_until_ms=1)) == []


def test_a_list_of_nobody_and_one_of_whom_nobody_is_left() -> None:
    assert said() == ["names nobody"]
    gone = row(2, valid_until_ms=NOW_MS)
    assert said(gone) == ["names nobody any more: all 1 row have expired"]
    assert said(gone, row(3, valid_until_ms=NOW_MS - 1)) == ["names nobody any more: all 2 rows have expired"]
    assert said(gone, row(3, valid_from_ms=NOW_MS + 1)) == []


def test_rows_that_expire_within_two_weeks_are_counted() -> None:
    soon = row(2, valid_until_ms=NOW_MS + 14 * DAY_MS), row(3, valid_until_ms=NOW_MS + 3600_000)
    assert said(*soon, row(4)) == ["2 rows will expire within 14 days, the first on 2026-01-01 01:00"]


@pytest.mark.parametrize(("priority_class", "told"), [(4, True), (5, False), (6, False)])
def test_a_class_has_no_bound_if_it_is_below_that_of_a_line(priority_class: int, told: bool) -> None:
    found = said(row(2, priority_class=priority_class))
    bound = "has no bound: may be served before everybody else for ever (a head_start is bounded)"
    assert found == [f"1 row with a class below 5 (the lowest is 4): {bound}"] * told


def test_the_lines_of_a_client_are_its_own_and_those_that_its_entries_lead_to() -> None:
    own, shared = small_line(), replace(small_line(LineId("shared"), level=1), tenant=TenantId("other"))
    desk = small_desk(lines=[own, replace(shared, priority_class=8)])
    assert class_of_lines(desk, TENANT) == 5
    entry = Entry(EntryId("x"), TENANT, LineId("shared"), VOICE)
    assert class_of_lines(replace(desk, entries=(*desk.entries, entry)), TENANT) == 8
    assert (desk.entries[0].id, class_of_lines(desk, "nobody")) == (NUMBER, 0)


def test_of_many_who_stand_twice_the_first_are_named() -> None:
    found = said(*(row(7) for _ in range(MOST_TWICE + 3)))
    assert len(found) == MOST_TWICE + 1
    assert found[-1] == "and 2 rows more who stand twice"
