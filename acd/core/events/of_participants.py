"""Events about those who take part in a contact beside its party and its agent."""

from acd.core.events.event import Event, Listening
from agents.roster import ContactId
from agents.skills import AgentId
from queues.desk import EntryId, LineId


class ConsultStarted(Event, frozen=True, tag="ConsultStarted"):
    """The agent steps aside to ask somebody: whoever a line has, or a number outside. The party hears music.

    It is a contact of its own, which waits with the anchor of the one that it is about.
    """

    contact: ContactId
    agent: AgentId
    line: LineId = LineId("")
    entry: EntryId = EntryId("")
    """Instead of a line: the number that the agent dialled."""
    party: str = ""
    """Or somebody outside: the opaque id of his number in the vault."""
    dial_class: str = ""
    """Of that number, as `acd.ports.DialClass`."""


class ConsultEnded(Event, frozen=True, tag="ConsultEnded"):
    """The agent has asked enough: he is with the party again."""

    contact: ContactId
    agent: AgentId


class ConsultMerged(Event, frozen=True, tag="ConsultMerged"):
    """Whoever was consulted, and has answered, talks with the party from now on."""

    contact: ContactId
    agent: AgentId
    stays: bool = False
    """The agent stays, too (a conference; only of media that mix); else he has handed it over."""


class AgentPrompted(Event, frozen=True, tag="AgentPrompted"):
    """The agent who has a contact is to hear a text (it lasts too long already); its party does not."""

    contact: ContactId
    agent: AgentId
    text: str
    """Name of the text."""


class ListenStarted(Event, frozen=True, tag="ListenStarted"):
    """A supervisor wants to hear a conversation; his device is rung. Again, to listen in another way."""

    contact: ContactId
    agent: AgentId
    how: Listening = "listen"
