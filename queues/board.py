"""Everything that waits: needs with their buckets, and the order within each line."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from msgspec import Struct

from agents.roster import Seat
from agents.skills import AgentId, Alternative, SkillId, fitness
from queues.desk import Line, LineId, Medium
from queues.need import BucketKey, Need, NeedKey
from queues.priority import Urgency

LineOrder = list[tuple[int, int, int]]
"""(class, key_ms, contact number) of all that wait or ring in a line, sorted."""


class Place(Struct, gc=False):
    """Where a contact lies on the board."""

    need: Need
    urgency: Urgency
    line: LineId
    in_bucket: bool = False


class Board:
    """Indexes derived from contacts and desk; rebuilt after a restart or a change of the desk."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self._seats = tuple(seats)
        self._seat_of = {seat.record.id: seat for seat in self._seats}
        self._holders: dict[SkillId, list[tuple[Seat, int]]] = {}
        for seat in self._seats:
            for skill, level in seat.skills.items():
                self._holders.setdefault(skill, []).append((seat, level))
        self._needs: dict[NeedKey, Need] = {}
        self._of_line: dict[tuple[LineId, int, Medium, AgentId | None], Need] = {}
        self.orders: dict[LineId, LineOrder] = {}
        self.greeted: dict[LineId, int] = {}
        """How many hear the greeting of a line and have a place in it."""
        self.places: dict[int, Place] = {}

    def need(self, line: Line, step: int, medium: Medium, only: AgentId | None = None) -> Need:
        """The need of a contact in `line` to which the first `step` relaxations apply.

        Who is held for one agent (`only`) has a need of his own, so that nobody else ever looks at him.
        """
        key = (line.id, step, medium, only)
        found = self._of_line.get(key)
        if found is None:
            accepted = dict.fromkeys(line.needs)
            for relaxation in line.relaxations[:step]:
                accepted.update(dict.fromkeys(relaxation.alternatives))
            found = self._of_line[key] = self._intern((medium, tuple(accepted), line.policy, only))
        return found

    def _intern(self, key: NeedKey) -> Need:
        need = self._needs.get(key)
        if need is None:
            medium, alternatives, _, only = key
            able: dict[AgentId, int] = {}
            members: list[Seat] = []
            for alternative in alternatives:
                for seat, fit in self._fits(alternative, only):
                    agent = seat.record.id
                    known = able.get(agent)
                    if known is not None:
                        able[agent] = max(known, fit)
                    elif seat.capacity.get(medium, 0):
                        able[agent] = fit
                        members.append(seat)
            need = self._needs[key] = Need(len(self._needs), key, able)
            for seat in members:
                seat.needs.append(need)
                if medium in seat.free and seat.entered == seat.epoch:
                    need.push_idle(seat)
        return need

    def _fits(self, alternative: Alternative, only: AgentId | None) -> Iterable[tuple[Seat, int]]:
        """Who meets it, and how well, as `agents.skills.fitness`; looks at its rarest skill only."""
        if only is not None:
            seat = self._seat_of.get(only)
            fit = fitness(seat.skills, (alternative,)) if seat is not None else 0
            return [(seat, fit)] if seat is not None and fit else []
        if not alternative:
            return [(seat, 1) for seat in self._seats]
        if len(alternative) == 1:
            ((skill, least),) = alternative
            return [(seat, 1 + level) for seat, level in self._holders.get(skill, ()) if level >= least]
        rarest = min((self._holders.get(skill, []) for skill, _ in alternative), key=len)
        found = [(seat, fitness(seat.skills, (alternative,))) for seat, _ in rarest]
        return [(seat, fit) for seat, fit in found if fit]

    def enter(self, number: int, place: Place) -> None:
        """Note the contact in its line; it is not matched before it also lies in a bucket."""
        self.places[number] = place
        urgency = place.urgency
        order = self.orders.get(place.line)
        if order is None:
            order = self.orders[place.line] = []
        insort(order, (urgency.priority_class, urgency.key_ms, number))

    def leave(self, number: int) -> None:
        """Forget the contact altogether."""
        place = self.places.pop(number)
        if place.in_bucket:
            place.need.take(place.urgency, number)
        urgency = place.urgency
        order = self.orders[place.line]
        del order[bisect_left(order, (urgency.priority_class, urgency.key_ms, number))]

    def show(self, number: int) -> None:
        """Put the contact into its bucket: it may be matched."""
        place = self.places[number]
        if not place.in_bucket:
            place.in_bucket = True
            place.need.put(place.urgency, number)

    def hide(self, number: int) -> None:
        """Take the contact out of its bucket while it is being offered; it keeps its place in the line."""
        place = self.places[number]
        if place.in_bucket:
            place.in_bucket = False
            place.need.take(place.urgency, number)

    def rank(self, number: int) -> int:
        """Place in the line, 1 = served next (those being rung counted)."""
        place = self.places[number]
        urgency = place.urgency
        return 1 + bisect_left(self.orders[place.line], (urgency.priority_class, urgency.key_ms, number))

    def length(self, line: LineId) -> int:
        """Contacts of the line that no agent has answered yet."""
        return len(self.orders.get(line, ())) + self.greeted.get(line, 0)

    def greet(self, line: LineId, change: int) -> None:
        """One more (1) or one less (-1) hears the mandatory greeting of the line."""
        self.greeted[line] = self.greeted.get(line, 0) + change

    def heads(self, seat: Seat) -> Iterable[tuple[Need, BucketKey]]:
        """The non-empty buckets of every need that the agent meets and has a free place for."""
        for need in seat.needs:
            if need.buckets and need.medium in seat.free:
                for key in need.buckets:
                    yield need, key
