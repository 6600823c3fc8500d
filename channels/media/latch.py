"""From where a leg's sound may come, beside the very address and port that its peer has described.

Phones behind NAT describe an address that nobody can reach, and send from another one (RFC 4961). Whoever
takes the first sender for the peer gives the call to a stranger who is quicker.
"""

from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network

KNOWN = 4096
"""Pairs of addresses whose answer is remembered."""


class Latch(StrEnum):
    """Whose packets are taken for the peer's."""

    NEVER = "never"
    """Those of the described address and port."""
    ADDRESS = "address"
    """Of any port of the described address, or of the one from which the peer signals."""
    NETWORK = "network"
    """Of the networks (/24, /64) of these two."""
    ANYWHERE = "anywhere"
    """The first sender's, whoever he is; from then on those of his network."""


_SHARED_BITS = {Latch.ADDRESS: {4: 32, 6: 128}, Latch.NETWORK: {4: 24, 6: 64}}
"""What counts as one place; a network is a provider's pool of NAT addresses, or that of one customer."""


def may_send(sender: str, latch: Latch, known: tuple[str, ...]) -> bool:
    """Whether this sender may be the peer, of whom these addresses are `known`."""
    if latch not in _SHARED_BITS:
        return latch is Latch.ANYWHERE
    return any(_is_near(sender, address, latch) for address in known if address)


@lru_cache(maxsize=KNOWN)
def _is_near(sender: str, address: str, latch: Latch) -> bool:
    """False for what is no IP address."""
    try:
        version = ip_address(address).version
        return ip_address(sender) in ip_network((address, _SHARED_BITS[latch][version]), strict=False)
    except ValueError:
        return False
