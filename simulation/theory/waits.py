"""What callers of a station meet: waits, hang-ups and blocking, from its steady state."""

from dataclasses import dataclass
from math import exp

from simulation.theory.birth_death import Station, Steady, in_time, mean_waits, served_share, steady


@dataclass(frozen=True, slots=True)
class Waits:
    """Shares of all that come, if not said otherwise; times in the unit of the station's rates."""

    p_wait: float
    """Of the admitted: finds all agents busy."""
    p_abandon: float
    p_block: float
    p_abandon_in_target: float
    p_served: float
    p_in_target: float
    """Served, and within the target."""
    p_virtual: float
    """Of the admitted: would be served within the target, were its own patience endless."""
    mean_wait: float
    """Of the admitted, until served or gone."""
    asa: float
    """Mean wait of the served."""
    busy: float
    """Mean number of busy agents."""
    queue_length: float
    """Mean number waiting."""
    p_empty: float
    """Share of time with no call in the system."""

    @classmethod
    def of(cls, station: Station, target: float) -> "Waits":
        """Raises Unstable: there is no steady state."""
        found = steady(station)
        at_once, meets = float(found.below.sum()), found.admitted
        admitted = at_once + float(meets.sum())
        serves = meets * served_share(found)
        p_served = at_once + float(serves.sum())
        in_target = at_once + float(serves @ in_time(found, target, patient=False))
        turns = float(meets @ in_time(found, target, patient=True))
        p_abandon = station.impatience * found.queue / station.arrivals
        return cls(
            p_wait=float(meets.sum()) / admitted if admitted else 1.0,
            p_abandon=p_abandon,
            p_block=found.blocked,
            p_abandon_in_target=_gone(found, target, p_abandon),
            p_served=p_served,
            p_in_target=in_target,
            p_virtual=(at_once + turns) / admitted if admitted else 0.0,
            mean_wait=found.queue / station.arrivals / admitted if admitted else 0.0,
            asa=float(serves @ mean_waits(found)) / p_served if p_served else 0.0,
            busy=found.busy,
            queue_length=found.queue,
            p_empty=float(found.below[0]) if len(found.below) else float(found.waiting[0]),
        )


def _gone(found: Steady, target: float, p_abandon: float) -> float:
    """Share that gives up within the target: all who give up, less those still waiting then who will."""
    meets = found.admitted
    waits_on = meets @ (1 - in_time(found, target, patient=True))
    served_later = (meets * served_share(found)) @ (1 - in_time(found, target, patient=False))
    later = exp(-found.station.impatience * target) * float(waits_on) - float(served_later)
    return max(0.0, p_abandon - later)
