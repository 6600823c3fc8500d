"""Patience from waits that an answer may have cut short: the product-limit estimate, and a law from it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.laws import LONGEST_MS, Law, empirical

POINTS = 1000
"""The law is kept as so many values of equal weight."""

Floats = NDArray[np.float64]


def survival(waits_ms: Sequence[int], gave_up: Sequence[bool]) -> tuple[Floats, Floats]:
    """The moments at which somebody gave up, in ms, ascending, and the share that waits longer than each.

    `gave_up` False: the wait was ended by something else (censored). Kaplan and Meier, J. of the American
    Statistical Association 53 (1958): the product over the moments of 1 - (gave up) / (still waited).
    """
    waits, events = np.asarray(waits_ms, dtype=np.float64), np.asarray(gave_up, dtype=np.bool_)
    moments, counts = np.unique(waits[events], return_counts=True)
    waited = len(waits) - np.searchsorted(np.sort(waits), moments, side="left")
    surviving: Floats = np.cumprod(1 - counts / waited, dtype=np.float64)
    return moments, surviving


def patience(waits_ms: Sequence[int], gave_up: Sequence[bool]) -> Law | None:
    """The law of patience, as an empirical one of equally likely values; None when nobody gave up.

    Beyond the longest wait that somebody gave up after, the data say nothing: those who waited longer are
    given an exponential rest, its mean the time waited by all for each one who gave up.
    """
    moments, surviving = survival(waits_ms, gave_up)
    if not len(moments):
        return None
    mean_ms = float(np.sum(np.asarray(waits_ms, dtype=np.float64))) / sum(gave_up)
    level = (np.arange(POINTS) + 0.5) / POINTS
    place = np.searchsorted(1 - surviving, level, side="left")
    known = place < len(moments)
    rest = float(surviving[-1])
    tail = moments[-1] + mean_ms * np.log(np.where(known, 1.0, rest / np.where(known, 1.0, 1 - level)))
    values = np.where(known, moments[np.minimum(place, len(moments) - 1)], tail)
    return empirical(np.rint(np.minimum(values, LONGEST_MS)).astype(np.int64).tolist())
