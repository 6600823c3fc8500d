"""Capacity per medium, and one medium that interrupts another."""

from acd.core import facts
from acd.testing.story import Story, agent, desk, line
from agents.capacity import FAX, MAIL, VOICE

ALL = (FAX, MAIL, VOICE)


def test_as_many_mails_at_once_as_the_agent_has_places_for() -> None:
    story = Story(desk(line(), agent("anna", (MAIL, 2)))).ready(0, "anna", media=(MAIL,))
    one, two, three = (story.arrive(0, medium=MAIL) for _ in range(3))
    story.accept(0, "anna").accept(0, "anna")
    assert story.answered() == [one, two]
    assert story.rung("anna") is None
    story.release(9_000, one, "anna")
    assert story.rung("anna") == three


def test_without_permission_a_call_waits_for_the_mail() -> None:
    story = Story(desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)))).ready(0, "anna", media=(MAIL, VOICE))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    call = story.arrive(1_000)
    assert story.rung("anna") is None
    story.release(9_000, mail, "anna")
    assert story.rung("anna") == call


def test_a_call_interrupts_a_mail_if_the_desk_says_so_and_the_mail_goes_on_after_it() -> None:
    opened = desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)), interrupts=((VOICE, MAIL),))
    story = Story(opened).ready(0, "anna", media=(MAIL, VOICE))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    call = story.arrive(5_000)
    story.accept(6_000, "anna").release(60_000, call, "anna")
    assert story.log(facts.Interrupted, facts.InterruptionEnded) == [
        (6_000, "Interrupted", mail, "anna"),
        (60_000, "InterruptionEnded", mail, "anna"),
    ]
    story.release(90_000, mail, "anna")


def test_nobody_is_interrupted_while_another_one_is_idle() -> None:
    """Though he who handles the mail has been idle longer: his last call was before."""
    both = ((VOICE, 1), (MAIL, 1))
    opened = desk(line(), agent("anna", *both), agent("bert", *both), interrupts=((VOICE, MAIL),))
    story = Story(opened).ready(0, "anna", media=(MAIL, VOICE))
    story.arrive(0, medium=MAIL)
    story.accept(0, "anna").ready(1_000, "bert", media=(MAIL, VOICE))
    call = story.arrive(5_000)
    assert (story.rung("anna"), story.rung("bert")) == (None, call)


def test_who_has_least_in_hand_gets_the_next_mail() -> None:
    opened = desk(line(), agent("anna", (MAIL, 3)), agent("bert", (MAIL, 3)))
    story = Story(opened).ready(0, "anna", media=(MAIL,)).ready(1_000, "bert", media=(MAIL,))
    for now, who in ((2_000, "anna"), (3_000, "bert"), (4_000, "anna"), (5_000, "bert")):
        mail = story.arrive(now, medium=MAIL)
        assert story.rung(who) == mail
        story.accept(now, who)


def test_a_mail_does_not_interrupt_a_call() -> None:
    opened = desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)), interrupts=((VOICE, MAIL),))
    story = Story(opened).ready(0, "anna", media=(MAIL, VOICE))
    story.arrive(0)
    story.accept(0, "anna")
    story.arrive(1_000, medium=MAIL)
    assert story.rung("anna") is None


def test_the_mail_rests_until_the_last_call_that_keeps_it_waiting_is_over() -> None:
    opened = desk(line(), agent("anna", (VOICE, 2), (MAIL, 1)), interrupts=((VOICE, MAIL),))
    story = Story(opened).ready(0, "anna", media=(MAIL, VOICE))
    story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    one, two = story.arrive(1_000), story.arrive(1_000)
    story.accept(1_000, "anna").accept(2_000, "anna").release(5_000, one, "anna")
    assert story.of(facts.InterruptionEnded) == []
    story.release(9_000, two, "anna")
    assert story.log(facts.InterruptionEnded) == [(9_000, "InterruptionEnded", 1, "anna")]


def test_a_fax_whose_interrupting_mail_ends_under_a_call_rests_on() -> None:
    rules = ((VOICE, MAIL), (VOICE, FAX), (MAIL, FAX))
    opened = desk(line(), agent("anna", (VOICE, 1), (MAIL, 1), (FAX, 1)), interrupts=rules)
    story = Story(opened).ready(0, "anna", media=ALL)
    story.arrive(0, medium=FAX)
    story.accept(0, "anna")
    mail = story.arrive(1_000, medium=MAIL)
    story.accept(1_000, "anna")
    call = story.arrive(2_000)
    story.accept(2_000, "anna").leave(3_000, mail)
    assert story.of(facts.InterruptionEnded) == []
    story.release(9_000, call, "anna")
    assert story.log(facts.InterruptionEnded) == [(9_000, "InterruptionEnded", 1, "anna")]


def test_a_medium_without_a_device_is_not_offered() -> None:
    story = Story(desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)))).ready(0, "anna", media=(MAIL,))
    story.arrive(0)
    assert story.rung("anna") is None
