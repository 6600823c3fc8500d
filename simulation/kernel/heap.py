"""A binary heap of (key, value) rows, compiled. Importing this module needs numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
compiled: Callable[[F], F] = cast(Any, njit(cache=True))
"""Compiled at the first call; kept on the disk for the next process."""

Integers = NDArray[np.int64]
Whole = int | np.int64


@compiled
def push(heap: Integers, size: Whole, key: Whole, value: Whole) -> None:
    """Enter into a heap of `size` rows."""
    hole = size
    while hole > 0 and key < heap[(hole - 1) >> 1, 0]:
        heap[hole, 0], heap[hole, 1] = heap[(hole - 1) >> 1, 0], heap[(hole - 1) >> 1, 1]
        hole = (hole - 1) >> 1
    heap[hole, 0], heap[hole, 1] = key, value


@compiled
def pop(heap: Integers, size: Whole) -> Whole:
    """Remove the least of a heap that now has `size` rows left; returns its value."""
    top: Whole = heap[0, 1]
    key, value = heap[size, 0], heap[size, 1]
    hole, child = 0, 1
    while child < size:
        if child + 1 < size and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[child, 0] >= key:
            break
        heap[hole, 0], heap[hole, 1] = heap[child, 0], heap[child, 1]
        hole, child = child, 2 * child + 1
    heap[hole, 0], heap[hole, 1] = key, value
    return top
