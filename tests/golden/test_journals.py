"""Journals recorded by engine version 2 (release 0.1.0): the present engine decides the same again."""

import pytest
from msgspec.structs import replace

from acd.core import events, facts
from acd.core.events import OfferAccepted, OfferId
from acd.core.facts import Offered
from tests.golden.comparison import NAMES, Step, first_difference, recorded, unlike

RULES = {
    "day": (4540, events.AgentSignedOut, facts.HandedBack),
    "hour-21": (820, events.AgentSignedOut, facts.HandedBack),
    "hour-3": (1340, events.AgentSignedOut, facts.HandedBack),
    "hour-8": (538, events.AgentSignedOut, facts.HandedBack),
    "moves-late-100": (66, events.OfferFailed, facts.Requeued),
    "moves-late-101": (374, events.OfferAccepted, facts.Offered),
    "moves-late-102": (49, events.LegLost, facts.Requeued),
    "moves-on-time-100": (84, events.OfferFailed, facts.Requeued),
    "moves-on-time-101": (410, events.OfferAccepted, facts.Offered),
    "moves-on-time-102": (51, events.LegLost, facts.Requeued),
}
"""Journal → the first entry at which version 3 decides otherwise, by a rule that it declares.

Who goes home hands back what can be put aside; an offer that did not arrive pauses nobody; agents freed by
one event choose in the order of the roster.
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_journal_gives_the_facts_that_it_gave_until_a_rule_that_was_changed_on_purpose(
    name: str,
) -> None:
    found = first_difference(recorded(name))
    assert found is not None
    assert (found.entry, type(found.event), type(found.present)) == RULES[name], found


@pytest.mark.parametrize("name", ["moves-late-101", "moves-on-time-101"])
def test_the_law_of_order_changes_the_agent_and_nothing_else(name: str) -> None:
    """The same contact at the same moment by the same claim; its agent is the other one of two free ones."""
    found = first_difference(recorded(name))
    assert found is not None
    assert isinstance(found.recorded, Offered)
    assert isinstance(found.present, Offered)
    assert replace(found.present, agent=found.recorded.agent) == found.recorded
    assert found.present.agent != found.recorded.agent


def test_the_journals_hold_a_day_and_every_event_and_fact_that_there_was() -> None:
    steps = [step for name in NAMES for step in recorded(name)]
    assert len(steps) > 16_000
    assert len({type(step.event) for step in steps}) == 27
    assert len({type(fact) for step in steps for fact in step.facts}) == 45


def test_the_first_difference_is_told_with_its_entry_and_fact() -> None:
    steps = recorded("day")
    number, place, offer = _first_offer(steps)
    facts = list(steps[number].facts)
    facts[place] = other = replace(offer, compared=99)
    steps[number] = steps[number]._replace(facts=facts)
    found = first_difference(steps)
    assert found is not None
    assert (found.entry, found.place, found.recorded, found.present) == (number + 1, place, other, offer)
    assert f"entry {number + 1} at {steps[number].t_ms}, fact {place}" in str(found)


def test_an_event_that_is_taken_no_more_is_a_difference() -> None:
    steps = recorded("day")
    steps[3] = steps[3]._replace(event=OfferAccepted(OfferId(999)))
    found = first_difference(steps)
    assert found is not None
    assert found.entry == 4
    assert "rejected" in str(found)


def test_a_missing_and_an_additional_fact_are_differences() -> None:
    facts = next(step.facts for step in recorded("day") if len(step.facts) > 1)
    assert unlike(facts, facts[:1]) == unlike(facts[:1], facts) == 1


def _first_offer(steps: list[Step]) -> tuple[int, int, Offered]:
    return next(
        (number, place, fact)
        for number, step in enumerate(steps)
        for place, fact in enumerate(step.facts)
        if isinstance(fact, Offered)
    )
