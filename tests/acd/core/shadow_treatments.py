"""The naive model of treatments: which list each contact hears, and when it may hear another."""

from acd.core import events, facts
from acd.core.estimates.expectation import MINUTES
from acd.core.links import ASKED_FOR_MS
from acd.core.messages import SEALED_WITHIN_MS
from acd.core.steps import NEXT_KEY_MS
from acd.core.treatments import LONGEST_TEXT_MS
from queues.desk import Line, Overflow
from queues.treatment import OFFER, THANKS, Collect, Menu, Music, Park, Record, Say, Treatment
from tests.acd.core.shadow_desk import ShadowContact
from tests.acd.core.shadow_incidents import ShadowIncidents
from tests.acd.core.shadow_messages import ShadowMessages

LATER_MS = 5_000
FOR_GOOD = 1 << 62
ENDS_A_LIST = events.PromptEnded | events.KeyPressed | events.MessageRecorded | events.DigitsCollected

FRESH = events.Restarted | events.DeskChanged | events.IncidentDeclared | events.IncidentChanged
"""After these it may hear something else, though what it heard was not over."""


class ShadowTreatments(ShadowIncidents, ShadowMessages):
    """Folds the facts about treatments. Nothing here walks a treatment."""

    def _treated(self, fact: facts.Treated) -> None:
        contact = self.contacts[fact.contact]
        assert contact.ref, "nobody hears it"
        hears = next(traits for traits in self.desk.media if traits.id == contact.medium).hears
        assert hears or contact.visit, "it hears nothing"
        if contact.state == "connected":
            assert contact.consult, "an agent talks to it"
            assert (fact.says, fact.visit) == ((), contact.visit + 1)
            contact.visit, contact.treated, contact.heard = fact.visit, fact, True
            return
        assert contact.state in ("greeting", "waiting", "offered")
        declared = isinstance(self.event, events.IncidentDeclared | events.IncidentChanged)
        anew = isinstance(self.event, events.IncidentChanged) and contact.id in self.hears_old
        if contact.incident and not anew:
            self._text_over(contact, fact.t_ms)
        if contact.state == "greeting" and fact.treatment.startswith("greeting of "):
            contact.reserved = True
        assert fact.visit == contact.visit + 1
        assert self.may_go_on(contact, fact.t_ms), "what it heard was not over"
        self._thanks(contact, fact)
        asked = fact.says[1:] == (OFFER,) and contact.due is None
        contact.between = (asked or (declared and fact.first)) and not contact.incident
        known = self._known_texts(contact)
        assert set(fact.says) <= known, "a text that nobody wrote for it"
        assert fact.language == (contact.language if fact.says else "")
        self.plays(contact, fact)
        contact.visit, contact.treated, contact.moved = fact.visit, fact, False
        contact.over_ms = self._over_ms(fact)
        if not contact.between:
            told = fact.first and contact.state != "greeting" and self._leads_to_a_callback(fact)
            contact.was_told = contact.was_told or told
            if told and not contact.promised_ms:
                contact.promised_ms = fact.t_ms
                contact.promised_until_ms = self.until_ms(self.lines[contact.line], fact.t_ms)
        contact.heard = not fact.says

    def _thanks(self, contact: ShadowContact, fact: facts.Treated) -> None:
        """Who pressed the key of an incident has left its line, and hears nothing else any more."""
        assert not contact.thanked, "its call was to end"
        assert not contact.to_thank or fact.says == (THANKS,), "it wants to be told, and is not linked"
        contact.to_thank = False
        if fact.says != (THANKS,):
            return
        assert isinstance(self.event, events.KeyPressed)
        assert contact.party in self.course(contact.about).links  # type: ignore[arg-type]
        assert fact.first
        contact.thanked, contact.incident, contact.between, contact.reserved = (
            True,
            contact.about,
            False,
            False,
        )
        contact.state, contact.held_until_ms = "greeting", 0

    def _leads_to_a_callback(self, fact: facts.Treated) -> bool:
        steps = next((one.steps for one in self.treatments() if one.id == fact.treatment), ())
        return any(step == Park() for step in steps[fact.step : fact.step + 2])

    def _known_texts(self, contact: ShadowContact) -> set[str]:
        steps = [step for treatment in self.treatments() for step in treatment.steps]
        said = {step.text for step in steps if isinstance(step, Say | Menu | Collect)}
        if isinstance(self.event, events.IncidentDeclared | events.IncidentChanged):
            contact.told_texts.add(self.event.incident.greeting)
        elif contact.due:
            contact.told_texts.add(contact.due.greeting)
        own = {"position", "expected wait", "tone", OFFER, THANKS, "solved"}
        return said | self.greetings | contact.told_texts | own

    def treatments(self) -> tuple[Treatment, ...]:
        """Those of the present desk and the ones before it: a list is heard to its end."""
        return self.desk.treatments + self.former_treatments

    def _over_ms(self, fact: facts.Treated) -> int:
        """When its time is up by itself; the end of its texts is often told before."""
        lasts = self._lasts(fact)
        if fact.says and (fact.first or lasts < FOR_GOOD):
            return fact.t_ms + LONGEST_TEXT_MS * len(fact.says)
        return fact.t_ms + lasts

    def _lasts(self, fact: facts.Treated) -> int:
        """How long the music of the list lasts after its texts."""
        if fact.first:
            return 0
        if fact.says[1:] == (OFFER,):
            return ASKED_FOR_MS
        steps = next((one.steps for one in self.treatments() if one.id == fact.treatment), ())
        step = steps[fact.step] if fact.step < len(steps) else None
        if isinstance(step, Music | Menu):
            return step.for_ms or FOR_GOOD
        if isinstance(step, Collect):
            return step.for_ms + step.most * NEXT_KEY_MS + SEALED_WITHIN_MS
        if isinstance(step, Record):
            return step.longest_ms + SEALED_WITHIN_MS
        if fact.treatment.startswith("waiting in "):
            line = self.lines.get(fact.treatment.removeprefix("waiting in "))  # type: ignore[call-overload]
            return line.announce_every_ms if line is not None else 0
        return 0  # it looks again later, or it is the music of its line

    def may_go_on(self, contact: ShadowContact, now_ms: int) -> bool:
        """Whether it may hear something else now."""
        treated, event = contact.treated, self.event
        if treated is None or contact.moved or not (treated.first or treated.says or treated.keys):
            return True
        told = isinstance(event, ENDS_A_LIST) and event.contact == contact.id
        fresh = isinstance(event, FRESH)
        return (
            told or fresh or now_ms >= contact.over_ms or (contact.heard and isinstance(event, events.Tick))
        )

    def survey_over(self, contact: ShadowContact, fact: facts.Released) -> bool:
        """Whether its talk was over before."""
        assert contact.surveyed == (fact.by == "survey")
        if contact.surveyed:
            left = self.hung_up(self.event, contact.id, fact.t_ms)
            assert left or self.may_go_on(contact, fact.t_ms), "it was not heard to its end"
        return contact.surveyed

    def text_heard(self) -> None:
        """An event may say that texts are over."""
        if isinstance(self.event, events.PromptEnded) and (contact := self.contacts.get(self.event.contact)):
            contact.heard, contact.between = True, contact.between and contact.is_asked

    def _keychosen(self, fact: facts.KeyChosen) -> None:
        contact = self.contacts[fact.contact]
        assert contact.treated is not None
        assert (fact.visit, fact.treatment) == (contact.visit, contact.treated.treatment)
        assert self.event == events.KeyPressed(fact.contact, fact.visit, fact.key)
        assert fact.key in contact.treated.keys, "it was not asked for that key"
        if contact.is_asked:
            course = self.course(contact.about)  # type: ignore[arg-type]
            is_on = course.incident in self.incidents and contact.id in course.heard
            contact.to_thank = is_on and self.may_link(contact)
        contact.moved = True

    def _collected(self, fact: facts.Collected) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert contact.treated is not None
        assert (fact.visit, fact.treatment) == (contact.visit, contact.treated.treatment)
        if isinstance(event, events.Tick):
            assert not fact.digits
            assert self.may_go_on(contact, fact.t_ms), "he had time left"
        else:
            assert event == events.DigitsCollected(fact.contact, fact.visit, fact.digits)
        if fact.digits:
            contact.collected[fact.name] = fact.digits
        contact.moved = True

    def _nokey(self, fact: facts.NoKey) -> None:
        contact = self.contacts[fact.contact]
        assert contact.treated is not None
        assert (fact.visit, fact.treatment) == (contact.visit, contact.treated.treatment)
        assert contact.treated.keys, "it was asked for none"
        contact.between = contact.between and not contact.is_asked
        assert self.may_go_on(contact, fact.t_ms), "he had time left"

    def _conditionasked(self, fact: facts.ConditionAsked) -> None:
        contact = self.contacts[fact.contact]
        assert contact.state in ("greeting", "waiting", "offered")
        if fact.condition == "waited":
            waited_ms = fact.t_ms - contact.anchor_ms if contact.anchor_ms else -1
            assert fact.held == (waited_ms >= fact.least)
        elif fact.condition == "closed":
            assert fact.held != self.is_open(self.lines[contact.line], fact.t_ms)
        elif fact.condition == "expected_wait" and contact.state == "offered":
            assert not fact.held, "an agent is rung for it"
        elif fact.condition == "callback" and contact.state == "greeting":
            assert not fact.held, "it is in no line yet"

    def _waittold(self, fact: facts.WaitTold) -> None:
        contact = self.contacts[fact.contact]
        assert (contact.state, contact.line) == ("waiting", fact.line)
        assert fact.minutes in MINUTES
        assert 0 <= fact.low_ms <= fact.expected_ms <= fact.high_ms
        there = (
            one for one in self.agents.values() if self.fitness(one.id, contact) and one.state == "ready"
        )
        assert any(contact.medium in agent.reachable for agent in there), "nobody is there to serve it"

    def _languageset(self, fact: facts.LanguageSet) -> None:
        self.contacts[fact.contact].language = fact.language

    def refusal(self, line: Line, now_ms: int) -> tuple[str, Line]:
        """Why a line takes nobody, and which one says so, after all ways out of it; "": it does."""
        for _ in range(len(self.lines) + 1):
            if self.takes(line, now_ms):
                return "", line
            closed = not self.is_open(line, now_ms)
            way = line.when_closed if closed else line.when_full
            following = self.lines.get(way.line) if way.kind is Overflow.LINE and way.line else None
            if following is None:
                return "closed" if closed else "full", line
            line = following
        return "closed" if not self.is_open(line, now_ms) else "full", line

    def told_why(self, line: Line, now_ms: int) -> str:
        """Why it is treated by a line that does not take it; "": it is not."""
        reason, says_so = self.refusal(line, now_ms)
        way = says_so.when_closed if reason == "closed" else says_so.when_full
        return reason if way.kind is Overflow.TREATMENT else ""
