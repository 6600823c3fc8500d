"""Handling time per ticket: all contacts of a service request together, also given late or twice."""

from acd.core import events, facts
from acd.core.events import ContactId, TicketGiven
from acd.kpi.contacts import Contacts
from acd.kpi.ledger import Ledger, Segment
from acd.kpi.tickets import Tickets
from acd.testing.story import Story, agent, desk, line
from agents.skills import AgentId
from queues.desk import LineId, WrapUpRule

ANNA = AgentId("anna")


def story() -> Story:
    opened = desk(
        line(wrap_up=WrapUpRule(ms=30_000)), line("second", "second"), agent("anna", help=1, second=1)
    )
    return Story(opened).ready(0, "anna")


def requests(told: Story) -> list[int]:
    """Handling of each ticket, in ms."""
    tickets = Tickets()
    contacts = Contacts(tickets.take)
    segments: list[Segment] = []
    ledger = Ledger(segments.append)
    ledger.take(told.facts)
    ledger.close(told.engine.state.now_ms)
    for segment in segments:
        contacts.take(segment)
    return [request.handling_ms for request in tickets.requests()]


def test_two_contacts_of_one_ticket_are_one_request() -> None:
    """A call of a minute and one of two, each with half a minute of wrap-up."""
    told = story()
    for now, talk_ms in ((0, 60_000), (200_000, 120_000)):
        call = told.arrive(now)
        told.accept(now, "anna").at(now + 1, TicketGiven(ContactId(call), "INC-1"))
        told.release(now + talk_ms, call, "anna").until(now + talk_ms + 30_000)
    assert requests(told) == [240_000]


def test_a_ticket_given_in_wrap_up_belongs_to_the_whole_contact() -> None:
    told = story()
    call = told.arrive(0)
    told.accept(0, "anna").release(60_000, call, "anna").at(70_000, TicketGiven(ContactId(call), "INC-1"))
    told.until(90_000)
    assert requests(told) == [90_000]


def test_a_contact_that_is_handed_on_keeps_its_ticket_and_a_later_one_replaces_it() -> None:
    told = story()
    call = told.arrive(0)
    told.accept(0, "anna").at(1, TicketGiven(ContactId(call), "INC-1"))
    told.at(60_000, events.ContactTransferred(ContactId(call), ANNA, LineId("second"))).until(90_000)
    told.accept(90_000, "anna").at(91_000, TicketGiven(ContactId(call), "REQ-2"))
    told.release(100_000, call, "anna").until(200_000)
    assert [fact.ticket for fact in told.of(facts.Ticketed)] == ["INC-1", "REQ-2"]
    assert requests(told) == [100_000]


def test_contacts_without_a_ticket_are_no_requests() -> None:
    told = story()
    call = told.arrive(0)
    told.accept(0, "anna").release(60_000, call, "anna").until(90_000)
    assert requests(told) == []
    assert "is over" in told.rejects(100_000, TicketGiven(ContactId(call), "INC-1"))
