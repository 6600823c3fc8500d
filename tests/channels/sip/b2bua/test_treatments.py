"""What a party hears who waits, when that is over, and which of its keys count."""

from acd.core.effects import ReleaseAgent, TreatContact
from acd.core.events import (
    ContactArrived,
    ContactHeld,
    ContactId,
    Event,
    KeyPressed,
    LegLost,
    OfferId,
    PromptEnded,
)
from acd.core.participants import Sound
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Answer, Command, Join, Leave, LegId, Play
from channels.media.negotiation import AudioSession
from channels.media.sdp import Direction
from channels.media.sound.music import MUSIC
from channels.media.sound.sounds import SILENCE
from channels.sip.b2bua.treating import PAUSE_MS
from queues.desk import Order
from queues.treatment import Phrase, Playlist
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.live import TREATMENTS, Live
from tests.channels.sip.b2bua.test_media_answers import reinvite, talk
from tests.channels.sip.b2bua.test_restart import CONNECTED, admission, killed
from tests.channels.sip.b2bua.world import CALM, CHOOSE, DESK, WELCOME, World

CONTACT = ContactId(1)
GREETING = Playlist((Phrase("welcome"),), "default", reports=True)
MENU = Playlist((Phrase("choose"),), "calm", reports=True, keys="12")
OURS = AudioSession(1, "192.0.2.1", 20_000).offer()


def waits(world: World, hears: Playlist) -> LegId:
    """A caller hears this list, the first of his."""
    world.invite()
    world.admit()
    world.treat(hears)
    return world.caller_leg


def told(world: World, event: media.Event) -> list[Event]:
    """What the engine is told when the media say this."""
    before = len(world.host.events)
    world.media.tell(event)
    world.run()
    return world.host.events[before:]


def played(world: World, leg: LegId) -> list[Command]:
    return [one for one in world.media.commands if isinstance(one, Play) and one.leg == leg]


# Lists


def test_a_list_is_played_as_texts_and_then_music(world: World) -> None:
    leg = waits(world, Playlist((Phrase("welcome"), Phrase("choose")), "calm"))
    assert played(world, leg)[-1] == Play(leg, (WELCOME, CHOOSE), CALM, "visit 1")


def test_an_unknown_text_is_silence_whose_end_is_reported(world: World) -> None:
    """Nobody told the channel of it, as may be with the text of an incident."""
    leg = waits(world, Playlist((Phrase("a text nobody spoke"),), "default", reports=True))
    assert played(world, leg)[-1] == Play(leg, (SILENCE.id,), MUSIC, "visit 1")
    assert told(world, media.Played(leg, "visit 1")) == [PromptEnded(CONTACT, 1)]


def test_a_list_without_texts_replaces_the_texts_before_it(world: World) -> None:
    """By its name: music alone would let them go on."""
    leg = waits(world, GREETING)
    world.treat(Playlist(music="calm"), 2)
    assert played(world, leg)[-1] == Play(leg, (), CALM, "visit 2")


def test_a_list_without_music_goes_on_with_the_music_of_the_one_before(world: World) -> None:
    leg = waits(world, Playlist(music="calm"))
    world.treat(Playlist((Phrase("welcome"),)), 2)
    assert played(world, leg)[-1] == Play(leg, (WELCOME,), CALM, "visit 2")


def test_a_list_that_comes_before_the_media_have_answered_is_all_that_is_heard_then(world: World) -> None:
    world.media.deaf = True
    leg = waits(world, MENU)
    assert played(world, leg) == []
    world.media.tell(media.Answered(leg, OURS, held=False))
    world.run()
    assert played(world, leg) == [Play(leg, (CHOOSE,), CALM, "visit 1")]


def test_of_two_lists_that_come_before_the_answer_the_newer_one_is_heard(world: World) -> None:
    world.media.deaf = True
    leg = waits(world, MENU)
    world.treat(GREETING, 2)
    world.media.tell(media.Answered(leg, OURS, held=False))
    world.run()
    assert played(world, leg) == [Play(leg, (WELCOME,), MUSIC, "visit 2")]


def test_who_is_connected_before_the_answer_hears_the_agent_and_no_list(world: World) -> None:
    world.media.deaf = True
    leg = waits(world, MENU)
    world.media.deaf = False
    world.offer()
    world.phone_answers()
    world.connect()
    world.media.tell(media.Answered(leg, OURS, held=False))
    world.run()
    assert played(world, leg) == []
    assert isinstance(world.media.commands[-1], Join)


def test_a_list_for_a_caller_who_has_hung_up_meanwhile_is_for_nobody(world: World) -> None:
    effect = TreatContact(CONTACT, 2, MENU, carrier=Carrier("sip", waits(world, GREETING)))
    leg = world.calls.legs[world.caller_leg]
    world.caller.layer.send_request(request_of(leg, "BYE", 2), DESK, world.now_ms)
    world.run()
    before = list(world.media.commands)
    world.carry_out(effect)
    assert (world.media.commands, world.calls.by_contact) == (before, {})


def test_a_new_session_and_hold_while_waiting_leave_the_list_alone(world: World) -> None:
    leg = waits(world, MENU)
    before = len(world.media.commands)
    reinvite(world, Direction.SENDONLY, 2)
    reinvite(world, Direction.SENDRECV, 3)
    assert {type(command) for command in world.media.commands[before:]} == {Answer}
    assert told(world, media.Played(leg, "visit 1")) == [PromptEnded(CONTACT, 1)]


# Its end


def test_the_end_of_a_list_is_told_if_it_is_waited_for(world: World) -> None:
    leg = waits(world, Playlist((Phrase("welcome"),), "default"))
    assert told(world, media.Played(leg, "visit 1")) == []
    world.treat(GREETING, 2)
    assert told(world, media.Played(leg, "visit 2")) == [PromptEnded(CONTACT, 2)]


def test_the_end_of_an_earlier_list_tells_nothing(world: World) -> None:
    leg = waits(world, GREETING)
    world.treat(MENU, 2)
    assert told(world, media.Played(leg, "visit 1")) == []


def test_the_end_of_a_list_that_crosses_the_agent_s_answer_tells_nothing(world: World) -> None:
    leg = waits(world, GREETING)
    world.offer()
    world.phone_answers()
    world.connect()
    assert told(world, media.Played(leg, "visit 1")) == []


# Keys


def key(leg: LegId, digit: str, visit: int = 1) -> media.Digit:
    """Pressed while it hears this list."""
    return media.Digit(leg, digit, f"visit {visit}")


def test_a_key_of_an_earlier_list_is_told_a_second_time_and_chooses_nothing(world: World) -> None:
    """The media tell the next server what a killed one may not have written."""
    leg = waits(world, MENU)
    told(world, key(leg, "1"))
    world.treat(MENU, 2)
    world.pass_time(PAUSE_MS)
    assert told(world, key(leg, "1", 1)) == []
    assert told(world, key(leg, "1", 2)) == [KeyPressed(CONTACT, 2, "1")]


def test_a_key_is_told_if_the_list_asks_for_it_and_else_counted(world: World) -> None:
    leg = waits(world, MENU)
    assert told(world, key(leg, "3")) == []
    assert told(world, key(leg, "2")) == [KeyPressed(CONTACT, 1, "2")]
    assert world.telling.counts == {"digit": 1}


def test_of_each_list_the_first_key_is_told(world: World) -> None:
    """Impatience must not choose from the next menu."""
    leg = waits(world, MENU)
    told(world, key(leg, "1"))
    assert told(world, key(leg, "1")) == told(world, key(leg, "2")) == []
    world.treat(MENU, 2)
    assert told(world, key(leg, "2", 2)) == [], "pressed too soon to be for this list"
    world.pass_time(PAUSE_MS)
    assert told(world, key(leg, "2", 2)) == [KeyPressed(CONTACT, 2, "2")]


def test_a_key_counts_before_the_text_is_over_and_after(world: World) -> None:
    leg = waits(world, MENU)
    told(world, media.Played(leg, "visit 1"))
    assert told(world, key(leg, "1")) == [KeyPressed(CONTACT, 1, "1")]


def test_keys_of_who_talks_are_nobody_s_concern(world: World) -> None:
    leg = waits(world, MENU)
    world.offer()
    world.phone_answers()
    world.connect()
    assert told(world, key(leg, "1")) == told(world, key(LegId("o1"), "1")) == []


def test_a_key_that_the_engine_does_not_wait_for_any_more_appears_in_no_count(world: World) -> None:
    leg = waits(world, MENU)
    world.host.rejects = {KeyPressed}
    assert told(world, key(leg, "1")) == []
    assert world.telling.counts == {"stale KeyPressed": 1}


# After a conversation


def test_who_is_handed_on_leaves_the_room_and_hears_the_list(world: World) -> None:
    talk(world)
    leg = world.caller_leg
    world.treat(MENU, 4)
    assert world.media.commands[-2:] == [Leave(leg), Play(leg, (CHOOSE,), CALM, "visit 4")]
    assert told(world, key(leg, "1", 4)) == [KeyPressed(CONTACT, 4, "1")]


def test_an_agent_who_is_off_the_contact_cannot_hold_it_any_more(world: World) -> None:
    """His phone has not heard yet that he is."""
    talk(world)
    agent = world.calls.legs["o1"]
    world.treat(MENU, 2)
    before = len(world.media.commands)
    sdp = AudioSession(1, "192.0.2.9", 40_000).offer().replace(b"sendrecv", b"sendonly")
    kind = ("Content-Type", "application/sdp")
    hold = request_of(agent, "INVITE", 2, ("Contact", "<sip:anna@192.0.2.9>"), kind, body=sdp)
    world.phone.layer.send_request(hold, DESK, world.now_ms)
    world.run()
    assert [type(command) for command in world.media.commands[before:]] == [Answer]
    assert not [event for event in world.host.events if isinstance(event, ContactHeld)]
    world.carry_out(ReleaseAgent(CONTACT, AgentId("anna"), OfferId(1), carrier=Carrier("sip", "anna")))
    assert world.phone.requests[-1].request.method == "BYE"


def test_music_on_hold_is_that_of_the_last_list(world: World) -> None:
    leg = waits(world, Playlist(music="calm"))
    world.offer()
    world.phone_answers()
    world.connect()
    reinvite(world, Direction.SENDONLY, 2)
    assert world.media.commands[-1] == Play(LegId("o1"), loop=CALM)
    assert told(world, media.Played(leg, "visit 1")) == []


def test_a_party_whom_we_called_hears_a_list_when_the_agent_who_waited_for_it_goes(world: World) -> None:
    world.agent_waits()
    world.party_answers()
    world.admit_called()
    assert played(world, LegId("c7")) == []
    world.treat(MENU)
    assert played(world, LegId("c7")) == [Play(LegId("c7"), (CHOOSE,), CALM, "visit 1")]


# After a restart


def test_a_list_that_stands_is_all_that_its_party_hears_after_a_restart(world: World) -> None:
    """By its name the media see that they play it already; the line's music would be one list more."""
    leg = waits(world, MENU)
    standing = TreatContact(CONTACT, 1, MENU, carrier=Carrier("sip", leg))
    after = killed(world, [admission(world), standing])
    assert played(after, leg) == played(world, leg)[-1:]
    assert told(after, media.Played(leg, "visit 1")) == [PromptEnded(CONTACT, 1)]
    assert told(after, key(leg, "2")) == [KeyPressed(CONTACT, 1, "2")]


def test_texts_for_which_nobody_waits_are_not_played_again_after_a_restart(world: World) -> None:
    """The same name without them: media that play them already go on."""
    leg = waits(world, MENU)
    standing = TreatContact(CONTACT, 1, Playlist((), "calm", keys="12"), carrier=Carrier("sip", leg))
    after = killed(world, [admission(world), standing])
    assert played(after, leg) == [Play(leg, (), CALM, "visit 1")]
    assert told(after, key(leg, "2")) == [KeyPressed(CONTACT, 1, "2")]


def test_killed_before_the_media_answered_the_list_is_heard_with_the_answer(world: World) -> None:
    world.media.deaf = True
    leg = waits(world, MENU)
    standing = TreatContact(CONTACT, 1, MENU, carrier=Carrier("sip", leg))
    after = killed(world, [admission(world), standing])
    assert world.caller.statuses == [100, 200]
    assert played(after, leg) == [Play(leg, (CHOOSE,), CALM, "visit 1")]


def test_killed_while_they_talk_no_list_comes_between(world: World) -> None:
    leg = waits(world, MENU)
    world.offer()
    world.phone_answers()
    world.connect()
    after = killed(world, [admission(world), CONNECTED])
    assert [type(command) for command in after.media.commands if command.leg == leg][-1] is Join
    assert told(after, key(leg, "1")) == told(after, media.Played(leg, "visit 1")) == []


def test_a_list_that_stands_for_a_leg_without_a_record_is_lost_with_it(world: World) -> None:
    standing = TreatContact(CONTACT, 1, MENU, carrier=Carrier("sip", waits(world, MENU)))
    after = killed(world, [admission(world), standing], records={})
    assert after.host.events == [LegLost(CONTACT, None, standing.carrier.ref)]
    assert after.media.commands == []


# The whole of it


def test_the_desk_is_told_what_it_means_to_call_back_there(world: World) -> None:
    world.invite()
    arrived = world.host.events[0]
    assert isinstance(arrived, ContactArrived)
    assert arrived.dial_class == "local"


def test_who_chooses_a_callback_is_told_so_let_go_and_called_back() -> None:
    live = Live(Order.AGENT_FIRST, TREATMENTS)
    live.invite()
    live.settle()
    (leg,) = live.up()
    live.media.tell(key(leg.id, "2"))
    live.settle()
    assert [contact.parked for contact in live.contacts] == [False], "he is told first"
    live.media.tell(media.Played(leg.id, f"visit {live.contacts[0].visit}"))
    live.settle()
    assert [contact.parked for contact in live.contacts] == [True]
    assert [new.request.method for new in live.caller.requests] == ["BYE"]
    live.phone_answers()
    live.settle()
    live.party_answers()
    live.settle()
    assert set(live.heard().values()) == {Sound.OTHERS}
