"""What an operator allows for one start, each by the option of `acd serve` of the same name."""

from typing import NamedTuple


class Allowed(NamedTuple):
    """Nothing, unless it is said: each gives up a protection."""

    adopt: bool = False
    """The data were moved here on purpose, calls and all."""
    accept_loss: bool = False
    """Entries of the journal that were synced are gone, and are not to be had again."""
    trust_clock: bool = False
    """It is right, although nothing was written for so long."""


NOTHING = Allowed()
