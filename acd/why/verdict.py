"""Who could take a contact at a moment, and by which rules somebody could not. Pure: it asks the state."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from acd.core.deadlines import Kind
from acd.core.state import State
from agents.capacity import Medium, can_take
from agents.roster import Seat, Work
from agents.skills import AgentId, Alternative, SkillId, meets
from agents.states import LISTENERS, AgentState, WorkState
from queues.contact import Contact
from queues.desk import Line
from queues.need import Need


class Rule(StrEnum):
    """Why somebody could not be offered a contact. The first four say that it was never for him."""

    MEDIUM = "medium"
    SKILL = "skill"
    HELD = "held"
    """It is held for its preferred agent."""
    ASKS = "asks"
    """It is a consult, and he is who asks."""
    SIGNED_OUT = "signed out"
    PAUSED = "paused"
    NO_DEVICE = "no device"
    DEVICE_AWAY = "device away"
    RUNG = "rung"
    RESERVED = "reserved"
    WRAP_UP = "wrap-up"
    BUSY = "busy"
    """He has as many in hand as he may, or something that this may not interrupt."""
    TRIED = "tried"
    """It was offered to him in vain before."""
    LATER = "later"
    """He has become free by the same event: those who were idle already are asked first."""


NEVER_HIS = (Rule.MEDIUM, Rule.SKILL, Rule.HELD, Rule.ASKS)


class Bar(Struct, frozen=True, omit_defaults=True):
    """One rule that keeps an agent from a contact."""

    rule: Rule
    what: str = ""
    """Of a pause its reason, of a skill its name, of a hold the agent."""
    contact: int = 0
    """What he has in hand instead."""
    since_ms: int = 0
    until_ms: int = 0
    """When it ends, where a rule says so (wrap-up, hold, relaxation, ring); 0: nobody knows."""
    needs: int = 0
    """The level that is required …"""
    has: int = 0
    """… and the one that he has; 0: none."""


class Verdict(Struct, frozen=True):
    """What stands between an agent and a contact; nothing: he could have taken it at once."""

    agent: AgentId
    bars: tuple[Bar, ...] = ()

    @property
    def his(self) -> bool:
        """Whether he is one of those for whom it was meant, free or not."""
        return not any(bar.rule in NEVER_HIS for bar in self.bars)


class Case(Struct, frozen=True):
    """A contact at a moment, with what its need says."""

    contact: Contact
    line: Line
    need: Need
    chosen: int = 0
    """The offer that is being made: whoever has it is looked at as before it."""


def case_of(state: State, contact: Contact, chosen: int = 0, held_for: AgentId | None = None) -> Case:
    """`held_for`: who is reserved has left his line already, and his hold with it."""
    line = state.lines[contact.line]
    only = contact.preferred if contact.held_until_ms else held_for
    return Case(contact, line, state.board.need(line, contact.step, contact.medium, only), chosen)


def verdicts(state: State, case: Case) -> list[Verdict]:
    """Of everybody, in the order of the roster."""
    return [verdict(state, case, seat) for seat in state.seats.values()]


def verdict(state: State, case: Case, seat: Seat) -> Verdict:
    """All the rules that apply, the most lasting first."""
    bars = (*_never_his(case, seat), *_not_now(state, case, seat))
    if not bars and seat.entered != seat.epoch and all(work.id != case.chosen for work in seat.works):
        bars = (Bar(Rule.LATER),)
    return Verdict(seat.record.id, bars)


def free_for(state: State, seat: Seat, medium: Medium, chosen: int = 0) -> bool:
    """Whether he may be offered one of this medium now; as `agents.roster.free_media`, before that offer."""
    record = seat.record
    if record.state is not AgentState.READY or medium not in record.reachable:
        return False
    works = [work for work in seat.works if work.id != chosen]
    if any(work.state in (WorkState.RINGING, WorkState.RESERVED, WorkState.WRAP_UP) for work in works):
        return False
    return can_take(medium, [work.medium for work in works], seat.capacity, state.desk.interrupts)


def _never_his(case: Case, seat: Seat) -> Iterator[Bar]:
    contact, line, need = case.contact, case.line, case.need
    if not seat.capacity.get(contact.medium, 0):
        yield Bar(Rule.MEDIUM, contact.medium)
    if not any(meets(seat.skills, alternative) for alternative in need.alternatives):
        yield from _lacks(contact, line, need, seat)
    elif seat.record.id not in need.fitness and seat.capacity.get(contact.medium, 0):
        yield Bar(Rule.HELD, contact.preferred or "", until_ms=contact.held_until_ms)


def _lacks(contact: Contact, line: Line, need: Need, seat: Seat) -> Iterator[Bar]:
    """The skills of the alternative that he is nearest to, and when a relaxation will let him in."""
    until_ms = 0
    for relaxation in line.relaxations[contact.step :]:
        if any(meets(seat.skills, one) for one in relaxation.alternatives):
            until_ms = contact.line_since_ms + relaxation.after_ms
            break

    def missing(alternative: Alternative) -> list[tuple[SkillId, int]]:
        return [(skill, level) for skill, level in alternative if seat.skills.get(skill, 0) < level]

    nearest = min((missing(one) for one in need.alternatives), key=len, default=[])
    for skill, level in nearest:
        yield Bar(Rule.SKILL, skill, until_ms=until_ms, needs=level, has=seat.skills.get(skill, 0))
    if not nearest:
        yield Bar(Rule.SKILL, until_ms=until_ms)


def _not_now(state: State, case: Case, seat: Seat) -> Iterator[Bar]:
    record, contact = seat.record, case.contact
    works = [work for work in seat.works if work.id != case.chosen]
    if record.state is AgentState.SIGNED_OUT:
        yield Bar(Rule.SIGNED_OUT, since_ms=record.since_ms)
    elif record.state is AgentState.PAUSED:
        yield Bar(Rule.PAUSED, record.reason, since_ms=record.since_ms)
    if contact.medium not in record.reachable and seat.capacity.get(contact.medium, 0):
        yield _device(contact.medium, seat)
    yield from _in_hand(state, contact, seat, works)
    if record.id in contact.tried:
        asks = contact.consults and state.works[contact.asker].agent == record.id
        yield Bar(Rule.ASKS if asks else Rule.TRIED)


def _device(medium: Medium, seat: Seat) -> Bar:
    gone = [device.gone_ms for device in seat.record.devices if medium in device.media and device.gone_ms]
    return Bar(Rule.DEVICE_AWAY, since_ms=min(gone)) if gone else Bar(Rule.NO_DEVICE)


_UNTIL = {WorkState.RINGING: Kind.RING, WorkState.WRAP_UP: Kind.WRAP_UP}
_RULES = {
    WorkState.RINGING: Rule.RUNG,
    WorkState.RESERVED: Rule.RESERVED,
    WorkState.WRAP_UP: Rule.WRAP_UP,
}


def _in_hand(state: State, contact: Contact, seat: Seat, works: list[Work]) -> Iterator[Bar]:
    waits = [work for work in works if work.state in _RULES]
    for work in waits:
        kind = _UNTIL.get(work.state)
        until_ms = (state.deadlines.get(kind, work.id) if kind else 0) or 0
        yield Bar(_RULES[work.state], contact=work.contact, since_ms=work.since_ms, until_ms=until_ms)
    media = [work.medium for work in works]
    if not waits and works and not can_take(contact.medium, media, seat.capacity, state.desk.interrupts):
        for work in works:
            what = "listens" if work.role in LISTENERS else work.medium
            yield Bar(Rule.BUSY, what, contact=work.contact, since_ms=work.since_ms)
