"""A binary heap of numbers, compiled. Importing this module needs numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
compiled: Callable[[F], F] = cast(Any, njit(cache=True))
"""Compiled at the first call; kept on the disk for the next process."""
inlined: Callable[[F], F] = cast(Any, njit(cache=True, inline="always"))
"""The same, put into its callers: a call with eight arrays costs more than most of the work."""

Integers = NDArray[np.int64]
Whole = int | np.int64


@inlined
def push(heap: Integers, size: Whole, key: Whole) -> None:
    """Enter into a heap of `size` numbers."""
    hole = size
    while hole > 0:
        parent = (hole - 1) >> 1
        if key >= heap[parent]:
            break
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = key


@inlined
def pop(heap: Integers, size: Whole) -> Whole:
    """Remove and return the least of a heap that now has `size` numbers left."""
    top: Whole = heap[0]
    key = heap[size]
    hole, child = 0, 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[hole] = heap[child]
        hole, child = child, 2 * child + 1
    heap[hole] = key
    return top
