"""A fax machine calls the number for people: its tone is heard, pages come, are confirmed, and it hangs up.

The engine is a new one, from its snapshot, after every step; then each wait is left unanswered once.
"""

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.law import Delivery, delivery
from acd.core.view import contact_view, line_views
from acd.kpi.ledger import Ledger, Outcome, Segment
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import FAX, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import EntryId

ANNA, BERT = AgentId("anna"), AgentId("bert")
PHONE, PAGE = Carrier("sip", "anna"), Carrier("desk", "bert")
SECOND, MINUTE = 1_000, 60_000
PART = 5 * MINUTE
"""How long the next page is waited for."""


class Desk(Story):
    """Anna takes calls at her phone, bert reads faxes at his desk."""

    def __init__(self) -> None:
        opened = desk(line(), line("papers"), agent("anna", (VOICE, 1)), agent("bert", (FAX, 2)))
        super().__init__(opened, forgetful=True)
        self.at(0, events.AgentReachable(ANNA, VOICE, PHONE)).at(0, events.AgentSignedIn(ANNA))
        self.at(0, events.AgentReachable(BERT, FAX, PAGE)).at(0, events.AgentSignedIn(BERT))

    def tone(self, now: int, call: int) -> "Desk":
        """The tone of a fax machine (CNG, T.30) is heard on the call."""
        self.at(now, events.MediumChanged(ContactId(call), EntryId("papers fax")))
        return self

    def page(self, now: int, fax: int, pages: int) -> "Desk":
        self.at(now, events.PageReceived(ContactId(fax), pages))
        return self

    def last_page(self, now: int, fax: int, pages: int) -> "Desk":
        self.at(now, events.ContactReceived(ContactId(fax), pages, complete=True))
        return self

    def confirmed(self) -> list[int]:
        return [effect.pages for effect in self.ordered(effects.ConfirmReceived)]

    def segments(self) -> list[Segment]:
        """What the figures say of it."""
        found: list[Segment] = []
        ledger = Ledger(found.append)
        ledger.take(self.facts)
        ledger.close(START_MS + self.now)
        return found


def test_from_the_tone_to_the_answer() -> None:
    story = Desk()
    call = story.arrive(0)
    assert story.rung("anna") == call
    story.tone(2 * SECOND, call)
    assert story.shown("anna") == "ready", "free at once, without a pause"
    assert story.ordered(effects.WithdrawOffer)[-1].cause == "other medium"
    assert story.ordered(effects.ReceiveContact)[-1].carrier == story.contact(call).carrier
    assert (story.position(call), story.rung("bert")) == (0, None), "bert cannot read what is not there yet"
    assert [one.waiting for one in line_views(story.engine.state, START_MS)] == [0, 0]
    story.page(MINUTE, call, 1).last_page(2 * MINUTE, call, 2)
    assert story.confirmed() == [1, 2]
    assert all(delivery(one) is Delivery.SYNCED for one in story.ordered(effects.ConfirmReceived))
    assert story.rung("bert") == call
    assert story.ordered(effects.OfferContact)[-1].carrier == PAGE
    story.leave(2 * MINUTE + SECOND, call)
    assert story.rung("bert") == call, "the BYE after the last page changes nothing for whoever reads it"
    assert story.contact(call).parked
    story.accept(2 * MINUTE + 5 * SECOND, "bert").release(9 * MINUTE, call, "bert")
    assert story.of(facts.Abandoned) == []
    assert [(one.line, one.by) for one in story.of(facts.Released)] == [("papers", "agent")]
    assert story.ordered(effects.ReleaseContact) == [], "there is no leg left to end"
    (segment,) = story.segments()
    assert (segment.line, segment.medium, segment.entry, segment.outcome) == (
        "papers",
        FAX,
        "papers fax",
        Outcome.ANSWERED,
    )
    assert segment.wait_ms == 5 * SECOND
    assert story.engine.next_deadline() is None


def test_it_keeps_the_place_in_time_that_it_had_as_a_call() -> None:
    """Who came before it as a call waits behind nobody who faxed later."""
    story = Desk()
    story.at(0, events.AgentPaused(BERT, "break"))
    story.arrive(0)
    story.accept(0, "anna")
    call = story.arrive(SECOND)
    story.tone(10 * SECOND, call)
    later = story.arrive(20 * SECOND, to="papers", medium=FAX)
    story.last_page(MINUTE, call, 1)
    assert [story.position(number) for number in (call, later)] == [1, 2]
    story.at(2 * MINUTE, events.AgentReady(BERT))
    assert story.rung("bert") == call


def test_a_fax_at_its_own_number_is_not_ready_either_before_its_last_page() -> None:
    story = Desk()
    fax = story.arrive(0, to="papers", medium=FAX, ready=False)
    (admitted,) = story.ordered(effects.AdmitContact)
    assert delivery(admitted) is Delivery.WRITTEN, "nothing is promised yet"
    assert story.rung("bert") is None
    story.page(MINUTE, fax, 1)
    standing = story.engine.standing()
    assert [type(one) for one in standing] == [
        effects.AdmitContact,
        effects.ReceiveContact,
        effects.ConfirmReceived,
    ]
    assert [one.promise for one in standing] == [False, False, True]
    story.last_page(2 * MINUTE, fax, 2)
    assert story.rung("bert") == fax


@pytest.mark.parametrize("dies", ["with a word", "without a word"])
@pytest.mark.parametrize("pages", [0, 3])
def test_the_worker_that_receives_it_dies(dies: str, pages: int) -> None:
    """What is there is an incomplete fax; if nothing is there, the sender will try again."""
    story = Desk()
    call = story.arrive(0)
    story.tone(SECOND, call)
    if pages:
        story.page(MINUTE, call, pages)
    if dies == "with a word":
        story.at(2 * MINUTE, events.ContactReceived(ContactId(call), pages, complete=False))
    else:
        story.until((MINUTE if pages else SECOND) + PART)
    if not pages:
        assert [(one.stage, one.leg_lost) for one in story.of(facts.Abandoned)] == [("receiving", True)]
        assert story.ordered(effects.ReleaseContact)[-1].cause == "not received"
        assert story.engine.state.contacts == {}
        assert [(segment.line, segment.medium, segment.outcome) for segment in story.segments()] == [
            ("papers", FAX, Outcome.ABANDONED)
        ]
        return
    assert story.rung("bert") == call
    view = contact_view(story.engine.state, story.contact(call), START_MS + story.now)
    assert (view.pages, view.incomplete) == (3, True)
    assert story.confirmed() == [3], "it is told of no page that is not there"


def test_it_hangs_up_between_two_pages() -> None:
    story = Desk()
    call = story.arrive(0)
    story.tone(SECOND, call).page(MINUTE, call, 1).leave(MINUTE + SECOND, call)
    assert [(one.pages, one.complete, one.by) for one in story.of(facts.Received)] == [(1, False, "caller")]
    assert story.of(facts.Abandoned) == []
    story.accept(MINUTE + 5 * SECOND, "bert").release(2 * MINUTE, call, "bert")
    assert [segment.outcome for segment in story.segments()] == [Outcome.ANSWERED]


def test_it_hangs_up_before_its_first_page() -> None:
    story = Desk()
    call = story.arrive(0)
    story.tone(SECOND, call).leave(2 * SECOND, call)
    assert [(one.line, one.stage, one.leg_lost) for one in story.of(facts.Abandoned)] == [
        ("papers", "receiving", False)
    ]
    assert story.engine.next_deadline() is None


def test_it_hangs_up_while_bert_reads_already() -> None:
    story = Desk()
    fax = story.arrive(0, to="papers", medium=FAX, ready=False)
    story.last_page(MINUTE, fax, 1).accept(MINUTE, "bert").leave(MINUTE + SECOND, fax)
    assert story.shown("bert") == "handling"
    assert "nobody on the line" in story.rejects(2 * MINUTE, events.ContactLeft(ContactId(fax)))
    story.at(2 * MINUTE, events.AgentSignedOut(BERT))
    assert story.position(fax) == 1, "it is handed back like a mail"


def test_the_server_is_away_longer_than_any_page_takes() -> None:
    """The next page has its full time again, and the channel is told that it is still waited for."""
    story = Desk()
    call = story.arrive(0)
    story.tone(SECOND, call).page(MINUTE, call, 1).away(MINUTE + SECOND, until=30 * MINUTE)
    assert story.of(facts.Received) == []
    assert effects.ReceiveContact in [type(one) for one in story.engine.standing()]
    story.until(30 * MINUTE + PART)
    assert [one.by for one in story.of(facts.Received)] == ["timed out"]


def test_nobody_answers_any_of_it() -> None:
    """Each wait left alone: anna's phone, the pages, the server, bert's desk. It ends nowhere by itself."""
    story = Desk()
    call = story.arrive(0)
    story.until(MINUTE)
    assert story.shown("anna") == "paused", "she let it ring"
    story.tone(MINUTE, call).page(2 * MINUTE, call, 1)
    story.away(3 * MINUTE, until=4 * MINUTE).until(4 * MINUTE + PART)
    assert story.rung("bert") == call
    story.until(4 * MINUTE + PART + MINUTE)
    assert story.shown("bert") == "paused", "he let it ring"
    assert story.contact(call).state == "waiting"
    story.at(20 * MINUTE, events.AgentReady(BERT)).accept(20 * MINUTE, "bert")
    assert story.contact(call).state == "connected"
