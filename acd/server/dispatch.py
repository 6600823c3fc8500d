"""Effects to the channels that carry them out."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from acd.core.effects import (
    ConnectContact,
    Effect,
    OfferContact,
    PlaceCall,
    ReceiveContact,
    SendNotice,
    StepAside,
)
from acd.core.events import (
    CallFailed,
    ConsultEnded,
    ContactReceived,
    Event,
    LegLost,
    NoticeTaken,
    OfferFailed,
)
from acd.core.law import contact_of
from acd.ports import Channel

_log = structlog.get_logger("acd.dispatch")


AGAIN_S = (0.2, 1.0, 5.0)
"""Pauses before an effect that failed is tried again; a channel that fails for longer has lost it."""

Later = Callable[[float, Callable[[], None]], object]

Tell = Callable[[Event, str], None]
"""Called with an event and the channel that is to blame; must hand it on later, not at once."""


class NobodyServes(LookupError):
    """The engine has a contact or a device of a channel that is not configured (any more)."""


class Dispatch:
    """Routes effects. What fails in a channel is logged and counted; it never reaches the loop.

    An agent is not to be blamed for it: the engine is told that the offer did not reach him, that he was not
    joined, that the party could not be called, or that nothing is received. What it has no word for is tried
    again, AGAIN_S later; what comes for the same contact meanwhile waits behind it.
    """

    def __init__(self, channels: Iterable[Channel], tell: Tell, later: Later) -> None:
        """`later(s, work)`: do `work` after so many seconds. Raises ValueError: two have the same name."""
        self._tell = tell
        self._later = later
        self._behind: dict[int, deque[tuple[Effect, int, int]]] = {}
        """Contact → what waits, the one that failed first."""
        self._channels: dict[str, Channel] = {}
        for channel in channels:
            if self._channels.setdefault(channel.name, channel) is not channel:
                raise ValueError(f"two channels are called {channel.name}")
        self.carried: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        """Hand the effect on. Never raises."""
        if self._behind and (behind := self._behind.get(contact_of(effect))) is not None:
            behind.append((effect, seq, index))
        elif not self._done(effect, seq, index):
            number = contact_of(effect)
            self._behind[number] = deque([(effect, seq, index)])
            self._later(AGAIN_S[0], partial(self._again, number, 0))

    def _done(self, effect: Effect, seq: int, index: int) -> bool:
        """Whether nothing is left to do: it was carried out, the engine is told, or nobody could do it."""
        kind = type(effect).__name__
        try:
            channel = self._channels.get(effect.carrier.channel)
            if channel is None:
                raise NobodyServes(f"there is no channel {effect.carrier.channel}")
            channel.carry_out(effect, seq, index)
        except Exception as failure:  # the one place where a channel's mistake must not become everybody's
            self.failed[kind] += 1
            number = contact_of(effect)
            _log.error("effect failed", effect=kind, seq=seq, index=index, contact=number, exc_info=failure)
            event = _instead(effect)
            if event is not None:
                self._tell(event, effect.carrier.channel)
            return event is not None or not number or isinstance(failure, NobodyServes)
        self.carried[kind] += 1
        return True

    def _again(self, number: int, tried: int) -> None:
        """The one that failed, then what came after it; what fails at last is left."""
        behind, last = self._behind[number], tried + 1 >= len(AGAIN_S)
        while behind:
            if not self._done(*behind[0]) and not last:
                self._later(AGAIN_S[tried + 1], partial(self._again, number, tried + 1))
                return
            behind.popleft()
        del self._behind[number]


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
        case SendNotice():
            return NoticeTaken(effect.escalation, taken=False)
        case ReceiveContact():
            return ContactReceived(effect.contact, 0, complete=False)
        case _:
            return None
