"""Deadlines against a dictionary that is searched from end to end."""

from hypothesis import given
from hypothesis import strategies as st

from acd.core.deadlines import Deadlines, Kind

MOVES = st.lists(
    st.tuples(
        st.sampled_from(["set", "clear", "pop"]),
        st.sampled_from(list(Kind)),
        st.integers(1, 5),
        st.integers(0, 40),
    ),
    max_size=120,
)


@given(moves=MOVES)
def test_the_earliest_comes_first_ties_by_kind_then_number(moves: list[tuple[str, Kind, int, int]]) -> None:
    deadlines, plain = Deadlines(), dict[tuple[Kind, int], int]()
    for what, kind, number, t_ms in moves:
        if what == "set":
            deadlines.set(kind, number, t_ms)
            plain[kind, number] = t_ms
        elif what == "clear":
            deadlines.clear(kind, number)
            plain.pop((kind, number), None)
        else:
            due = min(((at, *subject) for subject, at in plain.items() if at <= t_ms), default=None)
            assert deadlines.pop(t_ms) == due
            if due is not None:
                del plain[due[1], due[2]]
        assert deadlines.next() == min(plain.values(), default=None)
        assert deadlines.get(kind, number) == plain.get((kind, number))
    saved = deadlines.save()
    assert saved == sorted((at, *subject) for subject, at in plain.items())
    assert Deadlines(saved).save() == saved


def test_what_is_moved_again_and_again_does_not_pile_up() -> None:
    deadlines = Deadlines()
    for t_ms in range(10_000):
        deadlines.set(Kind.RING, 1, t_ms)
    assert len(deadlines._heap) < 100
    assert deadlines.pop(20_000) == (9_999, Kind.RING, 1)
    assert deadlines.pop(20_000) is None
