"""The lists that hold, in memory: who an address is at a moment. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from acd.directory.addresses import fax_id, mail_address
from acd.directory.numbers import Numbering, read_number
from acd.directory.rows import FOR_EVER_MS, Key, Row, keys_of
from acd.directory.store import ListName
from acd.ports import DialClass, Identified, PartyKind
from config.schema import ListKind


class HeldList:
    """One version of a list, by key."""

    def __init__(self, version: int, rows: Iterable[Row]) -> None:
        self.version = version
        self.rows = tuple(rows)
        self._rows: dict[Key, list[Row]] = {}
        bounds: set[int] = set()
        for row in self.rows:
            bounds |= {row.valid_from_ms, row.valid_until_ms}
            for key in row.keys:
                self._rows.setdefault(key, []).append(row)
        self.bounds = sorted(bounds - {0, FOR_EVER_MS})
        """Moments at which a validity begins or ends."""

    def find(self, keys: Iterable[Key], at_ms: int) -> Iterator[Row]:
        """The rows that hold at that moment."""
        for key in keys:
            yield from (row for row in self._rows.get(key, ()) if row.valid(at_ms))


Lists = Mapping[ListName, HeldList]


class Address(NamedTuple):
    """In normal form, and by what it is found."""

    normal: str
    keys: tuple[Key, ...] = ()
    dial_class: DialClass = DialClass.UNKNOWN


def read_address(text: str, kind: PartyKind, numbering: Numbering) -> Address:
    """What somebody calls himself; of what is no address, the text as it is."""
    match kind:
        case PartyKind.NUMBER:
            number = read_number(text, numbering)
            if number is not None:
                return Address(number.normal, (("number", number.normal),), number.dial_class)
        case PartyKind.ADDRESS:
            mail = mail_address(text)
            if mail is not None:
                return Address(mail, keys_of("address", mail))
        case PartyKind.FAX:
            fax = fax_id(text, numbering)
            if fax is not None:
                # A fax machine's number may stand as its owner's telephone number, too.
                return Address(fax, (*keys_of("fax", fax), *keys_of("number", fax)))
        case PartyKind.NAME:
            pass
    return Address(text)


def identify(lists: Lists, tenant: str, address: Address, at_ms: int) -> Identified:
    """Who that is: the best class and head start of all rows that hold; the person if they agree on one.

    The user list says who somebody is, and the VIP list only if the other does not.
    """
    vips = _find(lists, (tenant, ListKind.VIP), address, at_ms)
    users = _find(lists, (tenant, ListKind.USERS), address, at_ms)
    rows = (*users, *vips)
    if not rows:  # nearly everybody
        return Identified(address.normal, dial_class=address.dial_class)
    classes = [row.priority_class for row in rows if row.priority_class is not None]
    return Identified(
        address=address.normal,
        person=_only(row.person for row in users) or _only(row.person for row in vips),
        priority_class=min(classes, default=None),
        head_start_ms=max((row.head_start_ms for row in rows), default=0),
        language=next((row.language for row in rows if row.language), ""),
        dial_class=address.dial_class,
    )


def next_bound(lists: Lists, after_ms: int) -> int | None:
    """The first moment after `after_ms` at which a validity begins or ends."""
    found = (
        held.bounds[index]
        for held in lists.values()
        if (index := bisect_right(held.bounds, after_ms)) < len(held.bounds)
    )
    return min(found, default=None)


def _find(lists: Lists, name: ListName, address: Address, at_ms: int) -> tuple[Row, ...]:
    held = lists.get((name[0], str(name[1])))
    return () if held is None else tuple(held.find(address.keys, at_ms))


def _only(persons: Iterable[str]) -> str:
    """The one person; "" if there is none, or they are several."""
    found = {person for person in persons if person}
    return found.pop() if len(found) == 1 else ""
