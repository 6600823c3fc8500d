"""The naive model of messages: who is recorded, who has left what, folded from the facts alone."""

from acd.core import events, facts
from acd.core.messages import SEALED_WITHIN_MS, SHORTEST_MS
from queues.treatment import TONE
from tests.acd.core.shadow_desk import ShadowAgent, ShadowContact, ShadowDesk


class ShadowMessages(ShadowDesk):
    """Folds the facts about messages."""

    event: events.Event
    restarted_ms: int

    def may_serve_now(self, agent: ShadowAgent, contact: ShadowContact) -> bool:
        return super().may_serve_now(agent, contact) and not contact.recording

    def plays(self, contact: ShadowContact, fact: facts.Treated) -> None:
        """It hears something else; at the end of a tone it is recorded."""
        assert not contact.recording, "its message was cut off"
        if TONE in fact.says:
            assert fact.says[-1] == TONE, "it speaks while it is told something"
            assert contact.state != "offered", "an agent is rung for who leaves a message"
            contact.recording = fact.visit

    def _recorded(self, fact: facts.Recorded) -> None:
        contact, event = self.contacts[fact.contact], self.event
        assert contact.recording == fact.visit, "nothing was recorded"
        contact.recording = 0
        if isinstance(event, events.Tick):
            assert not fact.recording
            if contact.sealed_ms:
                assert fact.t_ms == max(contact.sealed_ms, self.restarted_ms) + SEALED_WITHIN_MS
        else:
            told = events.MessageRecorded(fact.contact, fact.visit, fact.recording, fact.length_ms)
            assert event == told
        if fact.recording and fact.length_ms >= SHORTEST_MS:
            contact.message = fact.recording, fact.length_ms

    def _sealing(self, fact: facts.Sealing) -> None:
        contact = self.contacts[fact.contact]
        assert self.hung_up(self.event, contact.id, fact.t_ms)
        assert contact.recording, "it said nothing"
        assert contact.heard, "he went before the tone"
        assert contact.state in ("greeting", "waiting")
        assert fact.wait_ms == self.waited_ms(contact, fact.t_ms)
        assert fact.until_ms == fact.t_ms + SEALED_WITHIN_MS
        contact.ref, contact.left, contact.purpose = "", True, ""
        contact.sealed_ms, contact.sealed_wait_ms = fact.t_ms, fact.wait_ms
        contact.stage, contact.state, contact.held_until_ms = contact.state, "deferred", 0

    def _messageleft(self, fact: facts.MessageLeft) -> None:
        contact = self.contacts[fact.contact]
        assert contact.message == (fact.recording, fact.length_ms), "it said something else"
        if contact.sealed_ms:
            assert fact.wait_ms == contact.sealed_wait_ms
        else:
            assert contact.ref, "it has left already"
            assert fact.wait_ms == self.waited_ms(contact, fact.t_ms)
        if contact.state not in ("waiting", "offered"):
            contact.state = "left"
        contact.ref, contact.left, contact.sealed_ms, contact.between = "", True, 0, False
        contact.purpose = ""
        contact.incident, contact.ready_ms, contact.reserved, contact.recording = "", 0, False, 0

    def waited_ms(self, contact: ShadowContact, now_ms: int) -> int:
        return now_ms - contact.anchor_ms if contact.anchor_ms else 0
