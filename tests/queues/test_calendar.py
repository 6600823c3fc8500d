"""The clock of opening hours, against counting milliseconds one by one."""

from hypothesis import given
from hypothesis import strategies as st

from queues.calendar import BusinessClock, WallClock

EDGES = st.lists(st.integers(1, 60), unique=True, max_size=10).map(
    lambda found: list(zip(*[iter(sorted(found))] * 2, strict=False))
)


def counted(opens: list[tuple[int, int]], t_ms: int) -> int:
    return sum(1 for moment in range(t_ms) if any(start <= moment < close for start, close in opens))


@given(opens=EDGES, t_ms=st.integers(0, 70))
def test_elapsed_is_the_number_of_open_milliseconds_before(opens: list[tuple[int, int]], t_ms: int) -> None:
    assert BusinessClock(opens).elapsed(t_ms) == counted(opens, t_ms)


@given(opens=EDGES, t_ms=st.integers(0, 70))
def test_open_from_the_opening_until_just_before_the_closing(opens: list[tuple[int, int]], t_ms: int) -> None:
    assert BusinessClock(opens).is_open(t_ms) is any(start <= t_ms < close for start, close in opens)


@given(opens=EDGES, elapsed_ms=st.integers(-5, 70))
def test_moment_is_the_first_at_which_so_much_was_open(opens: list[tuple[int, int]], elapsed_ms: int) -> None:
    expected = next((t_ms for t_ms in range(80) if counted(opens, t_ms) >= elapsed_ms), None)
    assert BusinessClock(opens).moment(elapsed_ms) == expected


def test_a_calendar_that_never_opens_never_gets_anywhere() -> None:
    never = BusinessClock(())
    assert (never.elapsed(5), never.moment(1), never.is_open(0)) == (0, None, False)


def test_the_wall_clock_is_always_open() -> None:
    clock = WallClock()
    assert (clock.elapsed(5), clock.moment(5), clock.is_open(5)) == (5, 5, True)
