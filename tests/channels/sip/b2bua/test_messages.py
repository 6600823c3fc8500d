"""What a caller says after the tone: when it is recorded, what ends it, and who hears it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from acd.core.effects import ConnectContact, TreatContact
from acd.core.events import ContactId, MessageRecorded, OfferId, PromptEnded
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Close, EndRecord, LegId, Play, Record, SoundId
from channels.media.sound.sounds import SILENCE
from channels.sip.b2bua import speaking
from channels.sip.b2bua.speaking import Spoken, spoken
from queues.desk import TenantId
from queues.treatment import TONE, Phrase, Playlist
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.test_treatments import key, played, told
from tests.channels.sip.b2bua.world import DESK, WELCOME, World

CONTACT = ContactId(1)
SPEAK = Playlist((Phrase("welcome"), Phrase(TONE)), "", reports=True, records_ms=60_000)
SOUND = SoundId("once-1-sound")


def asked(world: World, hears: Playlist = SPEAK) -> LegId:
    """A caller is told to speak after the tone."""
    world.invite()
    world.admit()
    effect = TreatContact(CONTACT, 1, hears, TenantId("acme.de"), carrier=Carrier("sip", world.caller_leg))
    world.carry_out(effect)
    return world.caller_leg


def recordings(world: World) -> list[Path]:
    return [Path(one.path) for one in world.media.commands if isinstance(one, Record)]


def test_it_is_recorded_after_the_tone_and_hears_no_music_meanwhile(world: World) -> None:
    leg = asked(world)
    assert played(world, leg)[-1] == Play(leg, (WELCOME, SILENCE.id), SILENCE.id, "visit 1")
    assert recordings(world) == []
    assert told(world, media.Played(leg, "visit 1")) == [PromptEnded(CONTACT, 1)]
    (path,) = recordings(world)
    assert path.is_absolute()
    assert spoken(path) == Spoken(CONTACT, 1, leg, TenantId("acme.de"))
    assert world.media.commands[-1] == Record(leg, str(path), 60_000)


def test_a_list_that_stands_after_a_restart_goes_on_recording_under_the_same_name(world: World) -> None:
    leg = asked(world)
    told(world, media.Played(leg, "visit 1"))
    world.carry_out(
        TreatContact(
            CONTACT, 1, Playlist(records_ms=60_000), TenantId("acme.de"), carrier=Carrier("sip", leg)
        )
    )
    assert told(world, media.Played(leg, "visit 1")) == []
    assert len(set(recordings(world))) == 1


def test_one_key_ends_it_and_no_other(world: World) -> None:
    leg = asked(world)
    told(world, media.Played(leg, "visit 1"))
    assert told(world, key(leg, "1")) == []
    assert world.media.sent(EndRecord) == []
    assert told(world, key(leg, speaking.END_KEY)) == []
    assert world.media.sent(EndRecord) == [EndRecord(leg)]


def test_what_is_sealed_is_kept_by_somebody_else_also_after_its_caller_has_gone(world: World) -> None:
    leg = asked(world)
    told(world, media.Played(leg, "visit 1"))
    (path,) = recordings(world)
    dialog_leg = world.calls.legs[leg]
    world.caller.layer.send_request(request_of(dialog_leg, "BYE", 2), DESK, world.now_ms)
    world.run()
    assert world.media.sent(Close) == [Close(leg)]
    assert told(world, media.Recorded(leg, str(path), 5_000, media.Ending.TOLD)) == []
    assert list(world.calls.errands) == [path]


@pytest.mark.parametrize("code", ["unwritable", "late"])
def test_a_recording_that_fails_is_told_and_ends_no_call(world: World, code: str) -> None:
    leg = asked(world)
    told(world, media.Played(leg, "visit 1"))
    failed = media.Failed(leg, "record", code, "the disk is full")
    assert told(world, failed) == [MessageRecorded(CONTACT, 1)]
    assert leg in world.calls.legs


def test_another_list_ends_a_recording_for_which_nobody_waits_any_more(world: World) -> None:
    leg = asked(world)
    told(world, media.Played(leg, "visit 1"))
    world.treat(Playlist((Phrase("welcome"),), "calm"), 2)
    assert world.media.sent(EndRecord) == [EndRecord(leg)]
    assert told(world, key(leg, speaking.END_KEY)) == []
    assert len(world.media.sent(EndRecord)) == 1


def heard(world: World) -> ConnectContact:
    """Anna has taken a message."""
    world.offer()
    world.phone_answers()
    effect = ConnectContact(
        OfferId(1), CONTACT, AgentId("anna"), recording="sound", carrier=Carrier("sip", "anna")
    )
    world.carry_out(effect)
    assert list(world.calls.errands) == [effect]
    world.calls.errands.clear()
    return effect


def test_an_agent_hears_the_message_when_it_is_read_until_he_hangs_up(world: World) -> None:
    effect = heard(world)
    speaking.play(world.calls, effect, SOUND)
    assert world.media.commands[-1] == Play(LegId("o1"), loop=SOUND)
    leg = world.calls.legs["o1"]
    world.phone.layer.send_request(request_of(leg, "BYE", 2), DESK, world.now_ms)
    world.run()
    assert list(world.calls.errands) == [SOUND], "the sound can be removed"


def test_a_message_that_is_read_for_nobody_is_removed(world: World) -> None:
    effect = heard(world)
    speaking.play(world.calls, replace(effect, offer=OfferId(2)), SOUND)
    assert list(world.calls.errands) == [SOUND]
    assert world.media.sent(Play) == []


@pytest.mark.parametrize("name", ["x.wav", "1.2.c.wav", "a.2.c.acme.wav", "1.b.c.acme.wav"])
def test_a_file_that_is_none_of_ours(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        spoken(Path("/messages") / name)
