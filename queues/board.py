"""Everything that waits: needs with their buckets, and the order within each line."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from agents.roster import Seat
from agents.skills import AgentId, Alternative, SkillId, fitness
from queues.desk import Line, LineId, Medium
from queues.need import BucketKey, Need, NeedKey
from queues.priority import Urgency

LineOrder = list[tuple[int, int, int]]
"""(class, key_ms, contact number) of all that wait or ring in a line, sorted."""


class Place:
    """Where a contact lies on the board."""

    __slots__ = ("in_bucket", "line", "need", "urgency")

    def __init__(self, need: Need, urgency: Urgency, line: LineId) -> None:
        self.need = need
        self.urgency = urgency
        self.line = line
        self.in_bucket = False


class Board:
    """Indexes derived from contacts and desk; rebuilt after a restart or a change of the desk."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self._seats = tuple(seats)
        self._holders: dict[SkillId, list[Seat]] = {}
        for seat in self._seats:
            for skill in seat.skills:
                self._holders.setdefault(skill, []).append(seat)
        self._needs: dict[NeedKey, Need] = {}
        self._of_line: dict[tuple[LineId, int, Medium], Need] = {}
        self.orders: dict[LineId, LineOrder] = {}
        self.places: dict[int, Place] = {}

    def need(self, line: Line, step: int, medium: Medium) -> Need:
        """The need of a contact in `line` to which the first `step` relaxations apply."""
        key = (line.id, step, medium)
        found = self._of_line.get(key)
        if found is None:
            accepted = dict.fromkeys(line.needs)
            for relaxation in line.relaxations[:step]:
                accepted.update(dict.fromkeys(relaxation.alternatives))
            found = self._of_line[key] = self._intern((medium, tuple(accepted), line.policy))
        return found

    def _intern(self, key: NeedKey) -> Need:
        need = self._needs.get(key)
        if need is None:
            medium, alternatives, _ = key
            able: dict[AgentId, int] = {}
            need = self._needs[key] = Need(len(self._needs), key, able)
            for seat in self._candidates(alternatives):
                fit = fitness(seat.skills, alternatives)
                if fit and seat.capacity.get(medium, 0):
                    able[seat.record.id] = fit
                    seat.needs.append(need)
                    if medium in seat.free:
                        need.push_idle(seat)
        return need

    def _candidates(self, alternatives: tuple[Alternative, ...]) -> Iterable[Seat]:
        """Everybody who might meet one of them: the holders of each one's rarest skill."""
        found: dict[AgentId, Seat] = {}
        for alternative in alternatives:
            if not alternative:
                return self._seats
            rarest = min((self._holders.get(skill, []) for skill, _ in alternative), key=len)
            found.update((seat.record.id, seat) for seat in rarest)
        return found.values()

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
        return len(self.orders.get(line, ()))

    def heads(self, seat: Seat) -> Iterable[tuple[Need, BucketKey]]:
        """The non-empty buckets of every need that the agent meets and has a free place for."""
        for need in seat.needs:
            if need.buckets and need.medium in seat.free:
                for key in need.buckets:
                    yield need, key
