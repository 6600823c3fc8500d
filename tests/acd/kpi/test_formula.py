"""Client-defined formulas: what they may say, what they give, and what they refuse."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.kpi.definitions import DEFINITIONS, Definition
from acd.kpi.formula import (
    COUNT_NAMES,
    MAX_CHAIN,
    MAX_LENGTH,
    CodedCounts,
    FormulaError,
    Rule,
    WrongRule,
    define,
)
from acd.kpi.service import Counts

COUNTS = Counts(arrived=20, answered=8, abandoned=5, short=2, in_time=5, abandoned_in_time=3, flowed_out=2)


def made(formula: str) -> Definition:
    return define([Rule("own", formula)])["own"]


def value(formula: str, counts: Counts = COUNTS) -> float | None:
    return made(formula).value(counts)


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("(answered - short) / contacts * 100", 30.0),
        ("100 * answered / contacts", 40.0),
        ("answered", 8.0),
        ("offered", 15.0),
        ("-answered + +short", -6.0),
        ("max(answered, abandoned, 6) - min(answered)", 0.0),
        ("abandons_negative", 5 / 11),
        ('kpi["answered"]', 5 / 8),
        ('kpi["answered"] * 2 + 1', 2.25),
        ("1.5e3", 1500.0),
        ("  answered / abandoned  ", 1.6),
        ("answered / blocked", None),
        ("1 + answered / blocked", None),
        ("min(answered, 1 / 0)", None),
        ("1e308 * 10", None),
        ("asa / asa", None),
        ('code["password"]', None),
    ],
)
def test_a_formula_has_its_value(formula: str, result: float | None) -> None:
    assert value(formula) == (pytest.approx(result) if result is not None else None)


def test_a_wrap_up_code_is_a_count() -> None:
    counts = CodedCounts(handled=10, codes={"password reset": 4})
    assert value('code["password reset"] / handled', counts) == 0.4
    assert value('code["never given"]', counts) == 0.0


def test_rules_use_each_other_in_any_order() -> None:
    found = define(
        [Rule("a", "b * 2"), Rule("b", "answered"), Rule("with-dash", "1"), Rule("c", 'kpi["with-dash"]')]
    )
    assert {name: one.value(COUNTS) for name, one in found.items()} == {
        "a": 16,
        "b": 8,
        "with-dash": 1,
        "c": 1,
    }


def test_a_ratio_keeps_its_parts_so_that_days_can_be_added() -> None:
    definition = made("(answered - short) / contacts * 100")
    assert (definition.numerator(COUNTS), definition.denominator(COUNTS)) == (600.0, 20.0)
    definition = made("2 * answered / contacts")
    assert definition.value(COUNTS) == 0.8


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("", "there is no formula"),
        ("answered +", "column 11: not a formula: invalid syntax"),
        ("  answerd / 2", 'column 3: unknown name "answerd", did you mean "answered"?'),
        ("answered ** 2", "column 1: a formula has numbers, names"),
        ("2 * answered.real", "column 5: a formula has numbers, names"),
        ("__import__('os')", "column 1: only min and max can be called"),
        ("min()", "column 1: min and max need one value or more"),
        ("min(answered, key=1)", "column 1: min and max need"),
        ("min(*answered)", "column 5: a formula has"),
        ("'text'", "column 1: a formula has"),
        ("True", "column 1: a formula has"),
        ("answered if short else 1", "column 1: a formula has"),
        ("answered < 2", "column 1: a formula has"),
        ("[1]", "column 1: a formula has"),
        ("lambda: 1", "column 1: a formula has"),
        ("(x := 1)", "column 2: a formula has"),
        ("answered[0]", "column 1: a formula has"),
        ('kpi["nothing"]', 'column 1: unknown name "nothing"'),
        ("1j", "column 1: a formula has"),
        ("9" * 400, "column 1: this number is too large"),
        ("1e999", "column 1: this number is too large"),
        ("answered # all", "must be one line of printable text"),
        ("answered\n+1", "must be one line of printable text"),
        ("ä + 1", 'column 1: unknown name "ä"'),
        ("1 + ä + 1 + ö", 'column 5: unknown name "ä"'),
        ("1+" * 300 + "1", "longer than 500 characters"),
        ("1+" * 150 + "1", "more than 150 parts"),
        ("-" * 100 + "1", "more than 150 parts, or nested more than 60 deep"),
        ("(" * 240 + "1" + ")" * 240, "not a formula"),
        ("own + 1", "defined by itself: own → own"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(formula: str, message: str) -> None:
    with pytest.raises(WrongRule) as caught:
        made(formula)
    assert message in str(caught.value)
    assert caught.value.name == "own"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([Rule("a", "b"), Rule("b", "a")], "defined by itself: a → b → a"),
        ([Rule("asa", "1")], "there is a KPI of this name already"),
        ([Rule("abandoned", "1")], "there is a count of this name already"),
        ([Rule(f"k{i}", f"k{i + 1}") for i in range(MAX_CHAIN + 3)], "use each other one after the other"),
        (
            [Rule("k0", "1"), *(Rule(f"k{i}", f"max({','.join([f'k{i - 1}'] * 60)})") for i in range(1, 5))],
            "uses other KPIs so often",
        ),
    ],
)
def test_rules_that_cannot_be_used_together_are_refused(rules: list[Rule], message: str) -> None:
    with pytest.raises(WrongRule, match=message):
        define(rules)


def test_no_built_in_kpi_hides_a_count() -> None:
    """In a formula a name is the count; `kpi["…"]` is the KPI."""
    assert set(DEFINITIONS) & set(COUNT_NAMES) == {"answered", "offered"}
    assert value("offered") == 15.0
    assert value('kpi["offered"]') == 5 / 15


NAMES = st.sampled_from([*COUNT_NAMES, "abandons_negative", "reachability", 'kpi["asa"]', 'code["x"]'])
NUMBERS = st.integers(0, 10**6).map(str) | st.floats(0, 1e300, allow_nan=False).map(repr)
FORMULAS = st.recursive(
    NAMES | NUMBERS,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda three: f"({' '.join(three)})")
        | inner.map(lambda one: f"-{one}")
        | st.lists(inner, min_size=1, max_size=3).map(lambda some: f"max({', '.join(some)})")
    ),
    max_leaves=12,
)
ANY_COUNTS = st.dictionaries(st.sampled_from(Counts.__struct_fields__), st.integers(0, 10**13)).map(
    lambda said: Counts(**said)
)


@given(FORMULAS, ANY_COUNTS)
def test_nothing_but_numbers_comes_out(formula: str, counts: Counts) -> None:
    try:
        found = value(formula, counts)
    except FormulaError:
        assert len(formula) > MAX_LENGTH or "deep" in formula or formula.count("(") > 25
        return
    assert found is None or (isinstance(found, float) and math.isfinite(found))


@given(FORMULAS, ANY_COUNTS)
def test_a_formula_is_what_python_would_reckon(formula: str, counts: Counts) -> None:
    """The same text, reckoned by Python with None-safe names, wherever it has a value."""
    found = value(formula, counts)
    scope: Mapping[str, object] = {
        **{name: float(getattr(counts, name)) for name in COUNT_NAMES},
        **{name: one.value(counts) for name, one in DEFINITIONS.items() if name not in COUNT_NAMES},
        "kpi": {name: one.value(counts) for name, one in DEFINITIONS.items()},
        "code": {},
        "max": lambda *values: max(values),
    }
    if found is not None:
        reckoned = eval(formula, {"__builtins__": {}}, scope)
        assert found == pytest.approx(reckoned, rel=1e-9)


@given(st.text(max_size=60) | st.text("()+-*/[]'\",.:=<>&|~^%@!# \tabcanswered0123456789_\\", max_size=80))
def test_any_text_is_a_formula_or_a_clear_error(text: str) -> None:
    problem: FormulaError | None = None
    found = None
    try:
        found = value(text)
    except FormulaError as error:
        problem = error
    if problem is not None:
        assert str(problem)
        assert 0 <= problem.column <= len(text) + 2
    assert found is None or isinstance(found, float)
