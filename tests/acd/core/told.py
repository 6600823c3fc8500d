"""What the agents' devices were told, folded from the effects alone."""

from collections.abc import Iterable

from acd.core import effects
from acd.core.events import OfferId
from agents.devices import Carrier

_JOIN = effects.ConnectContact, effects.StepAside
_END = effects.WithdrawOffer, effects.ReleaseAgent


class ToldDevices:
    """Of each offer, the last that its device was told: which is what a restart must tell it again."""

    def __init__(self) -> None:
        self._last: dict[OfferId, effects.Effect] = {}

    def fold(self, ordered: Iterable[effects.Effect]) -> None:
        for effect in ordered:
            if isinstance(effect, (effects.OfferContact, *_JOIN)):
                self._last[effect.offer] = effect
            elif isinstance(effect, _END) and self._carrier(effect.offer) == effect.carrier:
                del self._last[effect.offer]

    def check(self, standing: Iterable[effects.Effect]) -> None:
        """An offer that rings may be told otherwise than it was: how long, and how somebody will listen."""
        for effect in standing:
            if isinstance(effect, _JOIN):
                assert self._last[effect.offer] == effect, "a device believes something else"
            elif isinstance(effect, effects.OfferContact):
                assert isinstance(self._last[effect.offer], effects.OfferContact)

    def _carrier(self, offer: OfferId) -> Carrier | None:
        last = self._last.get(offer)
        return last.carrier if last is not None else None
