"""One contact on the telephone: the party's leg, those of agents who are rung or talk, and who is asked."""

from msgspec import Struct

from channels.media.commands import Command, HeardBy, Join, Leave, Play, RoomId, SoundId, Stop
from channels.sip.b2bua.leg import Leg


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
        """Who would hear each other, were they all there."""
        return [leg for leg in (self.caller, self.asker, *self.talking) if leg is not None]

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
        talk = bool(self.talking) or (self.caller is not None and self.asker is not None)
        return [one for one in company if one is not leg] if talk and leg in company else []

    def joined(self, leg: Leg) -> tuple[Command, ...]:
        """This leg, and whoever is there, hear each other from now on."""
        if leg not in (self.caller, self.asker, *self.talking):
            self.talking.append(leg)
        if self.caller is not None:
            self.caller.hears = None
        return tuple(self.seated(one) for one in self.company)

    def seated(self, leg: Leg) -> Join:
        """Its place in the room."""
        return Join(leg.id, self.room, not leg.is_caller, _HEARD_BY.get(leg.role, "everybody"))

    def held(self, leg: Leg, music: SoundId) -> tuple[Command, ...]:
        """The party of `leg` does not want to hear, or wants to again.

        Of two the other gets music meanwhile: both are out of the room's hearing. More than two go on.
        """
        others = self.others(leg)
        if len(others) > 1:
            return (Leave(leg.id) if leg.record.held else self.seated(leg),)
        if not others:
            return ()
        if leg.record.held:
            return Leave(others[0].id), Play(others[0].id, loop=music)
        return Stop(others[0].id), self.seated(others[0])


_HEARD_BY: dict[str, HeardBy] = {"listening": "nobody", "whispering": "agents"}
"""Role of an agent → who hears him."""
