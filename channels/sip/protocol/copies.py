"""Copies of a message with other headers."""

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from channels.sip.protocol.headers import Header, canonical


class Copies(Struct, frozen=True, dict=True, kw_only=True):
    """What has headers, and is never changed itself."""

    headers: tuple[Header, ...]

    def with_header(self, name: str, value: str) -> Self:
        """A copy in which all lines of that name are replaced by one, at the place of the first."""
        spelled = canonical(name)
        place = next((i for i, (key, _) in enumerate(self.headers) if key == spelled), len(self.headers))
        kept = [header for header in self.headers if header[0] != spelled]
        kept.insert(place, (spelled, value))
        return replace(self, headers=tuple(kept))

    def with_first(self, name: str, value: str) -> Self:
        """A copy with one more header line in front of all others."""
        return replace(self, headers=((canonical(name), value), *self.headers))

    def without(self, name: str) -> Self:
        """A copy without the headers of that name."""
        spelled = canonical(name)
        return replace(self, headers=tuple(header for header in self.headers if header[0] != spelled))
