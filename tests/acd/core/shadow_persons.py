"""The naive model of who spoke with whom last, and of whom a contact is held for."""

from acd.core import events, facts
from agents.skills import AgentId
from tests.acd.core.shadow_desk import ShadowContact, ShadowDesk


class ShadowPersons(ShadowDesk):
    """Every talk with a person whom the lists know."""

    event: events.Event

    def __init__(self) -> None:
        super().__init__()
        self.spoken: dict[tuple[str, str], tuple[AgentId, int]] = {}
        """(client, person) → who spoke with him last, and when they began."""

    def _longest_ms(self) -> int:
        return max([line.last_agent.within_ms for line in self.desk.lines], default=0)

    def spoke(self, contact: ShadowContact, agent: AgentId, t_ms: int) -> None:
        if contact.spoke_ms:
            contact.preferred, contact.hold_ms, contact.spoke_ms = None, 0, 0
        longest_ms = self._longest_ms()
        if contact.person and longest_ms:
            old = [
                key
                for key, (_, at_ms) in self.spoken.items()
                if key[0] == contact.tenant and at_ms < t_ms - longest_ms
            ]
            for key in old:
                del self.spoken[key]
            self.spoken[contact.tenant, contact.person] = agent, t_ms

    def may_forget(self) -> None:
        """The desk has changed."""
        if not self._longest_ms():
            self.spoken.clear()
        here = {tenant.id for tenant in self.desk.tenants}
        self.spoken = {key: last for key, last in self.spoken.items() if key[0] in here}

    def arrives(self, contact: ShadowContact, event: events.ContactArrived) -> None:
        """Whom its channel names comes before whoever spoke with its person."""
        contact.preferred, contact.hold_ms = event.preferred, event.preferred_ms
        last = self.spoken.get((contact.tenant, contact.person))
        if contact.preferred is None and contact.person and last is not None:
            contact.preferred, contact.spoke_ms = last

    def comes_to_line(self, contact: ShadowContact, t_ms: int) -> None:
        """It has to be held if somebody is preferred who is here, and could take it."""
        agent = None if contact.preferred is None else self.agents.get(contact.preferred)
        hold_ms = self._hold_ms(contact, t_ms)
        here = agent is not None and agent.state == "ready" and contact.medium in agent.reachable
        could = here and contact.preferred is not None and self.fitness(contact.preferred, contact) > 0
        contact.to_hold_ms = t_ms + hold_ms if could and hold_ms else 0

    def _hold_ms(self, contact: ShadowContact, t_ms: int) -> int:
        if not contact.spoke_ms:
            return contact.hold_ms
        rule = self.lines[contact.line].last_agent
        contact.hold_ms = rule.wait_ms if t_ms <= contact.spoke_ms + rule.within_ms else 0
        return contact.hold_ms

    def _preferredheld(self, fact: facts.PreferredHeld) -> None:
        contact = self.contacts[fact.contact]
        assert (contact.preferred, contact.spoke_ms) == (fact.agent, fact.spoke_ms)
        if isinstance(self.event, events.Restarted):
            assert contact.held_until_ms, "it was not held before"
            assert fact.until_ms == fact.t_ms + contact.hold_ms
        else:
            assert fact.until_ms == contact.to_hold_ms, "not held for so long, or not at all"
        contact.held_until_ms, contact.to_hold_ms = fact.until_ms, 0

    def _preferredlet(self, fact: facts.PreferredLet) -> None:
        contact = self.contacts[fact.contact]
        assert contact.preferred == fact.agent
        assert contact.held_until_ms >= fact.t_ms
        assert fact.reason != "waited" or fact.t_ms == contact.held_until_ms, "let go too early"
        contact.held_until_ms = 0
