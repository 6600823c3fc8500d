"""A greeting that the channel was never told of, as the text of an incident may be, harms nobody."""

from typing import Any

import pytest

from acd.core.effects import AdmitContact
from acd.core.events import ContactId, PromptEnded
from agents.capacity import VOICE
from channels.media import port as media
from channels.media.port import LegId
from channels.media.sound.sounds import SILENCE
from channels.sip.b2bua.switch import heard
from tests.channels.sip.b2bua.world import World


def test_an_unknown_greeting_is_silence_whose_end_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        world.media, "play", lambda leg, sounds, play="": played.append((leg, sounds, play)), raising=False
    )
    world.invite()
    (leg,) = world.exchange.legs
    world.carry_out(AdmitContact(ContactId(1), leg, VOICE, "a text nobody spoke", True, "default"))
    assert played == [(leg, (SILENCE.id,), "greeting 1")]
    heard(world.exchange, media.PromptEnded(LegId(leg), "greeting 1"))
    assert world.host.events[-1] == PromptEnded(ContactId(1))
