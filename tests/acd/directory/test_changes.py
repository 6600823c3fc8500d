"""What a new version of a list changes, said person by person; and who stands in it twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from acd.directory.changes import Counts, difference, twice
from acd.directory.rows import Key, Row

ANNA: Key = ("number", "+49305550101")
BERT: Key = ("number", "+49305550102")
MAIL: Key = ("address", "anna@board.example")
BOARD: Key = ("domain", "board.example")


def test_a_row_is_added_removed_changed_or_the_same_wherever_it_stands() -> None:
    carla, dora = ("number", "+49305550103"), ("number", "+49305550104")
    before = [Row(2, (ANNA,), priority_class=1), Row(3, (BERT,)), Row(4, (carla,))]
    after = [Row(2, (carla,)), Row(3, (dora,)), Row(4, (ANNA,), priority_class=2)]
    found = difference(before, after)
    assert found.added == (after[1],)
    assert found.removed == (before[1],)
    assert found.changed == ((before[0], after[2]),)
    assert found.counts == Counts(1, 1, 1)


def test_who_gets_a_mail_address_beside_his_number_has_changed_and_is_nobody_new() -> None:
    """His identity is another one by that: an address goes before a number."""
    before, after = Row(2, (ANNA,)), Row(2, (MAIL, ANNA))
    assert difference([before], [after]).changed == ((before, after),)


def test_two_people_of_one_domain_are_not_one_who_changed() -> None:
    before, after = Row(2, (ANNA, BOARD)), Row(2, (BERT, BOARD))
    assert difference([before], [after]).counts == Counts(1, 1, 0)
    assert difference([Row(2, (BOARD,))], [Row(2, (BOARD,), priority_class=1)]).counts == Counts(0, 0, 1)


def test_the_same_row_once_more_is_one_more() -> None:
    row = Row(2, (ANNA,))
    assert difference([row], [row, replace(row, line=3)]).counts == Counts(1, 0, 0)


def test_who_stands_twice_is_told_with_both_rows() -> None:
    (found,) = twice([Row(2, (ANNA,), priority_class=1), Row(3, (BERT,)), Row(7, (ANNA,), head_start_ms=1)])
    assert str(found).startswith('row 7: "+49305550101" stands in row 2, too; the lowest class')


def test_an_assistant_of_two_and_a_second_term_are_nobody_twice() -> None:
    """An alias may be shared, and a row may begin to count when the other ends."""
    assistant: Key = ("number", "+49305550199")
    assert not list(twice([Row(2, (ANNA, assistant)), Row(3, (BERT, assistant))]))
    assert not list(twice([Row(2, (ANNA,), valid_until_ms=10), Row(3, (ANNA,), valid_from_ms=10)]))
    assert list(twice([Row(2, (ANNA,), valid_until_ms=11), Row(3, (ANNA,), valid_from_ms=10)]))


KEYS = st.sampled_from([ANNA, BERT, MAIL, BOARD])
ROWS = st.lists(
    st.builds(
        Row,
        st.integers(2, 9),
        st.lists(KEYS, min_size=1, max_size=3, unique=True).map(tuple),
        priority_class=st.sampled_from([None, 1]),
    ),
    max_size=8,
)


def contents(rows: list[Row]) -> Counter[Row]:
    return Counter(replace(row, line=0) for row in rows)


@given(ROWS, ROWS)
def test_the_difference_leads_from_the_one_to_the_other(before: list[Row], after: list[Row]) -> None:
    """And nothing of it is in vain: no pair is alike, nobody is both added and removed unchanged."""
    found = difference(before, after)
    gone = contents([*found.removed, *(was for was, _ in found.changed)])
    come = contents([*found.added, *(now for _, now in found.changed)])
    assert contents(before) - gone + come == contents(after)
    assert not gone & come
    for was, now in found.changed:
        assert set(was.keys) & set(now.keys)
