"""What carries a contact to people: the caller's leg, the mailbox, the agent's phone or desktop."""

from msgspec import Struct

from agents.capacity import Medium


class Carrier(Struct, frozen=True, array_like=True, gc=False):
    """A channel, and its own name for what it carries: a call, a mail, the address of record of a phone."""

    channel: str
    ref: str


def is_named(carrier: Carrier, ref: str, channel: str) -> bool:
    """Whether it is this one; a ref is unique only within its channel, which may be left out ("")."""
    return carrier.ref == ref and channel in ("", carrier.channel)


NOWHERE = Carrier("", "")
"""Nothing carries the party of a parked contact."""


class Device(Struct):
    """One of an agent's devices, with the media that it carries now."""

    carrier: Carrier
    media: list[Medium]
    number: int = 0
    """Running number, which its deadline is known by."""
    gone_ms: int = 0
    """Since when it is away though it may come back, in Unix milliseconds; 0: it is there."""
