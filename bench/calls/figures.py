"""What the measured numbers come to: percentiles, latencies between messages, inverted pairs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from bench.calls.tap import Seen


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank). Raises ValueError for none."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("nothing was measured")
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def routed_ms(seen: Sequence[Seen]) -> list[float]:
    """From each caller's INVITE in to the first INVITE out for him. The caller's number is in both."""
    came: dict[str, int] = {}
    taken: list[float] = []
    for message in seen:
        if message.method != "INVITE":
            continue
        number = message.user(b"From")
        if message.inbound:
            came.setdefault(number, message.at_ns)
        elif number in came:
            taken.append((message.at_ns - came.pop(number)) / 1e6)
            came[number] = 1 << 62  # retransmissions of either are not calls
    return [ms for ms in taken if ms >= 0]


def idle_ms(seen: Sequence[Seen]) -> list[float]:
    """From each agent's BYE in to the next INVITE out to the same agent."""
    freed: dict[str, int] = {}
    taken: list[float] = []
    for message in seen:
        if message.method == "BYE" and message.inbound:
            freed.setdefault(message.user(b"From"), message.at_ns)
        elif message.method == "INVITE" and not message.inbound:
            began = freed.pop(message.user(b"To"), None)
            if began is not None:
                taken.append((message.at_ns - began) / 1e6)
    return taken


def delivered(seen: Sequence[Seen]) -> list[str]:
    """The callers' numbers in the order of the first INVITE out for each."""
    numbers = (m.user(b"From") for m in seen if m.method == "INVITE" and not m.inbound)
    return list(dict.fromkeys(numbers))


def arrived(seen: Sequence[Seen]) -> list[str]:
    """The callers' numbers in the order of the first INVITE in from each."""
    numbers = (m.user(b"From") for m in seen if m.method == "INVITE" and m.inbound)
    return list(dict.fromkeys(numbers))


def inverted(order: Sequence[str], rank: Mapping[str, tuple[int, ...]]) -> int:
    """How many pairs were delivered against their rank (lower first)."""
    return sum(rank[earlier] > rank[later] for earlier, later in combinations(order, 2))
