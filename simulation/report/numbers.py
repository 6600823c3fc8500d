"""Numbers as people read them."""

from math import isfinite

from acd.kpi.definitions import Unit
from simulation.runs.estimates import Estimate


def shown(value: float | None, unit: str) -> str:
    """A number as people read it: `81.3 %`, `12.4 s`, `1,234`; a dash where there is none."""
    if value is None or not isfinite(value):
        return "–"
    if unit == Unit.SHARE:
        return f"{100 * value:.1f} %"
    if unit == Unit.MS:
        seconds = value / 1000
        return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 60:.1f} min"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def interval_of(found: Estimate, unit: str) -> str:
    """The ends of its confidence interval."""
    return f"{shown(found.lo, unit)} … {shown(found.hi, unit)}"


def plus_minus(value: float, high: float | None, unit: str) -> str:
    """`81.3±2.1 %`: the number with the upper half of its interval; without one the number alone."""
    text = shown(value, unit)
    if high is None:
        return text
    number, _, suffix = text.partition(" ")
    reach = shown(high - value, unit).partition(" ")[0]
    same = shown(high - value, unit).partition(" ")[2] == suffix
    return f"{number}±{reach} {suffix}".rstrip() if same else f"{text} ±{shown(high - value, unit)}"
