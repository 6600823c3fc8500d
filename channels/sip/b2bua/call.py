"""One contact on the telephone: the party's leg, those of agents who are rung or talk, and who is asked."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from agents.states import LISTENERS
from channels.media.commands import Command, HeardBy, Join, Leave, Play, RoomId, SoundId, Stop
from channels.sip.b2bua.leg import Leg

_HEARD_BY: dict[str, HeardBy] = {"listening": "nobody", "whispering": "agents"}
"""Role of an agent → who hears him."""

Place = HeardBy | Literal["music", "out"]
"""In the room, and by whom he is heard there; or he hears music, or nothing."""

OUT = ("music", "out")
"""Places that are not in the room."""


class Call(Struct, eq=False):
    """All that belongs to one contact. `contact` is 0 until the engine has taken it."""

    contact: int = 0
    caller: Leg | None = None
    """Of a consult: somebody outside who was called for it."""
    agents: dict[int, Leg] = {}
    """Offer → leg, ringing or up."""
    asker: Leg | None = None
    """Of a consult: the agent who asks. His leg belongs to the call that he asks about."""
    talking: list[Leg] = []
    """Who is in the room beside the caller, if there is one: agents, and somebody outside who has stayed."""

    @property
    def room(self) -> RoomId:
        """Where they hear each other."""
        return RoomId(f"r{self.contact}")

    @property
    def company(self) -> list[Leg]:
        """Who talk with each other; a caller who hears a list of his own does not."""
        found = list(self.talking)
        if self.asker is not None:
            found.insert(0, self.asker)
        if self.caller is not None and self.caller.hears is None:
            found.insert(0, self.caller)
        return found

    def drop(self, leg: Leg) -> None:
        """The leg has ended, or is elsewhere; the others stay."""
        if leg is self.caller:
            self.caller = None
        elif leg is self.asker:
            self.asker = None
        else:
            self.agents.pop(leg.record.offer, None)
        if leg in self.talking:
            self.talking.remove(leg)

    def others(self, leg: Leg) -> list[Leg]:
        """Whom this leg talks to; none while it waits."""
        company = self.company
        talk = bool(self.talking) or (self.caller in company and self.asker is not None)
        return [one for one in company if one is not leg] if talk and leg in company else []

    def joined(self, leg: Leg, music: SoundId) -> Sequence[Command]:
        """This leg takes part from now on; and with anybody but a listener its caller talks, too."""
        if leg not in (self.caller, self.asker, *self.talking):
            self.talking.append(leg)
        if self.caller is not None and leg.role not in LISTENERS:
            self.caller.hears = None
        return self.arranged(music)

    def arranged(self, music: SoundId) -> Sequence[Command]:
        """What is to be told to the media so that each of them hears what he ought to, by what is now.

        Not a sequence of moves: whoever came, went, holds, or hears in another way, the answer is the same.
        """
        if not self.talking and self.asker is None:
            return ()  # nobody talks here; what is heard is ordered by lists
        company = self.company
        if not self.talking and self.caller not in company:
            return ()
        told: list[Command] = []
        for leg, place in self._places(company):
            if place != leg.place:
                told += self._to(leg, place, music)
                leg.place = place
        return told

    def _places(self, company: Sequence[Leg]) -> list[tuple[Leg, Place]]:
        """Those in the room first: who leaves it leaves nobody alone who is to talk."""
        room: list[tuple[Leg, Place]] = []
        out: list[tuple[Leg, Place]] = []
        listeners: list[Leg] = []
        for leg in company:
            if leg.role in LISTENERS:
                listeners.append(leg)
                continue
            place = self._place(leg, company)
            (out if place in OUT else room).append((leg, place))
        talk = bool(room) and (len(room) + len(out) > 1 or self._barges)
        for leg in listeners:
            (room if talk else out).append((leg, _HEARD_BY.get(leg.role, "everybody") if talk else "music"))
        return room + out

    def _place(self, leg: Leg, company: Sequence[Leg]) -> Place:
        """Of one who does not only listen."""
        if len(company) == 1:
            return "everybody"
        there = [one for one in company if one is not leg and not one.record.held]
        if leg.record.held:
            if len(there) == 1:  # who hears music instead; nobody hears the other
                return "everybody"
            return "out" if there else "music"
        for one in there:
            if self._may_hear(leg, one):
                return "everybody"
        return "music"

    @property
    def _barges(self) -> bool:
        return any(leg.role == "barging" for leg in self.talking)

    def _may_hear(self, leg: Leg, other: Leg) -> bool:
        heard_by = _HEARD_BY.get(other.role, "everybody")
        return heard_by == "everybody" or (heard_by == "agents" and not leg.is_caller)

    def _to(self, leg: Leg, place: Place, music: SoundId) -> Sequence[Command]:
        if place == "out":
            return (Leave(leg.id),)
        if place == "music":
            return Leave(leg.id), Play(leg.id, loop=music)
        join = Join(leg.id, self.room, not leg.is_caller, place)
        return (Stop(leg.id), join) if leg.place == "music" else (join,)
