"""The law of order: what is decided first when several things could be."""

from acd.core import events, facts
from acd.testing.story import Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from queues.desk import WrapUpRule


def test_agents_freed_at_once_choose_in_the_order_of_the_roster() -> None:
    """Three are rung for one caller; the last answers. The two others go on to the two who wait, in order."""
    opened = desk(
        line(ring_at_once=3),
        line("other", "other"),
        *(agent(n, help=1, other=1) for n in ("anna", "bert", "carl")),
    )
    story = Story(opened).ready(0, "carl", "bert", "anna")
    story.arrive(0)
    story.arrive(1_000, "other")
    story.arrive(2_000, "other")
    story.accept(3_000, "carl")
    offered = [(fact.agent, fact.contact) for fact in story.of(facts.Offered)][3:]
    assert offered == [("anna", 2), ("bert", 3)]


def test_a_contact_handed_on_asks_the_others_before_its_agent_chooses() -> None:
    """Contacts find agents before agents find contacts: the one who hands it on is asked last."""
    opened = desk(line(), line("second", "second"), agent("anna", help=1, second=9), agent("bert", second=1))
    story = Story(opened).ready(0, "anna", "bert")
    call = story.arrive(0)
    story.accept(0, "anna")
    story.at(
        1_000, events.ContactTransferred(events.ContactId(call), story.answered_by(call), opened.lines[1].id)
    )
    assert story.rung("bert") == call


def test_each_deadline_of_a_late_tick_is_decided_before_the_next_one() -> None:
    """Anna's wrap-up ends a second before bert's; though both are seen late, she gets who waited longest."""
    opened = desk(line(wrap_up=WrapUpRule(ms=5_000)), agent("anna"), agent("bert"))
    story = Story(opened).ready(0, "anna", "bert")
    first, second = story.arrive(0), story.arrive(0)
    story.accept(0, "anna").accept(0, "bert")
    story.release(1_000, first, "anna").release(2_000, second, "bert")
    waits_longer, waits = story.arrive(3_000), story.arrive(4_000)
    story.late_until(10_000)
    assert (story.rung("anna"), story.rung("bert")) == (waits_longer, waits)
    assert [fact.t_ms for fact in story.of(facts.Offered)][2:] == [story.moment(6_000), story.moment(7_000)]


def test_who_waited_too_long_while_he_was_rung_goes_his_lines_way_before_anybody_is_matched() -> None:
    """Not offered once more: his line's limit has passed while the phone rang."""
    opened = desk(line(max_wait_ms=10_000, ring_ms=15_000), agent("anna"), agent("bert"))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.ready(1_000, "bert").until(15_000)
    assert call not in story.engine.state.contacts
    assert [fact.agent for fact in story.of(facts.Offered)] == ["anna"]


def test_a_mail_given_back_by_its_agents_pause_is_matched_once_he_is_no_longer_free() -> None:
    """He is worked out anew before anybody is matched: nobody is offered to an agent who has just gone."""
    opened = desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)))
    story = Story(opened).ready(0, "anna", media=(VOICE, MAIL))
    mail = story.arrive(0, medium=MAIL)
    story.at(1_000, events.AgentPaused(story.agents[0], "break"))
    assert story.rung("anna") is None
    assert story.contact(mail).state == "waiting"
