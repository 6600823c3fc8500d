"""Room for calls: who is parked is offered to somebody only while he may be called right away.

Else agents would be rung, or kept free, for calls that no rule allows, one too many at once or in the hour,
or to a number that is being called already. Who has no room keeps his rank; he is only not looked at.
"""

from collections import Counter
from collections.abc import Sequence

from acd.core.deadlines import Kind
from acd.core.placing import allowed, promise_of
from acd.core.state import State
from queues.contact import Contact
from queues.desk import OutboundRule
from queues.dial_policy import HOUR_MS, Counts, Wish, decide, lately
from queues.outbound import CALLBACK
from queues.states import ContactState

CLAIMS = (ContactState.OFFERED, ContactState.CALLING)
"""An agent is rung for him, or he is being called."""

ALL = 0
"""The number of the one deadline at which room is looked at anew."""


class _Taken:
    """Room that is taken already: by rule, and within the hour by client and by number.

    Who is offered to an agent has not been called yet; he will be, so his call counts already.
    """

    def __init__(self, state: State, contacts: Sequence[Contact]) -> None:
        self.lately = lately(state.dialled, state.now_ms)
        dialled = [one for one in self.lately if one.purpose == CALLBACK]
        self.by_rule: Counter[OutboundRule | None] = Counter()
        self.by_client = Counter(one.tenant for one in dialled)
        self.by_number = Counter((one.tenant, one.number) for one in dialled)
        self.numbers: set[str] = set()
        """Those that are being called."""
        for contact in contacts:
            if contact.state in CLAIMS:
                promise = promise_of(contact)
                self.by_rule[allowed(state, contact, promise.dial_class)] += 1
                self.numbers.add(promise.party)
            if contact.state is ContactState.OFFERED:
                self.by_client[contact.tenant] += 1
                self.by_number[contact.tenant, promise.party] += 1


def look_at_room(state: State) -> None:
    """Let the parked contacts be found that may be called now, and no others, and ask again in time."""
    state.room_moved = False
    again_ms = let_be_found(state)
    if again_ms:
        state.deadlines.set(Kind.ROOM, ALL, again_ms)
    else:
        state.deadlines.clear(Kind.ROOM, ALL)


def let_be_found(state: State) -> int:
    """Those that may be called now, and no others. When an hour's cap leaves room again; 0: none is full."""
    contacts = state.parked_contacts()
    taken, capped = _Taken(state, contacts), False
    for contact in contacts:
        if contact.state is ContactState.WAITING:
            promise = promise_of(contact)
            rule = allowed(state, contact, promise.dial_class)
            number = contact.tenant, promise.party
            counts = Counts(taken.by_rule[rule], taken.by_client[contact.tenant], taken.by_number[number])
            wish = Wish(contact.tenant, CALLBACK, promise.dial_class)
            reason = decide(state.desk.outbound, wish, counts).reason
            capped = capped or reason in ("per hour", "per number")
            _let_be_found(state, contact, found=not reason and promise.party not in taken.numbers)
    return taken.lately[0].at_ms + HOUR_MS if capped and taken.lately else 0


def hour_over(state: State, _: int) -> None:
    """A call of an hour ago counts no more."""
    state.room_moved = True


def _let_be_found(state: State, contact: Contact, *, found: bool) -> None:
    place = state.board.places[contact.id]
    if found and not place.in_bucket:
        state.board.show(contact.id)
        state.match(contact)
    elif not found:
        state.board.hide(contact.id)
