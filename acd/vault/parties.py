"""Parties, contacts and documents by name: the opaque ids, and how values are compared. Pure."""

from enum import StrEnum
from typing import NamedTuple, NewType

PartyId = NewType("PartyId", str)
"""Opaque; the same person's number or address has the same id inside one tenant until it is erased."""

DocumentId = NewType("DocumentId", str)
"""Opaque and random."""


class ContactRef(NamedTuple):
    """Names a contact's key. `ref` is chosen by the channel and stored in clear: no number, no address."""

    tenant: str
    ref: str


class PartyKind(StrEnum):
    """What a party's value is."""

    NUMBER = "number"
    ADDRESS = "address"
    NAME = "name"


IDENTIFYING = (PartyKind.NUMBER, PartyKind.ADDRESS)
"""Kinds that name one person; two people can share a display name."""

_SEPARATORS = str.maketrans("", "", " -/().\t")


def comparable(kind: PartyKind, value: str) -> str:
    """The form in which two spellings of the same value are equal: separators, case and spaces do not count.

    National and international forms of a number are *not* made equal: channels give E.164.
    """
    match kind:
        case PartyKind.NUMBER:
            return value.translate(_SEPARATORS).casefold()
        case PartyKind.ADDRESS:
            return value.strip().casefold()
        case PartyKind.NAME:
            return " ".join(value.casefold().split())
