"""The story of a contact's offers, told from its facts."""

from acd.core.events import ContactArrived, ContactId, ContactReleased
from acd.core.facts import Fact
from acd.ports import Told
from acd.reports.explain import explain, happening
from acd.testing import NUMBER, Story, small_desk
from agents.capacity import VOICE
from agents.skills import AgentId


def test_every_offer_says_why_and_what_became_of_it() -> None:
    """Refused by the longest idle, answered by the next; the waiting one got whoever became free."""
    story = Story(small_desk(["anna", "bert"]))
    story.ready(1_000, "anna")
    story.ready(2_000, "bert")
    story.at(10_000, ContactArrived("call-1", NUMBER, VOICE))
    story.refuse(12_000, "anna")
    story.at(14_000, ContactArrived("call-2", NUMBER, VOICE))
    story.accept(15_000, "bert")
    story.at(40_000, ContactReleased(ContactId(1), AgentId("bert")))
    first = explain(of(story, 1))
    assert [(offer.agent, offer.outcome) for offer in first] == [("anna", "refused"), ("bert", "answered")]
    assert first[0].why.startswith("the best of the idle agents by longest_idle (1 compared)")
    assert first[0].why.endswith("line helpdesk, class 5, 0 % of its target used")
    second = explain(of(story, 2))[-1]
    assert second.outcome == "open"
    assert second.why.startswith("the most urgent contact this agent may serve")
    assert second.why.endswith("class 5, 130 % of its target used")


def of(story: Story, contact: int) -> list[Fact]:
    return [fact for fact in story.facts if getattr(fact, "contact", None) == contact]


def test_a_happening_has_the_fields_of_its_fact() -> None:
    """Kind and time apart, the rest as it is."""
    story = Story(small_desk())
    story.at(5_000, ContactArrived("call-1", NUMBER, VOICE))
    shown = happening(Told(2, "channel:sip", of(story, 1)[0]))
    assert (shown.seq, shown.by, shown.t_ms, shown.kind) == (2, "channel:sip", story.moment(5_000), "Arrived")
    assert shown.fact["entry"] == NUMBER
    assert "type" not in shown.fact
