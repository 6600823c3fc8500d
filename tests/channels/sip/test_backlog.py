"""A standing queue is told from a burst; delays are given, no clock is asked."""

from channels.sip.backlog import INTERVAL_MS, TARGET_MS, Backlog


def test_a_burst_that_is_read_in_time_stands_not() -> None:
    ours = Backlog()
    ours.read(10 * TARGET_MS, 0)
    ours.read(10 * TARGET_MS, INTERVAL_MS - 1)
    assert not ours.standing
    ours.read(TARGET_MS - 1, INTERVAL_MS)
    ours.read(10 * TARGET_MS, 10 * INTERVAL_MS)
    assert not ours.standing


def test_what_is_late_for_a_whole_interval_stands_until_something_is_read_in_time() -> None:
    ours = Backlog()
    for moment in (0, INTERVAL_MS - 1, INTERVAL_MS):
        assert not ours.standing
        ours.read(TARGET_MS, moment)
    assert ours.standing
    ours.read(5 * TARGET_MS, 3 * INTERVAL_MS)
    assert ours.standing
    ours.read(TARGET_MS - 1, 3 * INTERVAL_MS)
    assert not ours.standing


def test_a_clock_that_is_set_back_makes_no_queue() -> None:
    ours = Backlog()
    for moment in (0, INTERVAL_MS):
        ours.read(-3_600_000, moment)
    assert not ours.standing
