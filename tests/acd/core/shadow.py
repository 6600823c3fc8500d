"""The naive model of the desk, folded from the facts alone."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from acd.core import events, facts
from acd.core.deadlines import NEVER_MS
from acd.core.wrap_up import UNCODED_MS
from agents.skills import AgentId
from queues.desk import EntryId
from tests.acd.core.shadow_calls import ShadowCalls, ShadowPromise
from tests.acd.core.shadow_desk import ShadowAgent, ShadowContact, ShadowWork
from tests.acd.core.shadow_escalations import ShadowEscalations
from tests.acd.core.shadow_receptions import ShadowReceptions


class Shadow(ShadowCalls, ShadowReceptions, ShadowEscalations):
    """What the facts say. `fold` applies one fact; `on_offer` is called before each Offered is applied."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[tuple[str, str], int] = {}
        self.on_offer: Callable[[facts.Decision], None] = lambda _: None

    def fold(self, fact: facts.Fact) -> None:
        self.now_ms = fact.t_ms
        handler: Callable[[facts.Fact], None] = getattr(self, f"_{type(fact).__name__.lower()}")
        handler(fact)
        if isinstance(fact, facts.ENDINGS):
            ended: Any = fact
            self.all_clear_ended(ended.contact, ended.line, getattr(fact, "by", ""), fact.t_ms)
        elif isinstance(fact, facts.CallOver):
            self.attempt_failed(fact)

    def _calledout(self, fact: facts.CalledOut) -> None:
        asked = self.event
        if fact.incident:
            party, link = self.all_clear_call(fact)
            what = "all_clear", party, link.dial_class, fact.treatment
            self.event = events.CallOut(EntryId(link.entry), *what, language=link.language)
        super()._calledout(fact)
        self.event = asked

    # ---- the desk

    def _restart(self, fact: facts.Restart) -> None:
        self.back_ms = fact.t_ms
        assert isinstance(self.event, events.Restarted)
        self.restarted_ms = fact.t_ms
        for work in self.works.values():
            if work.state == "ringing":
                self._ring(work, fact.t_ms)
        for agent in self.agents.values():
            agent.away = dict.fromkeys(agent.away, fact.t_ms + self.desk.device_grace_ms)
        self.restart_calls(fact.t_ms)
        self.renew_leases(fact.t_ms)
        self.wait_for_parts_anew(fact.t_ms)

    def _deskset(self, fact: facts.DeskSet) -> None:
        assert isinstance(self.event, events.DeskChanged)
        new = self.event.desk
        used = {c.line for c in self.contacts.values()} | {w.line for w in self.works.values()}
        gone = [
            line for line in self.desk.lines if line.id in used and line.id not in {n.id for n in new.lines}
        ]
        wanted = {calendar for line in gone for calendar in (line.calendar, line.hours)}
        known = {calendar.id for calendar in new.calendars}
        old = [c for c in self.desk.calendars if c.id in wanted and c.id not in known]
        media = {c.medium for c in self.contacts.values()} | {w.medium for w in self.works.values()}
        lost = [t for t in self.desk.media if t.id in media and t.id not in new.medium_ids]
        self.former_treatments = self.treatments()
        self.desk = replace(
            new,
            calendars=(*new.calendars, *old),
            lines=(*new.lines, *gone),
            media=(*new.media, *lost),
        )
        self.lines = {line.id: line for line in self.desk.lines}
        self.greetings |= {line.greeting for line in self.desk.lines}
        self.may_forget()
        self.config = {agent.id: agent for agent in new.agents}
        for agent in new.agents:
            self.agents.setdefault(agent.id, ShadowAgent(agent.id))
        for contact in self.contacts.values():
            self._apply_rules(contact, fact.t_ms)
            self.lease_by_desk(contact, fact.t_ms)

    def _listset(self, fact: facts.ListSet) -> None:
        """Lists are of no consequence by themselves."""
        assert isinstance(self.event, events.ListChanged)
        assert fact.version > self.lists.get((fact.tenant, fact.list), 0)
        self.lists[fact.tenant, fact.list] = fact.version

    def _calendarset(self, fact: facts.CalendarSet) -> None:
        assert isinstance(self.event, events.CalendarChanged)
        others = [c for c in self.desk.calendars if c.id != self.event.calendar.id]
        self.desk = replace(self.desk, calendars=(*others, self.event.calendar))
        for contact in self.contacts.values():
            if self.lines[contact.line].calendar == self.event.calendar.id:
                self._apply_rules(contact, fact.t_ms)

    def _apply_rules(self, contact: ShadowContact, now_ms: int) -> None:
        if contact.state not in ("waiting", "offered"):
            return
        line = self.lines[contact.line]
        contact.step = sum(r.after_ms <= now_ms - contact.line_since_ms for r in line.relaxations)
        contact.promoted = contact.promoted and line.promotion is not None
        contact.told = 0

    # ---- contacts

    def _blocked(self, fact: facts.Blocked) -> None:
        assert fact.ref not in {contact.ref for contact in self.contacts.values()}
        event = self.event
        assert isinstance(event, events.ContactArrived)
        entry = next((e for e in self.desk.entries if (e.id, e.medium) == (event.entry, event.medium)), None)
        assert (entry is None) == (fact.reason == "unknown entry")
        if entry is not None:
            assert not self.takes(self.lines[entry.line], fact.t_ms), "the line would have taken it"
            due = self.to_hear(event, entry)
            assert due is None or not (due.mandatory or due.mode != "inform"), "the text comes first"
            hears = next(traits for traits in self.desk.media if traits.id == entry.medium).hears
            told = entry.treatment or self.told_why(self.lines[entry.line], fact.t_ms)
            assert not (hears and told), "there was something to say"

    def _arrived(self, fact: facts.Arrived) -> None:
        event = self.event
        assert isinstance(event, events.ContactArrived)
        assert fact.contact not in self.contacts
        entry = next(e for e in self.desk.entries if e.id == event.entry)
        classes = [c for c in (event.priority_class, entry.priority_class) if c is not None]
        self.contacts[fact.contact] = ShadowContact(
            fact.contact,
            fact.ref,
            fact.line,
            fact.medium,
            min(classes) if classes else None,
            max(event.head_start_ms, entry.head_start_ms),
            tenant=fact.tenant,
            person=event.person,
            due=self.to_hear(event, entry),
            entry=event.entry,
            party=event.party,
            dial_class=event.dial_class,
        )
        self.arrives(self.contacts[fact.contact], event)
        self.lease(self.contacts[fact.contact], fact.t_ms)
        assert event.joins is not None or not self.same_caller(event, fact.t_ms), "he has a place already"
        assert fact.vip == self.is_vip(event, entry)

    def _queued(self, fact: facts.Queued) -> None:
        contact = self.contacts[fact.contact]
        contact.line = fact.line
        assert contact.due is None, "it was told nothing"
        if contact.state == "deferred" and isinstance(self.event, events.Tick):
            assert fact.t_ms == max(contact.ready_ms, self.restarted_ms), "not at its moment"
        assert not contact.receiving, "not all of it is there"
        contact.ready_ms = 0
        if contact.incident:
            self._text_over(contact, fact.t_ms)
        if contact.state == "greeting":
            assert self.may_go_on(contact, fact.t_ms), "what comes before was not heard to its end"
            assert self.takes(self.lines[fact.line], fact.t_ms) or contact.reserved, "it takes nobody"
        contact.line_since_ms, contact.state, contact.reserved = fact.t_ms, "waiting", False
        contact.purpose = ""
        contact.turned_away, contact.moved, contact.between = "", True, False
        contact.promised_ms = 0
        contact.anchor_ms = contact.anchor_ms or fact.t_ms
        assert fact.anchor_ms == contact.anchor_ms, "the anchor must survive"
        contact.step, contact.promoted, contact.told, contact.held_until_ms = 0, False, 0, 0
        contact.tried = [contact.gave_up] if contact.gave_up else self.asker_of(contact)
        if contact.gave_up and contact.preferred == contact.gave_up:
            contact.preferred = None
        contact.gave_up = None
        if fact.cause in ("transfer", "callback"):
            contact.preferred = None
        self.comes_to_line(contact, fact.t_ms)
        assert (fact.priority_class, fact.head_start_ms) == (self.class_of(contact), contact.head_ms)

    def _requeued(self, fact: facts.Requeued) -> None:
        contact = self.contacts[fact.contact]
        assert contact.state == "offered"
        assert not any(w.contact == contact.id and w.state == "ringing" for w in self.works.values())
        contact.state = "waiting"

    def _relaxed(self, fact: facts.Relaxed) -> None:
        contact = self.contacts[fact.contact]
        contact.step += 1
        assert contact.step == fact.step
        relaxation = self.lines[contact.line].relaxations[fact.step - 1]
        assert fact.t_ms >= contact.line_since_ms + relaxation.after_ms, "relaxed too early"

    def _promoted(self, fact: facts.Promoted) -> None:
        contact = self.contacts[fact.contact]
        promotion = self.lines[contact.line].promotion
        assert promotion is not None
        left = self.lines[contact.line].target_ms - self.used_ms(contact, fact.t_ms)
        assert left <= promotion.before_ms, "promoted too early"
        contact.promoted = True
        assert fact.priority_class == self.class_of(contact)

    def _prioritychange(self, fact: facts.PriorityChange) -> None:
        event, contact = self.event, self.contacts[fact.contact]
        assert isinstance(event, events.PriorityChanged)
        contact.asked, contact.head_ms = event.priority_class, event.head_start_ms or 0
        contact.told = 0

    def _triedforgotten(self, fact: facts.TriedForgotten) -> None:
        contact = self.contacts[fact.contact]
        for agent in self.agents.values():
            fits = self.fitness(agent.id, contact) and agent.state == "ready"
            if fits and contact.medium in agent.reachable:
                assert agent.id in contact.tried, "somebody was not tried yet"
        contact.tried = self.asker_of(contact)

    def _positiontold(self, fact: facts.PositionTold) -> None:
        contact = self.contacts[fact.contact]
        mine = self.rank(contact, fact.t_ms)
        rank = 1 + sum(
            other.line == contact.line
            and other.state in ("waiting", "offered")
            and self.rank(other, fact.t_ms) < mine
            for other in self.contacts.values()
        )
        assert fact.rank == rank, "the true position is wrong"
        assert fact.position <= rank
        assert not contact.told or fact.position <= contact.told, "the told position got worse"
        contact.told = fact.position

    def _overflowed(self, fact: facts.Overflowed) -> None:
        contact = self.contacts[fact.contact]
        assert fact.from_line == contact.line or contact.state == "greeting"
        contact.line = fact.to_line

    def _treated(self, fact: facts.Treated) -> None:
        super()._treated(fact)
        contact = self.contacts[fact.contact]
        if contact.promised_ms == fact.t_ms:
            contact.promised_until_ms = self.until_ms(self.lines[contact.line], fact.t_ms)

    # ---- offers

    def _offered(self, fact: facts.Offered) -> None:
        contact = self.contacts[fact.contact]
        if fact.choice == "reserved":
            assert (contact.state, self.works.pop(fact.offer).state) == ("waiting", "reserved")
            assert contact.ref, "its party is not there"
        else:
            self.on_offer(fact)
        contact.state = "offered"
        self.agents[fact.agent].last_offer = fact.offer
        self.works[fact.offer] = ShadowWork(
            fact.offer, fact.contact, fact.agent, contact.medium, contact.line, "ringing", fact.t_ms
        )
        if contact.consults:
            self.works[fact.offer].role = "consulted"
        self._ring(self.works[fact.offer], fact.t_ms)

    def _reserved(self, fact: facts.Reserved) -> None:
        self.on_offer(fact)
        self._reservation(fact)

    def _ring(self, work: ShadowWork, now_ms: int) -> None:
        work.until_ms = now_ms + self.lines[work.line].ring_ms

    def _ringing(self, offer: int) -> ShadowWork:
        work = self.works.pop(offer)
        assert work.state == "ringing"
        return work

    def _failed(self, offer: int) -> None:
        work = self._ringing(offer)
        contact = self.contacts[work.contact]
        if work.agent not in contact.tried:
            contact.tried.append(work.agent)

    def _refused(self, fact: facts.Refused) -> None:
        self._failed(fact.offer)

    def _notanswered(self, fact: facts.NotAnswered) -> None:
        assert fact.t_ms == self.works[fact.offer].until_ms, "he was rung too short or too long"
        self._failed(fact.offer)

    def _offerlost(self, fact: facts.OfferLost) -> None:
        work = self._ringing(fact.offer)
        if not isinstance(self.event, events.Tick):
            assert isinstance(self.event, events.OfferFailed | events.LegLost), "it was not lost"
        else:
            assert self.agents[work.agent].away, "he did not answer, and none of his devices was away"

    def _offerwithdrawn(self, fact: facts.OfferWithdrawn) -> None:
        self._ringing(fact.offer)

    def _answered(self, fact: facts.Answered) -> None:
        contact, work = self.contacts[fact.contact], self.works[fact.offer]
        assert contact.state == "offered", "answered twice"
        assert work.state == "ringing"
        waits = fact.t_ms - contact.anchor_ms, fact.t_ms - contact.line_since_ms
        assert (fact.wait_ms, fact.line_wait_ms) == waits
        work.state, work.since_ms = "handling", fact.t_ms
        contact.state, contact.between = "calling" if contact.to_call else "connected", False
        if contact.ref:
            contact.message, work.talks_ms = None, fact.t_ms
            self.spoke(contact, work.agent, fact.t_ms)
        contact.tried.clear()
        contact.held_until_ms = 0
        contact.late = contact.late or "met"

    def left_ms(self, contact: ShadowContact, now_ms: int) -> int:
        """Of its target, without any head start."""
        target_ms = self.lines[contact.line].target_ms
        return target_ms - self.used_ms(contact, now_ms) + contact.head_ms

    def _targetnear(self, fact: facts.TargetNear) -> None:
        contact = self.contacts[fact.contact]
        assert contact.state in ("waiting", "offered")
        assert (contact.late, fact.line) == ("", contact.line)
        left_ms = self.left_ms(contact, fact.t_ms)
        assert 0 < left_ms <= self.lines[contact.line].target_warning_ms
        if fact.due_ms:
            assert self.left_ms(contact, fact.due_ms) == 0
        else:
            assert self.left_ms(contact, NEVER_MS) > 0, "the calendar knows when it passes"
        contact.late = "near"

    def _targetmissed(self, fact: facts.TargetMissed) -> None:
        contact = self.contacts[fact.contact]
        assert contact.state in ("waiting", "offered")
        assert contact.late in ("", "near")
        assert self.lines[contact.line].target_warning_ms
        assert self.left_ms(contact, fact.t_ms) <= 0
        assert fact.wait_ms == fact.t_ms - contact.anchor_ms
        contact.late = "missed"

    # ---- work

    def _handled(self, contact: int) -> ShadowWork:
        found = self.his(contact)
        assert len(found) == 1, "one agent handles one connected contact"
        return found[0]

    def _held(self, fact: facts.Held) -> None:
        if not isinstance(self.event, events.ContactHeld):
            heir = self._handled(fact.contact)
            assert (heir.agent, fact.by_agent) == (fact.agent, False), "he holds whoever has it now"
            assert False in heir.holds
            return
        holding = self._holding(fact)
        assert fact.by_agent not in holding.holds, "he holds already"
        holding.holds.add(fact.by_agent)

    def _resumed(self, fact: facts.Resumed) -> None:
        self._holding(fact).holds.remove(fact.by_agent)

    def _holding(self, fact: facts.Held | facts.Resumed) -> ShadowWork:
        event = self.event
        assert isinstance(event, events.ContactHeld | events.ContactResumed)
        works = self.works_on(fact.contact, "handling", "resting")
        work = next((work for work in works if work.agent == fact.agent), None)
        assert work is not None, "he does not handle it"
        named = event.by_agent and event.agent == work.agent
        assert named or work is self._handled(fact.contact)
        return work

    def _interrupted(self, fact: facts.Interrupted) -> None:
        work, by = self._handled(fact.contact), self._handled(fact.by)
        assert work.agent == by.agent == fact.agent
        assert work.state == "handling"
        assert (by.medium, work.medium) in self.desk.interrupts
        work.state = "resting"

    def _interruptionended(self, fact: facts.InterruptionEnded) -> None:
        work = self._handled(fact.contact)
        assert work.state == "resting"
        work.state = "handling"

    def _let_go_of(self, contact: int, t_ms: int) -> None:
        works = self.works_on(contact, "handling", "resting")
        assert len(works) == 1, "one agent handles one connected contact, and nobody else is left with it"
        self.let_go(works[0], t_ms)

    def _close(self, work: ShadowWork, t_ms: int) -> None:
        self.close_work(work, t_ms)

    def _transferred(self, fact: facts.Transferred) -> None:
        levels = self.lines[fact.from_line].level, self.lines[fact.to_line].level
        assert fact.escalated == (levels[0] < levels[1])
        self._let_go_of(fact.contact, fact.t_ms)
        self.contacts[fact.contact].preferred = None

    def _agentleglost(self, fact: facts.AgentLegLost) -> None:
        contact = self.contacts[fact.contact]
        contact.told_texts.add(self.lines[contact.line].reconnect)
        self._let_go_of(fact.contact, fact.t_ms)

    def _handedback(self, fact: facts.HandedBack) -> None:
        work = self._handled(fact.contact)
        assert work.agent == fact.agent
        contact = self.contacts[fact.contact]
        if contact.state == "calling":
            contact.gave_up = self.gave_up(fact)
        else:
            assert next(traits for traits in self.desk.media if traits.id == work.medium).put_aside
        self._close(work, fact.t_ms)

    def _deferred(self, fact: facts.Deferred) -> None:
        contact = self.contacts[fact.contact]
        asked = isinstance(self.event, events.ContactDeferred) and self.event.contact == fact.contact
        by_night = (contact.to_call or contact.left) and not asked and contact.state != "calling"
        if contact.state == "calling":
            self.next_attempt(contact, fact)
            self._close_all(fact.contact, fact.t_ms)
        elif by_night:
            self.night(contact, fact)
        else:
            assert isinstance(self.event, events.ContactDeferred)
            assert (self.event.until_ms, self.event.agent) == (fact.until_ms, fact.agent)
            assert not contact.receiving
        if contact.state == "calling" or by_night:
            pass
        elif fact.agent is None:
            assert contact.state in ("waiting", "deferred")
        else:
            work = self._handled(fact.contact)
            assert work.agent == fact.agent
            self._close(work, fact.t_ms)
            assert isinstance(self.event, events.ContactDeferred)
            contact.preferred, contact.hold_ms, contact.spoke_ms = fact.agent, self.event.hold_ms, 0
        contact.held_until_ms, contact.between, contact.recording = 0, False, 0
        contact.state, contact.ready_ms = "deferred", fact.until_ms

    def _close_all(self, contact: int, t_ms: int) -> None:
        for work in self.works_on(contact, "handling", "resting"):
            self._close(work, t_ms)

    def _joined(self, fact: facts.Joined) -> None:
        assert isinstance(self.event, events.ContactArrived)
        assert (self.event.ref, self.event.joins) == (fact.ref, fact.contact)
        self.contacts[fact.contact].joined.append(fact.ref)

    def _ticketed(self, fact: facts.Ticketed) -> None:
        assert self.event == events.TicketGiven(fact.contact, fact.ticket)
        worked = any(work.contact == fact.contact for work in self.works.values())
        assert worked or fact.contact in self.contacts

    def _abandoned(self, fact: facts.Abandoned) -> None:
        contact = self.contacts.pop(fact.contact)
        self.forget_promise(fact.contact)
        if contact.sealed_ms:
            assert (fact.stage, fact.wait_ms) == (contact.stage, contact.sealed_wait_ms)
            assert contact.message is None, "he said something"
            return
        assert contact.ref, "nobody was on the line"
        assert contact.message is None, "he left a message"
        assert contact.state != "connected"
        if fact.stage == "receiving":
            self.nothing_came(contact, fact)
        else:
            assert self.hung_up(self.event, fact.contact, fact.t_ms), "its party is there"
            assert contact.pages is None, "what it sent is thrown away"
        assert fact.leg_lost or not contact.incident, "he was deflected, and abandoned nothing"
        waited = fact.t_ms - contact.anchor_ms if contact.anchor_ms else 0
        assert fact.wait_ms == waited
        assert not any(w.contact == contact.id and w.state == "ringing" for w in self.works.values())

    def _flowedout(self, fact: facts.FlowedOut) -> None:
        contact = self.contacts.pop(fact.contact)
        self.forget_promise(fact.contact)
        assert self.event == events.ContactDiverted(fact.contact, fact.kind)  # type: ignore[arg-type]
        assert contact.state in ("waiting", "offered")
        assert (fact.line, fact.wait_ms) == (contact.line, fact.t_ms - contact.anchor_ms)
        assert not any(w.contact == contact.id and w.state == "ringing" for w in self.works.values())

    def _released(self, fact: facts.Released) -> None:
        contact = self.contacts.pop(fact.contact)
        self.called_is_over(fact.contact, fact.t_ms)
        promise = self.forget_promise(fact.contact)
        assert not contact.guests
        assert not contact.outside
        assert not contact.consult, "an agent still asks somebody about it"
        if self.survey_over(contact, fact):
            return
        if contact.state == "connected" and not self.his(fact.contact):
            assert fact.by in ("caller", "leg lost", "outside"), "nobody else was there"
        elif contact.state == "connected":
            gone = self.hung_up(self.event, fact.contact, fact.t_ms)
            assert gone == (fact.by in ("caller", "leg lost")), "nobody ended it"
            self._let_go_of(fact.contact, fact.t_ms)
        else:
            self._never_talked(contact, promise, fact)

    def _never_talked(
        self, contact: ShadowContact, promise: ShadowPromise | None, fact: facts.Released
    ) -> None:
        """Or waited again."""
        if fact.by in ("not reached", "promise expired", "cancelled"):
            self.without_party(contact, promise, fact)
            self._close_all(fact.contact, fact.t_ms)
        elif contact.sealed_ms:
            assert contact.message is None, "he said something"
            ours = contact.purpose and fact.by == "caller"
            assert ours or (contact.stage, fact.by in ("closed", "full", "treatment")) == ("greeting", True)
        elif fact.by in ("closed", "full"):
            self._turned_away(contact, fact.t_ms)
        elif fact.by in ("caller", "leg lost"):
            self.left_ours(contact, fact)
        elif fact.by == "treatment":
            assert contact.state in ("greeting", "waiting")
            assert contact.message is None or not self.promises.get(contact.id), "he left a message"
            assert self.may_go_on(contact, fact.t_ms), "it was not heard to its end"
        else:
            assert fact.by == "waited too long"
            assert contact.state == "waiting"
            limit = self.lines[contact.line].max_wait_ms
            assert limit
            assert fact.t_ms >= contact.line_since_ms + limit

    def _wrapping(self, contact: int, agent: AgentId) -> ShadowWork:
        return next(w for w in self.works_of(agent) if w.contact == contact and w.state == "wrap_up")

    def _wrapupstarted(self, fact: facts.WrapUpStarted) -> None:
        works = [w for w in self.works_of(fact.agent) if w.contact == fact.contact and w.state == "wrap_up"]
        assert fact.until_ms == fact.t_ms + self.lines[works[-1].line].wrap_up.ms
        works[-1].until_ms = fact.until_ms

    def _wrapupextension(self, fact: facts.WrapUpExtension) -> None:
        work = self._wrapping(fact.contact, fact.agent)
        work.until_ms, work.overdue = fact.until_ms, False

    def _wrapupcode(self, fact: facts.WrapUpCode) -> None:
        works = [w for w in self.works_of(fact.agent) if w.contact == fact.contact and w.state != "ringing"]
        works[0].code = fact.code

    def _wrapupoverdue(self, fact: facts.WrapUpOverdue) -> None:
        work = self._due_wrap_up(fact)
        assert not work.code
        work.overdue = True
        if self.agents[fact.agent].state == "signed_out":
            work.until_ms = fact.t_ms + UNCODED_MS

    def _overdue(self, fact: facts.WrapUpDone) -> list[ShadowWork]:
        works = [w for w in self.works_of(fact.agent) if w.contact == fact.contact and w.state == "wrap_up"]
        return [w for w in works if w.overdue and w.until_ms == fact.t_ms and not w.code]

    def _due_wrap_up(self, fact: facts.WrapUpOverdue | facts.WrapUpDone) -> ShadowWork:
        works = [w for w in self.works_of(fact.agent) if w.contact == fact.contact and w.state == "wrap_up"]
        return next(w for w in works if w.until_ms <= fact.t_ms and not w.overdue)

    def _wrapupdone(self, fact: facts.WrapUpDone) -> None:
        if isinstance(self.event, events.WrapUpCoded | events.WrapUpEnded):
            work = self._wrapping(fact.contact, fact.agent)
        elif isinstance(self.event, events.DeskChanged):
            work = next(w for w in self.works_of(fact.agent) if w.contact == fact.contact and w.overdue)
            assert fact.agent not in self.config, "he may still give the code"
        elif self._overdue(fact):
            work = self._overdue(fact)[0]
            assert self.agents[fact.agent].state == "signed_out"
            assert fact.t_ms == work.until_ms, "not as long as he may still give the code"
        else:
            work = self._due_wrap_up(fact)
            assert work.until_ms <= fact.t_ms, "the wrap-up was cut short"
        assert work.code == fact.code
        self._close(work, fact.t_ms)

    # ---- agents

    def _signedin(self, fact: facts.SignedIn) -> None:
        agent = self.agents[fact.agent]
        agent.state, agent.reason = "ready", ""
        for work in self.works_of(fact.agent):
            if work.overdue:
                work.until_ms = 0
        agent.signed_in_ms = agent.idle_since_ms = fact.t_ms
        agent.busy_ms = agent.occupancy = 0

    def _signedout(self, fact: facts.SignedOut) -> None:
        agent = self.agents[fact.agent]
        agent.state, agent.reason = "signed_out", ""
        for work in self.works_of(fact.agent):
            if work.overdue:
                work.until_ms = fact.t_ms + UNCODED_MS

    def _paused(self, fact: facts.Paused) -> None:
        agent = self.agents[fact.agent]
        agent.state, agent.reason = "paused", fact.reason

    def _ready(self, fact: facts.Ready) -> None:
        agent = self.agents[fact.agent]
        agent.state, agent.reason, agent.idle_since_ms = "ready", "", fact.t_ms

    def _reachable(self, fact: facts.Reachable) -> None:
        self.agents[fact.agent].reachable.add(fact.medium)

    def _unreachable(self, fact: facts.Unreachable) -> None:
        self.agents[fact.agent].reachable.discard(fact.medium)

    def _deviceaway(self, fact: facts.DeviceAway) -> None:
        if isinstance(self.event, events.DeviceVanished):
            assert self.event == events.DeviceVanished(fact.agent, fact.device)
        else:
            assert isinstance(self.event, events.OfferFailed | events.LegLost), "nothing happened to it"
        assert fact.until_ms == fact.t_ms + self.desk.device_grace_ms
        self.agents[fact.agent].away[fact.device] = fact.until_ms

    def _deviceback(self, fact: facts.DeviceBack) -> None:
        assert fact.t_ms <= self.agents[fact.agent].away.pop(fact.device)

    def _devicegone(self, fact: facts.DeviceGone) -> None:
        until_ms = self.agents[fact.agent].away.pop(fact.device)
        if isinstance(self.event, events.Tick):
            assert fact.t_ms == until_ms, "not waited for as long as the desk says"

    def forget_gone_agents(self) -> None:
        """Who left the desk is forgotten with his last work."""
        working = {work.agent for work in self.works.values()}
        for agent in list(self.agents):
            if agent not in self.config and agent not in working:
                del self.agents[agent]


F = TypeVar("F", bound=facts.Fact)


def facts_of(decided: Sequence[facts.Fact], kind: type[F]) -> list[F]:
    """Those of one kind."""
    return [fact for fact in decided if isinstance(fact, kind)]
