"""The first workload in Ciw: one node with reneging. Its nodes know no skills, so not the second."""

import math
from typing import Any

import ciw

from bench.peers.workload import Table, Workload


class Gaps(ciw.dists.Distribution):  # type: ignore[misc] # Ciw comes without types
    """The times between the arrivals of the table."""

    def __init__(self, arrival: list[int]) -> None:
        self._gaps = iter([float(b - a) for a, b in zip([0, *arrival], arrival, strict=False)])

    def sample(self, t: float | None = None, ind: Any = None) -> float:  # noqa: ARG002 - Ciw's signature
        return next(self._gaps, math.inf)


class Column(ciw.dists.Distribution):  # type: ignore[misc]
    """A column of the table, by the number of the customer."""

    def __init__(self, column: list[int]) -> None:
        self._column = [float(length) for length in column]

    def sample(self, t: float | None = None, ind: Any = None) -> float:  # noqa: ARG002 - Ciw's signature
        number: int = ind.id_number
        return self._column[number - 1]


def play(workload: Workload, table: Table) -> list[int]:
    """The fate of every call: its wait in ms when it was answered, else its complement."""
    network = ciw.create_network(
        arrival_distributions=[Gaps(table.arrival)],
        service_distributions=[Column(table.talk)],
        reneging_time_distributions=[Column(table.patience)],
        number_of_servers=[workload.groups[0][0]],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(table.arrival[-1] + sum(sorted(table.talk)[-1:]) + 86_400_000.0)
    fate = [0] * len(table.arrival)
    for record in simulation.get_all_records():
        wait_ms = round(record.waiting_time)
        fate[record.id_number - 1] = wait_ms if record.record_type == "service" else ~wait_ms
    return fate
