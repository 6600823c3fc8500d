"""One contact on the telephone: the party's leg, those of agents who are rung or talk, and who is asked."""

from collections.abc import Iterator

from msgspec import Struct

from channels.media.commands import Command, HeardBy, Join, Leave, Play, RoomId, SoundId, Stop
from channels.sip.b2bua.leg import Leg

_HEARD_BY: dict[str, HeardBy] = {"listening": "nobody", "whispering": "agents"}
"""Role of an agent → who hears him."""

LISTENERS = ("listening", "whispering", "barging")
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
        caller = self.caller if self.caller is not None and self.caller.hears is None else None
        return [leg for leg in (caller, self.asker, *self.talking) if leg is not None]

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

    def joined(self, leg: Leg, music: SoundId) -> Iterator[Command]:
        """This leg takes part from now on; and with anybody but a listener its caller talks, too."""
        if leg not in (self.caller, self.asker, *self.talking):
            self.talking.append(leg)
        if self.caller is not None and leg.role not in LISTENERS:
            self.caller.hears = None
        yield from self.arranged(music)

    def arranged(self, music: SoundId) -> Iterator[Command]:
        """What is to be told to the media so that each of them hears what he ought to, by what is now.

        Not a sequence of moves: whoever came, went, holds, or hears in another way, the answer is the same.
        """
        if not self.talking and not (self.caller in self.company and self.asker is not None):
            return  # nobody talks here; what is heard is ordered by lists
        places = [(leg, self._place(leg)) for leg in self.company if leg.role not in LISTENERS]
        talk = any(place not in OUT for _, place in places if len(places) > 1 or self._barges)
        for leg in [one for one in self.company if one.role in LISTENERS]:
            places.append((leg, self._heard_by(leg) if talk else "music"))
        for leg, place in sorted(places, key=lambda one: one[1] in OUT):
            if place != leg.place:
                yield from self._to(leg, place, music)
                leg.place = place

    def _place(self, leg: Leg) -> str:
        """`music`, `out` (he hears nothing), or by whom he is heard in the room."""
        others = [one for one in self.company if one is not leg]
        if leg.record.held:
            there = [one for one in others if not one.record.held]
            if len(there) == 1 or not others:  # who hears music instead; nobody hears the other
                return self._heard_by(leg)
            return "out" if there else "music"
        hears = any(not one.record.held and self._may_hear(leg, one) for one in others)
        return self._heard_by(leg) if hears or not others else "music"

    @property
    def _barges(self) -> bool:
        return any(leg.role == "barging" for leg in self.talking)

    def _may_hear(self, leg: Leg, other: Leg) -> bool:
        heard_by = self._heard_by(other)
        return heard_by == "everybody" or (heard_by == "agents" and not leg.is_caller)

    @staticmethod
    def _heard_by(leg: Leg) -> HeardBy:
        return _HEARD_BY.get(leg.role, "everybody")

    def _to(self, leg: Leg, place: str, music: SoundId) -> Iterator[Command]:
        if place == "out":
            yield Leave(leg.id)
        elif place == "music":
            yield Leave(leg.id)
            yield Play(leg.id, loop=music)
        else:
            if leg.place == "music":
                yield Stop(leg.id)
            yield Join(leg.id, self.room, not leg.is_caller, self._heard_by(leg))
