"""How much an agent can handle at once, and what may interrupt what."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum


class Medium(StrEnum):
    """The kinds of contact there are."""

    VOICE = "voice"
    MAIL = "mail"
    FAX = "fax"


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
    return not handled or all(other is medium or (medium, other) in interrupts for other in handled)
