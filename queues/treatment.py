"""Treatments: what a party is told, asked and played while nobody talks to it, as data."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from queues.names import IncidentId, LineId, TreatmentId

NO_TREATMENT = TreatmentId("")

KEYS = "0123456789*#"
"""What a menu can ask for."""

POSITION = "position"
"""The text that says a number: how many are served before, plus one."""

EXPECTED_WAIT = "expected wait"
"""The text that says so many minutes: 0 is less than one, and the greatest that is told is "more than"."""

OFFER = "incident offer"
"""The text that offers to tell its party when the incident is solved."""

THANKS = "incident thanks"
"""The text for who wants that: its call ends after it."""

TONE = "tone"
"""The text that is a short tone: what its party says is recorded from its end on."""


class Condition(StrEnum):
    """What a treatment can ask about the contact, at the moment at which it comes to it."""

    VIP = "vip"
    """It has a head start, or a class below that of its line."""
    WAITED = "waited"
    """It first waited `least` milliseconds ago, or longer."""
    BEHIND = "behind"
    """At least `least` others are served before it."""
    EXPECTED_WAIT = "expected_wait"
    """It will wait `least` milliseconds longer, as far as can be said; or nobody is there to serve it."""
    NOBODY = "nobody"
    """Nobody who could serve it is signed in and ready."""
    CLOSED = "closed"
    """Its line is closed now."""
    CALLBACK = "callback"
    """Its party may be called back at the number from which it calls."""


class Say(Struct, frozen=True, tag="say"):
    """A text."""

    text: str
    """Name of the text, for the channel."""


class SayPosition(Struct, frozen=True, tag="position"):
    """The place in the line; who is in none, or is being rung, hears nothing of it."""


class SayExpectedWait(Struct, frozen=True, tag="expected_wait"):
    """About how long it will still wait; nothing where that cannot be said, nor to whom no position is."""


class Music(Struct, frozen=True, tag="music"):
    music: str
    for_ms: int = 0
    """0: for good."""


class Menu(Struct, frozen=True, tag="menu"):
    """A text and a question: a key goes to another treatment, no key to the next step."""

    text: str
    keys: tuple[tuple[str, TreatmentId], ...]
    for_ms: int
    """So long it waits for a key after the text."""
    music: str
    """Meanwhile."""

    @property
    def accepted(self) -> str:
        """The keys, without what they lead to."""
        return "".join(key for key, _ in self.keys)


class When(Struct, frozen=True, tag="when"):
    """Go on with another treatment if the condition holds, else with the next step."""

    condition: Condition
    then: TreatmentId
    least: int = 0


class GoOn(Struct, frozen=True, tag="then"):
    """Go on with another treatment, or with this one from its beginning."""

    then: TreatmentId


class Enqueue(Struct, frozen=True, tag="enqueue"):
    """In line from now on, while this treatment goes on. Who is in that line already stays at its place."""

    line: LineId | None = None
    """None: that of its entry."""


class Collect(Struct, frozen=True, tag="collect"):
    """A text, and keys that make one string: `#`, the most of them, or a pause ends it. None is none."""

    text: str
    name: str
    """What it is: `customer`."""
    most: int
    for_ms: int
    """So long it waits for the first key after the text."""
    music: str
    """Meanwhile."""


class Record(Struct, frozen=True, tag="record"):
    """A tone, then what its party says is kept; `#` ends it, or its length, or hanging up.

    Nobody is offered the contact meanwhile. Who leaves by hanging up leaves a message.
    """

    longest_ms: int


Parking = Literal["callback", "voicemail"]
"""What a contact without a leg waits for: that its party is called, or that its message is heard."""


class Park(Struct, frozen=True, tag="park"):
    """Let its party go and keep its place: promise a callback, or leave the message that was recorded.

    Where no callback may be promised, or there is no message, go on with the next step.
    """

    what: Parking = "callback"


class SetLanguage(Struct, frozen=True, tag="language"):
    """From now on its party is spoken to in this language, wherever a text has it."""

    language: str


class End(Struct, frozen=True, tag="end"):
    """Hang up."""


Step = (
    Say
    | SayPosition
    | SayExpectedWait
    | Music
    | Menu
    | When
    | GoOn
    | Enqueue
    | Collect
    | Record
    | Park
    | SetLanguage
    | End
)


class Treatment(Struct, frozen=True):
    """Steps, one after the other.

    Before the contact is in line, the end of them is `Enqueue`; of one that its line turned away it is `End`.
    In line, the line's own treatment follows, and after that its music for good.
    """

    id: TreatmentId
    steps: tuple[Step, ...]


class Phrase(Struct, frozen=True, gc=False):
    """A text to be said, with its number if it is one that says a number."""

    text: str
    number: int = 0


class Playlist(Struct, frozen=True, gc=False):
    """Consecutive steps that decide nothing, as they are played: texts, then music."""

    says: tuple[Phrase, ...] = ()
    music: str = ""
    """After the texts, for good, until another list comes."""
    reports: bool = False
    """The end of the texts is waited for."""
    keys: str = ""
    """Each of these keys is waited for."""
    language: str = ""
    """In which the texts are said, where they have it; empty: in all that each of them has."""
    records_ms: int = 0
    """After the texts it hears nothing, and what it says is kept, for so long at most; 0: it is not."""
    collects: int = 0
    """So many keys at most make a string, from the first text on; 0: none."""
    collect_ms: int = 0
    """So long the first of them is waited for after the texts."""


SURVEY = "survey"
"""Why whoever is asked after his talk is in no line, and is released."""


class Walk(Struct):
    """Where a contact is in its treatment."""

    treatment: TreatmentId
    step: int = 0
    """With which it goes on."""
    hears: Playlist = Playlist()
    says: tuple[Phrase, ...] = ()
    """Texts that come first in the next list."""
    menu: Menu | None = None
    """What it is asked now."""
    collect: Collect | None = None
    """What it is to type now."""
    for_ms: int = 0
    """So long the music lasts after the texts; 0: for good, or it goes on at their end."""
    heard: bool = False
    """The texts are over."""
    turned_away: str = ""
    """Why it is in no line: that did not take it (`closed`, `full`), or its talk is over (`survey`)."""
    about: IncidentId = IncidentId("")
    """The incident whose text it is, by itself; empty: it is none."""

    @property
    def afterwards(self) -> bool:
        """Whether its talk is over: it comes into no line any more, and leaves no message."""
        return self.turned_away == SURVEY
