"""Escalation lists: people are called in their order until one takes it over, and nobody is forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId, EscalationCancelled, EscalationStarted, NoticeTaken
from acd.testing.story import SECOND, Story, agent, desk, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import EntryId, OutboundRule
from queues.escalation import Person

RULE = OutboundRule("escalation", ("mobile",), "sip")
DUTY, HEAD, BOSS = (Person(who, 20_000, who, "mobile") for who in ("duty", "head", "boss"))
ANNA = Person("anna", 15_000, agent=AgentId("anna"))


def opened(*rules: OutboundRule, forgetful: bool = True) -> Story:
    story = Story(desk(line(), agent("anna"), outbound=rules or (RULE,)), forgetful=forgetful)
    return story.at(0, events.AgentReachable(AgentId("anna"), VOICE))


def escalate(*people: Person, **changes: Any) -> EscalationStarted:
    what = {"list": "night", "entry": EntryId("help"), "people": people or (DUTY, HEAD, BOSS)}
    return EscalationStarted(**{**what, "text": "mail is down", "ticket": "INC-1", **changes})


def tried(story: Story) -> list[tuple[int, int, str]]:
    return [(fact.round, fact.step, fact.who) for fact in story.of(facts.EscalationTried)]


def over(story: Story) -> list[tuple[str, str]]:
    return [(fact.result, fact.who) for fact in story.of(facts.EscalationOver)]


def takes_it(story: Story, now: int, call: int, contact: int) -> Story:
    story.at(now, events.CallAnswered(CallId(call), f"out-{call}")).heard(now + 3 * SECOND, contact)
    return story.press(now + 4 * SECOND, contact, "1")


def test_the_second_takes_it_over_and_the_third_is_not_woken() -> None:
    story = opened().at(0, escalate())
    story.at(5 * SECOND, events.CallFailed(CallId(1), "busy"))
    takes_it(story, 10 * SECOND, 2, 2).heard(16 * SECOND, 2).until(3_600 * SECOND)
    assert tried(story) == [(1, 1, "duty"), (1, 2, "head")]
    assert over(story) == [("acknowledged", "head")]
    (end,) = story.of(facts.EscalationOver)
    assert (end.took_ms, end.attempts) == (14 * SECOND, 2)
    assert not story.engine.state.contacts
    says = [texts for _, texts, _ in story.heard_by(2)]
    assert says == [("mail is down", "escalation:ask"), ("escalation:thanks",)]


def test_who_hangs_up_or_lets_it_talk_makes_way_for_the_next() -> None:
    story = opened().at(0, escalate(DUTY, HEAD))
    story.at(SECOND, events.CallAnswered(CallId(1), "out-1")).leave(2 * SECOND, 1)
    story.at(3 * SECOND, events.CallAnswered(CallId(2), "out-2"))
    for at in (8, 20):
        story.heard(at * SECOND, 2)
    assert [texts for _, texts, _ in story.heard_by(2)] == [("mail is down", "escalation:ask")] * 2
    story.until(60 * SECOND)
    assert over(story) == [("nobody", "")]
    assert not story.engine.state.contacts


def test_who_never_answers_is_rung_as_long_as_the_list_says() -> None:
    story = opened().at(0, escalate(DUTY, ANNA, HEAD)).until(100 * SECOND)
    begun = [fact.t_ms - story.moment(0) for fact in story.of(facts.EscalationTried)]
    assert begun == [0, 20 * SECOND, 35 * SECOND]
    assert over(story) == [("nobody", "")]


def test_all_are_called_again_after_the_gap() -> None:
    story = opened().at(0, escalate(DUTY, HEAD, rounds=2, gap_ms=60_000)).until(300 * SECOND)
    assert tried(story) == [(1, 1, "duty"), (1, 2, "head"), (2, 1, "duty"), (2, 2, "head")]
    begun = [fact.t_ms - story.moment(0) for fact in story.of(facts.EscalationTried)]
    assert begun == [0, 20 * SECOND, 100 * SECOND, 120 * SECOND]


def test_at_last_somebody_is_told_by_mail_and_that_is_done_when_the_channel_has_it_safe() -> None:
    story = opened().at(0, escalate(DUTY, mail="address")).at(SECOND, events.CallFailed(CallId(1), "busy"))
    story.until(2 * SECOND)
    (notice,) = story.ordered(effects.SendNotice)
    assert (notice.party, notice.carrier.channel, notice.promise) == ("address", "mail", True)
    assert notice in story.engine.standing(), "a restart orders it again"
    assert over(story) == []
    story.at(3 * SECOND, NoticeTaken(1))
    assert over(story) == [("mailed", "")]
    assert not story.engine.standing()


def test_a_mail_that_no_channel_takes_is_given_up_and_told() -> None:
    story = opened().at(0, escalate(DUTY, mail="address")).until(2 * 3_600 * SECOND)
    assert over(story) == [("nobody", "")]


def test_a_fax_machine_that_answers_takes_nothing_over() -> None:
    story = opened().at(0, escalate(DUTY, HEAD)).at(SECOND, events.CallAnswered(CallId(1), "out-1"))
    story.at(2 * SECOND, events.MediumChanged(ContactId(1), EntryId("help fax"))).until(3 * SECOND)
    assert tried(story) == [(1, 1, "duty"), (1, 2, "head")]
    story.at(4 * SECOND, EscalationCancelled(1))
    assert story.contact(1), "its pages are awaited all the same"


def test_an_agent_is_called_by_his_phone_and_needs_no_rule() -> None:
    story = opened(OutboundRule("callback", ("mobile",), "sip")).at(0, escalate(ANNA))
    (placed,) = story.ordered(effects.PlaceCall)
    assert (placed.agent, placed.party, placed.carrier.channel) == ("anna", "", "sip")
    assert not story.of(facts.DialDecided), "no number outside is rung"
    takes_it(story, SECOND, 1, 1)
    assert over(story) == [("acknowledged", "anna")]


def test_an_agent_without_a_phone_makes_way_at_once() -> None:
    story = opened().at(0, events.AgentUnreachable(AgentId("anna"), VOICE)).at(0, escalate(ANNA, DUTY))
    story.until(SECOND)
    assert tried(story) == [(1, 1, "anna"), (1, 2, "duty")]
    assert story.of(facts.CallOver)[0].result == "failed"


def test_whom_the_dial_policy_does_not_allow_is_left_out_and_it_goes_on() -> None:
    story = opened(OutboundRule("escalation", ("mobile",), "sip", per_number=1))
    story.at(0, escalate(DUTY, DUTY, Person("dear", 20_000, "dear", "premium"), HEAD))
    story.at(SECOND, events.CallFailed(CallId(1), "busy")).until(2 * SECOND)
    assert [fact.reason for fact in story.of(facts.DialDecided)] == ["", "per number", "never", ""]
    assert [effect.party for effect in story.ordered(effects.PlaceCall)] == ["duty", "head"]


@pytest.mark.parametrize("when", ["rings", "listens", "between rounds", "mailing"])
def test_it_is_called_off_whenever_that_is_and_recorded(when: str) -> None:
    story = opened().at(0, escalate(DUTY, rounds=2, gap_ms=60_000, mail="address"))
    at = {"rings": 1, "listens": 6, "between rounds": 30, "mailing": 200}[when] * SECOND
    if when == "listens":
        story.at(5 * SECOND, events.CallAnswered(CallId(1), "out-1"))
    story.at(at, EscalationCancelled(1)).until(3_600 * SECOND)
    assert over(story) == [("cancelled", "")]
    assert not story.engine.state.contacts
    assert not story.engine.standing()
    assert story.rejects(3_700 * SECOND, EscalationCancelled(1))


def test_the_key_and_the_cancel_of_one_moment_are_one_end() -> None:
    story = opened().at(0, escalate(DUTY))
    takes_it(story, SECOND, 1, 1)
    assert story.rejects(5 * SECOND, EscalationCancelled(1))
    assert over(story) == [("acknowledged", "duty")]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (escalate(entry=EntryId("none")), "is unknown"),
        (escalate(entry=EntryId("help mail")), "nobody can be told anything"),
        (escalate(Person("dear", 1_000, "n", "premium")), "may be called"),
        (escalate(Person("x", 1_000, agent=AgentId("nobody"))), "may be called"),
        (escalate(people=()), "may be called"),
        (escalate(rounds=0), "a round"),
        (escalate(text=""), "a text"),
        (escalate(), "already"),
    ],
)
def test_what_cannot_be_walked_is_refused(event: EscalationStarted, why: str) -> None:
    story = opened().at(0, escalate(people=(HEAD,)))
    assert why in story.rejects(SECOND, event)


def test_another_ticket_is_another_escalation() -> None:
    story = opened().at(0, escalate(DUTY)).at(0, escalate(HEAD, ticket="INC-2"))
    takes_it(story, SECOND, 2, 2)
    assert [(fact.escalation, fact.result) for fact in story.of(facts.EscalationOver)] == [
        (2, "acknowledged")
    ]
    assert story.engine.state.calls, "the other goes on"


def test_a_changed_list_concerns_the_next_one_and_a_lost_entry_leaves_the_mail() -> None:
    story = opened().at(0, escalate(DUTY, HEAD, mail="address"))
    story.at(SECOND, events.DeskChanged(desk(line("other"), agent("anna"), outbound=(RULE,))))
    story.at(2 * SECOND, events.CallFailed(CallId(1), "busy")).until(3 * SECOND)
    assert tried(story) == [(1, 1, "duty")]
    assert story.ordered(effects.SendNotice)


# ---- killed at every step

SCRIPT: list[Callable[[Story], object]] = [
    lambda story: story.at(0, escalate(DUTY, HEAD, rounds=2, gap_ms=60_000, mail="address")),
    lambda story: story.at(5 * SECOND, events.CallAnswered(CallId(1), "out-1")),
    lambda story: story.heard(8 * SECOND, 1),
    lambda story: story.leave(9 * SECOND, 1),
    lambda story: story.until(10 * SECOND),
    lambda story: story.at(12 * SECOND, events.CallFailed(CallId(2), "busy")),
    lambda story: story.until(75 * SECOND),
    lambda story: story.at(76 * SECOND, events.CallFailed(CallId(3), "failed")),
    lambda story: story.until(77 * SECOND),
    lambda story: story.at(78 * SECOND, events.CallFailed(CallId(4), "no answer")),
    lambda story: story.until(79 * SECOND),
    lambda story: story.at(80 * SECOND, NoticeTaken(1)),
]


@pytest.mark.parametrize("killed", range(len(SCRIPT)))
def test_nobody_is_called_twice_for_a_step_and_nobody_forgotten_whenever_the_server_is_killed(
    killed: int,
) -> None:
    story = opened(forgetful=False)
    for number, play in enumerate(SCRIPT):
        play(story)
        if number == killed:
            story.away(story.now, story.now)
            _states_what_holds(story)
    assert tried(story) == [(1, 1, "duty"), (1, 2, "head"), (2, 1, "duty"), (2, 2, "head")]
    assert [effect.call for effect in story.ordered(effects.PlaceCall)] == [1, 2, 3, 4]
    assert len(story.ordered(effects.SendNotice)) == 1
    assert over(story) == [("mailed", "")]


def _states_what_holds(story: Story) -> None:
    """Whoever rings is rung by the same call, whoever listens by the same leg; nobody else is called."""
    state, standing = story.engine.state, story.engine.standing()
    placed = [one for one in standing if isinstance(one, effects.PlaceCall)]
    assert [one.call for one in placed] == list(state.calls)
    escalation = state.escalations[1]
    if not escalation.result:
        waits = bool(state.contacts) or escalation.mailing or story.engine.next_deadline() is not None
        assert waits, "nobody will ever be called again"
