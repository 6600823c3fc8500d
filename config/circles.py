"""Circles in whatever leads from one thing to another: overflow between lines, steps of treatments."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def circles(starts: Iterable[Node], ways_of: Callable[[Node], Iterable[Node]]) -> Iterator[list[Node]]:
    """Each circle as what is on it; the last leads to the first.

    Of circles that share a part not all are found, but at least one wherever there is any.
    """
    left: set[Node] = set()
    for start in starts:
        if start not in left:
            yield from _walk(start, ways_of, left)


def _walk(start: Node, ways_of: Callable[[Node], Iterable[Node]], left: set[Node]) -> Iterator[list[Node]]:
    """Depth first, without recursion; what was left for good leads into no new circle."""
    chain, open_ways = {start: None}, [iter(ways_of(start))]
    while chain:
        to = next(open_ways[-1], None)
        if to is None:
            open_ways.pop()
            left.add(chain.popitem()[0])
        elif to in chain:
            nodes = list(chain)
            yield nodes[nodes.index(to) :]
        elif to not in left:
            chain[to] = None
            open_ways.append(iter(ways_of(to)))
