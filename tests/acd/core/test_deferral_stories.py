"""Not ready yet: what is put away keeps its place, is offered to nobody, and comes back."""

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, desk, entry, line
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import EntryId, Tenant, TenantId

ANNA, BERT = AgentId("anna"), AgentId("bert")
HOUR = 3_600_000


def with_mail(*agents: str) -> tuple[Story, int]:
    """Anna has a mail in hand; the others, if any, are ready too."""
    names = ("anna", *agents)
    story = Story(desk(line(), *(agent(name, (MAIL, 2), (VOICE, 1)) for name in names)))
    story.ready(0, *names, media=(MAIL,))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    return story, mail


def put_away(mail: int, until: int, **more: int) -> events.ContactDeferred:
    return events.ContactDeferred(ContactId(mail), START_MS + until, ANNA, **more)


def test_what_is_put_away_lies_in_no_line_until_its_moment_and_then_has_its_old_rank() -> None:
    story, mail = with_mail()
    story.at(1_000, put_away(mail, HOUR))
    assert story.contact(mail).state == "deferred"
    assert story.position(mail) == 0
    assert story.shown("anna") == "ready"
    assert [effect.contact for effect in story.ordered(effects.ReleaseAgent)] == [mail]
    story.at(2_000, events.AgentPaused(ANNA, "break"))
    later = story.arrive(HOUR - 1, medium=MAIL)
    story.until(HOUR)
    assert (story.position(mail), story.position(later)) == (1, 2)
    story.at(HOUR + 1, events.AgentReady(ANNA))
    assert story.rung("anna") == mail
    assert story.contact(mail).anchor_ms == START_MS


def test_it_is_held_for_the_agent_who_put_it_away_as_long_as_he_asked() -> None:
    story, mail = with_mail("bert")
    story.at(1_000, put_away(mail, HOUR, hold_ms=60_000)).at(3_000, events.AgentReachable(ANNA, VOICE))
    call = story.arrive(HOUR - 1_000)
    story.accept(HOUR - 1_000, "anna").until(HOUR)
    assert story.rung("bert") is None, "anna comes back to it when her call is over"
    story.release(HOUR + 30_000, call, "anna")
    assert story.rung("anna") == mail


def test_a_waiting_mail_can_be_deferred_by_somebody_who_does_not_have_it() -> None:
    story = Story(desk(line(), agent("anna", (MAIL, 1))))
    mail = story.arrive(0, medium=MAIL)
    story.at(1, events.ContactDeferred(ContactId(mail), START_MS + HOUR))
    story.ready(2, "anna", media=(MAIL,))
    assert story.rung("anna") is None
    story.until(HOUR)
    assert story.rung("anna") == mail


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (events.ContactDeferred(ContactId(1), START_MS + HOUR), "illegal"),
        (events.ContactDeferred(ContactId(1), START_MS + HOUR, BERT), "does not handle"),
        (events.ContactDeferred(ContactId(1), START_MS + 5_000, ANNA), "due already"),
        (events.ContactDeferred(ContactId(1), START_MS + 367 * 24 * HOUR, ANNA), "more than a year"),
        (events.ContactDeferred(ContactId(2), START_MS + HOUR), "cannot be put aside"),
    ],
)
def test_what_is_in_hand_due_or_no_thing_to_put_aside_is_not_deferred(event: events.Event, why: str) -> None:
    story, _ = with_mail("bert")
    story.arrive(1)
    assert why in story.rejects(5_000, event)


def test_a_mail_that_belongs_to_one_put_away_brings_it_back_at_once() -> None:
    """It is no contact of its own; its sender is promised that it is safe."""
    story, mail = with_mail()
    story.at(1_000, put_away(mail, HOUR))
    story.at(
        2_000, events.ContactArrived("m2", EntryId("help mail"), MAIL, joins=ContactId(mail), channel="mail")
    )
    assert story.rung("anna") == mail
    admitted = story.ordered(effects.AdmitContact)[-1]
    assert (admitted.contact, admitted.carrier.ref, admitted.promise) == (mail, "m2", True)
    assert len(story.of(facts.Arrived)) == 1
    story.until(2 * HOUR)
    assert story.engine.state.last_contact == mail


def test_a_mail_that_belongs_to_one_in_hand_changes_nothing_but_is_remembered() -> None:
    story, mail = with_mail()
    for number, when in enumerate((1_000, 2_000)):
        more = events.ContactArrived(f"more{number}", EntryId("help mail"), MAIL, joins=ContactId(mail))
        story.at(when, more)
    assert story.contact(mail).state == "connected"
    assert [carrier.ref for carrier in story.contact(mail).joined] == ["more0", "more1"]
    assert "live already" in story.rejects(3_000, more)
    story.release(4_000, mail, "anna")
    over = [effect.carrier.ref for effect in story.ordered(effects.ReleaseContact)]
    assert sorted(over)[:2] == ["more0", "more1"], "whoever brought a part of it hears that it is over"


def test_a_mail_that_belongs_to_a_closed_one_is_a_new_contact_that_continues_it() -> None:
    story, mail = with_mail()
    story.release(1_000, mail, "anna")
    again = story.arrive(2_000, medium=MAIL, joins=ContactId(mail))
    assert again != mail
    assert [fact.continues for fact in story.of(facts.Arrived)] == [None, mail]


def test_nobody_joins_the_contact_of_another_client_or_a_caller_who_is_on_the_line() -> None:
    other = entry("other", "theirs", MAIL)
    theirs = line("theirs")
    opened = desk(line(), theirs, other, agent("anna", (MAIL, 1)))
    ours = tuple(
        type(one)(one.id, TenantId("theirs"), one.line, one.medium) if one.id == "other mail" else one
        for one in opened.entries
    )
    story = Story(replace(opened, entries=ours, tenants=(*opened.tenants, Tenant(TenantId("theirs")))))
    mail, call = story.arrive(0, medium=MAIL), story.arrive(0)
    assert story.arrive(1, to="other", medium=MAIL, joins=ContactId(mail)) == 3
    assert story.arrive(2, joins=ContactId(call)) == 4


def test_a_moment_that_passes_in_an_outage_is_kept_when_the_server_is_back() -> None:
    story, mail = with_mail()
    story.at(1_000, put_away(mail, HOUR)).away(2_000, until=2 * HOUR).until(2 * HOUR)
    assert story.rung("anna") == mail


def test_who_withdraws_what_was_put_away_ends_it() -> None:
    story, mail = with_mail()
    story.at(1_000, put_away(mail, HOUR)).leave(2_000, mail).until(2 * HOUR)
    assert story.engine.state.contacts == {}
    assert story.engine.next_deadline() is None


def test_every_mail_that_joined_is_confirmed_again_after_a_restart_and_known_for_a_repetition() -> None:
    """The first one's sender relies on us as much as the second one's."""
    story, mail = with_mail()
    first = story.contact(mail).carrier
    second = events.ContactArrived(
        "second", EntryId("help mail"), MAIL, joins=ContactId(mail), channel="mail"
    )
    story.at(1, second)
    standing = story.restart().engine.standing()
    admitted = [effect for effect in standing if isinstance(effect, effects.AdmitContact)]
    assert [effect.carrier for effect in admitted] == [first, Carrier("mail", "second")]
    assert all(effect.promise for effect in admitted)
    again = events.ContactArrived(first.ref, EntryId("help mail"), MAIL, channel=first.channel)
    assert "live already" in story.rejects(2, again)
    story.release(3, mail, "anna")
    assert story.arrive(4, medium=MAIL) == mail + 1


@pytest.mark.parametrize("joins", [9_999, 0])
def test_what_never_was_is_not_continued(joins: int) -> None:
    story = Story(desk(line(), agent("anna", (MAIL, 1))))
    story.arrive(0, medium=MAIL, joins=ContactId(joins))
    assert story.of(facts.Arrived)[0].continues is None


def test_the_moment_of_what_is_put_away_can_be_changed_by_anybody() -> None:
    """A supervisor fetches it back from next year."""
    story, mail = with_mail()
    story.at(1_000, put_away(mail, 300 * 24 * HOUR))
    story.at(2_000, events.ContactDeferred(ContactId(mail), START_MS + 3_000)).until(3_000)
    assert story.rung("anna") == mail
    assert story.until(301 * 24 * HOUR).of(facts.Queued)[-1].cause == "deferred"
    assert len(story.of(facts.Queued)) == 2
