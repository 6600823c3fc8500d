"""A greeting that the channel was never told of, as the text of an incident may be, harms nobody."""

from acd.core.effects import AdmitContact
from acd.core.events import ContactId, PromptEnded
from agents.devices import Carrier
from channels.media import events as media
from channels.media.commands import LegId, Play
from channels.media.sound.music import MUSIC
from channels.media.sound.sounds import SILENCE
from tests.channels.sip.b2bua.world import World


def test_an_unknown_greeting_is_silence_whose_end_is_reported(world: World) -> None:
    world.invite()
    (leg,) = world.calls.legs
    told = ContactId(1), "a text nobody spoke", True, "default"
    world.carry_out(AdmitContact(*told, carrier=Carrier("sip", leg)))
    assert world.media.sent(Play) == [Play(LegId(leg), (SILENCE.id,), MUSIC, "greeting 1")]
    world.media.tell(media.Played(LegId(leg), "greeting 1"))
    world.run()
    assert world.host.events[-1] == PromptEnded(ContactId(1))
