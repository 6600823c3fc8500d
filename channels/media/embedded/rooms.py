"""Who is in which room, and who hears whom there: two are joined directly, more are mixed."""

from collections.abc import Sequence

from channels.media.commands import Join, RoomId
from channels.media.embedded.leg import Leg
from channels.media.embedded.mixing import Mix


class Rooms:
    """Sets of each leg its peer, or the mix that it hears and the mixes that hear it."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, list[Leg]] = {}

    def join(self, leg: Leg, command: Join) -> list[Leg]:
        """Enter it, or take another place there; everybody whose hearing may have changed."""
        place = command.agent, command.heard_by
        touched = [] if leg.room == command.room else self.leave(leg)
        members = self._rooms.setdefault(command.room, [])
        if leg not in members:
            members.append(leg)
        leg.room, (leg.agent, leg.heard_by) = command.room, place
        return [*touched, *self.arrange(leg)]

    def leave(self, leg: Leg) -> list[Leg]:
        """Leave the room, if it is in one; everybody whose hearing may have changed."""
        if leg.room is None:
            return []
        members = self._rooms[leg.room]
        members.remove(leg)
        if not members:
            del self._rooms[leg.room]
        leg.room = leg.peer = leg.relay_to = leg.mix = None
        leg.ears = ()
        if not members:
            return [leg]
        return [leg, *self.arrange(members[0])]

    def arrange(self, one: Leg) -> list[Leg]:
        """Anew after somebody of its room is deaf or not, came or went; all who are there."""
        if one.room is None:
            return [one]
        members = self._rooms[one.room]
        if len(members) <= 2 and all(leg.heard_by == "everybody" for leg in members):
            _pair(members)
        else:
            _mix(members)
        return list(members)


def _pair(members: Sequence[Leg]) -> None:
    for leg in members:
        leg.peer = next((other for other in members if other is not leg), None)
        leg.mix, leg.ears = None, ()


def _mix(members: Sequence[Leg]) -> None:
    mixes = [(leg, leg.mix or Mix()) for leg in members]
    for leg, mix in mixes:
        leg.peer = leg.relay_to = None
        leg.mix, leg.ears = mix, tuple(its for other, its in mixes if _hears(other, leg))
        mix.forget({other.id for other in members if _hears(leg, other)})


def _hears(one: Leg, other: Leg) -> bool:
    """Who does not want to hear is not heard either."""
    if one is other or one.deaf or other.deaf or other.heard_by == "nobody":
        return False
    return other.heard_by == "everybody" or one.agent
