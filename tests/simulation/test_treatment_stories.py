"""What callers do about texts, menus and callbacks, told as stories. Times in seconds after the start."""

from typing import Any

import pytest

from acd.core import facts
from acd.core.treatments import LONGEST_TEXT_MS
from acd.testing.story import START_MS, agent, desk, entry, line, treatment
from agents.capacity import MAIL, VOICE
from queues.desk import CallbackRule, Desk, LineId, Order, OutboundRule, Overflow, Way
from queues.names import TreatmentId
from queues.treatment import (
    Collect,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayPosition,
    SetLanguage,
    Step,
    Treatment,
)
from simulation.draws import Purpose
from simulation.laws import fixed
from simulation.scenario import Callbacks, Handling, Redial, Scenario, Stream, Surge
from tests.simulation.test_model_stories import HOUR, MAILS, TALK, S, scene, stream, told

WHICH = Menu("which", (("1", TreatmentId("one")),), 5 * S, "jazz")
PRESSES_1 = (("1", 0.3),)
SECOND = LineId("second")
TEXTS = {("hello", ""): 4 * S, ("which", ""): 3 * S}


def on_arrival(*steps: Step, more: tuple[Treatment, ...] = (), **rules: Any) -> Desk:
    """Calls to `help` are treated so; nobody is there."""
    first = treatment("first", *steps)
    arrival = entry("help", "help", treatment=first.id)
    return desk(line(**rules), line("second"), arrival, first, *more)


def waiting(*steps: Step, more: tuple[Treatment, ...] = (), **rules: Any) -> Desk:
    """Those who wait in `help` are treated so; anna serves them."""
    own = treatment("own", *steps)
    outbound = (OutboundRule("callback", ("mobile",), "sip"),)
    helping = line(treatment=own.id, **rules)
    return desk(helping, line("second"), agent("anna"), own, *more, outbound=outbound)


def played(opened: Desk, *calls: Stream, **rules: Any) -> Scenario:
    return scene(opened, *(calls or (stream(),)), **({"text_ms": TEXTS} | rules))


QUEUED = (facts.Queued, facts.KeyChosen)


def test_a_text_on_arrival_delays_the_queue_by_its_own_length() -> None:
    assert told(played(on_arrival(Say("hello"))), 10, of=QUEUED) == [(14, "Queued", 1)]


def test_a_text_of_unknown_length_takes_ten_seconds() -> None:
    assert told(played(on_arrival(Say("news"))), 10, of=QUEUED) == [(20, "Queued", 1)]


def test_texts_that_follow_each_other_add_up() -> None:
    assert told(played(on_arrival(Say("hello"), Say("which"))), 10, of=QUEUED) == [(17, "Queued", 1)]


@pytest.mark.parametrize(("language", "queued"), [("de", 12), ("fr", 14)])
def test_who_has_chosen_a_language_hears_the_text_in_it_alone_if_it_is_there(
    language: str, queued: int
) -> None:
    opened = on_arrival(SetLanguage(language), Say("hello"))
    scenario = played(opened, text_ms=TEXTS | {("hello", "de"): 2 * S})
    assert told(scenario, 10, of=QUEUED) == [(queued, "Queued", 1)]


def test_a_text_that_is_longer_than_the_engine_waits_is_taken_for_heard() -> None:
    scenario = played(on_arrival(Say("hello")), text_ms={("hello", ""): LONGEST_TEXT_MS + S})
    (queued,) = told(scenario, 0, of=QUEUED)
    assert queued == ((LONGEST_TEXT_MS - 1) / S, "Queued", 1)


def test_who_presses_a_key_thinks_for_two_seconds_after_the_text_and_is_where_it_leads() -> None:
    opened = on_arrival(WHICH, more=(treatment("one", Enqueue(SECOND)),))
    scenario = played(opened, stream(keys=PRESSES_1))
    moments = told(scenario, 10, of=QUEUED, said={Purpose.KEY: 0.2})
    assert moments == [(15, "KeyChosen", 1), (15, "Queued", 1)]
    assert told(scenario, 10, of=QUEUED, said={Purpose.KEY: 0.4}) == [(18, "Queued", 1)]


def test_a_key_for_which_the_menu_does_not_ask_is_not_pressed() -> None:
    opened = on_arrival(WHICH, more=(treatment("one", End()),))
    scenario = played(opened, stream(keys=(("7", 1.0),)))
    assert told(scenario, 10, of=QUEUED) == [(18, "Queued", 1)]


def test_a_menu_that_waits_shorter_than_callers_think_gets_no_key() -> None:
    short = Menu("which", WHICH.keys, S, "jazz")
    scenario = played(on_arrival(short, more=(treatment("one", End()),)), stream(keys=PRESSES_1))
    assert told(scenario, 10, of=QUEUED, said={Purpose.KEY: 0.2}) == [(14, "Queued", 1)]


def test_the_same_menu_gets_the_same_answer_and_another_one_an_answer_of_its_own() -> None:
    other = Menu("really", (("1", TreatmentId("one")),), 5 * S, "jazz")
    opened = on_arrival(WHICH, WHICH, other, more=(treatment("one", Enqueue(SECOND)),))
    scenario = played(opened, stream(keys=PRESSES_1))
    said = {Purpose.KEY: {0: 0.9, 1: 0.2}}
    chosen = told(scenario, 0, of=facts.KeyChosen, said=said)
    assert chosen == [(3 + 5 + 3 + 5 + 10 + 2, "KeyChosen", 1)]  # `really` is not in TEXTS


def test_who_comes_back_to_a_menu_by_his_own_key_does_not_press_it_again() -> None:
    opened = on_arrival(WHICH, more=(treatment("one", GoOn(TreatmentId("first"))),))
    scenario = played(opened, stream(keys=(("1", 1.0),)))
    assert told(scenario, 0, of=QUEUED) == [(5, "KeyChosen", 1), (13, "Queued", 1)]


def test_whom_a_treatment_ends_calls_again_unless_he_chose_it_by_a_key() -> None:
    again = Redial(1.0, fixed(60 * S), most=2)
    opened = on_arrival(WHICH, Say("hello"), End(), more=(treatment("one", End()),))
    scenario = played(opened, stream(keys=PRESSES_1, redial=again))
    arrivals = (facts.Arrived, facts.Released)
    content = told(scenario, 0, of=arrivals, said={Purpose.KEY: 0.2})
    assert content == [(0, "Arrived", 1), (5, "Released", 1)]
    sent_away = told(scenario, 0, of=arrivals, said={Purpose.KEY: 0.9, Purpose.REDIAL: 0.5})
    assert [(when, what) for when, what, _ in sent_away] == [
        (0, "Arrived"),
        (12, "Released"),
        (72, "Arrived"),
        (84, "Released"),
    ]


def test_who_is_handed_on_hears_the_treatment_of_the_next_line_and_waits_with_all_his_patience() -> None:
    own = treatment("own", Music("jazz", 20 * S), Say("hello"), GoOn(TreatmentId("own")))
    opened = desk(line(), line("second", "second", treatment=own.id), agent("anna"), own)
    handling = {(LineId("help"), VOICE): Handling(fixed(100 * S), escalate=0.6, escalate_to=SECOND)}
    handling |= {(SECOND, VOICE): TALK}
    scenario = played(opened, stream(patience=fixed(50 * S)), handling=handling)
    moments = (facts.Treated, facts.Transferred, facts.Abandoned)
    assert told(scenario, 0, of=moments) == [
        (100, "Transferred", 1),
        (100, "Treated", 1),
        (120, "Treated", 1),  # the text, and 20 s of music
        (144, "Treated", 1),
        (150, "Abandoned", 1),
    ]


def test_a_mail_that_is_handed_on_waits_again_though_it_hears_nothing() -> None:
    opened = desk(line("mails", "mail"), line("second", "second"), agent("anna", (MAIL, 1), mail=1))
    handling = {(LineId("mails"), MAIL): Handling(fixed(100 * S), escalate=0.6, escalate_to=SECOND)}
    handling |= {(SECOND, MAIL): TALK}
    scenario = played(opened, stream(MAILS, patience=fixed(50 * S)), handling=handling)
    moments = (facts.Transferred, facts.Abandoned)
    assert told(scenario, 0, of=moments) == [(100, "Transferred", 1), (150, "Abandoned", 1)]


def test_what_was_said_is_over_for_who_goes_to_another_line_in_the_middle_of_it() -> None:
    """Nobody waits for the end of that text or for a key any more, and none of them is told."""
    way = Way(Overflow.LINE, SECOND)
    opened = waiting(WHICH, more=(treatment("one", Park()),), max_wait_ms=4 * S, when_waited=way)
    scenario = played(opened, stream(keys=(("1", 1.0),)))
    moments = (facts.Overflowed, facts.Parked, facts.KeyChosen)
    assert told(scenario, 0, 0, of=moments) == [(4, "Overflowed", 2)]


def test_who_is_told_of_an_incident_at_a_menu_is_asked_again_and_thinks_again() -> None:
    opened = on_arrival(WHICH, more=(treatment("one", Enqueue(SECOND)),))
    start_ms = START_MS + 4 * S  # one second after the text of the menu
    incident = Surge(start_ms, START_MS + HOUR, 1.0, announced_ms=start_ms, announcement_ms=6 * S)
    scenario = played(opened, stream(keys=PRESSES_1), surge=incident)
    moments = told(scenario, 0, of=(facts.Informed, *QUEUED), said={Purpose.KEY: 0.2})
    assert moments == [(4, "Informed", 1), (12, "KeyChosen", 1), (12, "Queued", 1)]


LEFT = (facts.Recorded, facts.Sealing, facts.MessageLeft, facts.Answered, facts.Released, facts.Abandoned)
SPEAKS = Say("hello"), Record(60 * S), Say("thanks"), Park("voicemail")


def test_who_leaves_a_message_speaks_for_a_while_and_an_agent_takes_as_long_as_for_a_talk() -> None:
    scenario = played(waiting(*SPEAKS), stream(), stream())
    moments = told(scenario, 0, (1, 1), of=LEFT)  # the first one talks to anna for 100 s
    assert [one for one in moments if one[2] == 2] == [
        (30.4, "Recorded", 2),  # from 1 on: 4 s of text, 0.4 s of tone, 25 s of speech
        (40.4, "MessageLeft", 2),
        (100, "Answered", 2),
        (200, "Released", 2),
    ]


def test_a_message_is_no_longer_than_it_may_be_and_is_left_by_who_loses_patience_while_he_speaks() -> None:
    short = waiting(Say("hello"), Record(10 * S), Park("voicemail"))
    moments = told(played(short, stream(), stream()), 0, (1, 1), of=LEFT)
    assert (15.4, "MessageLeft", 2) in moments
    impatient = played(waiting(*SPEAKS), stream(), stream(patience=fixed(20 * S)))
    moments = told(impatient, 0, (1, 1), of=LEFT)
    assert [one[:2] for one in moments if one[2] == 2] == [
        (21, "Sealing"),
        (30.4, "Recorded"),
        (30.4, "MessageLeft"),
        (100, "Answered"),
        (200, "Released"),
    ]


def test_a_message_that_is_left_before_the_line_waits_in_it() -> None:
    opened = on_arrival(*SPEAKS)
    assert told(played(opened), 0, of=QUEUED) == [(39.4, "Queued", 1)]


def test_who_is_asked_for_a_number_types_it_two_seconds_after_the_text() -> None:
    opened = on_arrival(Collect("which", "customer", 8, 9 * S, "jazz"))
    assert told(played(opened), 10, of=(facts.Collected, *QUEUED)) == [
        (15, "Collected", 1),
        (15, "Queued", 1),
    ]


ASKED = (WHICH, SayPosition())
PARKS = (treatment("one", Park()),)
CALLED = (
    facts.Parked, facts.Reserved, facts.Offered, facts.Answered, facts.CallPlaced, facts.CallOver,
    facts.CallbackOver, facts.Released,
)  # fmt: skip


def called_back(order: Order, *, answers: bool, **callbacks: Any) -> list[tuple[Any, ...]]:
    """Of two callers the second one chooses to be called back, while the first one talks for 100 s."""
    rule = CallbackRule(order, attempts=2, gap_ms=50 * S)
    scenario = played(
        waiting(*ASKED, more=PARKS, callback=rule),
        stream(),
        stream(keys=PRESSES_1),
        callbacks=Callbacks(**callbacks),
    )
    said = {Purpose.KEY: 0.2, Purpose.CALLED_BACK: 0.1 if answers else 0.9}
    return [one for one in told(scenario, 0, (1, 1), of=CALLED, said=said) if one[0] >= 5]


def test_who_was_promised_a_callback_is_called_when_the_agent_has_it_and_talks_as_any_other() -> None:
    assert called_back(Order.AGENT_FIRST, answers=True) == [
        (6, "Parked", 2),
        (100, "Released", 1),
        (100, "Offered", 2),
        (100, "Answered", 2),
        (100, "CallPlaced", 2),
        (110, "CallOver", 2),
        (110, "CallbackOver", 2),
        (210, "Released", 2),
    ]


def test_who_is_called_before_the_agent_is_rung_waits_for_him() -> None:
    assert called_back(Order.CALLER_FIRST, answers=True, ring_ms=8 * S) == [
        (6, "Parked", 2),
        (100, "Released", 1),
        (100, "Reserved", 2),
        (100, "CallPlaced", 2),
        (108, "CallOver", 2),
        (108, "Offered", 2),
        (108, "Answered", 2),
        (108, "CallbackOver", 2),
        (208, "Released", 2),
    ]


def test_who_does_not_answer_is_called_again_as_often_as_the_line_says() -> None:
    moments = called_back(Order.CALLER_FIRST, answers=False)
    assert [one for one in moments if one[1] in ("CallPlaced", "CallOver", "CallbackOver")] == [
        (100, "CallPlaced", 2),
        (110, "CallOver", 2),
        (160, "CallPlaced", 2),
        (170, "CallOver", 2),
        (170, "CallbackOver", 2),
    ]


def test_a_call_that_the_desk_gives_up_before_it_is_answered_is_over() -> None:
    moments = called_back(Order.AGENT_FIRST, answers=True, ring_ms=40 * S)  # the line calls for 30 s
    assert [one for one in moments if one[1] in ("CallPlaced", "CallOver")] == [
        (100, "CallPlaced", 2),
        (130, "CallOver", 2),
        (180, "CallPlaced", 2),
        (210, "CallOver", 2),
    ]


def test_nobody_is_promised_a_callback_at_a_number_that_the_desk_may_not_call() -> None:
    assert (6, "Parked", 2) not in called_back(Order.AGENT_FIRST, answers=True, dial_class="foreign")
