"""Idiomatic SimPy, as its documentation teaches it: a process per call, resources, `request | timeout`."""

from collections.abc import Generator
from typing import Any, NamedTuple

import simpy

from bench.peers.workload import Table, Workload

Process = Generator[simpy.Event, Any, None]


class Agent(NamedTuple):
    number: int
    types: frozenset[int]


def play(workload: Workload, table: Table) -> list[int]:
    """The fate of every call: its wait in ms when it was answered, else its complement."""
    env = simpy.Environment()
    fate = [0] * len(table.arrival)
    if len(workload.types) == 1:
        desk = simpy.Resource(env, capacity=workload.groups[0][0])
        env.process(_arrivals(env, table, lambda call: _call(env, desk, table, call, fate)))
    else:
        agents = _agents(env, workload)
        env.process(_arrivals(env, table, lambda call: _skilled_call(env, agents, table, call, fate)))
    env.run()
    return fate


def _agents(env: simpy.Environment, workload: Workload) -> simpy.FilterStore:
    names = [name for name, _ in workload.types]
    store = simpy.FilterStore(env)
    for size, types in workload.groups:
        known = frozenset(names.index(name) for name in types)
        store.items.extend(Agent(len(store.items) + more, known) for more in range(size))
    return store


def _arrivals(env: simpy.Environment, table: Table, call: Any) -> Process:
    for number, at_ms in enumerate(table.arrival):
        yield env.timeout(at_ms - env.now)
        env.process(call(number))


def _call(env: simpy.Environment, desk: simpy.Resource, table: Table, call: int, fate: list[int]) -> Process:
    came_ms = env.now
    with desk.request() as request:
        result = yield request | env.timeout(table.patience[call])
        if request in result:
            fate[call] = int(env.now - came_ms)
            yield env.timeout(table.talk[call])
        else:
            fate[call] = ~int(env.now - came_ms)


def _skilled_call(
    env: simpy.Environment, agents: simpy.FilterStore, table: Table, call: int, fate: list[int]
) -> Process:
    came_ms, kind = env.now, table.type[call]
    wish = agents.get(lambda agent: kind in agent.types)
    result = yield wish | env.timeout(table.patience[call])
    if wish in result:
        fate[call] = int(env.now - came_ms)
        yield env.timeout(table.talk[call])
        yield agents.put(result[wish])
    else:
        wish.cancel()
        fate[call] = ~int(env.now - came_ms)
