"""Callbacks: a caller hangs up with a promise, keeps his place without a leg, and is called in his turn."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId
from acd.core.view import line_views
from acd.testing.story import SECOND, START_MS, Story, agent, change, desk, line
from agents.capacity import MAIL, VOICE
from agents.devices import NOWHERE, Carrier
from agents.skills import AgentId
from queues.desk import (
    DEFAULT_MEDIA,
    Calendar,
    CalendarId,
    CallbackRule,
    Desk,
    EntryId,
    LineId,
    Medium,
    MediumTraits,
    Order,
    OutboundRule,
    TenantId,
)
from queues.states import ContactState

ANNA, BERT = AgentId("anna"), AgentId("bert")
LOCAL = OutboundRule("callback", ("local", "mobile"), "sip")
GAP, RING = 60 * SECOND, 25 * SECOND
HOUR = 3_600 * SECOND
DAY = 24 * HOUR

both_orders = pytest.mark.parametrize("order", list(Order))
both_engines = pytest.mark.parametrize("forgetful", [False, True], ids=["kept", "restored after every event"])


def opened(
    *agents: str, order: Order = Order.AGENT_FIRST, allow: tuple[OutboundRule, ...] = (LOCAL,), **rules: Any
) -> Desk:
    rule = CallbackRule(order, attempts=2, gap_ms=GAP, ring_ms=RING, within_ms=HOUR)
    return desk(line(callback=rule, **rules), *(agent(name) for name in agents or ("anna",)), outbound=allow)


def promised(story: Story, now: int, contact: int, dial_class: str = "local") -> Story:
    return story.at(now, events.CallbackPromised(ContactId(contact), f"number-{contact}", dial_class))


def parked(order: Order = Order.AGENT_FIRST, *, forgetful: bool = False, **rules: Any) -> tuple[Story, int]:
    """Anna talks to the first caller; the second was promised a callback after 5 s."""
    story = Story(opened(order=order, **rules), forgetful=forgetful).ready(0, "anna")
    first, second = story.arrive(0), story.arrive(SECOND)
    story.accept(SECOND, "anna")
    assert first == 1
    return promised(story, 5 * SECOND, second), second


def called(story: Story, order: Order) -> None:
    """Anna is free after 10 s: it is his turn, and the party is called."""
    story.release(10 * SECOND, 1, "anna")
    if order is Order.AGENT_FIRST:
        story.accept(10 * SECOND, "anna")


def answered(story: Story, now: int, call: int = 1, ref: str = "c1") -> Story:
    return story.at(now, events.CallAnswered(CallId(call), ref))


def not_reached(story: Story, now: int, call: int, result: Any = "busy") -> Story:
    return story.at(now, events.CallFailed(CallId(call), result))


def results(story: Story) -> list[tuple[int, str]]:
    return [(fact.call, fact.result) for fact in story.of(facts.CallOver)]


def kept(story: Story) -> list[tuple[int, bool]]:
    return [(fact.contact, fact.kept) for fact in story.of(facts.CallbackOver)]


@both_engines
def test_who_is_promised_a_callback_has_no_leg_and_keeps_his_place(forgetful: bool) -> None:
    story, second = parked(forgetful=forgetful)
    third = story.arrive(6 * SECOND)
    assert (story.position(second), story.position(third)) == (1, 2)
    assert story.contact(second).carrier == NOWHERE
    released = story.ordered(effects.ReleaseContact)
    assert [(one.contact, one.cause, one.promise) for one in released] == [(second, "callback", True)]
    assert [(fact.contact, fact.wait_ms) for fact in story.of(facts.Parked)] == [(second, 4 * SECOND)]
    standing = [one.contact for one in story.engine.standing() if isinstance(one, effects.AdmitContact)]
    assert standing == [1, third], "who has no leg stands in nothing that a channel could look for"
    story.release(10 * SECOND, 1, "anna")
    assert story.rung("anna") == second


@both_orders
def test_the_whisper_of_the_line_is_told_when_the_party_is_there(order: Order) -> None:
    story, contact = parked(order, whisper="call for nord")
    called(story, order)
    answered(story, 12 * SECOND)
    if order is Order.CALLER_FIRST:
        story.accept(13 * SECOND, "anna")
    assert [told.contact for told in story.ordered(effects.PromptAgent)] == [1, contact]


@both_engines
def test_agent_first_he_accepts_then_the_party_is_called_and_they_are_joined(forgetful: bool) -> None:
    story, second = parked(forgetful=forgetful)
    story.release(10 * SECOND, 1, "anna").accept(12 * SECOND, "anna")
    assert story.contact(second).state == "calling"
    [place] = story.ordered(effects.PlaceCall)
    assert (place.party, place.dial_class, place.carrier) == ("number-2", "local", Carrier("sip", ""))
    assert place.deadline_ms == START_MS + 12 * SECOND + RING
    kinds = [type(effect).__name__ for at, effect in story.effects if at == 12 * SECOND]
    assert kinds == ["ConnectContact", "PlaceCall"]
    answered(story, 20 * SECOND)
    assert story.contact(second).state == "connected"
    assert story.contact(second).carrier == Carrier("sip", "c1")
    assert story.ordered(effects.AdmitContact)[-1].carrier == Carrier("sip", "c1")
    assert (results(story), kept(story)) == ([(1, "answered")], [(second, True)])
    story.leave(30 * SECOND, second)
    assert story.of(facts.Released)[-1].by == "caller"
    assert kept(story) == [(second, True)], "said once"


@both_engines
def test_caller_first_an_agent_is_reserved_and_rung_when_the_party_answers(forgetful: bool) -> None:
    story, second = parked(Order.CALLER_FIRST, forgetful=forgetful)
    story.release(10 * SECOND, 1, "anna")
    assert story.shown("anna") == "reserved"
    assert story.rung("anna") is None
    assert [fact.choice for fact in story.of(facts.Reserved)] == ["contact chosen"]
    other = story.arrive(12 * SECOND)
    assert story.shown("anna") == "reserved", "kept free for him"
    answered(story, 20 * SECOND)
    assert story.rung("anna") == second
    assert story.of(facts.Offered)[-1].choice == "reserved"
    story.accept(22 * SECOND, "anna")
    assert kept(story) == [(second, True)]
    assert story.of(facts.Answered)[-1].wait_ms == 21 * SECOND, "since he first waited"
    story.leave(30 * SECOND, second)
    assert story.rung("anna") == other


@both_orders
@both_engines
@pytest.mark.parametrize("result", ["busy", "no answer", "failed"])
def test_not_reached_frees_the_agent_and_the_next_attempt_has_the_old_rank(
    order: Order, forgetful: bool, result: Any
) -> None:
    story, second = parked(order, forgetful=forgetful)
    called(story, order)
    not_reached(story, 15 * SECOND, 1, result)
    assert story.shown("anna") == "ready", "neither paused nor in wrap-up"
    assert (story.contact(second).state, story.position(second)) == ("deferred", 0)
    busy = story.arrive(16 * SECOND)
    story.accept(16 * SECOND, "anna")
    third = story.arrive(17 * SECOND)
    story.until(15 * SECOND + GAP)
    assert (story.position(second), story.position(third)) == (1, 2)
    story.release(80 * SECOND, busy, "anna")
    if order is Order.AGENT_FIRST:
        assert story.rung("anna") == second
        story.accept(80 * SECOND, "anna")
    not_reached(story, 90 * SECOND, 2, result)
    assert results(story) == [(1, result), (2, result)]
    assert kept(story) == [(second, False)]
    assert story.of(facts.Released)[-1].by == "not reached"
    assert story.rung("anna") == third


@both_orders
def test_a_party_that_never_answers_is_given_up_in_time(order: Order) -> None:
    story, _ = parked(order)
    called(story, order)
    story.until(10 * SECOND + RING)
    assert results(story) == [(1, "timed out")]
    assert [one.call for one in story.ordered(effects.EndCall)] == [1]
    assert "not under way" in story.rejects(40 * SECOND, events.CallAnswered(CallId(1), "c1"))
    assert "not under way" in story.rejects(40 * SECOND, events.CallFailed(CallId(1), "busy"))


def test_what_no_rule_allows_is_not_promised() -> None:
    story = Story(opened(allow=()))
    call = story.arrive(0)
    event = events.CallbackPromised(ContactId(call), "n", "local")
    assert "not allowed" in story.rejects(SECOND, event)
    story = Story(opened())
    call = story.arrive(0)
    assert "calling back foreign numbers" in story.rejects(SECOND, replace(event, dial_class="foreign"))
    of_another = replace(LOCAL, tenant=TenantId("globex"))
    story = Story(opened(allow=(of_another,)))
    assert "not allowed" in story.rejects(SECOND, replace(event, contact=ContactId(story.arrive(0))))


@both_orders
@both_engines
def test_nobody_is_rung_for_a_call_that_no_rule_allows_any_more(order: Order, forgetful: bool) -> None:
    story, second = parked(order, forgetful=forgetful)
    desk_now = story.engine.state.desk
    story.at(6 * SECOND, events.DeskChanged(replace(desk_now, outbound=())))
    story.release(10 * SECOND, 1, "anna")
    assert (story.shown("anna"), story.position(second)) == ("ready", 1)
    story.at(60 * SECOND, events.DeskChanged(desk_now))
    assert story.contact(second).state == ("offered" if order is Order.AGENT_FIRST else "calling")


def test_a_rule_that_goes_while_the_agent_is_rung_refuses_the_call_and_no_channel_hears_of_it() -> None:
    story, second = parked()
    story.release(10 * SECOND, 1, "anna")
    story.at(11 * SECOND, events.DeskChanged(replace(story.engine.state.desk, outbound=())))
    story.accept(12 * SECOND, "anna").until(13 * SECOND)
    assert results(story) == [(1, "refused by policy")]
    assert not story.ordered(effects.PlaceCall)
    assert not story.ordered(effects.EndCall)
    assert story.contact(second).state == "deferred"


@both_orders
def test_a_number_that_the_channel_will_not_dial_is_not_tried_again(order: Order) -> None:
    story, second = parked(order)
    called(story, order)
    not_reached(story, 11 * SECOND, 1, "refused")
    assert second not in story.engine.state.contacts
    assert kept(story) == [(second, False)]


@both_orders
@both_engines
def test_nobody_is_rung_for_a_call_too_many_at_once(order: Order, forgetful: bool) -> None:
    story = Story(
        opened("anna", "bert", order=order, allow=(replace(LOCAL, at_once=1),)), forgetful=forgetful
    )
    one, two = story.arrive(0), story.arrive(0)
    promised(promised(story, 0, one), 0, two).ready(SECOND, "anna", "bert")
    assert (story.shown("bert"), story.position(two)) == ("ready", 1 if order is Order.CALLER_FIRST else 2)
    if order is Order.AGENT_FIRST:
        story.accept(2 * SECOND, "anna")
    not_reached(story, 3 * SECOND, 1)
    assert story.contact(two).state == ("offered" if order is Order.AGENT_FIRST else "calling")


def test_a_promise_made_while_the_agent_is_rung_may_be_one_too_many_and_is_no_attempt() -> None:
    story = Story(opened("anna", "bert", allow=(replace(LOCAL, at_once=1),))).ready(0, "anna", "bert")
    one, two = story.arrive(0), story.arrive(0)
    promised(promised(story, SECOND, one), SECOND, two)
    story.accept(2 * SECOND, "anna").accept(2 * SECOND, "bert").until(3 * SECOND)
    assert results(story) == [(2, "no room")]
    assert [story.contact(number).callback.attempts for number in (one, two)] == [1, 0]  # type: ignore[union-attr]


@both_engines
def test_one_number_is_called_once_at_a_time(forgetful: bool) -> None:
    story = Story(opened("anna", "bert"), forgetful=forgetful)
    calls = [story.arrive(0) for _ in range(2)]
    for call in calls:
        story.at(SECOND, events.CallbackPromised(ContactId(call), "one number", "local"))
    story.ready(2 * SECOND, "anna", "bert")
    assert [story.rung(name) for name in ("anna", "bert")] == [calls[0], None]
    story.accept(3 * SECOND, "anna")
    answered(story, 4 * SECOND)
    assert story.rung("bert") == calls[1], "he talks; whether the line takes another, the network says"


@both_orders
def test_the_promise_ends_when_it_is_too_old(order: Order) -> None:
    story, second = parked(order)
    story.until(5 * SECOND + HOUR)
    assert second not in story.engine.state.contacts
    assert story.of(facts.Released)[-1].by == "promise expired"
    assert kept(story) == [(second, False)]


def test_a_promise_that_grows_old_while_it_is_being_kept_is_kept() -> None:
    story, second = parked()
    story.release(HOUR, 1, "anna").accept(HOUR + SECOND, "anna").until(HOUR + 6 * SECOND)
    answered(story, HOUR + 10 * SECOND).until(2 * HOUR)
    assert story.contact(second).state == "connected"


def test_a_promise_that_grows_old_in_its_last_attempt_has_no_other() -> None:
    story, second = parked()
    story.release(HOUR, 1, "anna").accept(HOUR + SECOND, "anna").until(HOUR + 6 * SECOND)
    not_reached(story, HOUR + 10 * SECOND, 1)
    assert second not in story.engine.state.contacts


def test_an_agent_who_hangs_up_while_the_party_is_called_gives_it_to_the_next() -> None:
    story = Story(opened("anna", "bert")).ready(0, "anna")
    call = story.arrive(0)
    promised(story, SECOND, call).accept(2 * SECOND, "anna").ready(3 * SECOND, "bert")
    story.release(4 * SECOND, call, "anna")
    assert results(story) == [(1, "cancelled")]
    assert [one.call for one in story.ordered(effects.EndCall)] == [1]
    assert (story.rung("bert"), story.shown("anna")) == (call, "ready")
    assert story.contact(call).anchor_ms == START_MS


def test_whoever_left_the_desk_may_give_up_a_call_too() -> None:
    story = Story(opened("anna", "bert")).ready(0, "anna")
    call = story.arrive(0, preferred=ANNA, preferred_ms=60_000)
    promised(story, SECOND, call).accept(2 * SECOND, "anna").ready(3 * SECOND, "bert")
    story.at(4 * SECOND, events.DeskChanged(opened("bert"))).release(5 * SECOND, call, "anna")
    assert ANNA not in story.engine.state.seats
    assert story.rung("bert") == call


def test_who_gave_up_a_call_is_not_preferred_for_it_any_more() -> None:
    story = Story(opened("anna", "bert")).ready(0, "anna", "bert")
    call = story.arrive(0, preferred=ANNA, preferred_ms=60_000)
    promised(story, SECOND, call).accept(2 * SECOND, "anna").release(3 * SECOND, call, "anna")
    assert story.rung("bert") == call


def test_an_agent_whose_leg_dies_while_the_party_is_called_is_asked_again() -> None:
    story = Story(opened()).ready(0, "anna")
    call = story.arrive(0)
    promised(story, SECOND, call).accept(2 * SECOND, "anna")
    story.at(4 * SECOND, events.LegLost(ContactId(call), ANNA))
    assert results(story) == [(1, "cancelled")]
    assert story.rung("anna") == call


@pytest.mark.parametrize(
    "gone",
    [
        events.AgentSignedOut(ANNA),
        events.AgentPaused(ANNA, "break"),
        events.AgentUnreachable(ANNA, VOICE),
        events.DeviceVanished(ANNA, Carrier("sip", "")),
    ],
)
def test_who_was_reserved_and_goes_leaves_the_party_its_place(gone: events.Event) -> None:
    story = Story(opened("anna", "bert", order=Order.CALLER_FIRST)).ready(0, "anna")
    call = story.arrive(0, priority_class=1)
    story.refuse(0, "anna")
    promised(story, SECOND, call).until(40 * SECOND)
    assert story.shown("anna") == "reserved"
    story.at(41 * SECOND, gone)
    assert [fact.agent for fact in story.of(facts.ReservationEnded)] == [ANNA]
    other = story.arrive(42 * SECOND)
    answered(story, 43 * SECOND)
    assert (story.position(call), story.position(other)) == (1, 2), "he waits with his leg, first in rank"
    story.ready(44 * SECOND, "bert")
    assert story.rung("bert") == call


def test_a_called_party_that_hangs_up_before_the_agent_answers_was_not_kept_and_abandoned() -> None:
    story, second = parked(Order.CALLER_FIRST)
    answered(story.release(10 * SECOND, 1, "anna"), 12 * SECOND)
    story.leave(14 * SECOND, second)
    assert kept(story) == [(second, False)]
    assert [fact.contact for fact in story.of(facts.Abandoned)] == [second]
    assert story.shown("anna") == "ready"


def test_a_reserved_agent_who_does_not_answer_is_paused_and_the_party_waits_for_another() -> None:
    story = Story(opened("anna", "bert", order=Order.CALLER_FIRST)).ready(0, "anna")
    one = story.arrive(0)
    call = story.arrive(0)
    story.accept(0, "anna")
    promised(story, SECOND, call).release(2 * SECOND, one, "anna")
    answered(story, 3 * SECOND).ready(4 * SECOND, "bert").until(23 * SECOND)
    assert story.shown("anna") == "paused"
    assert story.rung("bert") == call


@both_orders
@both_engines
@pytest.mark.parametrize("moment", ["waiting", "offered", "calling", "deferred"])
def test_a_party_that_rings_itself_has_its_place_and_is_not_called_any_more(
    order: Order, forgetful: bool, moment: str
) -> None:
    story, second = parked(order, forgetful=forgetful)
    if moment != "waiting":
        story.release(10 * SECOND, 1, "anna")
        if order is Order.AGENT_FIRST and moment != "offered":
            story.accept(10 * SECOND, "anna")
        if moment == "deferred":
            not_reached(story, 11 * SECOND, 1)
    shown = {"offered": "calling"}.get(moment, moment) if order is Order.CALLER_FIRST else moment
    assert story.contact(second).state == shown
    said = {"joins": ContactId(second), "party": "another number"}
    story.at(20 * SECOND, events.ContactArrived("again", "help", VOICE, **said))  # type: ignore[arg-type]
    assert story.contact(second).carrier == Carrier("sip", "again")
    assert [fact.party for fact in story.of(facts.CalledIn)] == ["another number"]
    assert len(story.of(facts.Arrived)) == 2, "it is the same contact"
    if moment == "waiting":
        story.release(21 * SECOND, 1, "anna")
    if story.contact(second).state == "offered":
        story.accept(22 * SECOND, "anna")
    assert story.contact(second).state == "connected"
    assert kept(story) == [(second, True)]
    story.until(2 * HOUR)
    assert len(story.of(facts.CallPlaced)) == len(story.of(facts.CallOver))


def test_a_vip_list_moves_who_is_parked() -> None:
    story, second = parked()
    third = story.arrive(6 * SECOND)
    story.at(7 * SECOND, events.PriorityChanged(ContactId(third), 1))
    story.at(8 * SECOND, events.PriorityChanged(ContactId(second), 0))
    story.release(10 * SECOND, 1, "anna")
    assert story.rung("anna") == second


@both_orders
@pytest.mark.parametrize("moment", ["waiting", "calling", "deferred"])
def test_a_callback_can_be_cancelled(order: Order, moment: str) -> None:
    story, second = parked(order)
    if moment != "waiting":
        called(story, order)
    if moment == "deferred":
        not_reached(story, 11 * SECOND, 1)
    assert story.contact(second).state == moment
    story.at(12 * SECOND, events.CallbackCancelled(ContactId(second)))
    assert kept(story) == [(second, False)]
    assert not story.engine.state.calls
    assert story.shown("anna") == ("handling" if moment == "waiting" else "ready")


def test_who_has_a_leg_waits_for_no_callback_and_who_has_none_cannot_hang_up() -> None:
    story, second = parked()
    assert "waits for no callback" in story.rejects(6 * SECOND, events.CallbackCancelled(ContactId(1)))
    for event in (events.ContactLeft(ContactId(second)), events.LegLost(ContactId(second))):
        assert "nobody on the line" in story.rejects(6 * SECOND, event)
    again = events.CallbackPromised(ContactId(second), "n", "local")
    assert "nobody on the line" in story.rejects(6 * SECOND, again)
    assert "illegal" in story.rejects(6 * SECOND, replace(again, contact=ContactId(1)))
    mail = story.arrive(7 * SECOND, medium=MAIL)
    assert "nobody on the line" in story.rejects(8 * SECOND, replace(again, contact=ContactId(mail)))


def test_the_lines_own_limit_and_announcements_do_not_concern_who_is_parked() -> None:
    story, second = parked(max_wait_ms=30 * SECOND, announce_every_ms=10 * SECOND)
    story.until(HOUR)
    assert second in story.engine.state.contacts
    told = [fact.t_ms for fact in story.of(facts.PositionTold) if fact.contact == second]
    assert told == []


def test_the_answer_comes_while_the_server_is_away_and_the_attempt_has_its_full_time_again() -> None:
    story, second = parked()
    story.release(10 * SECOND, 1, "anna").accept(10 * SECOND, "anna").away(12 * SECOND, 100 * SECOND)
    assert [type(one).__name__ for one in story.engine.standing()] == ["ConnectContact", "PlaceCall"]
    answered(story.until(100 * SECOND + RING - 1), 100 * SECOND + RING - 1)
    assert story.contact(second).state == "connected"


def test_after_a_kept_callback_it_is_a_call_like_any_other() -> None:
    rule = CallbackRule(attempts=2, gap_ms=GAP, ring_ms=RING, within_ms=HOUR)
    two = line("second", skill="deep", max_wait_ms=10 * SECOND)
    opened = desk(line(callback=rule), two, agent("anna"), outbound=(LOCAL,))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    promised(story, SECOND, call).accept(2 * SECOND, "anna")
    answered(story, 3 * SECOND)
    story.at(4 * SECOND, events.ContactTransferred(ContactId(call), ANNA, LineId("second")))
    story.until(14 * SECOND)
    assert story.of(facts.Released)[-1].by == "waited too long"


def test_a_desk_that_changes_while_he_is_parked_leaves_him_parked() -> None:
    story, second = parked()
    story.at(6 * SECOND, change(story.engine.state.desk, lambda one: replace(one, max_wait_ms=SECOND)))
    story.until(60 * SECOND)
    assert story.contact(second).parked
    assert story.position(second) == 1


@both_orders
@both_engines
def test_nobody_is_called_while_his_line_is_closed(order: Order, forgetful: bool) -> None:
    days = tuple((START_MS + day * DAY, START_MS + day * DAY + 8 * HOUR) for day in range(3))
    opened = desk(
        line(callback=CallbackRule(order, within_ms=2 * DAY), hours=CalendarId("day")),
        agent("anna"),
        outbound=(LOCAL,),
        calendars=(Calendar(CalendarId("day"), days),),
    )
    story = Story(opened, forgetful=forgetful)
    first, second = story.arrive(7 * HOUR), story.arrive(8 * HOUR - 1)
    promised(story, 8 * HOUR - 1, first)
    story.until(8 * HOUR)
    assert (story.contact(first).state, story.contact(second).state) == ("deferred", "waiting")
    story.ready(9 * HOUR, "anna").accept(9 * HOUR, "anna").release(10 * HOUR, second, "anna")
    assert story.shown("anna") == "ready", "nobody is called in the evening"
    story.until(DAY)
    assert story.contact(first).state == ("offered" if order is Order.AGENT_FIRST else "calling")
    assert story.contact(first).anchor_ms == START_MS + 7 * HOUR


def test_who_is_promised_a_callback_after_closing_time_waits_for_the_morning() -> None:
    calendar = Calendar(
        CalendarId("day"), ((START_MS, START_MS + HOUR), (START_MS + DAY, START_MS + DAY + HOUR))
    )
    helps = line(callback=CallbackRule(within_ms=2 * DAY), hours=CalendarId("day"))
    story = Story(desk(helps, agent("anna"), outbound=(LOCAL,), calendars=(calendar,)))
    call = story.arrive(HOUR - SECOND)
    promised(story, HOUR + SECOND, call).ready(HOUR + 2 * SECOND, "anna")
    assert (story.contact(call).state, story.rung("anna")) == ("deferred", None)
    holiday = events.CalendarChanged(Calendar(CalendarId("day"), ((START_MS, START_MS + HOUR),)))
    story.at(2 * HOUR, holiday).until(DAY)
    assert story.contact(call).state == "deferred", "that day is a holiday"
    story.until(HOUR + SECOND + 2 * DAY)
    assert story.of(facts.Released)[-1].by == "promise expired"


def test_a_line_that_opens_on_a_saturday_calls_at_once() -> None:
    calendar = Calendar(CalendarId("day"), ((START_MS, START_MS + HOUR),))
    helps = line(callback=CallbackRule(within_ms=2 * DAY), hours=CalendarId("day"))
    story = Story(desk(helps, agent("anna"), outbound=(LOCAL,), calendars=(calendar,)))
    call = story.arrive(HOUR - SECOND)
    promised(story, HOUR + SECOND, call).ready(HOUR + 2 * SECOND, "anna")
    extra = Calendar(
        CalendarId("day"), ((START_MS, START_MS + HOUR), (START_MS + DAY, START_MS + DAY + HOUR))
    )
    story.at(DAY + 60 * SECOND, events.CalendarChanged(extra))
    assert story.rung("anna") == call
    story.refuse(DAY + 61 * SECOND, "anna").at(DAY + 62 * SECOND, events.CalendarChanged(calendar))
    assert story.contact(call).state == "deferred", "and a line that closes early calls nobody any more"


def ring(story: Story, now: int, party: str, to: str = "help") -> int:
    """Somebody rings an entry; the contact that he is."""
    story.at(now, events.ContactArrived(f"again-{now}", EntryId(to), VOICE, party))
    called_in = [fact.contact for fact in story.of(facts.CalledIn) if fact.t_ms == START_MS + now]
    return max(called_in or story.engine.state.contacts)


@both_engines
def test_who_rings_again_from_the_number_to_be_called_is_the_same_caller(forgetful: bool) -> None:
    story, second = parked(forgetful=forgetful)
    assert ring(story, 20 * SECOND, "number-2") == second
    assert story.position(second) == 1
    assert ring(story, 21 * SECOND, "number-2") != second, "he has a leg now: this is another call"


@both_engines
def test_of_two_who_are_to_be_called_back_at_one_number_the_older_is_taken_first(forgetful: bool) -> None:
    story, second = parked(forgetful=forgetful)
    third = story.arrive(6 * SECOND)
    story.at(7 * SECOND, events.CallbackPromised(ContactId(third), "number-2", "local"))
    assert [ring(story, 20 * SECOND, "number-2"), ring(story, 21 * SECOND, "number-2")] == [second, third]
    assert not story.engine.state.parked


def test_behind_a_number_of_many_everybody_is_somebody_new() -> None:
    rule = CallbackRule(call_in=False)
    story = Story(desk(line(callback=rule), line("other"), agent("anna"), outbound=(LOCAL,)))
    call = story.arrive(0)
    promised(story, SECOND, call)
    assert ring(story, 2 * SECOND, f"number-{call}") != call
    story.at(3 * SECOND, change(story.engine.state.desk, lambda one: replace(one, callback=CallbackRule())))
    assert ring(story, 4 * SECOND, f"number-{call}", "other") != call, (
        "who rings elsewhere wants something else"
    )
    assert ring(story, 5 * SECOND, f"number-{call}") == call


def test_a_callback_needs_a_number() -> None:
    story = Story(opened())
    call = story.arrive(0)
    assert "needs a number" in story.rejects(SECOND, events.CallbackPromised(ContactId(call), "", "local"))


def test_who_is_parked_takes_up_no_place_on_the_line() -> None:
    story, second = parked(max_length=2)
    third, fourth = story.arrive(6 * SECOND), story.arrive(7 * SECOND)
    assert [story.contact(number).state for number in (third, fourth)] == ["waiting", "waiting"]
    story.arrive(8 * SECOND)
    assert [fact.reason for fact in story.of(facts.Blocked)] == ["full"]
    (shown,) = line_views(story.engine.state, START_MS + 8 * SECOND)
    assert (shown.waiting, shown.parked, shown.oldest_wait_ms) == (2, 1, 2 * SECOND)
    assert story.position(second) == 1


def test_who_has_no_leg_leaves_for_no_other_service() -> None:
    story, second = parked()
    diverted = events.ContactDiverted(ContactId(second), "voicemail")
    assert "nobody on the line" in story.rejects(6 * SECOND, diverted)


@both_engines
@pytest.mark.parametrize("moment", ["waiting", "offered"])
def test_who_rings_again_waits_as_long_as_the_line_lets_anybody_wait(forgetful: bool, moment: str) -> None:
    story, second = parked(forgetful=forgetful, max_wait_ms=60 * SECOND)
    if moment == "offered":
        story.release(119 * SECOND, 1, "anna")
    assert ring(story, 120 * SECOND, "number-2") == second
    if moment == "offered":
        story.refuse(121 * SECOND, "anna")
    story.until(120 * SECOND + 60 * SECOND - 1)
    assert story.contact(second).state == "waiting"
    story.until(120 * SECOND + 60 * SECOND)
    assert story.of(facts.Released)[-1].by == "waited too long"


def test_who_rings_again_while_an_agent_is_rung_for_him_hears_what_waiting_callers_hear() -> None:
    story, second = parked(announce_every_ms=10 * SECOND)
    story.release(10 * SECOND, 1, "anna")
    assert story.rung("anna") == second
    assert ring(story, 12 * SECOND, f"number-{second}") == second
    assert story.heard_by(second)[-1] == (12 * SECOND, (), "default")
    assert story.contact(second).walk is not None


@both_engines
@pytest.mark.parametrize("leaves", ["hangs up", "is lost"])
@pytest.mark.parametrize("moment", ["waiting", "offered"])
def test_who_rings_again_and_gives_up_is_called_as_he_was_promised(
    forgetful: bool, leaves: str, moment: str
) -> None:
    story, second = parked(forgetful=forgetful)
    until_ms = story.of(facts.Parked)[0].until_ms
    if moment == "offered":
        story.release(20 * SECOND, 1, "anna")
    ring(story, 21 * SECOND, "number-2")
    gone = (
        events.ContactLeft(ContactId(second)) if leaves == "hangs up" else events.LegLost(ContactId(second))
    )
    story.at(22 * SECOND, gone)
    assert (story.contact(second).state, story.contact(second).parked) == (moment, True)
    assert [fact.until_ms for fact in story.of(facts.Parked)] == [until_ms, until_ms]
    assert not story.of(facts.CallbackOver)
    if moment == "waiting":
        story.release(23 * SECOND, 1, "anna")
    story.accept(24 * SECOND, "anna")
    answered(story, 25 * SECOND)
    assert kept(story) == [(second, True)]


def test_who_answers_our_call_and_hangs_up_before_an_agent_came_is_not_called_again() -> None:
    story, second = parked(Order.CALLER_FIRST)
    answered(story.release(10 * SECOND, 1, "anna"), 12 * SECOND)
    story.leave(13 * SECOND, second)
    assert second not in story.engine.state.contacts


def test_who_rang_in_and_was_put_away_may_hang_up_and_is_called_all_the_same() -> None:
    """Of a medium whose parties hold a leg, and whose work can be put aside."""
    chat = MediumTraits(Medium("chat"), promise=False, put_aside=True, keeps_leg=True)
    rule = OutboundRule("callback", ("local",), "sip")
    story = Story(desk(line(), media=(*DEFAULT_MEDIA, chat), outbound=(rule,)), forgetful=True)
    number = ContactId(story.arrive(0, medium=chat.id, party="n"))
    story.at(1 * SECOND, events.CallbackPromised(number, "n", "local"))
    story.at(2 * SECOND, events.ContactArrived("again", EntryId("help chat"), chat.id, "n"))
    story.at(3 * SECOND, events.ContactDeferred(number, story.moment(90 * SECOND)))
    story.leave(4 * SECOND, number)
    contact = story.contact(number)
    assert (contact.state, contact.parked) == (ContactState.DEFERRED, True)
    story.until(91 * SECOND)
    assert contact.promise is not None
    assert story.contact(number).state is ContactState.WAITING
