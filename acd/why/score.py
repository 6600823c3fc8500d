"""Where a contact stands among all, and an agent among the idle; and what of it made the difference. Pure."""

from collections.abc import Sequence
from functools import cmp_to_key

from msgspec import Struct

from acd.core.matching import class_of, may_serve, rank_of, urgency_of
from acd.core.state import State
from acd.why.verdict import Case, free_for
from agents.roster import Seat
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import LineId, Policy
from queues.policy import idle_key
from queues.priority import Rank
from queues.states import ContactState


class Standing(Struct, frozen=True):
    """A contact's rank and its parts: urgency is (waited + head start) / target, in its calendar."""

    contact: int
    line: LineId
    priority_class: int
    class_of: str
    """Whose class that is: `line`, `asked` (entry, list or by hand) or `promotion`."""
    waited_ms: int
    """In the calendar of its target, since it first waited."""
    head_start_ms: int
    target_ms: int
    rank: tuple[int, int, int, int]
    """(class, used_ms, target_ms, number), to compare."""

    @property
    def percent(self) -> int:
        """Share of the target that is used up."""
        return 100 * self.rank[1] // self.target_ms if self.target_ms else 0


class Idle(Struct, frozen=True):
    """What speaks for an idle agent: fewest in hand first, then by the policy, then by the roster."""

    agent: AgentId
    in_hand: int
    idle_since_ms: int
    fitness: int
    """Sum of his levels, and one."""
    occupancy_permille: int
    last_offer: int
    number: int
    key: tuple[int, ...]


def standing(state: State, contact: Contact) -> Standing:
    """Now."""
    line = state.lines[contact.line]
    urgency = urgency_of(state, contact, line)
    rank = rank_of(state, urgency, contact.id)
    asked = line.priority_class if contact.asked_class is None else contact.asked_class
    whose = "line" if contact.asked_class is None else "asked"
    return Standing(
        contact.id,
        line.id,
        rank.priority_class,
        "promotion" if class_of(contact, line) != asked else whose,
        rank.used_ms - contact.head_start_ms,
        contact.head_start_ms,
        line.target_ms,
        (rank.priority_class, rank.used_ms, rank.target_ms, rank.number),
    )


def before(one: Standing, other: Standing) -> bool:
    """Whether this one is served first."""
    return Rank(*one.rank).before(Rank(*other.rank))


def decided_by(first: Standing, second: Standing) -> str:
    """What put the first before the second: `class`, `urgency` or `arrival`."""
    if first.priority_class != second.priority_class:
        return "class"
    return "urgency" if first.rank[1] * second.rank[2] != second.rank[1] * first.rank[2] else "arrival"


def idle(case: Case, seat: Seat, last_offer: int) -> Idle:
    """`last_offer`: that before the one that is being made."""
    record, fitness = seat.record, case.need.fitness[seat.record.id]
    in_hand = sum(work.id != case.chosen for work in seat.works)
    key = idle_key(case.line.policy, record, fitness)
    if case.line.policy is Policy.ROUND_ROBIN:
        key = (last_offer, *key[1:])
    times = record.idle_since_ms, fitness, record.occupancy_permille, last_offer, record.number
    return Idle(record.id, in_hand, *times, (in_hand, *key))


_BY_POLICY = {
    Policy.LONGEST_IDLE: ("in hand", "idle", "idle", "roster"),
    Policy.MOST_SKILLED: ("in hand", "skill", "idle", "roster"),
    Policy.LEAST_OCCUPIED: ("in hand", "occupancy", "idle", "roster"),
    Policy.ROUND_ROBIN: ("in hand", "last offer", "idle", "roster"),
}


def chosen_by(policy: Policy, first: Idle, second: Idle) -> str:
    """What put the first agent before the second."""
    names = _BY_POLICY[policy]
    differ = (name for name, a, b in zip(names, first.key, second.key, strict=True) if a != b)
    return next(differ, "roster")


def rivals(state: State, case: Case, seat: Seat) -> list[Standing]:
    """Other contacts that this agent could have been offered instead, the first in rank first."""
    found = []
    for place_of, place in state.board.places.items():
        other = state.contacts[place_of]
        if other is case.contact or other.state is not ContactState.WAITING or not place.in_bucket:
            continue
        if may_serve(seat, place.need, other) and free_for(state, seat, other.medium, case.chosen):
            found.append(standing(state, other))
    return in_order(found)


def in_order(standings: Sequence[Standing]) -> list[Standing]:
    """By rank."""
    return sorted(standings, key=cmp_to_key(_order))


def _order(one: Standing, other: Standing) -> int:
    return -1 if before(one, other) else 1
