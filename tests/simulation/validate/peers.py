"""The same small models in SimPy, as its documentation writes them, and in Ciw."""

from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import ciw
import simpy


@dataclass(frozen=True)
class Model:
    """M/M/n; with patience M/M/n+M; with several rates non-preemptive priority, highest first."""

    rates: tuple[float, ...]
    agents: int
    aht: float = 1.0
    patience: float | None = None


@dataclass
class Seen:
    """Of the calls of one class that arrived after the warm-up."""

    calls: int = 0
    abandoned: int = 0
    waits: float = 0.0

    def take(self, wait: float, *, abandoned: bool) -> None:
        self.calls += 1
        self.abandoned += abandoned
        self.waits += wait


@dataclass
class Replication:
    """What one run gave, by class."""

    classes: list[Seen] = field(default_factory=list)


def in_simpy(model: Model, seed: int, warm_up: float, until: float) -> Replication:
    """One run with processes, a priority resource, and `request | timeout`."""
    rng, env, found = Random(seed), simpy.Environment(), Replication([Seen() for _ in model.rates])
    agents = simpy.PriorityResource(env, model.agents)

    def call(number: int) -> Generator[Any, Any, None]:
        arrived = env.now
        with agents.request(priority=number) as turn:
            if model.patience is None:
                yield turn
            else:
                yield turn | env.timeout(rng.expovariate(1 / model.patience))
            if arrived >= warm_up:
                found.classes[number].take(env.now - arrived, abandoned=not turn.triggered)
            if turn.triggered:
                yield env.timeout(rng.expovariate(1 / model.aht))

    def arrivals(number: int) -> Generator[Any, Any, None]:
        while True:
            yield env.timeout(rng.expovariate(model.rates[number]))
            env.process(call(number))

    for number in range(len(model.rates)):
        env.process(arrivals(number))
    env.run(until)
    return found


def in_ciw(model: Model, seed: int, warm_up: float, until: float) -> Replication:
    """One run of a network with one node."""
    names = [f"class {number}" for number in range(len(model.rates))]

    def for_each(*values: Any) -> dict[str, list[Any]]:
        return {name: [value] for name, value in zip(names, values * len(names), strict=False)}

    more: dict[str, Any] = {}
    if model.patience is not None:
        more["reneging_time_distributions"] = for_each(ciw.dists.Exponential(1 / model.patience))
    network = ciw.create_network(
        arrival_distributions=for_each(*(ciw.dists.Exponential(rate) for rate in model.rates)),
        service_distributions=for_each(ciw.dists.Exponential(1 / model.aht)),
        number_of_servers=[model.agents],
        priority_classes={name: number for number, name in enumerate(names)},
        **more,
    )
    ciw.seed(seed)
    run = ciw.Simulation(network)
    run.simulate_until_max_time(until)
    found = Replication([Seen() for _ in names])
    for record in run.get_all_records():
        if record.arrival_date >= warm_up:
            gone = record.record_type == "renege"
            found.classes[names.index(record.customer_class)].take(record.waiting_time, abandoned=gone)
    return found
