"""Escalations: a list of people who are called in their order until one of them takes it over by a key."""

from msgspec import Struct

from agents.roster import ContactId
from agents.skills import AgentId
from queues.desk import EntryId, TenantId
from queues.names import TreatmentId
from queues.treatment import End, Menu, Say, Step

ACKNOWLEDGE = "1"
"""The key by which whoever is called takes it over."""

TAKEN = TreatmentId("escalation:taken")
"""What he hears then."""

ASK, THANKS = "escalation:ask", "escalation:thanks"
"""Names of texts: press 1; thank you."""

ASKED_MS = 8_000
"""So long the key is waited for, each of the two times that the text is said."""

MAIL_WITHIN_MS = 3_600_000
"""A mail that no channel has taken by then will not be sent."""


class Person(Struct, frozen=True):
    """One step of the list: somebody outside by his number, or an agent by his phones."""

    who: str
    """What he is called in the list."""
    ring_ms: int
    party: str = ""
    """Opaque id of his number in the vault; empty: an agent."""
    dial_class: str = ""
    agent: AgentId = AgentId("")


class Escalation(Struct):
    """A list that is being walked, or was. Mutable; only the engine changes it."""

    id: int
    list: str
    entry: EntryId
    """In whose name people are called: its client, and its line's music."""
    tenant: TenantId
    people: tuple[Person, ...]
    rounds: int
    gap_ms: int
    """Between the rounds."""
    text: str
    """Name of the text for the channel."""
    texts: tuple[tuple[str, str], ...]
    """(language, words) of a text that is in no site file."""
    mail: str
    """Opaque id of the address that is told when nobody took it over; empty: none is."""
    mail_channel: str
    contact: ContactId
    """What it is about; 0: no contact."""
    ticket: str
    began_ms: int
    round: int = 1
    place: int = 0
    """Who is next."""
    called: ContactId = ContactId(0)
    """The contact by which somebody is called now; 0: nobody is."""
    attempts: int = 0
    mailing: bool = False
    """Nobody took it over: a mail is to be sent."""
    result: str = ""
    """How it ended: see `acd.core.facts.EscalationOver`; empty: it goes on."""
    taken_by: str = ""
    over_ms: int = 0

    @property
    def treatment(self) -> TreatmentId:
        """What is told to whoever is called."""
        return TreatmentId(f"escalation:{self.id}")


def steps_of(escalation: Escalation) -> tuple[Step, ...]:
    """Said twice: nobody who was just woken understands it the first time."""
    menu = Menu(ASK, ((ACKNOWLEDGE, TAKEN),), ASKED_MS, "")
    return Say(escalation.text), menu, Say(escalation.text), menu, End()


AFTER_KEY: tuple[Step, ...] = (Say(THANKS), End())
