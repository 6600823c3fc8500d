"""Every event, effect, fact and state has its reference entry, and every table key is reachable."""

from collections.abc import Iterator, Mapping
from typing import get_args

import pytest

from acd.core import effects, events, facts
from acd.core.deadlines import Kind
from acd.core.engine import ON_DEADLINE, ON_EVENT
from acd.core.law import LAW, Delivery, delivery
from acd.testing.story import Story, desk, line
from agents.capacity import FAX, MAIL, VOICE
from agents.states import AGENT, LISTENERS, ROLE, WORK, AgentState, Role, WorkState
from queues.desk import Medium
from queues.states import CONTACT, ContactState
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk
from tests.acd.core.reference import PAGES, WRITTEN, classes

TABLES: dict[str, tuple[Mapping[str, Mapping[str, str]], set[str]]] = {
    "agent": ({str(k): v for k, v in AGENT.items()}, {AgentState.SIGNED_OUT}),
    "work": ({str(k): v for k, v in WORK.items()}, {WorkState.RESERVED, WorkState.RINGING}),
    "role": ({str(k): v for k, v in ROLE.items()}, {Role.AGENT, Role.CONSULTED, *LISTENERS}),
    "contact": ({str(k): v for k, v in CONTACT.items()}, {ContactState.GREETING}),
}


@pytest.mark.parametrize("page", WRITTEN)
def test_a_reference_page_says_what_the_source_says(page: str) -> None:
    """If it does not: `python tests/acd/core/reference.py`."""
    assert (PAGES / page).read_text() == WRITTEN[page]()


@pytest.mark.parametrize("module", [events, effects, facts], ids=lambda module: module.__name__)
def test_every_class_has_an_entry_with_its_meaning(module: object) -> None:
    kinds = {events: events.AnyEvent, effects: effects.AnyEffect, facts: facts.AnyFact}[module]  # type: ignore[index]
    names = {kind.__name__ for kind in get_args(kinds)}
    found = classes(module)  # type: ignore[arg-type]
    page = (PAGES / f"{module.__name__.rpartition('.')[2]}.md").read_text()  # type: ignore[attr-defined]
    assert set(found) == names
    for name, (meaning, _) in found.items():
        assert len(meaning) > 10, f"{name} has no meaning"
        assert f"\n## {name}\n" in page


def test_every_event_has_its_handler_and_every_deadline_too() -> None:
    assert (
        set(ON_EVENT) | {events.Tick} == set(events.Event.__subclasses__()) == set(get_args(events.AnyEvent))
    )
    assert set(ON_DEADLINE) == set(Kind)


def test_the_unions_of_effects_and_facts_are_complete() -> None:
    assert set(get_args(effects.AnyEffect)) == set(effects.Effect.__subclasses__())
    bases: set[type[facts.Fact]] = {facts.OfferFact, facts.Decision}
    kinds = {kind for base in bases | {facts.Fact} for kind in base.__subclasses__()} - bases
    assert set(get_args(facts.AnyFact)) == kinds


def test_the_law_has_a_row_for_every_effect_and_its_key_is_made_of_fields() -> None:
    assert set(LAW) == set(effects.Effect.__subclasses__())
    for kind, row in LAW.items():
        assert set(row.key) <= set(kind.__struct_fields__)


@pytest.mark.parametrize("medium", [VOICE, MAIL, FAX])
def test_the_admission_of_a_mail_or_fax_is_a_promise_and_that_of_a_call_is_none(medium: Medium) -> None:
    """Also when it is stated anew after a restart."""
    story = Story(desk(line()))
    story.arrive(0, medium=medium)
    (admitted,) = story.ordered(effects.AdmitContact)
    expected = Delivery.WRITTEN if medium == VOICE else Delivery.SYNCED
    assert delivery(admitted) is expected
    assert delivery(story.restart().engine.standing()[0]) is expected


@pytest.mark.parametrize("name", TABLES)
def test_every_state_of_a_table_is_reachable_and_every_row_exists(name: str) -> None:
    table, starts = TABLES[name]
    reached, new = set(starts), list(starts)
    while new:
        for to in table[new.pop()].values():
            if to not in reached:
                reached.add(to)
                new.append(to)
    assert reached == set(table)


@pytest.mark.parametrize(
    "closed", [(WORK, WorkState.CLOSED), (ROLE, Role.LEFT), (CONTACT, ContactState.ENDED)]
)
def test_nothing_follows_the_end(closed: tuple[Mapping[str, Mapping[str, str]], str]) -> None:
    table, last = closed
    assert table[last] == {}


def steps(table: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for state, following in table.items():
        for happening in following:
            yield str(state), happening


def test_every_row_of_every_table_is_used_by_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random run takes each transition at least once: no row is there for show."""
    from random import Random

    from acd.core import (
        admission,
        answers,
        callbacks,
        calling,
        calling_out,
        closing,
        connection,
        consults,
        deferral,
        guests,
        links,
        listening,
        messages,
        offers,
        presence,
        reception,
        survey,
        waiting,
        wrap_up,
    )
    from acd.core import (
        steps as walked,
    )
    from acd.core.state import step

    taken: set[tuple[str, str]] = set()

    def watched(table: Mapping[str, Mapping[str, str]], state: str, happening: str) -> str:
        following = step(table, state, happening)
        taken.add((str(state), happening))
        return following

    outbound = (
        callbacks,
        calling,
        calling_out,
        closing,
        reception,
        walked,
        consults,
        guests,
        links,
        listening,
        messages,
        survey,
    )
    for module in (admission, answers, connection, deferral, offers, presence, waiting, wrap_up, *outbound):
        monkeypatch.setattr(module, "step", watched)
    for seed in range(80):
        rng, play = Random(seed), Play(random_desk(seed), thorough=False)
        for _ in range(3_000):
            random_move(play, rng)
    wanted = {row for table in (AGENT, WORK, ROLE, CONTACT) for row in steps(table)}  # type: ignore[arg-type]
    assert wanted - taken == set()
