"""A mail is worked, a call interrupts, the page reloads, the agent goes home; the customer writes again.

The engine is a new one, from its snapshot, after every step; then each wait is left unanswered once.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import EntryId

ANNA, BERT = AgentId("anna"), AgentId("bert")
PHONE, PAGE, BERTS_PAGE = Carrier("sip", "anna"), Carrier("desk", "anna"), Carrier("desk", "bert")
MINUTE, HOUR = 60_000, 3_600_000
BERLIN = ZoneInfo("Europe/Berlin")


def morning() -> Story:
    """Anna has a phone and a page; bert, who is not there yet, has a page."""
    opened = desk(
        line(),
        agent("anna", (VOICE, 1), (MAIL, 2)),
        agent("bert", (MAIL, 2)),
        interrupts=((VOICE, MAIL),),
    )
    story = Story(opened, forgetful=True)
    story.at(0, events.AgentReachable(ANNA, VOICE, PHONE)).at(0, events.AgentReachable(ANNA, MAIL, PAGE))
    return story.at(0, events.AgentSignedIn(ANNA))


def mail_in_hand(story: Story) -> int:
    number = story.arrive(0, medium=MAIL, channel="mail")
    story.accept(10_000, "anna")
    return number


def writes_again(number: int, ref: str = "again") -> events.ContactArrived:
    return events.ContactArrived(ref, EntryId("help mail"), MAIL, joins=ContactId(number), channel="mail")


def test_from_the_first_mail_to_the_answer_of_the_next_day() -> None:
    story = morning()
    mail = mail_in_hand(story)
    call = story.arrive(2 * MINUTE)
    story.accept(2 * MINUTE, "anna")
    assert [fact.contact for fact in story.of(facts.Interrupted)] == [mail]
    story.at(3 * MINUTE, events.DeviceVanished(ANNA, PAGE))
    story.at(3 * MINUTE + 10_000, events.AgentReachable(ANNA, MAIL, PAGE))
    assert story.of(facts.HandedBack) == [], "the page was only reloading"
    story.release(5 * MINUTE, call, "anna")
    assert [fact.contact for fact in story.of(facts.InterruptionEnded)] == [mail]
    story.at(6 * MINUTE, events.AgentSignedOut(ANNA))
    assert story.of(facts.HandedBack)[-1].reason == "signed out"
    assert story.position(mail) == 1
    story.at(7 * MINUTE, writes_again(mail))
    assert len(story.of(facts.Arrived)) == 2, "it is no contact of its own"
    story.at(8 * MINUTE, events.AgentReachable(BERT, MAIL, BERTS_PAGE))
    story.at(8 * MINUTE, events.AgentSignedIn(BERT))
    story.accept(8 * MINUTE + 10_000, "bert")
    tomorrow = 9 * MINUTE + 24 * HOUR
    story.at(10 * MINUTE, events.ContactDeferred(ContactId(mail), START_MS + tomorrow, BERT, HOUR))
    assert story.contact(mail).state == "deferred"
    story.until(tomorrow)
    assert story.rung("bert") == mail
    story.accept(tomorrow, "bert").release(tomorrow + MINUTE, mail, "bert")
    assert story.of(facts.Released)[-1].by == "agent"
    assert story.of(facts.Answered)[-1].wait_ms == tomorrow, "the anchor is that of its first moment"
    assert story.engine.next_deadline() is None


def test_the_customer_writes_again_while_it_is_put_away() -> None:
    """It comes back at once, to the agent who is there."""
    story = morning()
    mail = mail_in_hand(story)
    story.at(2 * MINUTE, events.ContactDeferred(ContactId(mail), START_MS + 24 * HOUR, ANNA))
    story.at(3 * MINUTE, writes_again(mail))
    assert story.rung("anna") == mail
    assert story.ordered(effects.OfferContact)[-1].carrier == PAGE


@pytest.mark.parametrize(("day", "hours"), [((2027, 3, 28), 23), ((2027, 10, 31), 25), ((2027, 12, 2), 24)])
def test_nine_in_the_morning_is_nine_by_the_clock_on_the_wall(day: tuple[int, int, int], hours: int) -> None:
    """Also after a night of an hour more or less: whoever asks resolves the moment; it is kept as it is."""
    nine_ms = round(datetime(*day, 9, tzinfo=BERLIN).timestamp() * 1000) - START_MS
    story = morning()
    mail = mail_in_hand(story)
    story.at(2 * MINUTE, events.AgentPaused(ANNA, "break"))
    evening = nine_ms - (hours - 24 + 15) * HOUR
    put_away = events.ContactDeferred(ContactId(mail), START_MS + nine_ms, ANNA)
    story.at(evening, put_away).until(nine_ms - 1)
    assert datetime.fromtimestamp((START_MS + evening) / 1000, BERLIN).hour == 18
    assert story.contact(mail).state == "deferred"
    assert story.until(nine_ms).position(mail) == 1


def test_nobody_answers_any_of_it() -> None:
    """Each wait left alone: the offer, the page, the moment. Nothing is lost or stuck."""
    story = morning()
    mail = story.arrive(0, medium=MAIL, channel="mail")
    story.until(HOUR)
    assert story.shown("anna") == "paused", "she let it ring"
    story.at(HOUR, events.AgentReady(ANNA)).accept(HOUR + 1, "anna")
    story.at(HOUR + 2, events.DeviceVanished(ANNA, PAGE)).until(2 * HOUR)
    assert story.contact(mail).state == "waiting"
    story.at(2 * HOUR, events.ContactDeferred(ContactId(mail), START_MS + 3 * HOUR))
    story.away(2 * HOUR + 1, until=5 * HOUR).until(5 * HOUR)
    assert story.contact(mail).state == "waiting"
    assert story.position(mail) == 1
