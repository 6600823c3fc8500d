"""Facts about those who take part in a contact beside its party and its agent."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from acd.core.facts.of_offers import OfferFact
from agents.skills import AgentId
from queues.desk import LineId
from queues.names import TreatmentId


class Consulted(OfferFact, frozen=True, tag="Consulted"):
    """The agent steps aside to ask somebody. `consult` is a contact of its own, which no arrival begins."""

    consult: ContactId
    line: LineId
    """Where it waits; of somebody outside that of the contact, where it does not wait."""
    dial_class: str
    """Somebody outside is called; empty: a line is asked."""


class ConsultOver(OfferFact, frozen=True, tag="ConsultOver"):
    """The consult has ended, once for each.

    `result`: `ended` by the agent, `transferred`, `conference`, `left` (who was asked hung up), `leg lost`,
    `waited too long`, `contact over`, `agent gone`, `signed out` or `stayed away` (who was asked); of a
    call that did not reach anybody its result.
    """

    consult: ContactId
    result: str


class TalkTooLong(OfferFact, frozen=True, tag="TalkTooLong"):
    """A conversation has lasted as long as its line lets one; it is handed over if `to` names a line."""

    line: LineId
    talk_ms: int
    to: LineId
    """Empty: it goes on, since nothing else is wanted, or that line takes nobody now."""


class AgentTold(OfferFact, frozen=True, tag="AgentTold"):
    """The agent hears a text that nobody else hears: which call it is, or that it lasts long already."""

    text: str


class ConferenceJoined(OfferFact, frozen=True, tag="ConferenceJoined"):
    """Whom the agent had consulted talks with its party, too; the agent stays."""

    consult: ContactId


class ConferenceLeft(OfferFact, frozen=True, tag="ConferenceLeft"):
    """He takes part no more, and the contact was not his."""

    consult: ContactId
    reason: str
    """`left`, `leg lost` or `contact over`."""


class TakenOver(OfferFact, frozen=True, tag="TakenOver"):
    """It is his now: `from_agent`, who had consulted him, handed it over or left the conference."""

    from_agent: AgentId
    consult: ContactId
    from_line: LineId
    line: LineId
    escalated: bool
    """To a line of a higher level."""


class SurveyBegan(Fact, frozen=True, tag="SurveyBegan"):
    """Its agent has ended the talk; its party stays and is asked about it. It ends by Released (`survey`)."""

    contact: ContactId
    agent: AgentId
    line: LineId
    treatment: TreatmentId


class HandedOut(Fact, frozen=True, tag="HandedOut"):
    """Its party talks with somebody outside, and with no agent any more."""

    contact: ContactId
    agent: AgentId


class OutsideJoined(Fact, frozen=True, tag="OutsideJoined"):
    """Somebody outside, who was consulted, talks with its party."""

    contact: ContactId
    ref: str
    consult: ContactId


class OutsideLeft(Fact, frozen=True, tag="OutsideLeft"):
    """Somebody outside talks with its party no more."""

    contact: ContactId
    ref: str
    reason: str
    """`left`, `leg lost` or `contact over`."""


class ListenerRung(OfferFact, frozen=True, tag="ListenerRung"):
    """A supervisor asked to hear the conversation; his device is rung."""

    how: str
    """`listen`, `whisper` or `barge`."""
    until_ms: int


class ListenerJoined(OfferFact, frozen=True, tag="ListenerJoined"):
    """He hears the conversation, from now on in this way."""

    how: str


class ListenerLeft(OfferFact, frozen=True, tag="ListenerLeft"):
    """He hears it no more, or never did."""

    reason: str
    """`left`, `leg lost`, `contact over`, `refused`, `no answer`, `unreachable` or `agent left`."""
