"""Every fact about a contact is said, in both languages, with its own fields."""

from string import Formatter
from typing import get_args

import pytest

from acd.core import facts
from acd.why.phrases import LOOKS, RULES, VALUES
from acd.why.verdict import Rule
from acd.why.words import SENTENCES

OF_THE_DESK = {
    "ClassOfLine", "ClassOfEntry", "ClassOfList", "HeadStartOfEntry", "HeadStartOfList", "TurnedAway", "Rona",
    "PassedOver", "LookedFor",
}  # fmt: skip
"""Which are no facts, but rules."""
KINDS = {kind.__name__: kind for kind in get_args(facts.AnyFact)}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_fact_about_a_contact_has_a_sentence() -> None:
    about = {name for name, kind in KINDS.items() if {"contact", "consult"} & set(kind.__struct_fields__)}
    said = {key.partition(".")[0] for key in SENTENCES}
    assert about - said == set()
    assert said - about - OF_THE_DESK == set()


@pytest.mark.parametrize("table", [SENTENCES, RULES, LOOKS, VALUES])
def test_both_languages_say_the_same_fields(table: dict[str, tuple[str, str]]) -> None:
    for key, (english, german) in table.items():
        assert english, key
        assert german, key
        assert fields(english) == fields(german), key


def test_a_sentence_names_only_what_its_fact_has() -> None:
    for key, (english, _) in SENTENCES.items():
        kind = KINDS.get(key.partition(".")[0])
        if kind is not None and key != "Treated":
            assert fields(english) <= set(kind.__struct_fields__), key


def test_every_rule_has_its_words() -> None:
    assert {rule.value for rule in Rule} <= set(RULES)
