"""Conversations that last too long: the agent is told, then it is another line's, if the site wants it so."""

from acd.core import facts
from acd.core.connection import hand_to_line
from acd.core.deadlines import Kind
from acd.core.guests import members
from acd.core.state import State
from acd.core.talk import prompt_agent, talking, watch_on
from agents.roster import Work
from queues.contact import Contact
from queues.desk import Line, LineId, TalkLimit

BUSY_MS = 15_000
"""Who just asks somebody, or confers, is not interrupted: that is looked at again so much later."""


def due(state: State, number: int) -> None:
    """An agent has talked so long that something is due."""
    work = state.works[number]
    contact = state.contacts[work.contact]
    limit = state.lines[contact.line].talk_limit
    if limit is None or talking(state, contact) is not work:  # the desk has changed, or it is another's now
        work.talks_ms = 0
        return
    talked_ms = state.now_ms - work.talks_ms
    if limit.hand_over_ms and talked_ms >= limit.hand_over_ms:
        _too_long(state, contact, work, limit)
        return
    if limit.prompt_ms and talked_ms >= limit.prompt_ms:
        prompt_agent(state, contact, work, limit.text)
    watch_on(state, work, limit)


def _too_long(state: State, contact: Contact, work: Work, limit: TalkLimit) -> None:
    """Handed over once he is free to be interrupted; to a line that is closed, or gone, nobody is."""
    if limit.to is not None and (contact.consult or contact.outside or members(state, contact)):
        state.deadlines.set(Kind.TALK, work.id, state.now_ms + BUSY_MS)
        return
    to = _takes(state, contact, limit)
    talked_ms, line = state.now_ms - work.talks_ms, contact.line
    ids, where = (work.id, contact.id, work.agent), LineId("") if to is None else to.id
    state.tell(facts.TalkTooLong(state.now_ms, *ids, line, talked_ms, where))
    if to is not None:
        hand_to_line(state, contact, work, to, hung_up=False)


def _takes(state: State, contact: Contact, limit: TalkLimit) -> Line | None:
    line = state.lines.get(limit.to) if limit.to is not None else None
    open_now = line is not None and state.clocks[line.hours].is_open(state.now_ms)
    return line if open_now and line is not None and line.id != contact.line else None
