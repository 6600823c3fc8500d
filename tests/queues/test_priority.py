"""The order of ranks is total, exact and the same as that of fractions."""

from fractions import Fraction
from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from queues.priority import Rank

RANKS = st.builds(
    Rank, st.integers(0, 3), st.integers(-(10**6), 10**13), st.integers(1, 10**9), st.integers(1, 10**6)
)


def key(rank: Rank) -> tuple[int, Fraction, int]:
    return (rank.priority_class, -Fraction(rank.used_ms, rank.target_ms), rank.number)


@given(a=RANKS, b=RANKS)
def test_before_agrees_with_fractions(a: Rank, b: Rank) -> None:
    assert a.before(b) is (key(a) < key(b))


@given(ranks=st.lists(RANKS, max_size=8, unique_by=lambda rank: rank.number))
def test_sorting_by_it_has_one_answer(ranks: list[Rank]) -> None:
    expected = sorted(ranks, key=key)
    assert sorted(ranks, key=cmp_to_key(compared)) == expected


def compared(a: Rank, b: Rank) -> int:
    return -1 if a.before(b) else 1


def test_where_floats_see_a_tie_the_greater_share_still_comes_first() -> None:
    more = Rank(5, 10**16 + 1, 10**16, 2)
    less = Rank(5, 10**16, 10**16, 1)
    assert (10**16 + 1) / 10**16 == 1.0
    assert more.before(less)


def test_equal_shares_of_different_targets_go_by_arrival() -> None:
    assert Rank(5, 10, 30, 1).before(Rank(5, 20, 60, 2))
    assert not Rank(5, 20, 60, 2).before(Rank(5, 10, 30, 1))
