"""Effects to the channels that carry them out."""

from collections import Counter
from collections.abc import Callable, Iterable

import structlog

from acd.core.effects import ConnectContact, Effect, OfferContact, PlaceCall, ReceiveContact, StepAside
from acd.core.events import CallFailed, ConsultEnded, ContactReceived, Event, LegLost, OfferFailed
from acd.core.law import contact_of
from acd.ports import Channel

_log = structlog.get_logger("acd.dispatch")


Tell = Callable[[Event, str], None]
"""Called with an event and the channel that is to blame; must hand it on later, not at once."""


class NobodyServes(LookupError):
    """The engine has a contact or a device of a channel that is not configured (any more)."""


class Dispatch:
    """Routes effects. What fails in a channel is logged and counted; it never reaches the loop.

    An agent is not to be blamed for it: the engine is told that the offer did not reach him, that he was not
    joined, that the party could not be called, or that nothing is received.
    """

    def __init__(self, channels: Iterable[Channel], tell: Tell) -> None:
        """Raises ValueError: two have the same name."""
        self._tell = tell
        self._channels: dict[str, Channel] = {}
        for channel in channels:
            if self._channels.setdefault(channel.name, channel) is not channel:
                raise ValueError(f"two channels are called {channel.name}")
        self.carried: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        """Hand the effect on. Never raises."""
        kind = type(effect).__name__
        try:
            self._channel_of(effect).carry_out(effect, seq, index)
        except Exception as failure:  # the one place where a channel's mistake must not become everybody's
            self.failed[kind] += 1
            number = contact_of(effect)
            _log.error("effect failed", effect=kind, seq=seq, index=index, contact=number, exc_info=failure)
            event = _instead(effect)
            if event is not None:
                self._tell(event, effect.carrier.channel)
        else:
            self.carried[kind] += 1

    def _channel_of(self, effect: Effect) -> Channel:
        found = self._channels.get(effect.carrier.channel)
        if found is None:
            raise NobodyServes(f"there is no channel {effect.carrier.channel}")
        return found


def _instead(effect: Effect) -> Event | None:
    """What is true when the effect was not carried out; None: the engine knows no word for it."""
    match effect:
        case OfferContact():
            return OfferFailed(effect.offer)
        case ConnectContact():
            return LegLost(effect.contact, effect.agent)
        case StepAside():
            return ConsultEnded(effect.contact, effect.agent)
        case PlaceCall():
            return CallFailed(effect.call, "failed")
        case ReceiveContact():
            return ContactReceived(effect.contact, 0, complete=False)
        case _:
            return None
