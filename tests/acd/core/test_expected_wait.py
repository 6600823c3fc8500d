"""How long a contact will wait: learned as it happens, from who is ahead, who comes, who gives up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from acd.core import events
from acd.core.estimates.ahead import WHOLE
from acd.core.estimates.expectation import MINUTES, Expectation, expectation, in_minutes
from acd.core.estimates.queue import LEAST_HANDLED, drained, expected
from acd.testing.story import Story, agent, desk, entry, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import LineId, WrapUpRule
from queues.pace import LEFT, MOST_CAME, MOST_HANDLED, Pace

SECOND = 1000
TALK = 60 * SECOND
TAUGHT = TALK * LEAST_HANDLED
"""From then on the desk knows that a call takes a minute."""


def taught(*parts: object, to: str = "help", who: str = "anna", **rules: object) -> Story:
    """Its agent `who` has served so many calls of a minute, and is busy with one since TAUGHT."""
    story = Story(desk(*parts, **rules)).ready(0, who)  # type: ignore[arg-type]
    for number in range(LEAST_HANDLED):
        call = story.arrive(number * TALK, to)
        story.accept(number * TALK, who).release((number + 1) * TALK, call, who)
    story.arrive(TAUGHT, to)
    return story.accept(TAUGHT, who)


def wait_of(story: Story, call: int) -> Expectation:
    found = expected(story.engine.state, story.contact(call))
    assert found is not None
    return found


def handles(pace: Pace, taken_ms: int) -> None:
    """As the engine does."""
    pace.handled += 1
    pace.handling_ms += taken_ms
    if pace.handled >= MOST_HANDLED:
        pace.forget()


def median_ms(number: int, mean_ms: float) -> float:
    """Of the sum of so many exponential times."""
    return float(gamma.ppf(0.5, number, scale=mean_ms))


# ---- what is learned


def test_nothing_is_expected_before_enough_calls_were_handled() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    for number in range(LEAST_HANDLED):
        call = story.arrive(number * TALK)
        waits = story.arrive(number * TALK)
        assert expected(story.engine.state, story.contact(waits)) is None
        story.leave(number * TALK, waits)
        story.accept(number * TALK, "anna").release((number + 1) * TALK, call, "anna")
    story.arrive(TAUGHT)
    assert expected(story.engine.state, story.contact(story.arrive(TAUGHT))) is not None


def test_ringing_and_wrap_up_are_handling_time_too() -> None:
    story = Story(desk(line(wrap_up=WrapUpRule(ms=5_000)), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(3_000, "anna").release(10_000, call, "anna").until(20_000)
    assert story.engine.state.paces[LineId("help")].handling_ms == 15_000


def test_who_gives_up_and_how_long_all_waited_is_learned() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    first, second = story.arrive(0), story.arrive(0)
    story.accept(2_000, "anna").leave(5_000, second).release(9_000, first, "anna")
    pace = story.engine.state.paces[LineId("help")]
    assert (pace.left, pace.waited_ms) == (LEFT, 7_000)


def test_older_calls_count_half_each_time_so_that_the_mean_follows_the_day() -> None:
    pace = Pace()
    for _ in range(4 * MOST_HANDLED):
        handles(pace, 60_000)
    for _ in range(MOST_HANDLED):
        handles(pace, 120_000)
    assert pace.handled < MOST_HANDLED
    assert 95_000 < pace.handling_ms / pace.handled < 120_000


def test_patience_is_forgotten_with_the_calls_that_were_handled_meanwhile() -> None:
    pace = Pace()
    for _ in range(20 * MOST_HANDLED):
        handles(pace, 60_000)
        pace.waited_ms += 30_000
    for _ in range(8 * MOST_HANDLED):
        handles(pace, 60_000)
        pace.gives_up(30_000)
    assert LEFT * 30_000 * 0.95 < pace.waited_ms * LEFT**2 / pace.left < LEFT * 30_000 * 1.1


def test_the_rate_of_arrivals_follows_the_last_ones() -> None:
    pace = Pace()
    for number in range(1_000):
        pace.comes(5, number * 10_000)
    for number in range(1, 6 * MOST_CAME):
        pace.comes(5, 9_990_000 + number * 1_000)
    now_ms, flow = 9_990_000 + (6 * MOST_CAME - 1) * 1_000, pace.came[5]
    assert (now_ms - flow.since_ms) / flow.count == pytest.approx(1_000, rel=0.2)


def test_arrivals_are_counted_only_where_somebody_may_overtake() -> None:
    plain = Story(desk(line(), line("other", "other"), entry("vip", "help", priority_class=1)))
    plain.arrive(0)
    plain.arrive(0, "vip")
    assert list(plain.engine.state.paces[LineId("help")].came) == [1]
    differ = Story(desk(line(), line("fast", target_ms=1_000)))
    differ.arrive(0)
    assert list(differ.engine.state.paces[LineId("help")].came) == [5]


def test_what_was_learned_survives_a_restart_and_a_new_desk_but_not_its_line() -> None:
    story = taught(line(), line("other", "other"), agent("anna"))
    call = story.arrive(TAUGHT)
    before = wait_of(story, call)
    story.restart()
    assert wait_of(story, call) == before
    story.at(TAUGHT, events.DeskChanged(story.engine.state.desk))
    assert wait_of(story, call) == before
    story.at(TAUGHT, events.DeskChanged(desk(line(), agent("anna"))))
    assert list(story.engine.state.paces) == ["help"]


# ---- what is expected


def test_who_is_next_waits_until_the_one_agent_is_through() -> None:
    story = taught(line(), agent("anna"))
    call = story.arrive(TAUGHT)
    assert wait_of(story, call).expected_ms == pytest.approx(median_ms(1, TALK), rel=0.03)


def test_each_one_ahead_makes_it_longer() -> None:
    story = taught(line(), agent("anna"))
    calls = [story.arrive(TAUGHT) for _ in range(5)]
    found = [wait_of(story, call).expected_ms for call in calls]
    assert found == pytest.approx([median_ms(1 + ahead, TALK) for ahead in range(5)], rel=0.03)


def test_two_agents_are_through_twice_as_fast() -> None:
    story = taught(line(), agent("anna"), agent("bert"))
    story.ready(TAUGHT, "bert")
    story.arrive(TAUGHT)
    story.accept(TAUGHT, "bert")
    call = story.arrive(TAUGHT)
    assert wait_of(story, call).expected_ms == pytest.approx(median_ms(1, TALK / 2), rel=0.03)


def test_who_is_in_a_pause_is_not_counted() -> None:
    story = taught(line(), agent("anna"), agent("bert"))
    story.ready(TAUGHT, "bert")
    story.arrive(TAUGHT)
    story.accept(TAUGHT, "bert").at(TAUGHT, events.AgentPaused(AgentId("bert"), "break"))
    call = story.arrive(TAUGHT)
    assert wait_of(story, call).expected_ms == pytest.approx(median_ms(1, TALK), rel=0.03)
    story.at(TAUGHT, events.AgentPaused(AgentId("anna"), "break"))
    assert expected(story.engine.state, story.contact(call)) is None


def test_a_vip_who_waits_is_ahead_of_who_came_before_him() -> None:
    story = taught(line(), entry("vip", "help", priority_class=1), agent("anna"))
    call = story.arrive(TAUGHT)
    alone = wait_of(story, call)
    vip = story.arrive(TAUGHT, "vip")
    assert wait_of(story, vip) == alone
    assert wait_of(story, call).expected_ms == pytest.approx(median_ms(2, TALK), rel=0.03)


def test_vips_who_come_often_make_it_longer_for_all_others() -> None:
    def story(vip: str) -> tuple[Story, int]:
        told = taught(line(), entry("vip", "help", priority_class=1), agent("anna"), to=vip)
        return told, told.arrive(TAUGHT)

    (often, call), (never, other) = story("vip"), story("help")
    mine, his = wait_of(often, call), wait_of(never, other)
    assert mine.expected_ms > 1.1 * his.expected_ms
    assert mine.high_ms > 2 * his.high_ms, "with luck none of them comes in time"
    vip = often.arrive(TAUGHT, "vip")
    assert wait_of(often, vip).expected_ms == pytest.approx(median_ms(1, TALK), rel=0.03)


def test_contacts_of_another_line_are_ahead_as_far_as_they_want_the_same_agents() -> None:
    """Half of those who could serve them are mine: half of them are ahead of me."""
    lines = line(), line("other", "other")
    story = taught(*lines, agent("anna", help=1, other=1), agent("carl", other=1))
    story.ready(TAUGHT, "carl")
    story.arrive(TAUGHT, "other")
    story.accept(TAUGHT, "carl")
    for _ in range(4):
        story.arrive(TAUGHT, "other")
    call = story.arrive(TAUGHT)
    assert wait_of(story, call).expected_ms == pytest.approx(median_ms(3, TALK), rel=0.05)


def test_those_who_become_urgent_faster_overtake_those_who_wait() -> None:
    lines = line(target_ms=60_000), line("fast", "help", target_ms=6_000)
    story = taught(*lines, agent("anna"), to="fast")
    call = story.arrive(TAUGHT)
    same = taught(line(target_ms=60_000), line("fast", "help", target_ms=60_000), agent("anna"), to="fast")
    other = same.arrive(TAUGHT)
    assert wait_of(story, call).high_ms > 2 * wait_of(same, other).high_ms


def test_those_ahead_who_give_up_make_it_shorter() -> None:
    story = taught(line(), agent("anna"))
    calls = [story.arrive(TAUGHT) for _ in range(10)]
    before = wait_of(story, calls[-1])
    for number, call in enumerate(calls[:8]):
        story.leave(TAUGHT + number * 1_000, call)
    for _ in range(8):
        story.arrive(TAUGHT + 8_000)
    last = story.arrive(TAUGHT + 8_000)
    assert wait_of(story, last).expected_ms < 0.5 * before.expected_ms


def test_who_is_in_no_line_yet_would_not_wait_while_somebody_is_free() -> None:
    opened = desk(line(greeting="consent", greeting_mandatory=True), agent("anna"))
    story = Story(opened).ready(0, "anna")
    for number in range(LEAST_HANDLED):
        call = story.arrive(number * TALK)
        story.heard(number * TALK, call).accept(number * TALK, "anna")
        story.release((number + 1) * TALK, call, "anna")
    listens = story.arrive(TAUGHT)
    assert wait_of(story, listens) == Expectation(0, 0, 0)
    waits = story.arrive(TAUGHT)
    story.heard(TAUGHT, waits).accept(TAUGHT, "anna")
    assert wait_of(story, listens).expected_ms == pytest.approx(median_ms(1, TALK), rel=0.03)


def test_to_ask_changes_nothing() -> None:
    story = taught(line(), agent("anna"))
    call = story.arrive(TAUGHT)
    before = story.engine.snapshot()
    wait_of(story, call)
    assert story.engine.snapshot() == before


# ---- the arithmetic


@pytest.mark.parametrize("number", [1, 2, 5, 20, 200])
def test_the_band_is_that_of_the_gamma_law(number: int) -> None:
    mean_ms = number * 10_000
    found = expectation(mean_ms, mean_ms * mean_ms // number)
    exact = gamma.ppf([0.05, 0.5, 0.95], number, scale=10_000)
    near = [pytest.approx(one, rel=0.02, abs=0.02 * mean_ms) for one in exact]
    assert [found.low_ms, found.expected_ms, found.high_ms] == near


@given(st.integers(0, 10**8), st.integers(0, 10**17))
def test_a_band_is_always_in_order(mean_ms: int, variance: int) -> None:
    found = expectation(mean_ms, variance)
    assert 0 <= found.low_ms <= found.expected_ms <= found.high_ms


@pytest.mark.parametrize(("contacts", "leaving_ms"), [(1, 100_000), (7, 50_000), (400, 300_000)])
def test_a_queue_drains_by_service_and_by_impatience(contacts: int, leaving_ms: int) -> None:
    """Against the sum, term by term; a longer one is added up in parts."""
    mean_ms, variance = drained(contacts * 1000, WHOLE // 20_000, WHOLE // leaving_ms)
    times = [1 / (1 / 20_000 + behind / leaving_ms) for behind in range(contacts)]
    assert mean_ms == pytest.approx(sum(times), rel=0.02)
    assert variance == pytest.approx(sum(time**2 for time in times), rel=0.08)


@given(st.integers(0, 10**8))
def test_minutes_are_said_as_people_do(expected_ms: int) -> None:
    minutes = in_minutes(expected_ms)
    assert minutes in MINUTES
    if expected_ms < 60_000:
        assert minutes == 0
    elif expected_ms < 10.5 * 60_000:
        assert abs(minutes - expected_ms / 60_000) <= 0.5
    elif minutes <= 60:
        # At 12 1/2 minutes it is as far to ten as to a quarter of an hour: a fifth of the wait.
        assert abs(minutes - expected_ms / 60_000) <= 0.2 * expected_ms / 60_000
    else:
        assert expected_ms >= 60.5 * 60_000


def test_the_longer_the_rounder() -> None:
    said = [in_minutes(seconds * 1000) for seconds in (59, 60, 89, 90, 299, 780, 1_400, 2_150, 3_629, 3_630)]
    assert said == [0, 1, 1, 2, 5, 15, 25, 40, 60, 61]


def test_media_other_than_voice_have_a_wait_too() -> None:
    story = taught(line(), agent("anna"))
    mail = story.arrive(TAUGHT, medium=next(m for m in story.engine.state.media if m != VOICE))
    assert expected(story.engine.state, story.contact(mail)) is None, "nobody reads mail"
