"""With nothing changed, the world around the engine leads to exactly what happened."""

from collections.abc import Sequence
from contextlib import suppress
from random import Random

import pytest

from acd.core.engine import Engine
from acd.core.events import Event
from acd.core.facts import ENDINGS, Arrived, CalledOut, Fact, Joined
from acd.testing.story import desk, line
from acd.why.change import Change, Kind
from acd.why.otherwise import Changed
from acd.why.past import Past, Reading, Usual
from acd.why.record import CannotExplain
from acd.why.world import World
from agents.capacity import MAIL, VOICE
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk
from tests.acd.why.explained import Remembered

Entry = tuple[int, Event]


def played(seed: int, moves: int) -> list[Entry]:
    rng = Random(seed)
    play = Play(random_desk(seed), thorough=False)
    for _ in range(moves):
        random_move(play, rng)
    return play.journal


def read(journal: Sequence[Entry], first: int) -> tuple[Engine, Past, list[Fact]]:
    """The engine before entry number `first` (from 0), and what was done and decided from there on."""
    engine, reading, told = Engine(), Reading(), list[Fact]()
    for t_ms, event in journal[:first]:
        engine.handle(event, t_ms)
    start = Engine.restore(engine.snapshot())
    for seq, (t_ms, event) in enumerate(journal[first:], first + 1):
        due_ms = engine.next_deadline()
        found = engine.handle(event, t_ms).facts
        reading.take(seq, t_ms, event, found, due_ms)
        told += found
    return start, reading.past, told


@pytest.mark.parametrize("share", [0, 3])
@pytest.mark.parametrize("seed", range(4))
def test_what_happened_happens_again(seed: int, share: int) -> None:
    journal = played(seed, 1_500)
    start, past, told = read(journal, len(journal) // share if share else 1)
    world = World(start, past, Usual())
    world.run(journal[-1][0], lambda: True)
    assert len(told) > 150
    for number, (expected, got) in enumerate(zip(told, world.told, strict=False)):
        assert got == expected, number
    assert world.told == told
    assert not world.assumed


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_changed_the_engine_goes_on_and_loses_nobody(seed: int) -> None:
    """Random days, each with something else about each of several contacts and agents."""
    journal = played(seed, 800)
    start, past, told = read(journal, 1)
    saved = start.snapshot()
    arrived = [fact.contact for fact in told if isinstance(fact, Arrived)]
    agents = list(start.state.seats)
    changes = [Change(kind, contact=number) for kind in (Kind.WITHOUT, Kind.PLAIN) for number in arrived[:6]]
    for kind in (Kind.READY, Kind.MORE):
        changes += [Change(kind, agent=name, t_ms=journal[len(journal) // 4][0]) for name in agents[:3]]
    differ = 0
    for change in changes:
        changed = Changed(change, journal[len(journal) // 4][0], VOICE)
        world = World(Engine.restore(saved), past, Usual(), changed.rewrite)
        changed.begin(world)
        with suppress(CannotExplain):  # a desk of then had no such agent
            world.run(journal[-1][0], lambda: True)
        differ += world.told != told
        came = {fact.contact for fact in world.told if isinstance(fact, Arrived | CalledOut)}
        over = [fact.contact for fact in world.told if isinstance(fact, ENDINGS)]  # type: ignore[attr-defined]
        live = {one.id for one in world.engine.state.contacts.values() if not one.consults}
        assert len(over) == len(set(over))
        assert came == live | set(over)
    assert differ > len(changes) // 2


def test_what_was_added_to_a_contact_that_never_came_is_added_to_no_other() -> None:
    """The numbers of those who come after it are others: the second mail has that of the first."""
    told = Remembered(desk(line()))
    first = told.arrive(0, medium=MAIL)
    told.arrive(1_000, medium=MAIL)
    told.arrive(2_000, medium=MAIL, joins=first)
    start, past, _ = read(told.past, 1)
    changed = Changed(Change(Kind.WITHOUT, contact=first), told.past[0][0], MAIL)
    world = World(start, past, Usual(), changed.rewrite)
    world.run(told.past[-1][0], lambda: True)
    assert [type(fact) for fact in world.told if isinstance(fact, Arrived | Joined)] == [Arrived, Arrived]
