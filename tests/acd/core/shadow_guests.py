"""The naive model of consults, conferences and listeners, folded from the facts alone."""

from collections.abc import Callable

from acd.core import events, facts
from agents.skills import AgentId
from queues.desk import EntryId, OutboundRule
from tests.acd.core.shadow_desk import ShadowContact, ShadowWork
from tests.acd.core.shadow_persons import ShadowPersons

GOES_ON = ("transferred", "conference")
"""Who was asked stays on the line."""

NOT_BACK = ("transferred", "contact over", "agent gone")
"""Who asked is not with the party again."""

BY_ITSELF = ("left", "leg lost")


class ShadowGuests(ShadowPersons):
    """Who takes part in a contact beside its party and its agent."""

    event: events.Event
    begun_by: Callable[[facts.CalledOut], tuple[EntryId, str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.ended_outside: list[tuple[int, str]] = []
        """Contact and cause of this event: legs outside that a channel must still be told to end."""
        self.prompted: list[int] = []
        """Offers of this event whose agents are to hear a text."""
        self.unrung: set[int] = set()
        """Listeners of this event whose devices must still be told to stop ringing."""

    def rule_of(self, dial_class: str, purpose: str = "callback") -> OutboundRule | None:
        rules = [rule for rule in self.desk.outbound if rule.purpose == purpose]
        fitting = [rule for rule in rules if dial_class in rule.classes and rule.tenant in ("", "t")]
        return fitting[0] if fitting else None

    def works_on(self, contact: int, *states: str) -> list[ShadowWork]:
        return [work for work in self.works.values() if work.contact == contact and work.state in states]

    def his(self, contact: int) -> list[ShadowWork]:
        """Whose it is; at most one."""
        works = self.works_on(contact, "handling", "resting")
        return [work for work in works if work.role not in ("member", "listener")]

    def close_work(self, work: ShadowWork, t_ms: int) -> None:
        agent = self.agents[work.agent]
        del self.works[work.offer]
        agent.busy_ms += t_ms - work.since_ms
        agent.idle_since_ms = t_ms
        agent.occupancy = agent.busy_ms * 1000 // max(1, t_ms - agent.signed_in_ms)

    def let_go(self, work: ShadowWork, t_ms: int) -> None:
        agent = self.agents[work.agent]
        agent.busy_ms += t_ms - work.since_ms
        work.since_ms = t_ms
        rule = self.lines[work.line].wrap_up
        if rule.ms or (rule.code_required and not work.code):
            work.state, work.role = "wrap_up", "left"
        else:
            self.close_work(work, t_ms)

    # ---- contacts that the desk began

    def _calledout(self, fact: facts.CalledOut) -> None:
        event = self.event
        if isinstance(event, events.CallOut):
            assert self.rule_of(event.dial_class, event.purpose), "nobody may be called there"
        named, party, dial_class = self.begun_by(fact)
        entry = next(e for e in self.desk.entries if e.id == named)
        self.contacts[fact.contact] = ShadowContact(
            fact.contact,
            "",
            entry.line,
            entry.medium,
            entry.priority_class,
            entry.head_start_ms,
            state="calling",
            party=party,
            dial_class=dial_class,
            entry=named,
            tenant=entry.tenant,
            purpose=fact.purpose,
            language=event.language if isinstance(event, events.CallOut) else "",
            clears=fact.incident,
        )

    # ---- consults

    def _consulted(self, fact: facts.Consulted) -> None:
        event, contact, work = self.event, self.contacts[fact.contact], self.works[fact.offer]
        assert isinstance(event, events.ConsultStarted)
        assert (contact.state, contact.consult, contact.consults) == ("connected", 0, 0)
        assert (work.agent, work.contact, work.role) == (event.agent, contact.id, "agent")
        assert next(traits for traits in self.desk.media if traits.id == contact.medium).keeps_leg
        assert not event.party or self.rule_of(fact.dial_class, "consult"), "nobody may be called there"
        work.role, contact.consult = "consulting", fact.consult
        self.contacts[fact.consult] = ShadowContact(
            fact.consult,
            "",
            fact.line,
            contact.medium,
            contact.asked,
            contact.head_ms,
            state="calling" if event.party else "asking",
            anchor_ms=contact.anchor_ms,
            entry=contact.entry,
            consults=contact.id,
            asker=fact.offer,
        )

    def asker_of(self, contact: ShadowContact) -> list[AgentId]:
        """Who is never offered a consult, since it is his own."""
        return [self.works[contact.asker].agent] if contact.consults else []

    def _consultover(self, fact: facts.ConsultOver) -> None:
        consult, contact = self.contacts.pop(fact.consult), self.contacts[fact.contact]
        assert contact.consult == fact.consult
        assert not self.works_on(consult.id, "ringing"), "an agent is rung for nothing"
        goes_on = fact.result in GOES_ON
        assert not goes_on or consult.state == "connected", "nobody has answered"
        if fact.result == "waited too long":
            limit = self.lines[consult.line].max_wait_ms
            assert limit
            assert fact.t_ms >= consult.line_since_ms + limit
        for work in self.his(consult.id):
            if not goes_on:
                self.close_work(work, fact.t_ms)
        if consult.ref and not goes_on and fact.result not in BY_ITSELF:
            self.ended_outside.append((consult.id, "consult over"))
        contact.consult = 0
        asker = self.works[fact.offer]
        assert asker.role == "consulting"
        asker.role = "left" if fact.result in NOT_BACK else "agent"

    def _takenover(self, fact: facts.TakenOver) -> None:
        contact, heir = self.contacts[fact.contact], self.works[fact.offer]
        assert heir.role in ("consulted", "member")
        assert heir.agent == fact.agent
        talking = self.works_on(contact.id, "handling", "resting")
        before = next(work for work in talking if work.offer not in contact.guests)
        assert before.agent == fact.from_agent
        assert (contact.line, heir.line) == (fact.from_line, fact.line)
        levels = self.lines[fact.from_line].level, self.lines[fact.line].level
        assert fact.escalated == (levels[0] < levels[1])
        self.let_go(before, fact.t_ms)
        if heir.offer in contact.guests:
            contact.guests.remove(heir.offer)
        heir.role, heir.contact, contact.line = "agent", contact.id, fact.line
        heir.holds |= before.holds & {False}  # its party holds whoever has it
        self.spoke(contact, heir.agent, fact.t_ms)
        heir.talks_ms = fact.t_ms

    def _handedout(self, fact: facts.HandedOut) -> None:
        works = self.works_on(fact.contact, "handling", "resting")
        work = next(work for work in works if work.agent == fact.agent)
        assert not any(other.role == "member" for other in works), "a member would have it now"
        self.let_go(work, fact.t_ms)

    def _surveybegan(self, fact: facts.SurveyBegan) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert isinstance(event, events.ContactReleased)
        assert (event.contact, event.agent) == (contact.id, fact.agent)
        assert contact.state == "connected"
        assert contact.ref, "nobody hears it"
        assert not contact.purpose
        assert (contact.line, fact.treatment) == (fact.line, self.lines[contact.line].survey)
        assert fact.treatment in {one.id for one in self.desk.treatments}
        (work,) = self.works_on(contact.id, "handling", "resting")
        self.let_go(work, fact.t_ms)
        contact.state, contact.moved, contact.surveyed = "greeting", True, True

    def _agenttold(self, fact: facts.AgentTold) -> None:
        work, event = self.works[fact.offer], self.event
        assert (work.agent, work.contact) == (fact.agent, fact.contact)
        assert work.state in ("handling", "resting")
        line = self.lines[self.contacts[fact.contact].line]
        asked = event == events.AgentPrompted(fact.contact, fact.agent, fact.text)
        long = line.talk_limit is not None and fact.text == line.talk_limit.text
        assert asked or fact.text == line.whisper or (long and self.talks_long(work, fact))
        self.prompted.append(fact.offer)

    def talks_long(self, work: ShadowWork, fact: facts.AgentTold) -> bool:
        """Whether it is the moment at which he is told that his talk lasts long."""
        limit = self.lines[self.contacts[fact.contact].line].talk_limit
        assert limit is not None
        over_ms = fact.t_ms - work.talks_ms - limit.prompt_ms
        return work.talks_ms > 0 and limit.prompt_ms > 0 and over_ms >= 0

    def _talktoolong(self, fact: facts.TalkTooLong) -> None:
        work, contact = self.works[fact.offer], self.contacts[fact.contact]
        limit, to = self.lines[contact.line].talk_limit, self.lines.get(fact.to)
        assert isinstance(self.event, events.Tick)
        assert limit is not None
        assert (work.agent, work.contact, contact.state) == (fact.agent, contact.id, "connected")
        assert fact.talk_ms == fact.t_ms - work.talks_ms >= limit.hand_over_ms > 0
        if to is not None:
            assert (to.id, to.id != contact.line) == (limit.to, True)
            assert (contact.consult, contact.outside) == (0, []), "somebody else is on the line"

    # ---- conferences

    def mixes(self, contact: ShadowContact) -> bool:
        return next(traits for traits in self.desk.media if traits.id == contact.medium).mixes

    def _conferencejoined(self, fact: facts.ConferenceJoined) -> None:
        contact, work = self.contacts[fact.contact], self.works[fact.offer]
        assert self.mixes(contact), "for two only"
        assert (work.agent, work.contact, work.role) == (fact.agent, fact.consult, "consulted")
        work.contact, work.role = contact.id, "member"
        contact.guests.append(work.offer)

    def _conferenceleft(self, fact: facts.ConferenceLeft) -> None:
        work = self.works[fact.offer]
        assert (work.agent, work.contact, work.role) == (fact.agent, fact.contact, "member")
        self.contacts[fact.contact].guests.remove(fact.offer)
        self.close_work(work, fact.t_ms)

    def _outsidejoined(self, fact: facts.OutsideJoined) -> None:
        contact = self.contacts[fact.contact]
        assert contact.state == "connected"
        contact.outside.append(fact.ref)

    def _outsideleft(self, fact: facts.OutsideLeft) -> None:
        self.contacts[fact.contact].outside.remove(fact.ref)
        if fact.reason == "contact over":
            self.ended_outside.append((fact.contact, "contact over"))

    # ---- listeners

    def _listenerrung(self, fact: facts.ListenerRung) -> None:
        contact = self.contacts[fact.contact]
        assert isinstance(self.event, events.ListenStarted)
        assert self.mixes(contact), "for two only"
        assert contact.state == "connected"
        assert not [work for work in self.works_of(fact.agent) if work.state != "wrap_up"]
        work = ShadowWork(
            fact.offer,
            contact.id,
            fact.agent,
            contact.medium,
            contact.line,
            "ringing",
            fact.t_ms,
            role="listener",
        )
        self.works[fact.offer] = work
        work.until_ms = fact.t_ms + self.lines[work.line].ring_ms
        assert fact.until_ms == work.until_ms
        contact.guests.append(fact.offer)

    def _listenerjoined(self, fact: facts.ListenerJoined) -> None:
        work = self.works[fact.offer]
        if work.state == "ringing":
            assert isinstance(self.event, events.OfferAccepted)
            work.state, work.since_ms = "handling", fact.t_ms

    def _listenerleft(self, fact: facts.ListenerLeft) -> None:
        work = self.works[fact.offer]
        assert (work.agent, work.contact, work.role) == (fact.agent, fact.contact, "listener")
        self.contacts[fact.contact].guests.remove(fact.offer)
        if work.state == "ringing":
            assert fact.reason != "no answer" or fact.t_ms == work.until_ms
            del self.works[fact.offer]
            if fact.reason not in ("refused", "leg lost"):
                self.unrung.add(fact.offer)
        else:
            self.close_work(work, fact.t_ms)
