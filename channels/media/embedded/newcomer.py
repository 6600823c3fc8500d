"""Who sends from where the peer was not heard before: after how much he is believed to be the peer."""

from typing import Final

from channels.media.rtp import Address

NEEDED: Final = 3
"""Packets in a row. One alone may be forged, or a straggler of another call; three are 60 ms of sound."""
GAP: Final = 3
"""So many numbers further on, at most: some may be lost on the way."""


class Newcomer:
    """The last sender who may be the peer, and how much of one stream has come from him."""

    __slots__ = ("_last", "_seen", "_who")

    def __init__(self) -> None:
        self._who: tuple[Address, int] | None = None
        self._last = self._seen = 0

    def is_believed(self, sender: Address, source: int, sequence: int) -> bool:
        """One more packet: its sender, its stream (SSRC) and its number. Then all begins anew."""
        ahead = (sequence - self._last) & 0xFFFF
        follows = self._who == (sender, source) and 0 < ahead <= GAP
        self._who, self._last = (sender, source), sequence
        self._seen = self._seen + 1 if follows else 1
        if self._seen < NEEDED:
            return False
        self._who, self._seen = None, 0
        return True
