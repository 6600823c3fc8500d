"""The order in which idle agents are chosen, one key per policy; the smallest key goes first."""

from agents.roster import AgentRecord
from queues.desk import Policy

Key = tuple[int, int, int]


def idle_key(policy: Policy, agent: AgentRecord, fitness: int) -> Key:
    """Sort key of an idle agent. It is constant while he is idle, so that a heap can hold it.

    `fitness` is the sum of his levels for the need. Ties go to whoever is idle longer, then to his place in
    the roster.
    """
    match policy:
        case Policy.LONGEST_IDLE:
            return (agent.idle_since_ms, 0, agent.number)
        case Policy.MOST_SKILLED:
            return (-fitness, agent.idle_since_ms, agent.number)
        case Policy.LEAST_OCCUPIED:
            return (agent.occupancy_permille, agent.idle_since_ms, agent.number)
        case Policy.ROUND_ROBIN:
            return (agent.last_offer, agent.idle_since_ms, agent.number)
