"""Facts about treatments: what a contact hears, presses, types and says."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from queues.desk import LineId, Medium
from queues.names import TreatmentId


class Treated(Fact, frozen=True, tag="Treated"):
    """It hears something else from now on: the texts that steps of its treatment collected, then music."""

    contact: ContactId
    visit: int
    """The number of this list."""
    treatment: TreatmentId
    """Empty: the text of an incident, or the music of its line."""
    step: int
    """Up to which of its steps, as `acd check` counts them: from 0."""
    says: tuple[str, ...]
    """Names of the texts."""
    music: str
    keys: str
    """It is asked for one of these."""
    language: str
    """In which the texts are said; empty: in all that they have."""
    first: bool
    """What follows is decided when the texts have been heard."""


class KeyChosen(Fact, frozen=True, tag="KeyChosen"):
    """Its party pressed a key of the menu."""

    contact: ContactId
    treatment: TreatmentId
    """That of the menu."""
    visit: int
    key: str


class NoKey(Fact, frozen=True, tag="NoKey"):
    """Its party pressed no key of the menu in time."""

    contact: ContactId
    treatment: TreatmentId
    visit: int


class Collected(Fact, frozen=True, tag="Collected"):
    """Its party was asked to type something."""

    contact: ContactId
    treatment: TreatmentId
    visit: int
    name: str
    """What it is, as the step calls it."""
    digits: str
    """Opaque id of what was typed; empty: nothing, or it is lost."""


class Recorded(Fact, frozen=True, tag="Recorded"):
    """What its party said by this list is kept. Less than a second counts as nothing."""

    contact: ContactId
    visit: int
    recording: str
    """Opaque id of the sound; empty: nothing came of it."""
    length_ms: int


class Sealing(Fact, frozen=True, tag="Sealing"):
    """Its party hung up while it was recorded: what was said is waited for, and it is in no line."""

    contact: ContactId
    line: LineId
    wait_ms: int
    """Since it was first queued; 0: it never was."""
    until_ms: int


class MessageLeft(Fact, frozen=True, tag="MessageLeft"):
    """Its party is gone and has left a message: an agent will hear it."""

    contact: ContactId
    line: LineId
    medium: Medium
    wait_ms: int
    """Until its party left; 0: it was in no line yet."""
    recording: str
    length_ms: int


class ConditionAsked(Fact, frozen=True, tag="ConditionAsked"):
    """A step of its treatment asked whether something holds; if so another treatment follows."""

    contact: ContactId
    treatment: TreatmentId
    step: int
    """From 0."""
    condition: str
    least: int
    """Milliseconds, or how many others; 0: the condition has none."""
    held: bool


class WaitTold(Fact, frozen=True, tag="WaitTold"):
    """A step of its treatment told its party how long it will still wait; `Answered` says how long it did."""

    contact: ContactId
    line: LineId
    minutes: int
    """As they were said: 0 is less than one; 61 is more than 60."""
    expected_ms: int
    """As likely too long as too short."""
    low_ms: int
    """Nine of ten waits lie from here …"""
    high_ms: int
    """… to here."""


class LanguageSet(Fact, frozen=True, tag="LanguageSet"):
    """A step of its treatment chose the language in which its party is spoken to."""

    contact: ContactId
    language: str


class Announced(Fact, frozen=True, tag="Announced"):
    """A greeting was played; a mandatory one delayed the queue. Told by 0.1.0 only, now it is `Treated`."""

    contact: ContactId
    greeting: str
    mandatory: bool
