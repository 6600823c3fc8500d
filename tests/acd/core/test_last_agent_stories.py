"""Who calls again is held for the agent with whom he spoke last, for a bounded time, if his line wants it."""

import pytest

from acd.core import events, facts, last_agents
from acd.core.events import CallId, ContactId
from acd.testing.story import START_MS, Story, agent, desk, entry, line, treatment
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import (
    Agent,
    CallbackRule,
    Desk,
    Entry,
    EntryId,
    LastAgentRule,
    Line,
    LineId,
    Order,
    OutboundRule,
    Overflow,
    Tenant,
    TenantId,
    Way,
)
from queues.treatment import Enqueue, Say

ANNA, BERT = AgentId("anna"), AgentId("bert")
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
RULE = LastAgentRule(7 * DAY, 30 * SECOND)


def opened(*parts: Line | Agent | Entry, rule: LastAgentRule = RULE) -> Desk:
    return desk(line(last_agent=rule), agent("anna"), agent("bert"), *parts)


def spoken(*, rule: LastAgentRule = RULE) -> Story:
    """Mia has spoken with anna, who has another call in hand now; bert is idle."""
    story = Story(opened(rule=rule), forgetful=True).ready(0, "anna", "bert")
    first = story.arrive(SECOND, person="mia")
    story.accept(SECOND, "anna").release(60 * SECOND, first, "anna")
    other = story.arrive(61 * SECOND)
    story.accept(62 * SECOND, "bert")
    story.arrive(63 * SECOND)
    story.accept(64 * SECOND, "anna").release(65 * SECOND, other, "bert")
    return story


def held(story: Story) -> list[tuple[int, AgentId, int, int]]:
    """(contact, agent, for how long, when they spoke) of everybody who was held."""
    return [
        (
            fact.contact,
            fact.agent,
            fact.until_ms - fact.t_ms,
            fact.spoke_ms - START_MS if fact.spoke_ms else 0,
        )
        for fact in story.of(facts.PreferredHeld)
    ]


def test_who_calls_again_waits_for_the_agent_he_knows() -> None:
    story = spoken()
    again = story.arrive(HOUR, person="mia")
    assert story.rung("bert") is None
    assert held(story) == [(again, ANNA, 30 * SECOND, SECOND)]
    story.release(HOUR + 9 * SECOND, 3, "anna")
    assert story.rung("anna") == again


def test_after_the_time_of_the_line_anybody_serves_him() -> None:
    story = spoken()
    again = story.arrive(HOUR, person="mia")
    story.until(HOUR + 30 * SECOND)
    assert story.rung("bert") == again
    assert [fact.reason for fact in story.of(facts.PreferredLet)] == ["waited"]


@pytest.mark.parametrize("person", ["", "max"])
def test_anybody_else_is_served_at_once(person: str) -> None:
    story = spoken()
    assert story.arrive(HOUR, person=person) == story.rung("bert")


def test_a_line_that_does_not_ask_for_it_holds_nobody() -> None:
    story = spoken(rule=LastAgentRule())
    assert story.arrive(HOUR, person="mia") == story.rung("bert")
    assert story.engine.state.spoken == {}


@pytest.mark.parametrize(("late", "is_held"), [(0, True), (1, False)])
def test_a_talk_too_long_ago_is_of_no_account(late: int, is_held: bool) -> None:
    story = spoken()
    story.arrive(SECOND + 7 * DAY + late, person="mia")
    assert bool(held(story)) is is_held


def test_it_is_the_last_of_several_who_spoke_with_him() -> None:
    story = Story(opened(line("second", last_agent=RULE)), forgetful=True).ready(0, "anna", "bert")
    call = story.arrive(SECOND, person="mia")
    story.accept(SECOND, "anna")
    story.at(9 * SECOND, events.ContactTransferred(ContactId(call), ANNA, LineId("second")))
    assert held(story) == [], "anna has just given him away"
    story.accept(9 * SECOND, "bert").release(20 * SECOND, call, "bert")
    again = story.arrive(HOUR, person="mia")
    assert held(story) == [(again, BERT, 30 * SECOND, 9 * SECOND)]
    assert story.rung("bert") == again


def test_whom_the_channel_names_comes_first() -> None:
    story = spoken()
    call = story.arrive(HOUR, person="mia", preferred=BERT, preferred_ms=5 * SECOND)
    assert held(story) == [(call, BERT, 5 * SECOND, 0)]
    assert story.rung("bert") == call


@pytest.mark.parametrize(
    "gone",
    [
        events.AgentSignedOut(ANNA),
        events.AgentPaused(ANNA, "break"),
        events.DeskChanged(desk(line(last_agent=RULE), agent("bert"))),
        events.DeskChanged(desk(line(last_agent=RULE), agent("bert"), agent("anna", printer=1))),
    ],
)
def test_nobody_waits_for_an_agent_who_could_not_come(gone: events.Event) -> None:
    story = spoken().at(HOUR - SECOND, gone)
    assert story.arrive(HOUR, person="mia") == story.rung("bert")
    assert held(story) == []


def test_when_the_agent_leaves_the_desk_who_is_held_for_him_is_let_go() -> None:
    story = spoken()
    again = story.arrive(HOUR, person="mia")
    story.at(HOUR + SECOND, events.DeskChanged(desk(line(last_agent=RULE), agent("bert"))))
    assert story.rung("bert") == again
    assert [fact.reason for fact in story.of(facts.PreferredLet)] == ["agent left"]


def test_it_is_the_line_where_he_waits_that_says_for_how_long() -> None:
    chosen = treatment("welcome", Say("hello"), Enqueue(LineId("other")))
    other = line("other", last_agent=LastAgentRule(DAY, 9 * SECOND))
    story = Story(
        desk(
            line(last_agent=RULE),
            other,
            agent("anna"),
            agent("bert"),
            chosen,
            entry("welcome", "help", treatment="welcome"),
        ),
        forgetful=True,
    ).ready(0, "anna", "bert")
    story.arrive(SECOND, person="mia")
    story.accept(SECOND, "anna")
    again = story.arrive(HOUR, "welcome", person="mia")
    story.heard(HOUR + 3 * SECOND, again)
    assert held(story) == [(again, ANNA, 9 * SECOND, SECOND)]


def test_a_line_to_which_he_overflows_does_not_hold_him_if_it_does_not_ask_for_it() -> None:
    left = line(last_agent=RULE, max_wait_ms=5 * SECOND, when_waited=Way(Overflow.LINE, LineId("open")))
    story = Story(desk(left, line("open"), agent("anna"), agent("bert")), forgetful=True).ready(
        0, "anna", "bert"
    )
    story.arrive(SECOND, person="mia")
    story.accept(SECOND, "anna")
    again = story.arrive(HOUR, person="mia")
    assert story.rung("bert") is None
    story.until(HOUR + 5 * SECOND)
    assert story.rung("bert") == again


def test_a_conversation_that_begins_with_somebody_else_is_the_last_one() -> None:
    """Held in vain he speaks with bert; bert's phone dies, and he is not held for anna again."""
    story = spoken()
    again = story.arrive(HOUR, person="mia")
    story.until(HOUR + 30 * SECOND).accept(HOUR + 31 * SECOND, "bert")
    story.at(HOUR + 40 * SECOND, events.LegLost(ContactId(again), BERT))
    assert [one[1] for one in held(story)] == [ANNA]
    assert story.engine.state.spoken[TenantId("acme")]["mia"] == (BERT, story.moment(HOUR + 31 * SECOND))


@pytest.mark.parametrize("order", list(Order))
def test_a_kept_callback_is_a_talk_and_one_that_reaches_nobody_is_none(order: Order) -> None:
    rule = CallbackRule(order, attempts=2, gap_ms=60 * SECOND)
    allowed = OutboundRule("callback", ("mobile",), "sip")
    opened = desk(line(last_agent=RULE, callback=rule), agent("anna"), outbound=(allowed,))
    story = Story(opened, forgetful=True)
    call = story.arrive(SECOND, person="mia")
    story.at(2 * SECOND, events.CallbackPromised(ContactId(call), "n", "mobile")).ready(3 * SECOND, "anna")
    if order is Order.AGENT_FIRST:
        story.accept(4 * SECOND, "anna")
    story.at(9 * SECOND, events.CallFailed(CallId(1), "busy"))
    assert story.engine.state.spoken == {}, "she spoke with nobody"
    if order is Order.AGENT_FIRST:
        story.accept(70 * SECOND, "anna")
    story.until(70 * SECOND).at(75 * SECOND, events.CallAnswered(CallId(2), "c2"))
    if order is Order.CALLER_FIRST:
        story.accept(75 * SECOND, "anna")
    assert story.engine.state.spoken[TenantId("acme")] == {"mia": (ANNA, story.moment(75 * SECOND))}


def test_a_mail_comes_to_whom_the_person_spoke_on_the_telephone() -> None:
    both = agent("anna", *((medium, 1) for medium in (VOICE, MAIL))), agent("bert", (MAIL, 1))
    story = Story(desk(line(last_agent=RULE), *both), forgetful=True)
    story.ready(0, "anna", "bert", media=(VOICE, MAIL))
    story.arrive(SECOND, person="mia")
    story.accept(SECOND, "anna")
    mail = story.arrive(HOUR, medium=MAIL, person="mia")
    assert held(story) == [(mail, ANNA, 30 * SECOND, SECOND)]


def test_a_restart_gives_the_time_again_in_which_nobody_could_come() -> None:
    story = spoken()
    story.arrive(HOUR, person="mia")
    story.away(HOUR + SECOND, until=HOUR + 20 * SECOND)
    assert [one[2:] for one in held(story)] == [(30 * SECOND, SECOND)] * 2


def two_clients(*tenants: str) -> Desk:
    """Both are served by anna and bert in one line each; persons of both have the same id."""
    lines = [Line(LineId(name), TenantId(name), line().needs, last_agent=RULE) for name in tenants]
    return Desk(
        tenants=tuple(Tenant(TenantId(name)) for name in tenants),
        lines=tuple(lines),
        entries=tuple(Entry(EntryId(name), TenantId(name), LineId(name), VOICE) for name in tenants),
        agents=(agent("anna"), agent("bert")),
    )


def test_a_person_of_another_client_is_another_person() -> None:
    story = Story(two_clients("acme", "globex"), forgetful=True).ready(0, "anna", "bert")
    story.arrive(SECOND, "acme", person="7")
    story.accept(SECOND, "anna")
    assert story.arrive(HOUR, "globex", person="7") == story.rung("bert")


def test_a_busy_client_pushes_nobody_out_of_the_memory_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_agents, "MOST_PERSONS", 2)
    story = Story(two_clients("acme", "globex")).ready(0, "anna")
    for number, (client, person) in enumerate(
        [("globex", "gil"), *(("acme", name) for name in ("mia", "max", "mia", "moe", "joe"))]
    ):
        call = story.arrive(number * 60 * SECOND, client, person=person)
        story.accept(number * 60 * SECOND, "anna").release(number * 60 * SECOND + SECOND, call, "anna")
    remembered = {client: list(known) for client, known in story.engine.state.spoken.items()}
    assert remembered == {"globex": ["gil"], "acme": ["moe", "joe"]}


def test_a_client_who_leaves_the_desk_is_forgotten() -> None:
    story = Story(two_clients("acme", "globex")).ready(0, "anna", "bert")
    for client in ("acme", "globex"):
        story.arrive(SECOND, client, person="7")
    story.accept(SECOND, "anna").accept(SECOND, "bert")
    story.at(9 * SECOND, events.DeskChanged(two_clients("acme")))
    assert list(story.engine.state.spoken) == ["acme"]


def test_who_was_not_heard_of_for_longer_than_any_line_asks_is_forgotten() -> None:
    story = spoken()
    story.arrive(SECOND + 8 * DAY, person="max")
    story.accept(SECOND + 8 * DAY, "bert")
    assert list(story.engine.state.spoken[TenantId("acme")]) == ["max"]
