"""How much an agent can handle at once, and what may interrupt what."""

from collections.abc import Collection, Mapping, Sequence
from typing import NewType

Medium = NewType("Medium", str)
"""The name of a kind of contact: the desk says which there are, and what is special about each."""

VOICE = Medium("voice")
MAIL = Medium("mail")
FAX = Medium("fax")


def can_take(
    medium: Medium,
    handled: Sequence[Medium],
    capacity: Mapping[Medium, int],
    interrupts: Collection[tuple[Medium, Medium]],
) -> bool:
    """Whether one more contact of `medium` fits beside those `handled`.

    There must be a free place of the medium itself, and it must be allowed to interrupt every other
    medium that is being handled.
    """
    if handled.count(medium) >= capacity.get(medium, 0):
        return False
    return not handled or all(other == medium or (medium, other) in interrupts for other in handled)
