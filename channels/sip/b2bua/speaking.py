"""What a caller says after the tone, as a file until it is kept; and an agent who hears it."""

from pathlib import Path
from typing import NamedTuple

from acd.core.effects import ConnectContact, TreatContact
from acd.core.events import ContactId, MessageRecorded
from channels.media.commands import EndRecord, LegId, Play, Record, SoundId
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg
from queues.desk import TenantId

END_KEY = "#"

FOLDER = "messages"
SUFFIX = ".wav"


class Spoken(NamedTuple):
    """What a recording is of. It is the name of its file, so that a killed server leaves no riddle."""

    contact: ContactId
    visit: int
    ref: str
    """The caller's leg."""
    tenant: TenantId

    @property
    def file_name(self) -> str:
        return f"{self.contact}.{self.visit}.{self.ref}.{self.tenant}{SUFFIX}"


def spoken(path: Path) -> Spoken:
    """What this recording is of. Raises ValueError: it is none of ours."""
    contact, visit, ref, tenant = path.name.removesuffix(SUFFIX).split(".", 3)
    return Spoken(ContactId(int(contact)), int(visit), ref, TenantId(tenant))


# Recording


def record(calls: Calls, leg: Leg, ordered: TreatContact) -> None:
    """The tone is over. A repetition changes nothing: the media know the recording by its name."""
    name = Spoken(ordered.contact, ordered.visit, leg.id, ordered.tenant).file_name
    path = calls.settings.runtime_dir / FOLDER / name
    calls.media.send(Record(leg.id, str(path.absolute()), ordered.hears.records_ms))


def pressed(calls: Calls, leg: Leg, key: str) -> bool:
    """A key while he speaks; False: he does not, or it ends nothing."""
    if key != END_KEY or leg.hears is None or not leg.hears.hears.records_ms:
        return False
    calls.media.send(EndRecord(leg.id))
    return True


def cut_off(calls: Calls, leg: Leg) -> None:
    """He is to hear something else; what he has said is not waited for any more, if it ever was."""
    if leg.hears is not None and leg.hears.hears.records_ms:
        calls.media.send(EndRecord(leg.id))


def failed(calls: Calls, leg: Leg) -> None:
    """The disk is full, or the media are late: nothing is kept, and the call goes on."""
    if leg.hears is not None and leg.hears.hears.records_ms:
        calls.tell(MessageRecorded(leg.hears.contact, leg.hears.visit))


# Hearing


def hear(calls: Calls, effect: ConnectContact) -> None:
    """The agent is to hear a message, once somebody has read it."""
    calls.leave_to_others(effect)


def play(calls: Calls, effect: ConnectContact, sound: SoundId) -> None:
    """It is read: he hears it, again and again, until he hangs up. He may have gone meanwhile."""
    leg = calls.agent_of(effect.offer)
    if leg is None or leg not in leg.call.talking:
        calls.leave_to_others(sound)
        return
    leg.message = sound
    calls.media.send(Play(LegId(leg.id), loop=sound))
