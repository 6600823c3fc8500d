"""Matching both ways, skills, levels, groups, and the policies that choose among idle agents."""

import pytest

from acd.core import facts
from acd.testing.story import Story, agent, desk, line
from agents.capacity import VOICE
from agents.skills import GROUP_PREFIX, SkillId
from queues.desk import Policy


def test_a_contact_that_comes_is_offered_at_once_to_an_idle_agent() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(5_000)
    assert story.log(facts.Offered) == [(5_000, "Offered", call, "anna")]
    assert story.of(facts.Offered)[0].choice == "agent chosen"


def test_an_agent_who_frees_is_offered_at_once_who_waits() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    first, second = story.arrive(0), story.arrive(1_000)
    story.accept(2_000, "anna").release(9_000, first, "anna")
    assert story.log(facts.Offered)[-1] == (9_000, "Offered", second, "anna")
    assert story.of(facts.Offered)[-1].choice == "contact chosen"


def test_a_level_below_the_required_one_does_not_do() -> None:
    story = Story(desk(line(level=3), agent("anna", help=2), agent("bert", help=3)))
    story.ready(0, "anna", "bert")
    story.arrive(1_000)
    assert (story.rung("anna"), story.rung("bert")) == (None, 1)


def test_all_skills_of_an_alternative_are_required_and_any_alternative_will_do() -> None:
    both = ((SkillId("network"), 1), (SkillId("german"), 2))
    expert = ((SkillId("expert"), 1),)
    desks = desk(
        line(needs=(both, expert)),
        agent("anna", network=5),
        agent("bert", network=1, german=2),
        agent("carl", expert=1),
    )
    story = Story(desks).ready(0, "anna", "bert", "carl")
    story.arrive(1_000)
    story.arrive(2_000)
    waits = story.arrive(3_000)
    assert (story.rung("bert"), story.rung("carl"), story.rung("anna")) == (1, 2, None)
    assert story.position(waits) == 3


def test_a_group_of_members_is_served_by_its_members_only() -> None:
    group = SkillId(f"{GROUP_PREFIX}second level")
    member = agent("bert", **{str(group): 1})
    story = Story(desk(line(needs=(((group, 1),),)), agent("anna"), member)).ready(0, "anna", "bert")
    story.arrive(1_000)
    assert (story.rung("anna"), story.rung("bert")) == (None, 1)


def test_a_need_of_nothing_is_met_by_everybody() -> None:
    story = Story(desk(line(needs=((),)), agent("anna", printer=1))).ready(0, "anna")
    assert story.rung("anna") is None
    story.arrive(1_000)
    assert story.rung("anna") == 1


def test_an_agent_serves_the_best_of_all_his_lines_not_of_one() -> None:
    story = Story(desk(line("a", "a"), line("b", "b"), line("c", "c"), agent("anna", a=1, c=1)))
    story.arrive(0, to="b")  # nobody has the skill; he must not block the others
    later = story.arrive(2_000, to="a")
    earlier = story.arrive(1_000 + 2_000, to="c", head_start_ms=2_000)
    story.ready(5_000, "anna")
    assert story.rung("anna") == earlier
    story.accept(5_000, "anna").release(6_000, earlier, "anna")
    assert story.rung("anna") == later


def rung_first(policy: Policy) -> list[str]:
    """Anna is longest idle, bert the most skilled, carl the least occupied; who is rung in what order?"""
    opened = desk(
        line(policy=policy),
        line("other", "other"),
        agent("anna", help=1),
        agent("bert", help=3, other=1),
        agent("carl"),
    )
    story = Story(opened).ready(0, "anna").ready(1_000, "bert").ready(2_000, "carl")
    busy = story.arrive(2_000, to="other")
    story.accept(2_000, "bert").release(8_000, busy, "bert")
    story.leave(8_500, story.arrive(8_500))
    for now in (10_000, 10_001, 10_002):
        story.arrive(now)
    return [fact.agent for fact in story.of(facts.Offered)[2:]]


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (Policy.LONGEST_IDLE, ["anna", "carl", "bert"]),
        (Policy.MOST_SKILLED, ["bert", "anna", "carl"]),
        (Policy.LEAST_OCCUPIED, ["anna", "carl", "bert"]),
        (Policy.ROUND_ROBIN, ["carl", "bert", "anna"]),
    ],
)
def test_each_policy_chooses_by_its_own_rule(policy: Policy, order: list[str]) -> None:
    assert rung_first(policy) == order


def test_who_finishes_without_wrap_up_goes_to_the_end_of_the_longest_idle() -> None:
    """Also with a second call in hand, when his free places do not change."""
    two = (VOICE, 2)
    story = Story(desk(line(), agent("anna", two), agent("bert", two))).ready(0, "anna")
    first = story.arrive(1_000)
    story.accept(1_000, "anna")
    second = story.arrive(2_000)
    story.accept(2_000, "anna").ready(2_500, "bert").release(3_000, first, "anna")
    story.leave(4_000, second)
    story.arrive(5_000)
    assert (story.rung("anna"), story.rung("bert")) == (None, 3)
