"""The reference page of the KPIs says what the source says, and printed formulas are those in use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.kpi.definitions import DEFINITIONS, Unit
from acd.kpi.formula import COUNT_NAMES, Rule, define
from acd.kpi.service import Counts
from tests.acd.kpi.reference import PAGE, counts, page


def test_the_page_says_what_the_source_says() -> None:
    """If it does not: `python tests/acd/kpi/reference.py`."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text)


def test_every_definition_has_a_meaning_in_both_languages_and_a_unit() -> None:
    for name, one in DEFINITIONS.items():
        assert one.name == name
        assert len(one.meaning) > 10
        assert len(one.german) > 5
        assert one.unit in list(Unit)
        assert one.version >= 1


def test_every_count_has_a_row_with_its_meaning() -> None:
    assert [name for name, _ in counts()] == list(COUNT_NAMES)
    assert not [name for name, meaning in counts() if len(meaning) < 4]


OWN = {name: define([Rule("own", one.formula)])["own"] for name, one in DEFINITIONS.items()}
"""Each definition as if a client had written its formula."""


@given(st.lists(st.integers(0, 10**6), min_size=40, max_size=40))
def test_the_printed_formula_is_the_one_that_is_reckoned(numbers: list[int]) -> None:
    """Read as a client's own formula it gives the same number."""
    made = Counts(**dict(zip(Counts.__struct_fields__, numbers, strict=False)))
    made.arrived = made.offered + made.blocked + made.incident + made.open
    for name, one in DEFINITIONS.items():
        assert OWN[name].value(made) == pytest.approx(one.value(made)), name
