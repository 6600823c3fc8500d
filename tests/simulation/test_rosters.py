"""Shifts as written become duties, and faults are told where they stand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from agents.skills import AgentId
from simulation.plan.rosters import Roster, Shift, read_breaks, read_roster
from simulation.plan.span import Span, as_when
from simulation.plan.tables import Faults, Row
from simulation.scenario import Duty

BERLIN = ZoneInfo("Europe/Berlin")
ANNA = AgentId("anna")
H = 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


def span(first: str, days: int = 1, opens: int = 0, closes: int = 1440) -> Span:
    return Span(BERLIN, date.fromisoformat(first), days, opens, closes, 1_800_000)


def duties(where: Span, *shifts: tuple[str, str, str], run_on_ms: int = H) -> list[Duty]:
    roster = Roster(where)
    for start, end, breaks in shifts:
        roster.add(ANNA, Shift(as_when(start), as_when(end), read_breaks(breaks)))
    return list(roster.duties(where.end_ms + run_on_ms))


def test_a_shift_without_a_day_is_worked_every_day() -> None:
    found = duties(span("2026-11-23", 3), ("08:00", "16:30", "12:00-12:30"))
    assert [(duty.start_ms, duty.end_ms) for duty in found] == [
        (ms(f"2026-11-{day} 08:00"), ms(f"2026-11-{day} 16:30")) for day in (23, 24, 25)
    ]
    assert found[1].breaks == ((ms("2026-11-24 12:00"), ms("2026-11-24 12:30")),)


def test_a_night_shift_began_on_the_evening_before_the_plan_and_goes_on_after_it() -> None:
    found = duties(span("2026-11-23"), ("22:00", "06:00", "02:00-02:30"))
    first, second = found
    assert (first.start_ms, first.end_ms) == (ms("2026-11-23 00:00"), ms("2026-11-23 06:00"))
    assert first.breaks == ((ms("2026-11-23 02:00"), ms("2026-11-23 02:30")),)
    assert (second.start_ms, second.end_ms) == (ms("2026-11-23 22:00"), ms("2026-11-24 06:00"))
    assert second.breaks == ((ms("2026-11-24 02:00"), ms("2026-11-24 02:30")),)


def test_a_break_that_runs_when_the_plan_begins_is_cut_and_an_earlier_one_left_out() -> None:
    found = duties(span("2026-11-23", opens=600), ("08:00", "16:00", "09:00-09:15 09:50-10:20"))
    assert found == [
        Duty(
            ANNA,
            ms("2026-11-23 10:00"),
            ms("2026-11-23 16:00"),
            ((ms("2026-11-23 10:00"), ms("2026-11-23 10:20")),),
        )
    ]


def test_shifts_follow_the_local_clock_when_it_changes() -> None:
    duty = duties(span("2026-03-29"), ("00:00", "08:00", "05:00-05:30"))[0]
    assert duty.end_ms - duty.start_ms == 7 * H
    assert duty.breaks == ((ms("2026-03-29 05:00"), ms("2026-03-29 05:30")),)


def test_a_shift_with_days_is_worked_once() -> None:
    found = duties(span("2026-11-23", 3), ("2026-11-24 20:00", "2026-11-25 04:00", "23:45-00:15"))
    assert found == [
        Duty(
            ANNA,
            ms("2026-11-24 20:00"),
            ms("2026-11-25 04:00"),
            ((ms("2026-11-24 23:45"), ms("2026-11-25 00:15")),),
        )
    ]


def test_what_ends_before_the_plan_or_begins_after_it_is_left_out() -> None:
    assert (
        duties(span("2026-11-23", opens=600, closes=720), ("08:00", "10:00", ""), ("13:01", "14:00", ""))
        == []
    )


def test_shifts_that_touch_are_fine_and_those_that_overlap_are_not() -> None:
    assert len(duties(span("2026-11-23"), ("08:00", "12:00", ""), ("12:00", "16:00", ""))) == 2
    with pytest.raises(ValueError, match="anna is on duty from 2026-11-22 08:00 to 2026-11-22 12:00 already"):
        duties(span("2026-11-23"), ("08:00", "12:00", ""), ("11:59", "16:00", ""))
    with pytest.raises(ValueError, match="already"):
        duties(span("2026-11-23"), ("22:00", "06:00", ""), ("05:00", "09:00", ""))


@pytest.mark.parametrize(
    ("shift", "reason"),
    [
        (("08:00", "2026-11-23 16:00", ""), "both have a day"),
        (("2026-11-23 16:00", "2026-11-23 08:00", ""), "ends before it begins"),
        (("2026-11-23 16:00", "2026-11-26 08:00", ""), "longer than two days"),
        (("08:00", "16:00", "07:50-08:10"), "a break lies outside the shift"),
        (("08:00", "16:00", "10:00-10:30 10:20-10:40"), "breaks overlap"),
        (("08:00", "16:00", "10:00"), "is no break"),
        (("08:00", "16:00", "10:00-10:00"), "has no length"),
        (("08:00", "16:00", "10:00-10:15,12:00-12:30"), "separated? by blanks|blanks separate"),
    ],
)
def test_a_shift_that_cannot_be_is_refused(shift: tuple[str, str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        duties(span("2026-11-23"), shift)


def test_faults_of_a_roster_table_name_the_row() -> None:
    faults = Faults("roster.csv")
    cells: list[dict[str, object]] = [
        {"agent": "anna", "start": "08:00", "end": "16:00", "breaks": None},
        {"agent": "anne", "start": "08:00", "end": "16:00"},
        {"agent": "anna", "start": "15:00", "end": "17:00"},
        {"agent": None, "start": "x", "end": None},
    ]
    rows = [Row(number, some, faults) for number, some in enumerate(cells, 2)]
    read_roster(rows, Roster(span("2026-11-23")), ["anna"])
    assert [str(problem) for problem in faults.told()] == [
        'roster.csv: row 3, column agent: unknown agent "anne", did you mean "anna"?',
        "roster.csv: row 4: anna is on duty from 2026-11-22 08:00 to 2026-11-22 16:00 already",
        "roster.csv: row 5, column agent: is empty",
        "roster.csv: row 5, column end: is empty",
        'roster.csv: row 5, column start: "x" is no time such as "08:00" or "2026-11-23 08:00"',
    ]
