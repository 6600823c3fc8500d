"""Random desks and moves: what is explained of every contact agrees with what the engine did."""

from random import Random

import pytest

from acd.core.engine import Engine
from acd.core.facts import Decision, Fact
from acd.why.score import before
from acd.why.timeline import Timeline
from acd.why.verdict import case_of, free_for, verdicts
from acd.why.watched import watched
from queues.states import ContactState
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk
from tests.acd.why.explained import looks, sentences, timelines

MOVES = 1_500


def played(seed: int, moves: int = MOVES) -> Play:
    rng = Random(seed)
    play = Play(random_desk(seed), thorough=False)
    for _ in range(moves):
        random_move(play, rng)
    return play


def explained(play: Play) -> dict[int, Timeline]:
    return timelines(play.journal, range(1, play.engine.state.last_contact + 1))


def decisions(play: Play) -> list[Decision]:
    engine, made = Engine(), []
    for t_ms, event in play.journal:
        made += [fact for fact in engine.handle(event, t_ms).facts if isinstance(fact, Decision)]
    return made


@pytest.mark.parametrize("seed", range(6))
def test_every_offer_is_explained_as_it_was_decided(seed: int) -> None:
    play = played(seed)
    found = explained(play)
    told = decisions(play)
    assert len(told) > 20
    seen = 0
    for number, one in found.items():
        mine = [fact for fact in told if fact.contact == number]
        offered = [
            step.look for step in one.steps if step.look and step.look.outcome in ("offered", "reserved")
        ]
        assert len(mine) == len(offered)
        for fact, look in zip(mine, offered, strict=True):
            seen += 1
            rank = fact.priority_class, fact.urgency_ms, fact.target_ms, number
            assert (look.agent, look.standing.rank) == (fact.agent, rank)
            verdict = next(one for one in look.verdicts if one.agent == fact.agent)
            assert not verdict.bars or fact.choice == "reserved", "he could not have taken it"
            if fact.choice == "contact chosen":
                assert all(before(look.standing, rival) for rival in look.rivals)
            elif fact.choice == "agent chosen" and look.idle[0].agent != fact.agent:
                assert any(other.t_ms == fact.t_ms and other.agent != fact.agent for other in mine), (
                    "others are rung at once before him"
                )
    assert seen == len(told)


@pytest.mark.parametrize("seed", range(6))
def test_who_waits_although_it_was_looked_for_could_be_taken_by_nobody(seed: int) -> None:
    nobody = 0
    for one in explained(played(seed)).values():
        for look in looks(one, "nobody"):
            nobody += 1
            assert look.bar or all(verdict.bars for verdict in look.verdicts), look
        for look in one.passed_over:
            assert before(look.rivals[0], look.standing), look
            assert look.decided_by in ("class", "urgency", "arrival")
    assert nobody > 5


@pytest.mark.parametrize("seed", range(3))
def test_who_is_free_is_free_for_the_engine_and_nobody_free_is_left(seed: int) -> None:
    """After every event, whatever happened; and an engine that is watched goes the same way."""
    play, seen = played(seed), 0
    plain = Engine()
    engine = watched(Engine(), lambda fact: None)
    for t_ms, event in play.journal:
        told: list[Fact] = engine.handle(event, t_ms).facts
        assert told == plain.handle(event, t_ms).facts
        state = engine.state
        for seat in state.seats.values():
            assert {m for m in state.media if free_for(state, seat, m)} == set(seat.free)
        for number, place in state.board.places.items():
            contact = state.contacts[number]
            if contact.state is ContactState.WAITING and place.in_bucket:
                seen += 1
                assert all(one.bars for one in verdicts(state, case_of(state, contact)))
    assert engine.snapshot() == plain.snapshot(), "to look changes nothing"
    assert seen > 50


def test_everything_can_be_said_in_both_languages() -> None:
    for language in ("en", "de"):
        said = [line for one in explained(played(3)).values() for line in sentences(one, language)]
        assert len(said) > 300
        assert not [line for line in said if "{" in line or "None" in line]
