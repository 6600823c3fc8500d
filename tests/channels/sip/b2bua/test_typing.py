"""Keys that a caller types: how long they are waited for, and that they are content before anything else."""

from acd.core.effects import TreatContact
from acd.core.events import ContactId, DigitsCollected, PromptEnded
from acd.core.steps import NEXT_KEY_MS
from agents.devices import Carrier
from channels.media import events as media
from channels.media.commands import Collect, LegId
from channels.sip.b2bua.calls import Typed
from channels.sip.b2bua.typing import WHILE_TOLD_MS
from queues.desk import TenantId
from queues.treatment import Phrase, Playlist
from tests.channels.sip.b2bua.test_treatments import told
from tests.channels.sip.b2bua.world import World

CONTACT = ContactId(1)
ASKS = Playlist((Phrase("welcome"),), "calm", reports=True, collects=8, collect_ms=6_000)


def asked(world: World, hears: Playlist = ASKS) -> LegId:
    world.invite()
    world.admit()
    effect = TreatContact(CONTACT, 1, hears, TenantId("acme"), carrier=Carrier("sip", world.caller_leg))
    world.carry_out(effect)
    return world.caller_leg


def over(leg: LegId, digits: str, name: str = "visit 1") -> media.Collected:
    return media.Collected(leg, name, digits, media.Ending.KEY)


def test_keys_count_from_the_first_word_on_and_are_waited_for_from_the_last(world: World) -> None:
    leg = asked(world)
    assert world.media.commands[-1] == Collect(leg, "visit 1", 8, WHILE_TOLD_MS, NEXT_KEY_MS)
    assert told(world, media.Played(leg, "visit 1")) == [PromptEnded(CONTACT, 1)]
    assert world.media.commands[-1] == Collect(leg, "visit 1", 8, 6_000, NEXT_KEY_MS)


def test_what_was_typed_is_kept_before_the_engine_hears_of_it(world: World) -> None:
    leg = asked(world)
    assert told(world, over(leg, "4711")) == []
    assert list(world.calls.errands) == [Typed(CONTACT, 1, leg, TenantId("acme"), "4711")]
    assert "4711" not in repr(world.host.records)


def test_nothing_typed_is_told_at_once(world: World) -> None:
    leg = asked(world)
    assert told(world, over(leg, "")) == [DigitsCollected(CONTACT, 1)]


def test_what_was_typed_for_another_list_concerns_nobody(world: World) -> None:
    leg = asked(world)
    assert told(world, over(leg, "4711", "visit 7")) == []
    world.treat(Playlist((Phrase("welcome"),), "calm"), 2)
    assert told(world, over(leg, "4711")) == []
    assert list(world.calls.errands) == []
