"""Many observed lengths as a law of moderate size with the same mean."""

from collections.abc import Sequence

import numpy as np

from simulation.laws import Law, empirical

MOST_VALUES = 2000
"""A law of more would be slower to draw from, and no different to see."""


def thinned(lengths_ms: Sequence[int]) -> Law:
    """The empirical law of the lengths; of more than MOST_VALUES the means of blocks of neighbours."""
    values = np.sort(np.asarray(lengths_ms, dtype=np.int64))
    if len(values) > MOST_VALUES:
        blocks = np.array_split(values, MOST_VALUES)
        values = np.rint([block.mean() for block in blocks]).astype(np.int64)
    return empirical(values.tolist())
