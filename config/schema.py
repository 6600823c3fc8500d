"""The site as frozen objects: what `load` gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msgspec.structs import replace

from agents.skills import AgentId, SkillId
from config.api_tokens import ApiToken
from config.kpis import KpiRule
from config.opening import CalendarRule, resolve
from config.secret import Secret
from config.table import RawTable
from queues.desk import Desk, EntryId, LineId, TenantId


class JournalKind(StrEnum):
    SQLITE = "sqlite"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the HTTP API listens, and who may ask.

    `token` is the operator's own; without it the server makes one at start, only on loopback.
    """

    host: str
    port: int
    token: Secret | None
    tokens: tuple[ApiToken, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`data_dir` and `status_dir` are absolute.

    `timezone` is that of the reports and of calendars that name none.
    """

    data_dir: Path
    journal: JournalKind
    drain_ms: int
    clock_jump_ms: int
    timezone: str
    api: ApiSettings
    status_dir: Path | None = None
    """Where the public status documents of the clients are written; None: nowhere."""


class Nat(StrEnum):
    """Whether a peer's requests are sent to where it sends from, instead of where its Contact says."""

    AUTO = "auto"
    """If its Contact cannot be reached from where it sends."""
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Phone:
    """A SIP user and the agent whose phone it is."""

    user: str
    agent: AgentId
    password: Secret | None
    """None only from `check(…, secrets=False)`."""
    nat: Nat = Nat.ALWAYS


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a prompt in one language: a text to be spoken, or a recording (`text` is empty then)."""

    language: str
    text: str
    recording: Path | None = None


class ListKind(StrEnum):
    """The lists that a client may have; the value names it in events."""

    VIP = "vip"
    USERS = "users"

    @property
    def key(self) -> str:
        """Key of a client's table."""
        return {ListKind.VIP: "vip_list", ListKind.USERS: "user_list"}[self]


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list of people as a file; `path` is absolute."""

    tenant: TenantId
    kind: ListKind
    path: Path


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """`regions`: client → country (`DE`) of his national numbers, "" for none."""

    regions: Mapping[TenantId, str]
    internal_digits: int
    """A bare number of so many digits at most is an extension."""
    files: tuple[ListFile, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Display names; personal data, so not part of the desk that is journalled. Each id has one."""

    tenants: Mapping[TenantId, str]
    lines: Mapping[LineId, str]
    agents: Mapping[AgentId, str]
    skills: Mapping[SkillId, str]


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One of those who are called: by his number, or an agent by his phones."""

    who: str
    """What he is called in reports."""
    ring_ms: int
    number: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class EscalationList:
    """Who is called in which order until one of them takes it over. Numbers stay out of the desk."""

    name: str
    tenant: TenantId
    entry: EntryId
    """In whose name they are called."""
    steps: tuple[EscalationStep, ...]
    rounds: int
    gap_ms: int
    mail: str
    """Address that is told when nobody took it over; empty: none is."""
    has_text: bool
    """Its own text is among the prompts, as `escalation:NAME`."""
    file: str
    """Where it is written."""


@dataclass(frozen=True, slots=True)
class Site:
    """A checked site file. `desk` has no calendars yet: `desk_at` resolves the `calendars` to UTC."""

    desk: Desk
    calendars: tuple[CalendarRule, ...]
    server: ServerSettings
    names: Names
    languages: tuple[str, ...]
    line_languages: Mapping[LineId, tuple[str, ...]]
    """The languages in which each line speaks to its callers, in that order."""
    prompts: Mapping[str, tuple[Passage, ...]]
    """Name of a text (`Line.greeting`, `Say.text`, `Menu.text`) → what is played, one after the other."""
    music: Mapping[str, Path | None]
    """`Line.music` → its recording; None for the built-in `default`."""
    phones: Mapping[str, Phone]
    """SIP user → phone."""
    channels: Mapping[str, RawTable]
    """Tables of the channels, which parse their own."""
    kpis: tuple[KpiRule, ...] = ()
    """KPIs of the clients' own."""
    escalations: Mapping[str, EscalationList] = field(default_factory=dict)
    """Lists of people who are called in their order, by name."""
    directory: DirectorySettings = field(default_factory=lambda: DirectorySettings({}, 5, ()))
    """Who people are."""

    def desk_at(self, from_ms: int, until_ms: int) -> Desk:
        """The desk with its opening hours resolved for [from_ms, until_ms), Unix milliseconds."""
        calendars = tuple(resolve(rule, from_ms, until_ms) for rule in self.calendars)
        return replace(self.desk, calendars=calendars)
