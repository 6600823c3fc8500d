"""Counting by the minute."""

from channels.sip.per_minute import WINDOW_MS, PerMinute


def test_a_minute_begins_with_its_first_and_tells_how_many_the_one_before_had() -> None:
    ours = PerMinute[str]()
    assert [ours.note("a", moment) for moment in (0, 1, WINDOW_MS - 1)] == [(1, 0), (2, 0), (3, 0)]
    assert (ours.count("a", WINDOW_MS - 1), ours.count("a", WINDOW_MS), ours.count("b", 0)) == (3, 0, 0)
    assert ours.note("a", WINDOW_MS) == (1, 3)
    assert ours.note("a", WINDOW_MS + 1) == (2, 0)


def test_when_there_are_too_many_the_one_whose_minute_is_oldest_is_forgotten() -> None:
    """Not all: who is limited would only have to wait for somebody else's flood."""
    ours = PerMinute[str](most=2)
    ours.note("a", 0)
    ours.note("b", 1)
    ours.note("a", WINDOW_MS)
    ours.note("c", WINDOW_MS)
    assert [ours.count(key, WINDOW_MS) for key in "abc"] == [1, 0, 1]
    assert len(ours) == 2
