"""Who comes first: (class, urgency, arrival number), compared in whole numbers."""

from msgspec import Struct

from queues.desk import CalendarId


class Urgency(Struct, frozen=True, gc=False):
    """Where a contact stands among all others.

    Its urgency at `now` is `(clock.elapsed(now) - key_ms) / target_ms`: the share of its target that is used
    up, head start included. `key_ms` never changes while it waits, which is why a bucket can be sorted once.
    """

    priority_class: int
    target_ms: int
    calendar: CalendarId
    key_ms: int


class Rank(Struct, frozen=True, gc=False):
    """A contact's place among all others at one moment; its urgency is the fraction `used_ms / target_ms`."""

    priority_class: int
    used_ms: int
    target_ms: int
    number: int

    def before(self, other: "Rank") -> bool:
        """Whether this one is served first: lower class, then greater urgency, then earlier arrival.

        The fractions are compared by cross-multiplication, so that no two machines ever disagree on a tie.
        """
        if self.priority_class != other.priority_class:
            return self.priority_class < other.priority_class
        share, other_share = self.used_ms * other.target_ms, other.used_ms * self.target_ms
        if share != other_share:
            return share > other_share
        return self.number < other.number
