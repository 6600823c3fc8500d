"""What users of today's call distributors complain about cannot happen here; numbers as in the list."""

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from agents.states import WorkState
from queues.desk import LineId, Policy, Relaxation, WrapUpRule

ANNA, BERT = AgentId("anna"), AgentId("bert")


def test_1_a_free_agent_and_a_waiting_contact_he_may_serve_always_make_an_offer() -> None:
    """Several lines, each with an older caller that the agent may not serve."""
    lines = [line(f"q{number}", f"s{number}") for number in range(6)]
    story = Story(desk(*lines, agent("anna", s5=1)))
    for now, one in enumerate(lines):
        story.arrive(now, to=one.id)
    story.ready(10_000, "anna")
    assert story.rung("anna") == 6


def test_2_a_high_priority_caller_blocks_nobody_and_comes_first_where_he_can() -> None:
    story = Story(desk(line("a", "a"), line("b", "b"), agent("anna", b=1), agent("bert", a=1, b=1)))
    urgent = story.arrive(0, to="a", priority_class=1)
    normal = story.arrive(1_000, to="b")
    story.ready(2_000, "anna").ready(2_000, "bert")
    assert (story.rung("anna"), story.rung("bert")) == (normal, urgent)


def test_3_an_important_line_does_not_reserve_agents_who_cannot_serve_it() -> None:
    story = Story(desk(line("vip", "vip", priority_class=0), line(), agent("anna"))).ready(0, "anna")
    for now in range(5):
        story.arrive(now, to="vip")
    assert story.arrive(10) == story.rung("anna")


def test_5_two_agents_never_answer_the_same_call() -> None:
    story = Story(desk(line(ring_at_once=3), agent("anna"), agent("bert"), agent("carl")))
    story.ready(0, "anna", "bert", "carl")
    call = story.arrive(1_000)
    late = [story.offer_to(name, 1_000) for name in ("bert", "carl")]
    story.accept(2_000, "anna")
    for offer in late:
        story.rejects(2_000, events.OfferAccepted(offer))
    assert story.log(facts.Answered) == [(2_000, "Answered", call, "anna")]
    assert {effect.cause for effect in story.ordered(effects.WithdrawOffer)} == {"answered elsewhere"}


def test_6_a_transfer_does_not_end_the_wrap_up_early() -> None:
    rule = WrapUpRule(ms=10_000)
    story = Story(desk(line(wrap_up=rule), line("second", "second"), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(5_000, events.ContactTransferred(ContactId(call), ANNA, LineId("second")))
    waits = story.arrive(6_000)
    story.until(14_999)
    assert story.rung("anna") is None
    story.until(15_000)
    assert story.rung("anna") == waits


def test_8_a_priority_change_moves_those_who_wait_already() -> None:
    story = Story(desk(line()))
    _, second = story.arrive(0), story.arrive(1_000)
    story.at(2_000, events.PriorityChanged(ContactId(second), 1))
    assert story.position(second) == 1


def test_11_widening_the_pool_neither_moves_the_caller_nor_restarts_his_music() -> None:
    wider = Relaxation(10_000, line("second", "second").needs)
    story = Story(desk(line(relaxations=(wider,)), agent("bert", second=1))).ready(0, "bert")
    call = story.arrive(0)
    story.until(10_000)
    assert story.rung("bert") == call
    assert len(story.of(facts.Queued)) == len(story.ordered(effects.AdmitContact)) == 1
    assert story.ordered(effects.TreatContact) == []


def test_11_an_unresponsive_agent_is_skipped_for_this_contact() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna").ready(1, "bert")
    call = story.arrive(1_000)
    story.refuse(2_000, "anna")
    assert story.rung("bert") == call
    assert story.contact(call).tried == ["anna"]


def test_12_changed_rules_reach_those_who_wait() -> None:
    opened = desk(line(max_wait_ms=600_000), agent("anna", other=1))
    story = Story(opened)
    call = story.arrive(0)
    story.at(60_000, events.DeskChanged(desk(line(max_wait_ms=30_000))))
    assert story.log(facts.Released) == [(60_000, "Released", call)]


def test_13_no_agent_is_ever_stuck_in_an_offer() -> None:
    """Whatever becomes of it, when the lease is over the agent is free or paused."""
    story = Story(desk(line(ring_ms=20_000), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.until(20_000)
    assert story.shown("anna") == "paused"
    assert story.engine.state.works == {}


def test_13_the_eighth_of_thirteen_is_not_served_first() -> None:
    story = Story(desk(line(), agent("anna")))
    calls = [story.arrive(now) for now in range(13)]
    story.ready(1_000, "anna")
    for now in range(2_000, 15_000, 1_000):
        story.accept(now, "anna").release(now, story.answered()[-1], "anna")
    assert story.answered() == calls


def test_17_a_later_caller_makes_nobodys_announced_position_worse() -> None:
    story = Story(desk(line(announce_every_ms=5_000)))
    call = story.arrive(0)
    story.until(5_000).arrive(6_000, priority_class=0)
    story.until(40_000)
    told = [fact.position for fact in story.of(facts.PositionTold) if fact.contact == call]
    assert told == [1] * 6


def test_18_no_agent_is_rung_for_a_caller_who_hung_up() -> None:
    story = Story(desk(line(ring_at_once=2), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    story.leave(1_000, story.arrive(0))
    assert len(story.ordered(effects.WithdrawOffer)) == 2
    assert (story.rung("anna"), story.rung("bert")) == (None, None)


def test_20_a_lost_hang_up_locks_no_agent() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call, waits = story.arrive(0), story.arrive(0)
    story.accept(0, "anna").at(90_000, events.LegLost(ContactId(call)))
    assert story.rung("anna") == waits


def test_20_a_refusal_puts_the_caller_back_to_the_head_and_never_drops_him() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call, later = story.arrive(0), story.arrive(1_000)
    story.refuse(2_000, "anna")
    assert (story.position(call), story.position(later)) == (1, 2)
    assert story.of(facts.Released) + story.of(facts.Abandoned) == []


def test_20_hanging_up_in_wrap_up_is_an_error_and_not_a_crash() -> None:
    story = Story(desk(line(wrap_up=WrapUpRule(ms=10_000)), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").release(1_000, call, "anna")
    assert "not live" in story.rejects(2_000, events.ContactLeft(ContactId(call)))
    assert "not live" in story.rejects(2_000, events.ContactReleased(ContactId(call), ANNA))


def test_21_a_mail_that_waits_is_assigned_as_soon_as_a_place_frees_and_in_order() -> None:
    story = Story(desk(line(), agent("anna", (MAIL, 1)))).ready(0, "anna", media=(MAIL,))
    mails = [story.arrive(now, medium=MAIL) for now in range(3)]
    for now in (1_000, 2_000, 3_000):
        story.accept(now, "anna").release(now, story.answered()[-1], "anna")
    assert story.answered() == mails


def test_21_nothing_is_kept_for_an_agent_who_is_away_and_load_is_spread() -> None:
    fair = line(policy=Policy.ROUND_ROBIN)
    story = Story(desk(fair, agent("anna", (MAIL, 3)), agent("bert", (MAIL, 3))))
    story.ready(0, "anna", "bert", media=(MAIL,))
    for now in range(4):
        story.arrive(now, medium=MAIL)
        rung = next(n for n in ("anna", "bert") if story.rung(n))
        story.accept(now, rung)
    assert [fact.agent for fact in story.of(facts.Answered)] == ["anna", "bert", "anna", "bert"]
    story.at(10, events.AgentSignedOut(ANNA))
    assert [fact.contact for fact in story.of(facts.HandedBack)] == [1, 3]
    assert story.rung("bert") == 1, "who waited longest of what she had in hand"
    story.accept(10, "bert")
    story.arrive(11, medium=MAIL, preferred=ANNA, preferred_ms=3_600_000)
    story.release(12, 1, "bert")
    assert story.rung("bert") == 3
    story.accept(12, "bert").release(13, 3, "bert")
    assert story.rung("bert") == 5


def test_25_an_absent_agent_is_not_offered_the_same_contact_over_and_over() -> None:
    """And his state does not flap: one pause, one offer, however long it takes."""
    story = Story(desk(line(ring_ms=3_000), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.until(7_200_000)
    assert len(story.of(facts.Offered)) == 1
    assert len(story.of(facts.Paused)) == 1
    assert story.shown("anna") == "paused"


def test_25_waiting_makes_urgent_so_that_nobody_starves_within_a_class() -> None:
    """A line with a lax target against a stream of callers with a strict one who wait all the time."""
    story = Story(desk(line("lax", target_ms=60_000), line("strict", target_ms=10_000), agent("anna")))
    for now in range(3):
        story.arrive(now, to="strict")
    starving = story.arrive(3, to="lax")
    story.ready(10, "anna")
    for now in range(2_000, 90_000, 2_000):
        story.arrive(now, to="strict")
        story.accept(now, "anna").release(now, story.answered()[-1], "anna")
    assert starving in story.answered()
    assert story.engine.state.board.length(LineId("strict")) == 4


def test_25_deadlines_fire_at_their_own_time_even_when_the_clock_was_late() -> None:
    story = Story(desk(line(ring_ms=3_000), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.now = 60_000
    story._handle(events.Tick())
    assert story.log(facts.NotAnswered) == [(3_000, "NotAnswered", 1, "anna")]


def test_25_a_caller_who_comes_back_from_a_lost_phone_does_not_go_to_the_back() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna")
    later = story.arrive(1_000)
    story.at(5_000, events.AgentUnreachable(ANNA, VOICE)).at(5_000, events.LegLost(ContactId(call), ANNA))
    assert (story.position(call), story.position(later)) == (1, 2)
    assert not any(work.state is WorkState.RINGING for work in story.engine.state.works.values())
