"""Journal time never goes back and never stands still, whatever the wall clock does."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acd.journal.stamper import Stamper

HOUR_MS = 3_600_000
NOON_MS = 1_767_268_800_000


def test_time_is_the_wall_clock_at_start_plus_what_the_monotonic_clock_counted() -> None:
    stamper = Stamper(last_ms=NOON_MS - 5, boot_wall_ms=NOON_MS, boot_mono_ms=70)
    assert [stamper.stamp(mono) for mono in (70, 71, 1_070)] == [NOON_MS, NOON_MS + 1, NOON_MS + 1_000]
    assert stamper.ahead_ms == 0


def test_a_wall_clock_set_back_an_hour_between_two_runs_makes_time_go_on_from_the_last_stamp() -> None:
    before = Stamper(0, NOON_MS, 0).stamp(500)
    stamper = Stamper(before, boot_wall_ms=NOON_MS - HOUR_MS, boot_mono_ms=9_000)
    assert [stamper.stamp(mono) for mono in (9_000, 9_250)] == [before, before + 250]
    assert stamper.ahead_ms == HOUR_MS + 500


def test_a_wall_clock_set_back_during_a_run_changes_nothing() -> None:
    """The wall clock is read once; only a monotonic clock that jumped back could disturb, and it is held."""
    stamper = Stamper(0, NOON_MS, 0)
    assert [stamper.stamp(mono) for mono in (1_000, 400, 1_001)] == [
        NOON_MS + 1_000,
        NOON_MS + 1_000,
        NOON_MS + 1_001,
    ]


@given(st.integers(0, 2**41), st.integers(0, 2**41), st.integers(0, 2**40), st.lists(st.integers(0, 2**40)))
def test_no_stamp_is_less_than_one_before_it(last: int, wall: int, boot: int, readings: list[int]) -> None:
    stamper = Stamper(last, wall, boot)
    stamps = [last, *(stamper.stamp(boot + reading) for reading in readings)]
    assert all(a <= b for a, b in pairwise(stamps))


def test_now_is_the_same_by_the_clock_and_never_goes_back_either() -> None:
    readings = iter([500_999_999, 500_000_000, 502_000_000])
    stamper = Stamper(0, NOON_MS, 0, lambda: next(readings))
    assert [stamper.now() - NOON_MS for _ in range(3)] == [500, 500, 502]
    assert stamper.stamp(100) - NOON_MS == 502
