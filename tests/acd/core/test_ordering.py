"""Who is served first: class, then urgency, then arrival; head starts and their bound."""

from hypothesis import given
from hypothesis import strategies as st

from acd.core import facts
from acd.core.events import ContactId, PriorityChanged
from acd.testing.story import Story, agent, desk, entry, line
from agents.capacity import MAIL, VOICE


def serve_all(story: Story, now: int, count: int) -> list[int]:
    """Anna takes one after the other, a second each; returns the order."""
    story.ready(now, "anna")
    for _ in range(count):
        story.accept(now, "anna")
        now += 1_000
        story.release(now, story.answered()[-1], "anna")
    return story.answered()


def test_callers_of_one_line_are_served_in_the_order_of_their_arrival() -> None:
    story = Story(desk(line(), agent("anna")))
    waiting = [story.arrive(now) for now in (0, 0, 1_000, 2_000)]
    assert serve_all(story, 5_000, 4) == waiting


def test_a_vip_entry_with_a_lower_class_overtakes_everybody_without_bound() -> None:
    story = Story(desk(line(), entry("vip", "help", priority_class=1), agent("anna")))
    normal = story.arrive(0)
    vip = story.arrive(3_600_000, to="vip")
    assert serve_all(story, 3_601_000, 2) == [vip, normal]


def test_a_vip_list_and_a_vip_entry_add_up_to_the_better_of_the_two() -> None:
    story = Story(desk(line(), entry("vip", "help", priority_class=3, head_start_ms=500), agent("anna")))
    a = story.arrive(0, to="vip", priority_class=4, head_start_ms=9_000)
    b = story.arrive(0, to="vip", priority_class=2)
    assert (story.contact(a).asked_class, story.contact(a).head_start_ms) == (3, 9_000)
    assert (story.contact(b).asked_class, story.contact(b).head_start_ms) == (2, 500)


def test_a_contact_is_a_vip_by_a_head_start_or_a_class_below_that_of_its_line() -> None:
    lines = line(), line("low", priority_class=3)
    story = Story(
        desk(*lines, entry("gold", "help", priority_class=4), entry("early", "help", head_start_ms=1))
    )
    story.arrive(0)
    story.arrive(0, priority_class=5)
    story.arrive(0, to="low", priority_class=4)
    for name in ("gold", "early"):
        story.arrive(0, to=name)
    story.arrive(0, head_start_ms=1)
    story.arrive(0, to="low", priority_class=2)
    assert [fact.vip for fact in story.of(facts.Arrived)] == [False] * 3 + [True] * 4


def test_a_head_start_of_ten_seconds_overtakes_who_came_up_to_ten_seconds_before() -> None:
    story = Story(desk(line(), agent("anna")))
    earlier = story.arrive(0)
    bound = story.arrive(10_000)
    vip = story.arrive(20_000, head_start_ms=10_000)
    assert serve_all(story, 30_000, 3) == [earlier, bound, vip]


def test_of_two_lines_the_caller_who_used_up_more_of_his_target_comes_first() -> None:
    quick, slow = line("quick", target_ms=10_000), line("slow", target_ms=60_000)
    story = Story(desk(quick, slow, agent("anna")))
    patient = story.arrive(0, to="slow")  # at 30 s: half of his target
    hasty = story.arrive(24_000, to="quick")  # at 30 s: six tenths of his
    assert serve_all(story, 30_000, 2) == [hasty, patient]


def test_equal_urgency_goes_by_arrival_even_where_floats_would_differ() -> None:
    third, seventh = line("third", target_ms=3_000), line("seventh", target_ms=7_000)
    story = Story(desk(third, seventh, agent("anna")))
    first = story.arrive(0, to="seventh")
    second = story.arrive(4_000, to="third")
    assert serve_all(story, 7_000, 2) == [first, second]  # both at exactly 1


def test_a_call_beats_a_mail_that_came_an_hour_before_when_its_class_says_so() -> None:
    mails = line("mails", priority_class=7, target_ms=14_400_000)
    story = Story(desk(line(), mails, agent("anna", (VOICE, 1), (MAIL, 1))))
    story.arrive(0, to="mails", medium=MAIL)
    call = story.arrive(3_600_000)
    story.ready(3_600_000, "anna", media=(MAIL, VOICE))
    assert story.rung("anna") == call


BOUND_MS = 5_000
HEAD_STARTS = st.sampled_from([0, 0, 1, 2_500, BOUND_MS])


@given(
    arrivals=st.lists(st.integers(0, 60_000), min_size=2, max_size=8),
    heads=st.lists(HEAD_STARTS, min_size=8, max_size=8),
    given_later=st.lists(st.tuples(st.integers(0, 7), HEAD_STARTS), max_size=4),
    by_entry=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_a_head_start_bounds_overtaking_within_one_target(
    arrivals: list[int], heads: list[int], given_later: list[tuple[int, int]], by_entry: list[bool]
) -> None:
    """Nobody overtakes somebody who has waited longer than he by more than their head starts differ.

    Whether the head start is of the entry, of a list, or given while he waits (a new version of the list), in
    one line or another of the same target.
    """
    lines = line(), line("other")
    hotline = entry("vip", "other", head_start_ms=BOUND_MS)
    story = Story(desk(*lines, hotline, agent("anna")))
    came: dict[int, int] = {}
    for now, head_ms, vip in zip(sorted(arrivals), heads, by_entry, strict=False):
        came[story.arrive(now, to="vip" if vip else "help", head_start_ms=head_ms)] = now
    for place, head_ms in given_later:
        if place < len(came):
            story.at(60_500, PriorityChanged(ContactId(list(came)[place]), None, head_ms))
    held = {contact: story.contact(contact).head_start_ms for contact in came}
    order = serve_all(story, 61_000, len(came))
    for place, contact in enumerate(order):
        for overtaken in order[place + 1 :]:
            assert came[contact] - came[overtaken] <= held[contact] - held[overtaken] <= BOUND_MS


@given(
    waits=st.lists(st.integers(0, 300_000), min_size=1, max_size=6),
    vips=st.integers(1, 6),
    gap_ms=st.integers(0, 3_000),
    head_ms=st.integers(0, 60_000),
)
def test_who_has_waited_longer_than_the_head_start_is_overtaken_by_nobody_however_many_vips_come(
    waits: list[int], vips: int, gap_ms: int, head_ms: int
) -> None:
    """A class has no such bound: the test of it is above."""
    story = Story(desk(line(), agent("anna")))
    usual = {story.arrive(300_000 - wait): 300_000 - wait for wait in sorted(waits, reverse=True)}
    now, came = 300_000, dict(usual)
    for _ in range(vips):
        came[story.arrive(now, head_start_ms=head_ms)] = now
        now += gap_ms
    order = serve_all(story, now, len(came))
    for contact, at in usual.items():
        before = order[: order.index(contact)]
        assert all(came[one] - at <= head_ms for one in before)
