"""Which entry of the desk a dialled number leads to, however it is written (E.164, RFC 3966)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from acd.directory.numbers import Numbering, read_number
from agents.capacity import VOICE
from config.entries import block_of, entry_id
from config.errors import Problem
from config.schema import Site
from queues.desk import Entry, EntryId

_CONTEXT = re.compile(r"(?:^|;)phone-context=(\+[0-9().-]+)(?:;|$)", re.IGNORECASE)


class _Block(NamedTuple):
    """Direct-dial numbers of equal length, in normal form without `+`: from the first to the last."""

    length: int
    first: int
    last: int
    outside: bool
    """It has a country code."""
    entry: EntryId

    def overlaps(self, other: "_Block") -> bool:
        same = (self.length, self.outside) == (other.length, other.outside)
        return same and self.first <= other.last and other.first <= self.last


class Dialled:
    """Entries by every way of writing their numbers. A single number goes before a block."""

    def __init__(self, site: Site) -> None:
        self._digits = site.directory.internal_digits
        self._regions = tuple(dict.fromkeys(site.directory.regions.values())) or ("",)
        entries = [entry for entry in site.desk.entries if entry.medium == VOICE]
        self._exact = {str(entry.id): entry.id for entry in entries}
        self._normal: dict[str, EntryId] = {}
        self._blocks: list[_Block] = []
        self.twice: list[tuple[EntryId, EntryId]] = []
        """Entries that share a number: which of them takes a call would be chance."""
        for entry in entries:
            self._take(entry, site.directory.regions.get(entry.tenant, ""))

    def _take(self, entry: Entry, region: str) -> None:
        block = block_of(entry.id)
        if block is None:
            other = self._normal.setdefault(self._read(entry.id, region), entry.id)
            if other != entry.id:
                self.twice.append((other, entry.id))
            return
        first, last = (self._read(number, region) for number in block)
        outside = first.startswith("+")
        digits = first.removeprefix("+"), last.removeprefix("+")
        found = _Block(len(digits[0]), int(digits[0]), int(digits[1]), outside, entry.id)
        self.twice += [(one.entry, entry.id) for one in self._blocks if one.overlaps(found)]
        self._blocks.append(found)

    def _read(self, text: str, region: str) -> str:
        """In normal form; what is no number stays as it is."""
        number = read_number(text, Numbering(region, self._digits))
        return text if number is None else number.normal

    def entry_of(self, user: str, region: str = "") -> EntryId | None:
        """The entry that this user part names; `region`: country of the network that wrote it, if it says so.

        Parameters of the number do not count (`;npdi;rn=…` of a ported one, RFC 4694), but for the prefix
        that a local number lacks (`;phone-context=+4930`, RFC 3966 §5.1.5).
        """
        text, _, parameters = user.partition(";")
        if (within := _CONTEXT.search(parameters)) is not None and not text.startswith("+"):
            text = within[1] + text
        if (found := self._exact.get(entry_id(VOICE, text) or text)) is not None:
            return found
        for number in self._readings(text, region):
            if (found := self._normal.get(number) or self._in_block(number)) is not None:
                return found
        return None

    def _readings(self, text: str, region: str) -> Iterator[str]:
        for one in (region,) if region else self._regions:
            number = read_number(text, Numbering(one, self._digits))
            if number is not None:
                yield number.normal

    def _in_block(self, number: str) -> EntryId | None:
        digits = number.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            return None
        length, value, outside = len(digits), int(digits), number.startswith("+")
        for block in self._blocks:
            if (block.length, block.outside) == (length, outside) and block.first <= value <= block.last:
                return block.entry
        return None

    def problems(self, file: str) -> list[Problem]:
        """What is wrong with the entries, for `acd check`."""
        return [
            Problem(file, f'entries.voice."{later}"', f'shares numbers with the entry "{first}"')
            for first, later in self.twice
        ]


def titles(site: Site, parts: Sequence[str]) -> Mapping[str, str]:
    """Entry → what an agent's phone shows of it: its client, its line, or both."""
    found: dict[str, str] = {}
    for entry in site.desk.entries:
        names = site.names
        words = {
            "client": names.tenants.get(entry.tenant, entry.tenant),
            "line": names.lines.get(entry.line, entry.line),
        }
        title = " ".join(words[part] for part in words if part in parts)
        found[entry.id] = " ".join(title.split())  # a name may have a line break, which ends a header
    return found
