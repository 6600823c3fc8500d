"""What each step of a treatment does: one after the other, until something has to be waited for."""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from acd.core import facts
from acd.core.callbacks import may_be_called, promise, promise_soon
from acd.core.conditions import holds
from acd.core.entering import find_line, send_on, way_of
from acd.core.estimates.expectation import in_minutes
from acd.core.estimates.queue import expected
from acd.core.incidents import of_the_line, tell
from acd.core.links import ask_between, asks
from acd.core.messages import SEALED_WITHIN_MS, record, sign_off
from acd.core.state import State, step
from acd.core.treatments import begin, give_place_back, rest, stop, waiting_in
from acd.core.waiting import enter_line, overflow, send_away
from queues import treatment as steps
from queues.contact import Contact
from queues.desk import Line, Overflow
from queues.states import CONTACT, ContactState
from queues.treatment import Phrase, Walk

MOST_STEPS = 1_000
"""`acd check` finds circles in which nothing takes time, and what is too long; all others end in music."""

NEXT_KEY_MS = 4_000
"""So long the channel waits for each key after the first; if it never tells, the engine goes on."""

LATER_MS = 5_000
"""Who is being rung is not moved or sent away: if nobody answers, that is looked at again so much later."""


class After(Enum):
    """What follows a step."""

    NEXT = auto()
    """The next one, or whatever it went to."""
    REST = auto()
    """Nothing, until the end of what is played, a key or a moment."""
    AGAIN = auto()
    """This one, when the texts before it have been heard to their end."""
    LATER = auto()
    """This one, later."""


def treat(state: State) -> None:
    """Go on with every treatment that waits for nothing. What is marked meanwhile has its turn later."""
    untreated, state.untreated = state.untreated, {}
    for contact in untreated.values():
        _go_on(state, contact)


def _go_on(state: State, contact: Contact) -> None:
    for _ in range(MOST_STEPS):
        walk = contact.walk
        if walk is None:
            return
        at, of_it = walk.step, state.treatments.get(walk.treatment, ())
        walk.step = min(at + 1, len(of_it))
        taken = of_it[at] if at < len(of_it) else None
        if contact.callback is not None and type(taken) is not steps.Park:
            _not_promised(contact)
        after = ON_STEP[type(taken)](state, contact, walk, taken)
        if after in (After.AGAIN, After.LATER):
            walk.step = at
            for_ms = LATER_MS if after is After.LATER else 0
            rest(state, contact, state.lines[contact.line].music, for_ms=for_ms, end=not for_ms)
        if after is not After.NEXT:
            return
    _lost_its_way(state, contact)


def _not_promised(contact: Contact) -> None:
    """The desk has changed since it was told that it will be called; it hears what follows instead."""
    if contact.callback is not None and contact.callback.pending:
        contact.callback = None


def _lost_its_way(state: State, contact: Contact) -> None:
    """Its treatment goes round and round: it waits with music, in its line if that takes it."""
    walk = contact.walk
    assert walk is not None
    walk.says = ()
    if contact.state is ContactState.GREETING:
        walk.turned_away = walk.turned_away or "treatment"  # no other one follows
        _enqueue(state, contact, walk, steps.Enqueue())
    if contact.walk is not None:
        _music_for_good(state, contact)


def _music_for_good(state: State, contact: Contact) -> None:
    """That of its line; who hears it already hears on."""
    walk, music = contact.walk, state.lines[contact.line].music
    assert walk is not None
    if walk.says or walk.hears.keys or walk.hears.music != music:
        rest(state, contact, music)
    stop(state, contact)


# ---- what each step does


def _over(state: State, contact: Contact, walk: Walk, _: None) -> After:
    """There is no step any more."""
    if contact.state is ContactState.GREETING:
        ends = walk.turned_away or contact.purpose
        return (_end if ends else _enqueue)(state, contact, walk, steps.Enqueue())
    following = waiting_in(state.lines[contact.line])
    if following and following != walk.treatment:
        walk.treatment, walk.step = following, 0
        return After.NEXT
    _music_for_good(state, contact)
    return After.REST


def _say(_: State, _contact: Contact, walk: Walk, said: steps.Say) -> After:
    walk.says += (Phrase(said.text),)
    return After.NEXT


def _say_position(state: State, contact: Contact, walk: Walk, _: steps.SayPosition) -> After:
    """What is told never gets worse, even when somebody with a better claim came."""
    if contact.state is ContactState.WAITING:
        rank = state.board.rank(contact.id)
        contact.told_position = told = min(rank, contact.told_position or rank)
        state.tell(facts.PositionTold(state.now_ms, contact.id, told, rank))
        walk.says += (Phrase(steps.POSITION, told),)
    return After.NEXT


def _say_expected_wait(state: State, contact: Contact, walk: Walk, _: steps.SayExpectedWait) -> After:
    found = expected(state, contact) if contact.state is ContactState.WAITING else None
    if found is not None:
        minutes = in_minutes(found.expected_ms)
        band = found.expected_ms, found.low_ms, found.high_ms
        state.tell(facts.WaitTold(state.now_ms, contact.id, contact.line, minutes, *band))
        walk.says += (Phrase(steps.EXPECTED_WAIT, minutes),)
    return After.NEXT


def _music(state: State, contact: Contact, _: Walk, music: steps.Music) -> After:
    if not music.for_ms and contact.state is ContactState.GREETING:
        return After.NEXT  # it would never wait for anybody
    rest(state, contact, music.music, for_ms=music.for_ms)
    return After.REST


def _menu(state: State, contact: Contact, walk: Walk, menu: steps.Menu) -> After:
    walk.says += (Phrase(menu.text),)
    rest(state, contact, menu.music, for_ms=menu.for_ms, menu=menu)
    return After.REST


def _then(_: State, _contact: Contact, walk: Walk, on: steps.GoOn) -> After:
    walk.treatment, walk.step = on.then, 0
    return After.NEXT


def _when(state: State, contact: Contact, walk: Walk, asked: steps.When) -> After:
    held, where = holds(state, contact, asked), (walk.treatment, walk.step - 1)
    state.tell(facts.ConditionAsked(state.now_ms, contact.id, *where, asked.condition, asked.least, held))
    if held:
        walk.treatment, walk.step = asked.then, 0
    return After.NEXT


def _enqueue(state: State, contact: Contact, walk: Walk, to: steps.Enqueue) -> After:
    """What was to be said before is heard first; a line that takes nobody goes its own way with it."""
    if contact.state is not ContactState.GREETING:
        return _move(state, contact, walk, to)
    if walk.afterwards:
        return _end(state, contact, walk, to)
    wanted = state.lines.get(to.line or contact.line, state.lines[contact.line])
    if walk.says:
        return After.AGAIN
    line, hops, reason = (wanted, [], "") if contact.reserves else find_line(state, wanted)
    if reason:
        return _turned_away(state, contact, walk, line, reason)
    contact.state = step(CONTACT, contact.state, "enqueue")
    if contact.reserves:
        give_place_back(state, contact)
    send_on(state, contact, hops)
    walk.turned_away = contact.purpose = ""  # from now on it is like any other
    enter_line(state, contact, line, "arrived")
    state.untreated[contact.id] = contact  # when it is known whether an agent is rung
    if state.incidents and (incident := of_the_line(state, contact)) is not None:
        if asks(state, contact, incident):
            ask_between(state, contact, incident)
        else:
            walk.says += (tell(state, contact, incident),)
    return After.REST


def _move(state: State, contact: Contact, walk: Walk, to: steps.Enqueue) -> After:
    """From one line to another; one that is closed or full leaves it where it is.

    Who is in the wanted line stays, even if it is full, by himself perhaps: it would hand him on.
    """
    wanted = state.lines.get(to.line) if to.line is not None else None
    if wanted is None or wanted.id == contact.line:
        return After.NEXT
    line, _, reason = find_line(state, wanted)
    if reason or line.id == contact.line:  # also if the other one hands on to where it is
        return After.NEXT
    if walk.says:
        return After.AGAIN
    if contact.state is not ContactState.WAITING:
        return After.LATER
    overflow(state, contact, line.id, "chosen")
    stop(state, contact)  # that of the new line follows when this one is over
    contact.walk = walk
    return After.NEXT


def _turned_away(state: State, contact: Contact, walk: Walk, line: Line, reason: str) -> After:
    way = way_of(line, reason)
    if way.kind is Overflow.TREATMENT and not walk.turned_away:
        begin(state, contact, way.treatment, turned_away=reason)
        return After.REST
    return _release(state, contact, "turn away", reason)


def _collect(state: State, contact: Contact, walk: Walk, asked: steps.Collect) -> After:
    walk.says += (Phrase(asked.text),)
    for_ms = asked.for_ms + asked.most * NEXT_KEY_MS + SEALED_WITHIN_MS
    rest(state, contact, asked.music, for_ms=for_ms, collect=asked)
    return After.REST


def _record(state: State, contact: Contact, walk: Walk, said: steps.Record) -> After:
    if walk.afterwards:
        return After.NEXT
    if contact.state is ContactState.OFFERED:
        return After.LATER
    record(state, contact, said.longest_ms)
    return After.REST


def _park(state: State, contact: Contact, walk: Walk, to: steps.Park) -> After:
    if walk.afterwards:
        return After.NEXT
    if to.what == "voicemail":
        return _leave_message(state, contact, walk)
    if not may_be_called(state, contact):
        _not_promised(contact)
        return After.NEXT
    if walk.says:
        promise_soon(state, contact)
        return After.AGAIN
    promise(state, contact, contact.party, contact.dial_class)
    return After.REST


def _leave_message(state: State, contact: Contact, walk: Walk) -> After:
    """Who is promised a call has something better, and keeps that."""
    if contact.message is None or contact.promise is not None:
        return After.NEXT
    if walk.says:
        return After.AGAIN
    sign_off(state, contact, contact.message)
    return After.REST


def _language(state: State, contact: Contact, _: Walk, to: steps.SetLanguage) -> After:
    contact.language = to.language
    state.tell(facts.LanguageSet(state.now_ms, contact.id, to.language))
    return After.NEXT


def _end(state: State, contact: Contact, walk: Walk, _: steps.Step) -> After:
    if walk.says:
        return After.AGAIN
    if contact.message is not None and contact.promise is None:
        return _leave_message(state, contact, walk)
    if contact.state is ContactState.GREETING:
        reason = walk.turned_away
        if not contact.purpose:
            reason = reason or find_line(state, state.lines[contact.line])[2]
        return _release(state, contact, "turn away", reason or "treatment")
    if contact.state is not ContactState.WAITING:
        return After.LATER
    return _release(state, contact, "give up", "treatment")


def _release(state: State, contact: Contact, happening: str, reason: str) -> After:
    send_away(state, contact, happening, reason)
    return After.REST


ON_STEP: Mapping[type[object], Callable[[State, Contact, Walk, Any], After]] = {
    steps.Say: _say,
    steps.SayPosition: _say_position,
    steps.SayExpectedWait: _say_expected_wait,
    steps.Music: _music,
    steps.Menu: _menu,
    steps.When: _when,
    steps.GoOn: _then,
    steps.Enqueue: _enqueue,
    steps.Collect: _collect,
    steps.Record: _record,
    steps.Park: _park,
    steps.SetLanguage: _language,
    steps.End: _end,
    type(None): _over,
}
