"""How the values of parties are compared. Pure."""

from acd.ports import PartyKind

IDENTIFYING = (PartyKind.NUMBER, PartyKind.ADDRESS, PartyKind.FAX)
"""Kinds that name one person; two people can share a display name."""

_SEPARATORS = str.maketrans("", "", " -/().\t")


def comparable(kind: PartyKind, value: str) -> str:
    """The form in which two spellings of the same value are equal: separators, case and spaces do not count.

    National and international forms of a number are *not* made equal here: `acd.directory` does that first.
    """
    if kind is PartyKind.NUMBER:
        return value.translate(_SEPARATORS).casefold()
    return " ".join(value.casefold().split())
