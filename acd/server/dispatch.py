"""Effects to those who carry them out: by medium to the channels, what agents see to the subscribers."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from acd.core.effects import Effect, ShowAgent
from acd.ports import Channel
from queues.desk import Medium

_log = structlog.get_logger("acd.dispatch")

Show = Callable[[ShowAgent], None]
"""A desktop, a board or a publisher that wants to know the states of agents; must not block."""


class NobodyServes(LookupError):
    """The engine has a contact of a medium whose channel is not configured (any more)."""


class Dispatch:
    """Routes effects. What fails in a channel is logged and counted; it never reaches the loop."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        """Raises ValueError when two channels claim the same medium."""
        self._by_medium: dict[Medium, Channel] = {}
        self._shows: list[Show] = []
        self.carried: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        for channel in channels:
            for medium in channel.media:
                taken = self._by_medium.setdefault(medium, channel)
                if taken is not channel:
                    raise ValueError(f"both {taken.name} and {channel.name} claim medium {medium.value}")

    def subscribe(self, show: Show) -> Callable[[], None]:
        """From now on call `show` with every ShowAgent; returns what ends the subscription."""
        self._shows.append(show)
        return lambda: self._shows.remove(show)

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        """Hand the effect on. Never raises."""
        if isinstance(effect, ShowAgent):
            attempts = [
                self._attempt(partial(show, effect), effect, seq, index) for show in tuple(self._shows)
            ]
            done = all(attempts)  # each is told, whatever became of the others
        else:
            done = self._attempt(
                lambda: self._channel_of(effect).carry_out(effect, seq, index), effect, seq, index
            )
        if done:
            self.carried[type(effect).__name__] += 1

    def _channel_of(self, effect: Effect) -> Channel:
        medium: Medium = effect.medium  # type: ignore[attr-defined]
        found = self._by_medium.get(medium)
        if found is None:
            raise NobodyServes(f"no channel serves {medium.value}")
        return found

    def _attempt(self, action: Callable[[], None], effect: Effect, seq: int, index: int) -> bool:
        try:
            action()
        except Exception as failure:  # the one place where a channel's mistake must not become everybody's
            kind, contact = type(effect).__name__, getattr(effect, "contact", None)
            self.failed[kind] += 1
            _log.error("effect failed", effect=kind, seq=seq, index=index, contact=contact, exc_info=failure)
            return False
        return True
