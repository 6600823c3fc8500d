"""A scenario as plain data: one desk, the demand that meets it, who works when, and what is aimed at.

Made by `simulation.plan.plan_file` from a plan, or by hand in tests. Times are Unix milliseconds where a name
ends in `_ms` and says "moment", else lengths in milliseconds.
"""

from collections.abc import Mapping

from msgspec import Struct

from acd.ports import DialClass
from agents.skills import AgentId
from queues.desk import Desk, EntryId, LineId, Medium
from simulation.laws import Law

ASKS_FOR_MS = 60_000


class Consulting(Struct, frozen=True):
    """After the first half of the talk some agents ask another line, while their party hears music."""

    share: float
    to: LineId
    talk: Law
    """How long they talk to whoever is asked."""
    patience_ms: int = ASKS_FOR_MS
    """So long they wait for somebody; then they go on without."""


class Handling(Struct, frozen=True):
    """What the work on one contact of one (line, medium) is like."""

    talk: Law
    hold: Law | None = None
    """Within the conversation, after the first half of the talk; None: never on hold."""
    wrap_up: Law | None = None
    """None: the line's own wrap-up time. Else the agent ends it earlier or extends it."""
    code: str = ""
    """Wrap-up code given, when the line asks for one."""
    escalate: float = 0.0
    """Share that is handed to `escalate_to` at the end of the talk."""
    escalate_to: LineId | None = None
    consult: Consulting | None = None


MOST_TRIES = 15
"""Nobody comes more often for one thing."""


class Redial(Struct, frozen=True):
    """What callers do who were blocked or gave up."""

    probability: float
    delay: Law
    most: int = 5
    """Attempts at most, the first one included."""
    other_share: float = 0.0
    """Of those who come again: share that comes by `other_entry` (a mail instead of a call) …"""
    other_entry: EntryId | None = None


class Stream(Struct, frozen=True):
    """One flow of contacts to one entry."""

    name: str
    entry: EntryId
    expected: tuple[float, ...]
    """Expected contacts per interval of the scenario."""
    talk_factor: tuple[float, ...] = ()
    """Factor on the talk time per interval of arrival; empty: 1 everywhere."""
    patience: Law | None = None
    """From arrival to hanging up; None: waits for ever."""
    patience_factor: tuple[float, ...] = ()
    """Factor on the patience per interval of arrival (`simulation.draws` applies it); empty: 1 everywhere."""
    vip_share: float = 0.0
    vip_entry: EntryId | None = None
    """The entry that VIPs use instead."""
    redial: Redial | None = None
    backlog: int = 0
    """Contacts of this stream that wait already when the scenario begins."""
    keys: tuple[tuple[str, float], ...] = ()
    """Shares of those asked for a key that press this one, if it is one of those asked for."""


class Duty(Struct, frozen=True):
    """One agent at work from one moment to another, without his breaks."""

    agent: AgentId
    start_ms: int
    end_ms: int
    breaks: tuple[tuple[int, int], ...] = ()
    """(moment it begins, moment it ends), sorted, disjoint, within the duty."""


class Habits(Struct, frozen=True):
    """How agents behave at their phones."""

    answer_delay: Law | None = None
    """From the ring to the answer; None: at once."""
    no_answer: float = 0.0
    """Share of offers that nobody takes."""
    back_after: Law | None = None
    """After no answer, until he is ready again; None: one minute."""
    pause_every: Law | None = None
    """Time on duty until an unplanned pause; None: never."""
    pause: Law | None = None
    """How long an unplanned pause is."""


class Surge(Struct, frozen=True):
    """A mass incident: more contacts, and an announcement that some of them are content with."""

    start_ms: int
    end_ms: int
    factor: float
    lines: tuple[LineId, ...] = ()
    """Lines whose streams surge and hear the announcement; empty: all."""
    announced_ms: int | None = None
    """Moment from which the announcement is played; None: never."""
    announcement_ms: int = 15_000
    """How long the text is."""
    deflect: float = 0.0
    """Share of those who hear it that hang up during the text, content."""
    mandatory: bool = True
    """Nobody is offered before the text has ended."""
    vip_exempt: bool = True


class Callbacks(Struct, frozen=True):
    """What becomes of calls to those who were promised one."""

    answer: float = 0.8
    """Share of the attempts that are answered."""
    ring_ms: int = 10_000
    """Until the answer, or until the call has failed."""
    dial_class: str = DialClass.MOBILE.value
    """Of the numbers from which callers call, as the desk's rules for outbound calls name it."""


Spoken = tuple[str, str]
"""Name of a text, and the language in which it is said; "": all that it has, one after the other."""

USUAL_TEXT_MS = 10_000
"""A text of which nobody says how long it is."""

MESSAGE_MS = 25_000
"""So long everybody speaks after the tone, if he may."""

TONE_MS = 400

POSITION_MS = 2_200
"""A position, in one language, from the first to the last one (`python bench/speech.py`)."""


EXPECTED_WAIT_MS = 2_800
"""An expected wait, in one language: German takes half a second more, English less."""


class Goal(Struct, frozen=True):
    """What a line must reach: `share` by the KPI `definition` with threshold `threshold_ms`."""

    line: LineId
    medium: Medium
    definition: str
    threshold_ms: int
    share: float


class Scenario(Struct, frozen=True):
    """All that a replication needs except its random numbers. References into `desk` are valid."""

    name: str
    desk: Desk
    start_ms: int
    """Moment of the beginning of interval 0."""
    interval_ms: int
    intervals: int
    streams: tuple[Stream, ...]
    handling: Mapping[tuple[LineId, Medium], Handling]
    """Of every line that a contact of the scenario can reach."""
    duties: tuple[Duty, ...]
    habits: Habits = Habits()
    daily_cv: float = 0.0
    """Coefficient of variation of the random factor (gamma, mean 1) on the demand of each 24 h."""
    surge: Surge | None = None
    callbacks: Callbacks = Callbacks()
    text_ms: Mapping[Spoken, int] = {}
    """How long texts are."""
    goals: tuple[Goal, ...] = ()
    short_ms: int = 5_000
    """Abandons below this are short."""
    run_on_ms: int = 3_600_000
    """After the last interval: no more first arrivals, but what is there goes on for so long."""

    @property
    def end_ms(self) -> int:
        """Moment of the end of the last interval."""
        return self.start_ms + self.interval_ms * self.intervals
