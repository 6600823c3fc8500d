"""Needs, buckets and the pools of idle agents."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.capacity import MAIL, VOICE
from agents.roster import AgentRecord, Seat
from agents.skills import AgentId, SkillId, fitness
from agents.states import AgentState
from queues.board import Board, Place
from queues.desk import ALWAYS, Line, LineId, Policy, Relaxation, TenantId
from queues.need import Need
from queues.priority import Urgency

V = VOICE
A, B, C = SkillId("a"), SkillId("b"), SkillId("c")


def seat(number: int, **levels: int) -> Seat:
    """An idle agent who has been idle since second `number`."""
    record = AgentRecord(
        AgentId(f"agent {number}"), number, state=AgentState.READY, idle_since_ms=number * 1000
    )
    idle = Seat(record, {SkillId(skill): level for skill, level in levels.items()}, {V: 1})
    idle.free = (V,)
    return idle


def line(*alternatives: tuple[tuple[SkillId, int], ...], name: str = "l", **rules: Any) -> Line:
    return Line(LineId(name), TenantId("t"), alternatives, **rules)


def test_lines_that_require_the_same_share_one_need() -> None:
    board = Board([seat(1, a=1)])
    one = board.need(line(((A, 1),)), 0, V)
    two = board.need(line(((A, 1),), name="other"), 0, V)
    assert one is two
    assert one is not board.need(line(((A, 1),), name="third", policy=Policy.ROUND_ROBIN), 0, V)
    assert one is not board.need(line(((A, 1),)), 0, MAIL)


def test_a_relaxation_adds_to_the_alternatives_before_it() -> None:
    wider = line(((A, 1),), relaxations=(Relaxation(1, (((B, 1),),)), Relaxation(2, (((C, 1),), ((A, 1),)))))
    board = Board([])
    assert board.need(wider, 0, V).alternatives == (((A, 1),),)
    assert board.need(wider, 1, V).alternatives == (((A, 1),), ((B, 1),))
    assert board.need(wider, 2, V).alternatives == (((A, 1),), ((B, 1),), ((C, 1),))


REQUIREMENTS = st.dictionaries(st.sampled_from([A, B, C]), st.integers(1, 4), max_size=3).map(
    lambda found: tuple(sorted(found.items()))
)
LEVELS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 4))


@given(
    staff=st.lists(LEVELS, max_size=6),
    alternatives=st.lists(REQUIREMENTS, min_size=1, max_size=3, unique=True),
)
def test_the_need_knows_exactly_who_meets_it_and_how_well(
    staff: list[dict[str, int]], alternatives: list[tuple[tuple[SkillId, int], ...]]
) -> None:
    seats = [seat(number, **levels) for number, levels in enumerate(staff)]
    need = Board(seats).need(line(*alternatives), 0, V)
    fits = {one.record.id: fitness(one.skills, tuple(alternatives)) for one in seats}
    assert need.fitness == {agent: fit for agent, fit in fits.items() if fit}
    assert [one for one in seats if one.needs] == [one for one in seats if fits[one.record.id]]
    assert {one.record.id for one in need.idle()} == set(need.fitness)


def test_idle_agents_come_in_the_order_of_the_policy_and_outdated_entries_do_not_count() -> None:
    seats = [seat(number, a=1) for number in (3, 1, 2)]
    need = Board(seats).need(line(((A, 1),)), 0, V)
    seats[1].epoch += 1
    assert [one.record.number for one in need.idle()] == [2, 3]


def test_the_pool_of_a_need_stays_small_however_often_an_agent_comes_and_goes() -> None:
    one = seat(1, a=1)
    need = Board([one]).need(line(((A, 1),)), 0, V)
    for _ in range(10_000):
        one.epoch += 1
        need.push_idle(one)
    assert len(need.pool) <= 2 * len(need.fitness) + 8
    assert [found is one for found in need.idle()] == [True]


def urgency(key_ms: int, priority_class: int = 5) -> Urgency:
    return Urgency(priority_class, 20_000, ALWAYS, key_ms)


def test_a_contact_that_is_rung_keeps_its_place_in_the_line() -> None:
    board = Board([])
    need = board.need(line(((A, 1),)), 0, V)
    for number, key_ms in ((1, 10), (2, 20), (3, 15)):
        board.enter(number, Place(need, urgency(key_ms), LineId("l")))
        board.show(number)
    board.hide(3)
    assert [board.rank(number) for number in (1, 2, 3)] == [1, 3, 2]
    assert need.buckets[5, 20_000, ALWAYS] == [(10, 1), (20, 2)]
    board.show(3)
    assert need.buckets[5, 20_000, ALWAYS] == [(10, 1), (15, 3), (20, 2)]
    assert board.length(LineId("l")) == 3


def test_an_empty_bucket_is_never_kept() -> None:
    board = Board([])
    need = board.need(line(((A, 1),)), 0, V)
    board.enter(1, Place(need, urgency(10), LineId("l")))
    board.show(1)
    board.leave(1)
    assert (need.buckets, board.places, board.length(LineId("l"))) == ({}, {}, 0)


@given(moves=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 30), st.integers(0, 2)), max_size=60))
def test_bucket_and_line_stay_sorted_through_any_coming_and_going(moves: list[tuple[int, int, int]]) -> None:
    board, inside = Board([]), dict[int, tuple[int, int, int]]()
    need = board.need(line(((A, 1),)), 0, V)
    for number, key_ms, priority_class in moves:
        if number in inside:
            board.leave(number)
            del inside[number]
        else:
            board.enter(number, Place(need, urgency(key_ms, priority_class), LineId("l")))
            board.show(number)
            inside[number] = (priority_class, key_ms, number)
    expected = sorted(inside.values())
    assert [board.rank(number) for _, _, number in expected] == list(range(1, len(expected) + 1))
    assert sorted(entry for bucket in need.buckets.values() for entry in bucket) == sorted(
        (key_ms, number) for _, key_ms, number in expected
    )
    assert all(bucket == sorted(bucket) for bucket in need.buckets.values())


def test_a_need_tells_its_idle_agents_only_those_with_a_free_place_for_its_medium() -> None:
    mail = Need(0, (MAIL, (((A, 1),),), Policy.LONGEST_IDLE, None), {AgentId("agent 1"): 2})
    one = seat(1, a=1)
    mail.push_idle(one)
    assert list(mail.idle()) == []


def test_who_is_held_for_one_agent_is_never_looked_at_by_another() -> None:
    anna, bert = seat(1, a=1), seat(2, a=2)
    board = Board([anna, bert])
    everybody = board.need(line(((A, 1),)), 0, V)
    for_bert = board.need(line(((A, 1),)), 0, V, bert.record.id)
    assert for_bert.fitness == {bert.record.id: 3}
    assert (anna.needs, bert.needs) == ([everybody], [everybody, for_bert])
    assert board.need(line(((A, 3),), name="other"), 0, V, bert.record.id).fitness == {}
    assert board.need(line(((A, 1),)), 0, V, AgentId("gone")).fitness == {}
