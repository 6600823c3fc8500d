"""A restart as the engine sees it: the time that nobody had is given back, the calendar goes on."""

from acd.core import effects, events, facts
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.skills import AgentId
from queues.desk import Incident, IncidentId, IncidentMode, WrapUpRule


def test_agents_who_were_rung_when_the_server_went_away_are_rung_their_full_time_again() -> None:
    """Seventy seconds away: without it three agents were paused though none had heard a thing."""
    names = ("anna", "bert", "carl")
    story = Story(desk(line(ring_ms=20_000), *map(agent, names))).ready(0, *names)
    for now in range(3):
        story.arrive(now)
    story.away(15_000, until=85_000)
    assert [story.shown(name) for name in names] == ["offered"] * 3
    rung = [e.deadline_ms for e in story.engine.standing() if isinstance(e, effects.OfferContact)]
    assert rung == [START_MS + 105_000] * 3
    story.until(104_999)
    assert story.of(facts.NotAnswered) == []
    story.until(105_000)
    assert len(story.of(facts.NotAnswered)) == 3


def test_what_follows_the_calendar_fires_at_once_after_the_outage() -> None:
    """A wrap-up ends in its own time, server or not; who waited too long goes his line's way."""
    opened = desk(line(max_wait_ms=30_000, wrap_up=WrapUpRule(ms=10_000)), agent("anna"))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").release(5_000, call, "anna")
    waits = story.arrive(6_000)
    story.away(7_000, until=90_000)
    story.until(90_000)
    assert [fact.t_ms - START_MS for fact in story.of(facts.WrapUpDone)] == [15_000], "in its own time"
    assert story.rung("anna") == waits, "the wrap-up was due before his wait was too long"


def test_a_wrap_up_that_ended_while_nobody_was_there_is_no_longer_than_it_was() -> None:
    """It was told with the moment of the restart, and a night was in the handling time and the occupancy."""
    opened = desk(line(wrap_up=WrapUpRule(ms=10_000)), agent("anna"), agent("bert"))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").release(5_000, call, "anna").away(7_000, until=3_600_000)
    record = story.engine.state.seats[AgentId("anna")].record
    assert (record.busy_ms, record.idle_since_ms) == (15_000, START_MS + 15_000)
    assert [fact.t_ms for fact in story.of(facts.Restart)] == [START_MS + 3_600_000]


def test_a_code_that_was_due_meanwhile_is_asked_for_since_then() -> None:
    """Who went home had an hour for it: that is over, too."""
    rule = WrapUpRule(ms=10_000, codes=("solved",), code_required=True)
    story = Story(desk(line(wrap_up=rule), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").release(5_000, call, "anna")
    story.at(6_000, events.AgentSignedOut(AgentId("anna"))).away(7_000, until=8_000_000)
    told = [story.of(kind)[0].t_ms - START_MS for kind in (facts.WrapUpOverdue, facts.WrapUpDone)]
    assert told == [15_000, 3_615_000]


def test_an_incident_that_ended_meanwhile_ended_in_its_own_time() -> None:
    incident = Incident(
        id=IncidentId("net"), greeting="net", mode=IncidentMode.INFORM, expires_ms=START_MS + 60_000
    )
    story = Story(desk(line())).at(0, events.IncidentDeclared(incident)).away(1_000, until=90_000)
    assert [fact.t_ms for fact in story.of(facts.IncidentOff)] == [START_MS + 60_000]


def test_the_outage_is_in_the_history() -> None:
    """With the moment since which nobody could act."""
    story = Story(desk(line())).away(1_000, until=4_000)
    assert story.of(facts.Restart) == [facts.Restart(START_MS + 4_000, START_MS + 1_000)]


def test_an_outage_that_has_not_begun_is_refused() -> None:
    story = Story(desk(line()))
    assert "down from" in story.rejects(1_000, events.Restarted(START_MS + 1_001))


def test_who_is_held_for_his_agent_is_held_as_long_again() -> None:
    """He waits for a person, who could not come while the server was away."""
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna")
    story.arrive(1)
    story.accept(1, "anna")
    held = story.arrive(2_000, preferred=AgentId("anna"), preferred_ms=30_000)
    story.ready(3_000, "bert").away(4_000, until=60_000)
    assert story.contact(held).held_until_ms == START_MS + 90_000
    story.until(89_999)
    assert story.rung("bert") is None
    assert story.until(90_000).rung("bert") == held


def test_the_holds_are_told_in_the_order_the_contacts_came() -> None:
    """Not in that in which agents were first waited for, which a restored engine does not know."""
    anna, bert = AgentId("anna"), AgentId("bert")
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    for now, name in enumerate(("anna", "bert")):
        story.arrive(now, preferred=AgentId(name))
        story.accept(now, name)
    story.arrive(1_000, preferred=anna, preferred_ms=500)
    held = [story.arrive(2_000, preferred=who, preferred_ms=60_000) for who in (bert, anna)]
    lived_on = story.engine.handle(events.Restarted(START_MS + 4_000), START_MS + 10_000)
    assert [fact.contact for fact in lived_on.facts if isinstance(fact, facts.PreferredHeld)] == held
