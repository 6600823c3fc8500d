"""Timers fire in order, each once, and forgotten ones never."""

from hypothesis import given
from hypothesis import strategies as st

from channels.sip.protocol.timers import Timers


def test_equal_deadlines_fire_in_the_order_they_were_set() -> None:
    """First set, first fired; setting again goes to the end."""
    timers: Timers[str] = Timers()
    for name in ("a", "b", "c", "a"):
        timers.set(name, 10)
    assert [timers.pop_due(10) for _ in range(4)] == ["b", "c", "a", None]


def test_nothing_before_its_time() -> None:
    """A deadline is due at its millisecond, not before."""
    timers: Timers[str] = Timers()
    timers.set("a", 10)
    assert timers.pop_due(9) is None
    assert timers.next() == 10
    assert timers.pop_due(10) == "a"
    assert timers.next() is None


@given(st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 100)), max_size=300))
def test_agrees_with_a_plain_dictionary(steps: list[tuple[int, int | None]]) -> None:
    """After any sets and cancels the same names fire as a dictionary of deadlines says."""
    timers: Timers[int] = Timers()
    model: dict[int, int] = {}
    for name, at_ms in steps:
        if at_ms is None:
            timers.cancel(name)
            model.pop(name, None)
        else:
            timers.set(name, at_ms)
            model[name] = at_ms
    assert len(timers) == len(model)
    assert timers.next() == min(model.values(), default=None)
    fired = []
    while (due := timers.pop_due(50)) is not None:
        fired.append(due)
    assert sorted(fired) == sorted(name for name, at_ms in model.items() if at_ms <= 50)
    assert [model[name] for name in fired] == sorted(model[name] for name in fired)


def test_memory_follows_what_is_live() -> None:
    """A deadline moved ten thousand times leaves no heap of dead entries."""
    timers: Timers[str] = Timers()
    for at_ms in range(10_000):
        timers.set("a", at_ms)
    assert len(timers._heap) < 100
