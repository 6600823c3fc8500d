"""Devices: who is offered what by which of them, and what becomes of it when one is away."""

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.law import LAW
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import DEFAULT_MEDIA, Desk, LineId, Medium, MediumTraits, WrapUpRule

ANNA = AgentId("anna")
PHONE, PAGE, TABLET = Carrier("sip", "anna"), Carrier("desk", "anna"), Carrier("desk", "tablet")
GRACE_MS, LEG_GRACE_MS = Desk().device_grace_ms, Desk().leg_grace_ms


def equipped(*capacity: tuple[Medium, int], **settings: object) -> Story:
    """Anna with a phone for calls and a page for mails; bert, who can do the same, is not there yet."""
    slots = capacity or ((VOICE, 1), (MAIL, 3))
    opened = desk(line(), agent("anna", *slots), agent("bert", *slots), **settings)
    story = Story(opened)
    story.at(0, events.AgentReachable(ANNA, VOICE, PHONE)).at(0, events.AgentReachable(ANNA, MAIL, PAGE))
    return story.at(0, events.AgentSignedIn(ANNA))


def carriers(story: Story) -> list[Carrier]:
    return [effect.carrier for effect in story.ordered(effects.OfferContact)]


def test_each_offer_names_the_one_device_that_carries_its_medium() -> None:
    story = equipped(interrupts=((VOICE, MAIL),))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    story.arrive(1_000)
    assert carriers(story) == [PAGE, PHONE]
    story.accept(2_000, "anna")
    joined = story.ordered(effects.ConnectContact)
    assert [(effect.contact, effect.carrier) for effect in joined] == [(mail, PAGE), (2, PHONE)]


def test_of_two_devices_for_a_medium_the_one_that_came_first_is_rung() -> None:
    story = equipped().at(1, events.AgentReachable(ANNA, MAIL, TABLET))
    story.arrive(1_000, medium=MAIL)
    assert carriers(story) == [PAGE]
    story.at(2_000, events.AgentUnreachable(ANNA, MAIL, PAGE))
    assert carriers(story) == [PAGE, TABLET], "the offer goes to the device that is there"
    assert story.of(facts.Unreachable) == [], "he can be reached all the time"


def test_a_page_that_reloads_keeps_its_offer_and_its_agent_his_work() -> None:
    """Gone for ten seconds: nothing is withdrawn, nothing is handed back, nothing new is offered."""
    story = equipped()
    work, rings = story.arrive(0, medium=MAIL), 2
    story.accept(0, "anna")
    assert story.arrive(1_000, medium=MAIL) == rings
    story.at(2_000, events.DeviceVanished(ANNA, PAGE)).at(12_000, events.AgentReachable(ANNA, MAIL, PAGE))
    assert story.rung("anna") == rings
    story.accept(13_000, "anna").until(600_000)
    assert {story.contact(number).state for number in (work, rings)} == {"connected"}
    assert story.log(facts.DeviceAway, facts.DeviceBack, facts.HandedBack, facts.OfferWithdrawn) == [
        (2_000, "DeviceAway", "anna"),
        (12_000, "DeviceBack", "anna"),
    ]


def test_nothing_is_offered_by_a_device_that_is_away() -> None:
    story = equipped().at(0, events.DeviceVanished(ANNA, PAGE))
    story.arrive(1_000, medium=MAIL)
    call = story.arrive(2_000)
    assert story.rung("anna") == call
    assert carriers(story) == [PHONE]


def test_a_page_that_stays_away_loses_its_offer_and_hands_its_mail_back_with_its_place() -> None:
    """To bert, who is there; the mail is served before those that came after it."""
    story = equipped()
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna").at(5_000, events.DeviceVanished(ANNA, PAGE))
    later = story.arrive(6_000, medium=MAIL)
    story.until(5_000 + GRACE_MS - 1)
    assert story.contact(mail).state == "connected"
    story.until(5_000 + GRACE_MS)
    assert story.of(facts.HandedBack)[0].reason == "stayed away"
    assert story.contact(mail).anchor_ms == START_MS
    assert story.shown("anna") == "ready"
    story.ready(40_000, "bert", media=(MAIL,))
    assert story.rung("bert") == mail
    assert story.position(later) == 2
    released = story.ordered(effects.ReleaseAgent)
    assert [(effect.contact, effect.carrier) for effect in released] == [(mail, PAGE)]


def test_an_offer_that_rings_out_while_its_device_is_away_pauses_nobody() -> None:
    """He could not hear it: the contact goes on, and he is not passed over the next time."""
    story = equipped((VOICE, 1))
    call = story.arrive(0)
    story.at(1_000, events.DeviceVanished(ANNA, PHONE)).until(20_000)
    assert story.log(facts.OfferLost, facts.NotAnswered) == [(20_000, "OfferLost", call, "anna")]
    story.at(25_000, events.AgentReachable(ANNA, VOICE, PHONE))
    assert story.rung("anna") == call
    assert story.shown("anna") == "offered"


def test_a_conversation_waits_for_its_agents_device_and_then_the_caller_waits_with_his_place() -> None:
    story = equipped()
    call = story.arrive(0)
    story.accept(1_000, "anna").at(10_000, events.DeviceVanished(ANNA, PHONE))
    story.until(10_000 + LEG_GRACE_MS - 1)
    assert story.contact(call).state == "connected"
    story.until(10_000 + LEG_GRACE_MS)
    assert story.log(facts.AgentLegLost) == [(10_000 + LEG_GRACE_MS, "AgentLegLost", call, "anna")]
    assert story.contact(call).state == "waiting"
    assert story.contact(call).anchor_ms == START_MS


def test_a_conversation_whose_agents_device_comes_back_in_time_goes_on() -> None:
    story = equipped()
    call = story.arrive(0)
    story.accept(1_000, "anna").at(10_000, events.DeviceVanished(ANNA, PHONE))
    story.at(80_000, events.AgentReachable(ANNA, VOICE, PHONE)).until(600_000)
    assert story.contact(call).state == "connected"
    assert story.of(facts.AgentLegLost) == []


DISMISSED = events.DeskChanged(desk(line(), agent("bert")))


@pytest.mark.parametrize("ends", [events.AgentSignedOut(ANNA), DISMISSED])
def test_who_goes_home_hands_back_what_can_be_put_aside_and_finishes_the_rest(ends: events.Event) -> None:
    story = equipped(interrupts=((VOICE, MAIL),))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    call = story.arrive(1_000)
    story.accept(1_000, "anna").at(2_000, ends)
    assert story.contact(mail).state == "waiting"
    assert story.contact(call).state == "connected"
    story.release(3_000, call, "anna")
    back = facts.HandedBack(START_MS + 2_000, ContactId(mail), ANNA, "signed out")
    assert story.of(facts.HandedBack) == [back]


def test_after_an_outage_a_device_that_was_away_is_waited_for_anew() -> None:
    story = equipped()
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna").at(5_000, events.DeviceVanished(ANNA, PAGE))
    story.away(6_000, until=100_000).until(100_000 + GRACE_MS - 1)
    assert story.contact(mail).state == "connected"
    story.until(100_000 + GRACE_MS)
    assert story.contact(mail).state == "waiting"


def test_a_device_that_vanishes_twice_or_is_unknown_is_refused() -> None:
    story = equipped().at(0, events.DeviceVanished(ANNA, PAGE))
    for device in (PAGE, TABLET):
        assert "no such device" in story.rejects(1, events.DeviceVanished(ANNA, device))
    assert "not reachable" in story.rejects(1, events.AgentUnreachable(ANNA, VOICE, PAGE))
    assert "already reachable" in story.rejects(1, events.AgentReachable(ANNA, VOICE, PHONE))


def test_a_device_of_a_journal_that_named_none_takes_the_name_it_is_called_by() -> None:
    """An agent whose phone 0.1.0 knew does not get a second one when that phone registers again."""
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(1)
    story.at(1, events.AgentReachable(ANNA, VOICE, PHONE))
    assert [device.carrier for device in story.engine.state.seats[ANNA].record.devices] == [PHONE]
    assert "already" in story.rejects(1, events.AgentReachable(ANNA, VOICE, PHONE))
    story.accept(2, "anna").at(2, events.AgentUnreachable(ANNA, VOICE, PHONE))
    assert story.ordered(effects.ConnectContact)[0].carrier == PHONE
    assert story.engine.state.seats[ANNA].record.devices == []


def test_a_fourth_medium_needs_nothing_but_its_traits() -> None:
    """A chat: heard while it waits, no promise, put aside by a call; every event from a restored snapshot."""
    chat = Medium("chat")
    traits = MediumTraits(chat, hears=True, promise=False, put_aside=True, keeps_leg=True)
    opened = desk(
        line(greeting="hello", greeting_mandatory=True),
        agent("anna", (VOICE, 1), (chat, 2)),
        media=(*DEFAULT_MEDIA, traits),
        interrupts=((VOICE, chat),),
    )
    story = Story(opened, forgetful=True)
    story.at(0, events.AgentReachable(ANNA, VOICE, PHONE)).at(0, events.AgentReachable(ANNA, chat, PAGE))
    story.at(0, events.AgentSignedIn(ANNA))
    number = story.arrive(0, medium=chat, channel="chat")
    assert story.heard_by(1)[0][1] == ("hello",)
    assert not story.ordered(effects.AdmitContact)[0].promise
    story.heard(2_000, number).accept(3_000, "anna")
    call = story.arrive(4_000)
    story.heard(5_000, call).accept(6_000, "anna")
    assert story.of(facts.Interrupted)[0].contact == number
    story.release(7_000, call, "anna").at(8_000, events.DeviceVanished(ANNA, PAGE)).until(60_000)
    assert story.contact(number).state == "waiting"
    story.at(61_000, events.AgentReachable(ANNA, chat, PAGE)).accept(62_000, "anna").leave(63_000, number)
    assert story.of(facts.Released)[-1].by == "caller"


# ---- what a fresh reader found, playing the stories on paper


@pytest.mark.parametrize("how", ["leaves", "is handed on", "is released"])
def test_a_conversation_that_ends_while_its_device_is_away_is_waited_for_no_longer(how: str) -> None:
    """Its wrap-up may last longer than the device is waited for; nothing is left to be given up then."""
    opened = desk(line(wrap_up=WrapUpRule(ms=200_000)), line("second", "second"), agent("anna"))
    story = Story(opened).at(0, events.AgentReachable(ANNA, VOICE, PHONE)).at(0, events.AgentSignedIn(ANNA))
    call = ContactId(story.arrive(0))
    story.accept(1_000, "anna").at(2_000, events.DeviceVanished(ANNA, PHONE))
    ends = {
        "leaves": events.ContactLeft(call),
        "is handed on": events.ContactTransferred(call, ANNA, LineId("second")),
        "is released": events.ContactReleased(call, ANNA),
    }
    story.at(10_000, ends[how]).until(400_000)
    assert story.log(facts.AgentLegLost) == []
    assert story.log(facts.WrapUpDone) == [(210_000, "WrapUpDone", call, "anna")]


def test_a_call_answered_by_a_device_that_is_away_is_not_joined_with_nobody_for_ever() -> None:
    story = equipped((VOICE, 1))
    call = story.arrive(0)
    offer = story.offer_to("anna", 500)
    story.at(1_000, events.DeviceVanished(ANNA, PHONE)).at(2_000, events.OfferAccepted(offer))
    story.until(2_000 + LEG_GRACE_MS)
    assert story.contact(call).state == "waiting"


def test_a_conversation_that_is_given_up_ends_the_leg_of_its_device() -> None:
    """In case it is there after all: its agent must not hear the caller's next one."""
    story = equipped((VOICE, 1))
    call = story.arrive(0)
    story.accept(1_000, "anna").at(2_000, events.DeviceVanished(ANNA, PHONE)).until(2_000 + LEG_GRACE_MS)
    kinds = [type(effect).__name__ for _, effect in story.effects][-2:]
    assert kinds == ["ReleaseAgent", "TreatContact"]
    assert story.ordered(effects.ReleaseAgent)[-1].carrier == PHONE
    assert story.contact(call).state == "waiting"


def test_an_offer_that_did_not_arrive_takes_nothing_else_from_its_agent() -> None:
    """The page that confirmed too late has its grace: the mail she writes is hers."""
    story = equipped()
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    story.arrive(2_000, medium=MAIL)
    story.at(3_000, events.OfferFailed(story.offer_to("anna", 3_000)))
    assert story.contact(mail).state == "connected"
    story.at(10_000, events.AgentReachable(ANNA, MAIL, PAGE)).until(600_000)
    assert story.contact(mail).state == "connected"
    assert story.of(facts.HandedBack) == []


def test_work_moves_to_another_device_of_its_agent_before_it_is_handed_back() -> None:
    story = equipped().at(0, events.AgentReachable(ANNA, MAIL, TABLET))
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna").at(5_000, events.DeviceVanished(ANNA, PAGE)).until(5_000 + GRACE_MS)
    assert story.contact(mail).state == "connected"
    joined = [effect.carrier for effect in story.ordered(effects.ConnectContact)]
    assert joined == [PAGE, TABLET]
    assert {effect.role for effect in story.ordered(effects.ConnectContact)} == {"agent"}
    assert [effect.carrier for effect in story.ordered(effects.ReleaseAgent)] == [PAGE]
    story.release(60_000, mail, "anna")


def test_work_of_a_medium_that_a_device_carries_no_more_moves_or_is_handed_back() -> None:
    """As when the device were gone, though it still carries another."""
    both = events.AgentReachable(ANNA, VOICE, PAGE), events.AgentReachable(ANNA, MAIL, TABLET)
    for more, state, carried in ((both[:1], "waiting", [PAGE]), (both, "connected", [PAGE, TABLET])):
        story = equipped()
        for event in more:
            story.at(0, event)
        mail = story.arrive(0, medium=MAIL)
        story.accept(1, "anna").at(2, events.AgentUnreachable(ANNA, MAIL, PAGE))
        assert [effect.carrier for effect in story.ordered(effects.ConnectContact)] == carried
        assert [effect.carrier for effect in story.ordered(effects.ReleaseAgent)] == [PAGE]
        assert story.contact(mail).state == state


def test_each_time_an_agent_gets_the_same_contact_his_leg_is_another_one() -> None:
    """Otherwise a device that knows repetitions by their key would leave the second one open."""
    story = equipped()
    mail = story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    story.at(1_000, events.ContactDeferred(ContactId(mail), START_MS + 60_000, ANNA)).until(60_000)
    story.accept(60_000, "anna").at(61_000, events.AgentSignedOut(ANNA))
    released = story.ordered(effects.ReleaseAgent)
    assert [effect.contact for effect in released] == [mail, mail]
    key = LAW[effects.ReleaseAgent].key
    assert len({tuple(getattr(effect, name) for name in key) for effect in released}) == 2


def lacks_its_code() -> tuple[Story, int]:
    """Anna's wrap-up ran out at three seconds, and she has not said what it was."""
    rule = WrapUpRule(ms=1_000, codes=("solved",), code_required=True)
    story = Story(desk(line(wrap_up=rule), agent("anna"), agent("bert"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").leave(2_000, call).until(10_000)
    assert story.log(facts.WrapUpOverdue) == [(3_000, "WrapUpOverdue", call, "anna")]
    return story, call


def test_a_wrap_up_that_lacks_only_its_code_ends_when_its_agent_leaves_the_desk() -> None:
    """Nobody would ever give it."""
    story, call = lacks_its_code()
    story.at(20_000, DISMISSED)
    assert story.log(facts.WrapUpDone) == [(20_000, "WrapUpDone", call, "anna")]
    assert story.engine.next_deadline() is None


def test_who_went_home_may_still_give_the_code_for_an_hour() -> None:
    story, call = lacks_its_code()
    story.at(20_000, events.AgentSignedOut(ANNA)).code(3_000_000, call, "anna", "solved")
    assert story.of(facts.WrapUpDone)[0].code == "solved"
    story, call = lacks_its_code()
    story.at(20_000, events.AgentSignedOut(ANNA)).until(3_619_999)
    assert story.of(facts.WrapUpDone) == []
    story.until(3_620_000)
    assert story.log(facts.WrapUpDone) == [(3_620_000, "WrapUpDone", call, "anna")]
    assert story.engine.next_deadline() is None


def test_who_comes_back_gives_the_code_himself_however_late() -> None:
    story, call = lacks_its_code()
    story.at(20_000, events.AgentSignedOut(ANNA)).at(30_000, events.AgentSignedIn(ANNA)).until(10_000_000)
    assert story.shown("anna") == "wrap_up"
    story.code(10_000_000, call, "anna", "solved")
    assert story.shown("anna") == "ready"
