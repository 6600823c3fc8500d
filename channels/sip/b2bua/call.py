"""One contact on the telephone: the caller's leg, and those of the agents who are rung or talk."""

from msgspec import Struct

from channels.media.commands import Command, Join, Leave, Play, RoomId, SoundId, Stop
from channels.sip.b2bua.leg import Leg


class Call(Struct, eq=False):
    """All that belongs to one contact. `contact` is 0 until the engine has taken it."""

    contact: int = 0
    caller: Leg | None = None
    agents: dict[int, Leg] = {}
    """Offer → leg, ringing or up."""
    talking: Leg | None = None
    """Of `agents`: who is in the room, with the caller if there is one."""

    @property
    def room(self) -> RoomId:
        """Where caller and agent hear each other."""
        return RoomId(f"r{self.contact}")

    def drop(self, leg: Leg) -> None:
        """The leg has ended; the others stay."""
        if leg is self.caller:
            self.caller = None
        else:
            self.agents.pop(leg.record.offer, None)
        if leg is self.talking:
            self.talking = None

    def partner(self, leg: Leg) -> Leg | None:
        """Whom this leg talks to."""
        if leg is self.talking:
            return self.caller
        return self.talking if leg is self.caller else None

    def joined(self, agent: Leg) -> tuple[Command, ...]:
        """Caller and agent hear each other from now on; without a caller of ours the agent hears nothing."""
        self.talking = agent
        if self.caller is not None:
            self.caller.hears = None
        return tuple(Join(leg.id, self.room) for leg in (self.caller, agent) if leg is not None)

    def held(self, leg: Leg, music: SoundId) -> tuple[Command, ...]:
        """The party of `leg` does not want to hear, or wants to again: the other gets music meanwhile.

        Both go out of the room's hearing, so that neither hears the other.
        """
        other = self.partner(leg)
        if other is None:
            return ()
        if leg.record.held:
            return Leave(other.id), Play(other.id, loop=music)
        return Stop(other.id), Join(other.id, self.room)
