"""What a party hears who waits: lists of texts and music, their end, and the keys that they ask for."""

from acd.core.effects import TreatContact
from acd.core.events import KeyPressed, PromptEnded
from agents.states import LISTENERS
from channels.media.commands import Leave, Play
from channels.media.sound.sounds import SILENCE
from channels.sip.b2bua import speaking, typing
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegStage

PAUSE_MS = 300
"""Nobody chooses faster; who presses twice in this time has pressed once."""

# What the engine says


def treated(calls: Calls, effect: TreatContact) -> None:
    """This is what it hears from now on, or as soon as it is there; whoever talked to it does so no more."""
    leg = calls.caller_of(effect.contact)
    if leg is None:  # its end has been told
        return
    speaking.cut_off(calls, leg)
    leg.hears, leg.place = effect, ""
    leg.call.talking[:] = [one for one in leg.call.talking if one.role in LISTENERS]
    calls.arrange(leg.call)
    leg.record.music = effect.hears.music or leg.record.music
    if leg.record.stage is LegStage.UP:
        play(calls, leg)


def play(calls: Calls, leg: Leg) -> None:
    """Its list; without one the music of its line, while a text that it hears just now goes on.

    A restart may repeat it: by its name the media know whether they play the list already, or have played it.
    """
    ordered, sounds = leg.hears, calls.settings.sounds
    loop = sounds.music(leg.record.music)
    if ordered is None:
        calls.media.send(Play(leg.id, loop=loop))
    else:
        texts = sounds.say(ordered.hears.says, ordered.hears.language)
        if ordered.hears.records_ms:  # he must not hear music, nor we record it
            loop = SILENCE.id
        calls.send((Leave(leg.id), Play(leg.id, texts, loop, _name(ordered))))
        if ordered.hears.collects:  # keys count from the first word on
            typing.collect(calls, leg, ordered, _name(ordered), typing.WHILE_TOLD_MS)


def music_changed(calls: Calls) -> None:
    """Sounds have changed: who waits hears the music of the new ones; texts that are being told go on."""
    sounds = calls.settings.sounds
    for leg in calls.legs.values():
        told = leg.hears.hears if leg.hears is not None else None
        waits = leg.is_caller and leg.record.stage is LegStage.UP and not leg.call.talking
        if waits and not (told is not None and told.records_ms):
            calls.media.send(Play(leg.id, loop=sounds.music(leg.record.music)))


def _name(ordered: TreatContact) -> str:
    return f"visit {ordered.visit}"


# What the media say


def played(calls: Calls, leg: Leg, name: str) -> None:
    """Texts are over; the end of an earlier list concerns nobody any more."""
    ordered = leg.hears
    if ordered is None or name != _name(ordered):
        return
    if ordered.hears.records_ms:
        speaking.record(calls, leg, ordered)
    if ordered.hears.collects:
        typing.collect(calls, leg, ordered, name, ordered.hears.collect_ms)
    if ordered.hears.reports:
        calls.tell(PromptEnded(ordered.contact, ordered.visit))


def collected(calls: Calls, leg: Leg, name: str, digits: str) -> None:
    """A string of keys; of another list it concerns nobody any more."""
    ordered = leg.hears
    if ordered is not None and ordered.hears.collects and name == _name(ordered):
        typing.typed(calls, leg, ordered, digits)


def pressed(calls: Calls, leg: Leg, key: str, name: str) -> bool:
    """A key while it hears the list of this name; False: nobody asks for it.

    Of each list the first one counts, and one in PAUSE_MS.

    A menu that leads to a menu would take a second press for its own, and a storm of keys fill the disk. It
    is told to the engine and written nowhere else, since keys may be personal data.
    """
    ordered = leg.hears
    if ordered is None or name != _name(ordered):
        return False
    if speaking.pressed(calls, leg, key):
        return True
    if key not in ordered.hears.keys or leg.keyed == ordered.visit:
        return False
    if calls.now_ms < leg.keyed_ms + PAUSE_MS:
        return False
    leg.keyed, leg.keyed_ms = ordered.visit, calls.now_ms
    calls.tell(KeyPressed(ordered.contact, ordered.visit, key))
    return True
