"""The configured whole, as plain data: tenants, entries, lines, agents. `config` builds it."""

from enum import StrEnum

from msgspec import Struct

from agents.capacity import FAX, MAIL, VOICE
from agents.capacity import Medium as Medium
from agents.skills import AgentId, Alternative, SkillId
from queues.names import CalendarId as CalendarId
from queues.names import EntryId as EntryId
from queues.names import IncidentId as IncidentId
from queues.names import LineId as LineId
from queues.names import TenantId as TenantId
from queues.names import TreatmentId
from queues.treatment import NO_TREATMENT, Treatment

ALWAYS = CalendarId("")
"""The calendar that is always open: wall-clock time."""


class Policy(StrEnum):
    """How the agent is chosen when several are idle."""

    LONGEST_IDLE = "longest_idle"
    MOST_SKILLED = "most_skilled"
    LEAST_OCCUPIED = "least_occupied"
    ROUND_ROBIN = "round_robin"


class Overflow(StrEnum):
    """What becomes of a contact that waited too long, or that finds its line full or closed."""

    RELEASE = "release"
    LINE = "line"
    TREATMENT = "treatment"
    """Full or closed: it hears that treatment before anything else."""


class Way(Struct, frozen=True):
    """The way out of a line. `line` is set exactly when `kind` is LINE, `treatment` when it is TREATMENT."""

    kind: Overflow = Overflow.RELEASE
    line: LineId | None = None
    treatment: TreatmentId = NO_TREATMENT


class Relaxation(Struct, frozen=True):
    """After `after_ms` of waiting in the line, these alternatives are accepted too."""

    after_ms: int
    alternatives: tuple[Alternative, ...]


class Promotion(Struct, frozen=True):
    """A contact whose target is nearer than `before_ms` (in the line's calendar) gets this class."""

    before_ms: int
    priority_class: int


class WrapUpRule(Struct, frozen=True):
    """After-contact work: `ms` long (0: none), extendable by `max_extension_ms` in all.

    With `code_required` it does not end before one of `codes` was given.
    """

    ms: int = 0
    codes: tuple[str, ...] = ()
    code_required: bool = False
    max_extension_ms: int = 0


class Order(StrEnum):
    """Who is called first when a promised callback has its turn."""

    AGENT_FIRST = "agent_first"
    """The agent is rung; when he has accepted, the party is called."""
    CALLER_FIRST = "caller_first"
    """An agent is reserved and the party called; when it answers, the agent is rung."""


class CallbackRule(Struct, frozen=True):
    """How the callbacks of a line are made."""

    order: Order = Order.AGENT_FIRST
    attempts: int = 3
    gap_ms: int = 300_000
    """After an attempt that did not reach the party, until the next; its rank is kept."""
    ring_ms: int = 30_000
    """How long the party is called."""
    within_ms: int = 86_400_000
    """A promise that is older is not kept any more."""
    call_in: bool = True
    """Who rings the same entry from the number that is to be called back is that caller, and has his place.

    Not right where many people share one number, as behind the exchange of a company.
    """


class LastAgentRule(Struct, frozen=True):
    """Who comes again is held for the agent with whom he spoke last, if that is at most `within_ms` ago.

    That counts by the clock, also while the line is closed, from the moment at which they began to speak.
    """

    within_ms: int = 0
    wait_ms: int = 0
    """So long at most; 0: nobody is held."""


class TalkLimit(Struct, frozen=True):
    """How long a conversation in a line ought to last, from when agent and party are joined."""

    prompt_ms: int = 0
    """Then the agent is told, by `text`; 0: he is not."""
    text: str = ""
    again_ms: int = 0
    """And again each time that so much more has passed; 0: once."""
    hand_over_ms: int = 0
    """Then it is too long; 0: it never is."""
    to: LineId | None = None
    """The line that has it then; None: that it was too long is only told."""


class MediumTraits(Struct, frozen=True):
    """What is special about the contacts of one medium. The engine asks for traits, never for names."""

    id: Medium
    hears: bool = False
    """Its party can be played texts and music while it waits, and says when a text has ended."""
    promise: bool = True
    """To accept it is a promise to its sender, so it must be safe on disk first."""
    put_aside: bool = True
    """Work on it can rest, and goes back to its line when its agent goes."""
    keeps_leg: bool = False
    """Its party holds a leg as long as the contact lives, and may leave by it."""
    lease_ms: int = 0
    """An outside exchange keeps that leg, and says within this time that it is there still; 0: we keep it."""
    receive_ms: int = 300_000
    """Where no leg is kept: how long the next part of what is being received is waited for."""
    mixes: bool = False
    """More than two can hear each other: conference, listening in, whispering."""


DEFAULT_MEDIA = (
    MediumTraits(VOICE, hears=True, promise=False, put_aside=False, keeps_leg=True, mixes=True),
    MediumTraits(MAIL),
    MediumTraits(FAX),
)


class Tenant(Struct, frozen=True):
    id: TenantId


class Calendar(Struct, frozen=True):
    """Opening hours, resolved to UTC: sorted, disjoint [open_ms, close_ms) pairs of Unix milliseconds."""

    id: CalendarId
    opens: tuple[tuple[int, int], ...]


class Line(Struct, frozen=True):
    """A queue of contacts with one policy."""

    id: LineId
    tenant: TenantId
    needs: tuple[Alternative, ...]
    priority_class: int = 5
    target_ms: int = 20_000
    calendar: CalendarId = ALWAYS
    """Calendar in which the target runs."""
    hours: CalendarId = ALWAYS
    """Opening hours: outside them contacts take the way `when_closed`."""
    policy: Policy = Policy.LONGEST_IDLE
    relaxations: tuple[Relaxation, ...] = ()
    promotion: Promotion | None = None
    target_warning_ms: int = 0
    """So long before its target has passed for whoever waits, and then, that is told; 0: it is not."""
    ring_ms: int = 20_000
    ring_at_once: int = 1
    retry_tried_ms: int = 30_000
    """How long after everybody was tried the contact forgets whom it tried."""
    max_wait_ms: int = 0
    """0: no limit."""
    max_length: int = 0
    """Contacts waiting at once; 0: no limit."""
    when_waited: Way = Way()
    when_full: Way = Way()
    when_closed: Way = Way()
    wrap_up: WrapUpRule = WrapUpRule()
    callback: CallbackRule = CallbackRule()
    last_agent: LastAgentRule = LastAgentRule()
    talk_limit: TalkLimit | None = None
    greeting: str = ""
    """A text for who arrives at an entry that has no treatment."""
    greeting_mandatory: bool = False
    """It must be heard to its end before the contact can be offered."""
    survey: TreatmentId = NO_TREATMENT
    """What its party hears, and is asked, when its agent has ended the talk."""
    whisper: str = ""
    """A text that its agent hears, and nobody else, when he is joined with the party."""
    music: str = "default"
    """While nothing else is to be heard, and while the other side holds."""
    announce_every_ms: int = 0
    """Music for so long, then the position, and again; 0: music only. Where the line has no treatment."""
    treatment: TreatmentId = NO_TREATMENT
    """What is heard while waiting."""
    level: int = 1
    """Support level: a transfer to a line of a higher one is an escalation."""
    reconnect: str = ""
    """A text for whose agent's leg was lost: he hears it, and waits on."""


class Entry(Struct, frozen=True):
    """A dialled number, mailbox or fax number, and where its contacts go."""

    id: EntryId
    tenant: TenantId
    line: LineId
    medium: Medium
    priority_class: int | None = None
    """Class of the contacts of this entry, when not that of the line (a VIP hotline)."""
    head_start_ms: int = 0
    treatment: TreatmentId = NO_TREATMENT
    """What is heard on arrival; none: in line at once."""


class OutboundRule(Struct, frozen=True):
    """Whom we call for what, and by which channel. What no rule allows is not called."""

    purpose: str
    """`callback`."""
    classes: tuple[str, ...]
    """Dial classes of the numbers that may be called."""
    channel: str
    """The channel that places the call."""
    tenant: TenantId = TenantId("")
    """Empty: for every client."""
    at_once: int = 10
    """How many calls by this rule may be under way at once."""
    per_hour: int = 0
    """How many calls for this purpose one client may cause within any hour; 0: no limit."""
    per_number: int = 0
    """How many of these may go to one number; 0: no limit."""
    caller_id: str = ""
    """The number of the desk that whoever is called sees; empty: that of the trunk."""
    prefixes: tuple[str, ...] = ()
    """The channel dials no number that begins otherwise; empty: any of these classes."""


class Agent(Struct, frozen=True):
    """Skills as (skill, level), capacity as (medium, how many at once); media not named: none."""

    id: AgentId
    skills: tuple[tuple[SkillId, int], ...]
    capacity: tuple[tuple[Medium, int], ...] = ((VOICE, 1),)


class Desk(Struct, frozen=True):
    """All of it. References are valid (checked by `config`); ids are unique and never reused."""

    tenants: tuple[Tenant, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    lines: tuple[Line, ...] = ()
    entries: tuple[Entry, ...] = ()
    agents: tuple[Agent, ...] = ()
    pause_reasons: tuple[str, ...] = ("break",)
    no_answer_reason: str = "no answer"
    interrupts: tuple[tuple[Medium, Medium], ...] = ()
    """(a, b): a contact of medium a may be offered to an agent who handles one of medium b."""
    device_grace_ms: int = 30_000
    """How long a device may be away before its offers are withdrawn and its agent's work is handed back."""
    leg_grace_ms: int = 90_000
    """How long a conversation waits for its agent's device to come back."""
    media: tuple[MediumTraits, ...] = DEFAULT_MEDIA
    """The media there are; others may be added to those three, whose traits may be changed."""

    treatments: tuple[Treatment, ...] = ()
    outbound: tuple[OutboundRule, ...] = ()
    """The allow-list for calls that we place; the first rule that fits counts. Empty: none is placed."""

    @property
    def medium_ids(self) -> tuple[Medium, ...]:
        """The names of the media, in the order of the desk."""
        return tuple(traits.id for traits in self.media)


class IncidentMode(StrEnum):
    """What becomes of a caller who has heard the text of an incident."""

    INFORM = "inform"
    """He is admitted like any other."""
    OFFER = "offer"
    """He is asked whether he wants to be told when it is solved; if not, he is admitted like any other."""
    END = "end"
    """The call is over."""


class Incident(Struct, frozen=True, kw_only=True):
    """A mass incident that a supervisor declared: calls in its scope hear a text, those that wait at once.

    A scope that is empty restricts nothing; a call must be within all of the others, by its entry and by the
    tenant and line of that entry. Mails and faxes hear nothing, so no incident concerns them.
    """

    id: IncidentId
    greeting: str
    """Name of the text, for the channel. It is heard before anything else."""
    mode: IncidentMode
    expires_ms: int
    """Moment at which it is over, unless it is ended before."""
    tenants: tuple[TenantId, ...] = ()
    lines: tuple[LineId, ...] = ()
    entries: tuple[EntryId, ...] = ()
    media: tuple[Medium, ...] = ()
    vip_exempt: bool = True
    """Who has a head start, or a class of his own below that of the line, does not hear it."""
    mandatory: bool = True
    """The text is heard before anything else is decided; else, in mode INFORM, while the caller waits."""
    texts: tuple[tuple[str, str], ...] = ()
    """(language, words) of the text, as it was declared; empty: the channel knows it by its name alone."""
    ticket: str = ""
    """Where the desk works on it, for people."""
    agreed: str = ""
    """Who at the client agreed to it, for people."""
    declared_by: str = ""
    """Who asked for it, as entries say it."""
    warn_ms: int = 0
    """So long before its end a warning is given; 0: none is."""
