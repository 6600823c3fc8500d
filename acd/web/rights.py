"""Who may do what: a role's routes, and what of an answer a token may see."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from acd.core.facts import (
    AgentTold,
    Answered,
    Arrived,
    Blocked,
    ConferenceJoined,
    ConferenceLeft,
    Consulted,
    ConsultOver,
    Fact,
    Interrupted,
    InterruptionEnded,
    ListenerJoined,
    ListenerLeft,
    ListenerRung,
    WrapUpCode,
    WrapUpDone,
    WrapUpExtension,
    WrapUpOverdue,
    WrapUpStarted,
)
from acd.core.view import ContactView, EscalationView, Status
from acd.ports import Told
from acd.reports.explain import Happening, happening
from acd.web.recent import Recent
from config.api_tokens import Role
from queues.desk import EntryId, Incident, LineId
from queues.incident import is_for_alone

_READERS = frozenset((Role.SUPERVISOR, Role.PLANNER, Role.ADMIN))
_MOVERS = frozenset((Role.SUPERVISOR, Role.ADMIN))

RIGHTS: Mapping[tuple[str, str], frozenset[Role]] = {
    ("GET", "/openapi.json"): frozenset(Role),
    ("GET", "/metrics"): _READERS,
    ("GET", "/status"): _READERS | {Role.AGENT, Role.TENANT},
    ("GET", "/feed"): _READERS | {Role.AGENT, Role.TENANT},
    ("GET", "/agents"): _READERS | {Role.AGENT},
    ("GET", "/contacts/{contact}"): _READERS | {Role.AGENT, Role.TENANT},
    ("POST", "/agents/{agent}/state"): _MOVERS | {Role.AGENT},
    ("GET", "/contacts/{contact}/documents/{document}"): _MOVERS | {Role.AGENT, Role.TENANT},
    ("GET", "/contacts/{contact}/documents"): _MOVERS | {Role.AGENT, Role.TENANT},
    ("POST", "/contacts/{contact}/documents"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/priority"): _MOVERS,
    ("POST", "/contacts/{contact}/transfer"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/consult"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/consult/end"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/consult/merge"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/listen"): _MOVERS,
    ("POST", "/contacts/{contact}/ticket"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/link"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/defer"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/wrap-up"): _MOVERS | {Role.AGENT},
    ("POST", "/contacts/{contact}/callback"): _MOVERS,
    ("POST", "/contacts/{contact}/callback/cancel"): _MOVERS,
    ("GET", "/incidents"): _READERS | {Role.AGENT, Role.TENANT},
    ("POST", "/incidents"): _MOVERS,
    ("GET", "/incidents/{incident}"): _READERS | {Role.AGENT, Role.TENANT},
    ("POST", "/incidents/{incident}/change"): _MOVERS,
    ("POST", "/incidents/{incident}/clear"): _MOVERS,
    ("GET", "/escalations"): _READERS | {Role.AGENT, Role.TENANT},
    ("POST", "/escalations"): _MOVERS,
    ("POST", "/escalations/{escalation}/cancel"): _MOVERS,
    ("POST", "/erase"): frozenset((Role.ADMIN,)),
    ("POST", "/lists"): _MOVERS,
    ("GET", "/lists"): _READERS | {Role.TENANT},
    ("GET", "/lists/{client}/{kind}"): _READERS | {Role.TENANT},
    ("GET", "/lists/{client}/{kind}/rows"): _MOVERS,
    ("POST", "/site"): frozenset((Role.ADMIN,)),
}
"""What is not in the table is for nobody. An agent acts for himself alone, a tenant sees his own alone."""

_LINES = ("line", "from_line", "to_line")
_WORDS = frozenset((
    "ref", "entry", "tenant", "medium", "party", "person", "ticket", "recording", "digits", "key", "keys",
    "language", "cause", "stage", "by", "reason", "kind", "result", "purpose", "dial_class", "condition",
    "policy", "choice",
))  # fmt: skip
"""What a client is told in words of its contacts. Other words are names of texts, treatments, incidents."""
_STAFF = ("agent", "from_agent", "offer", "compared")
_OF_LISTENERS = (ListenerRung, ListenerJoined, ListenerLeft)
"""Who is listened to does not see it here; whoever operates the desk tells him that it happens."""
_OF_STAFF = (
    WrapUpStarted,
    WrapUpExtension,
    WrapUpCode,
    WrapUpOverdue,
    WrapUpDone,
    Interrupted,
    InterruptionEnded,
    AgentTold,
    Consulted,
    ConsultOver,
    ConferenceJoined,
    ConferenceLeft,
    *_OF_LISTENERS,
)
"""Facts about the work of agents, not about the contact."""


LATELY_MS = 7 * 24 * 3600 * 1000
"""So long after he took a contact an agent may read what belongs to it."""

DRAFT = "draft"
"""What an agent writes and has not sent."""


class Caller(NamedTuple):
    """Whose token it is."""

    name: str
    role: Role
    client: str = ""
    agent: str = ""

    @property
    def by(self) -> str:
        """As it stands in the journal."""
        return f"api:{self.name}"

    def is_other_agent(self, agent: str) -> bool:
        """Whether this is an agent who asks on behalf of somebody else."""
        return self.role is Role.AGENT and agent != self.agent

    def may_read(self, kind: str, history: Sequence[Told], now_ms: int, *, at_work: bool) -> bool:
        """Whether documents of this kind of a contact are for him; `at_work`: he has it in hand now.

        An agent reads what he handles or handled lately, a tenant what is its client's and no draft.
        """
        if self.role is Role.AGENT:
            return at_work or any(
                isinstance(told.fact, Answered)
                and told.fact.agent == self.agent
                and told.fact.t_ms > now_ms - LATELY_MS
                for told in history
            )
        return self.may_see(None, history) and (self.role is not Role.TENANT or kind != DRAFT)

    def may_see(self, contact: ContactView | None, history: Iterable[Told]) -> bool:
        """Whether the contact is his own: an agent's by having been rung, a tenant's by its client."""
        if self.role is Role.TENANT:
            arrived = (told.fact.tenant for told in history if isinstance(told.fact, Arrived))
            return self.client == (contact.tenant if contact else next(arrived, ""))
        if self.role is Role.AGENT:
            rung = contact is not None and self.agent in (*contact.agents, *contact.guests)
            return rung or any(getattr(told.fact, "agent", "") == self.agent for told in history)
        return True


def status_for(
    caller: Caller, found: Status, contacts: int, entries: Collection[EntryId] = frozenset()
) -> Status:
    """What he may see of it, and at most `contacts` contacts; `entries`: those of his client."""
    if caller.role is Role.TENANT:
        lines = tuple(line for line in found.lines if line.tenant == caller.client)
        own = {line.id for line in lines}
        his = [contact for contact in found.contacts if contact.tenant == caller.client]
        shown = tuple(contact_for(caller, contact, own) for contact in his[:contacts])
        incidents = incidents_for(caller, found.incidents, own, entries)
        return replace(found, lines=lines, agents=(), contacts=shown, incidents=incidents)
    if caller.role is Role.AGENT:
        agents = tuple(agent for agent in found.agents if agent.id == caller.agent)
        mine = {one.id for one in found.contacts if caller.agent in (*one.agents, *one.guests)}
        his = [one for one in found.contacts if one.id in mine or one.consults in mine]
        shown = tuple(contact_for(caller, one, ()) for one in his[:contacts])
        return replace(found, agents=agents, contacts=shown)
    return found


def incidents_for(
    caller: Caller, found: Iterable[Incident], own: Collection[LineId], entries: Collection[EntryId]
) -> tuple[Incident, ...]:
    """A tenant sees those that are declared for it alone, but not who of the desk asked for it."""
    if caller.role is not Role.TENANT:
        return tuple(found)
    return tuple(
        replace(one, declared_by="") for one in found if is_for_alone(one, caller.client, own, entries)
    )


def escalations_for(caller: Caller, found: Iterable[EscalationView]) -> tuple[EscalationView, ...]:
    """A tenant sees its own, and not who is on the list."""
    if caller.role is not Role.TENANT:
        return tuple(found)
    return tuple(replace(one, who="") for one in found if one.tenant == caller.client)


def contact_for(caller: Caller, contact: ContactView, own: Collection[LineId]) -> ContactView:
    """A tenant sees neither who works for him nor, of lines that his contact waits in, any but his `own`.

    An agent does not see who listens.
    """
    if caller.role is Role.AGENT:
        return replace(contact, guests=tuple(one for one in contact.guests if one == caller.agent))
    if caller.role is not Role.TENANT:
        return contact
    hidden = contact.line not in own
    if hidden:
        contact = replace(
            contact, line=LineId(""), position=0, expected_wait_ms=None, expected_wait_band_ms=None
        )
    return replace(contact, agents=(), guests=(), collected={})


def feed_for(caller: Caller, facts: Iterable[Recent], own: Collection[LineId]) -> list[Happening]:
    """What he may see: a tenant what became of his contacts, an agent what concerns himself, others all."""
    if caller.role is Role.TENANT:
        facts = (
            one for one in facts if one.tenant == caller.client and not isinstance(one.told.fact, _OF_STAFF)
        )
    elif caller.role is Role.AGENT:
        facts = (one for one in facts if getattr(one.told.fact, "agent", "") == caller.agent)
    return [happening_for(caller, one.told, own) for one in facts]


def history_for(caller: Caller, history: Iterable[Told], own: Collection[LineId]) -> list[Happening]:
    """What he may see of the history of a contact that he may see."""
    hidden = _OF_STAFF if caller.role is Role.TENANT else ()
    shown = (told for told in history if not isinstance(told.fact, hidden))
    if caller.role is Role.AGENT:
        shown = (told for told in shown if not _is_of_another(caller, told.fact))
    return [happening_for(caller, told, own) for told in shown]


def _is_of_another(caller: Caller, fact: Fact) -> bool:
    return isinstance(fact, _OF_LISTENERS) and fact.agent != caller.agent


def happening_for(caller: Caller, told: Told, own: Collection[LineId]) -> Happening:
    """As `contact_for`, of one fact of its history."""
    shown = happening(told)
    if caller.role is not Role.TENANT:
        return shown
    kept = {
        key: value if _is_told(key, value, own) else type(value)()
        for key, value in shown.fact.items()
        if key not in _STAFF
    }
    if not isinstance(told.fact, Arrived | Blocked):
        kept.pop("entry", None)  # of another client, perhaps: what it came by as another medium
    return replace(shown, by="", fact=kept)


def _is_told(key: str, value: object, own: Collection[LineId]) -> bool:
    """Numbers and moments; of words those that name nothing of the desk's, which may be another client's."""
    if key in _LINES:
        return value in own
    return value is None or isinstance(value, int) or key in _WORDS
