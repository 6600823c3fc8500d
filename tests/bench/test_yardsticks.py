"""What the engine's expected wait is compared with."""

from acd.testing.story import agent, entry, line
from bench.yardsticks import LastServed, naive
from tests.acd.core.test_expected_wait import TALK, TAUGHT, taught


def test_the_naive_one_knows_the_length_of_the_line_and_nothing_else() -> None:
    story = taught(line(), entry("vip", "help", priority_class=1), agent("anna"))
    story.arrive(TAUGHT)
    vip = story.arrive(TAUGHT, "vip")
    found = naive(story.engine.state, story.contact(vip))
    assert found is not None
    assert found.expected_ms == 2 * TALK


def test_the_last_to_enter_service_says_his_own_wait() -> None:
    last = LastServed()
    story = taught(line(), agent("anna"))
    first = story.arrive(TAUGHT)
    story.release(TAUGHT + 7_000, story.answered()[-1], "anna").accept(TAUGHT + 9_000, "anna")
    call = story.arrive(TAUGHT + 9_000)
    last.take(story.facts)
    found = last.expected(story.engine.state, story.contact(call))
    assert story.answered()[-1] == first
    assert found is not None
    assert found.expected_ms == 9_000
    assert found.low_ms <= found.expected_ms <= found.high_ms
