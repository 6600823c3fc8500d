"""What every event is, and the words that several of them share."""

from typing import Literal

from msgspec import Struct

from agents.devices import Carrier

Diversion = Literal["voicemail", "callback"]
"""The services for which a waiting contact may leave its line."""


Listening = Literal["listen", "whisper", "barge"]
"""Nobody hears the supervisor; only agents do; everybody does."""

CHANNELS_TELL = frozenset(("busy", "no answer", "refused", "failed"))
"""The results that a channel tells; the engine finds the others itself."""

FIRST_CHANNEL = "sip"
"""Journals of 0.1.0 name no channel: there was only this one."""

FIRST_DEVICE = Carrier(FIRST_CHANNEL, "")
"""Nor do they name devices: an agent had one phone."""


class Event(Struct, frozen=True, gc=False):
    """Base of all events. Journals name each by its tag, which therefore stays when its class is renamed."""
