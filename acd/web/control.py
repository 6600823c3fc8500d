"""What the API needs of the running server, as a port; the server gives it, tests may play it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from acd.core.events import ContactId, Event
from acd.core.view import ContactView, EscalationView, IncidentView, Status
from acd.feed.ring import Unwritten
from acd.observe.health import Health
from acd.ports import About, ContactRef, Listed, NewPiece, Told
from acd.web.recent import Recent
from agents.skills import AgentId
from queues.desk import EntryId, Incident, IncidentId, LineId

MAX_PIECE_BYTES = 128 * 1024
"""Of what is appended: it must fit into one request to the server."""

MAX_LISTED = 1_000
"""Documents in one list, and joined contacts that are looked at for it: question and answer fit one frame."""


MAX_ROWS = 500
"""Of a list in one answer: with cells as long as they may be it fits one frame."""


class ListTaken(Struct, frozen=True):
    """What became of a list file. `refused` says why it was not taken; the version before holds then."""

    tenant: str
    list: str
    version: int
    people: int
    """How many were taken in now; 0: nothing had changed."""
    refused: tuple[str, ...] = ()


class ListHeld(Struct, frozen=True):
    """A list as it stands. `version` 0: none was ever taken in, and the rest says nothing."""

    tenant: str
    list: str
    version: int = 0
    people: int = 0
    """Rows that hold or will, expired ones among them; without those who were erased."""
    at_ms: int = 0
    by: str = ""
    """Who brought it, and when."""


class ListVersion(Struct, frozen=True):
    """A version of a list, and what it changed against the one before; null: that was not counted yet."""

    version: int
    at_ms: int
    by: str
    people: int
    added: int | None
    removed: int | None
    changed: int | None
    kept: bool
    """Its rows can be read."""


class ListRow(Struct, frozen=True):
    """A row: kinds of address are `number`, `address`, `fax` and `domain`; null: no bound, or no class."""

    line: int
    keys: tuple[tuple[str, str], ...]
    name: str
    department: str
    language: str
    site: str
    priority_class: int | None
    head_start_ms: int
    valid_from_ms: int | None
    valid_until_ms: int | None


class SiteApplied(Struct, frozen=True):
    """What became of a site file that was read again. `refused` says what is wrong; then nothing changed."""

    changed: tuple[str, ...] = ()
    """What is different now, a line each."""
    refused: tuple[str, ...] = ()
    seq: int = 0
    """The last entry of the change; 0: there was none, or it was only looked at."""


class IncidentWish(Struct, frozen=True):
    """What is to be different about an incident that is on; None: as it is."""

    id: IncidentId
    texts: tuple[tuple[str, str], ...] | None = None
    expires_ms: int | None = None
    vip_exempt: bool | None = None
    ticket: str | None = None
    agreed: str | None = None


class ClearWish(Struct, frozen=True):
    """The end of an incident, and what whoever is linked to it is told."""

    id: IncidentId
    texts: tuple[tuple[str, str], ...] = ()
    silent: bool = False
    """Nobody is told, though some wait for it."""


class NotDurable(Exception):
    """The change is in force, but the journal did not confirm in time that it is synced."""


class JournalUnreadable(Exception):
    """What was asked for lies in a damaged part of the journal, or behind it; the text names the file."""


class KeyReused(ValueError):
    """The idempotency key belongs to another write."""


class IncidentRefused(ValueError):
    """It concerns nobody, or somebody would not understand it, or it cannot be said; nothing has changed."""


class EscalationRefused(ValueError):
    """There is no such list, or nothing to say, or it cannot be said; nobody is called."""


class EscalationWish(Struct, frozen=True):
    """Walk this list of the site file."""

    list: str
    contact: int = 0
    """What it is about; 0: no contact."""
    ticket: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    """(language, words) of what is told; empty: the text of the list."""


class WriteKey(NamedTuple):
    """Names a write, so that its repetition is known; `owner` is the name of the token."""

    owner: str
    key: str
    fingerprint: bytes
    """SHA-256 of method, path and body."""


class Page(NamedTuple):
    """A piece of the feed; `cursor` is where it ends."""

    cursor: str
    facts: Sequence[Recent]


class Control(Protocol):
    """All methods belong to the loop's thread."""

    async def health(self) -> Health:
        """How the server is; also when it does not answer."""

    async def metrics(self) -> bytes:
        """Prometheus text."""

    def status(self, contacts: int) -> Status:
        """Lines, agents, and the first `contacts` contacts."""

    def incidents(self) -> tuple[Incident, ...]:
        """Those that are on, in the order in which they were declared."""

    def incident(self, name: str) -> IncidentView | None:
        """The one that is on, or was last, by that name; None: none is remembered."""

    def escalations(self) -> tuple[EscalationView, ...]:
        """Those that go on and the last that are over, as they began."""

    def lines_of(self, client: str) -> frozenset[LineId]:
        """The lines of a client; none of one that is unknown."""

    def entries_of(self, client: str) -> frozenset[EntryId]:
        """The entries of a client; none of one that is unknown."""

    def agents_with(self, contact: ContactId) -> tuple[AgentId, ...]:
        """Who has work with the contact: is rung for it, handles it or wraps it up."""

    def availability(self, agent: AgentId) -> str | None:
        """`signed_out`, `ready` or `paused`, whatever the agent is busy with; None: unknown agent."""

    def contact(self, contact: ContactId) -> ContactView | None:
        """One contact; None: not live."""

    async def follow(self, after: str, wait_s: float) -> Page:
        """The facts after the cursor `after` (empty: from now on), at once or as soon as there are any.

        Raises CursorGone: look at the status and begin with its cursor; ValueError: no cursor.
        """

    def cursor(self) -> str:
        """Where the feed is that `status` shows."""

    def now_ms(self) -> int:
        """The server's time."""

    def age_ms(self) -> int:
        """For how long the server was not heard, or did not write: what it decided since is not shown."""

    def unwritten(self) -> Unwritten:
        """What the server has decided but is late to write, so that nothing shows it; moments of its time."""

    async def change(self, event: Event | None, by: str, key: WriteKey | None) -> int:
        """Submit in the name of `by`; returns the sequence number once it and the key are synced.

        Without an event, which is when all is as wanted already, the key alone is kept and 0 returned.
        Raises Rejected, NotDurable, KeyReused.
        """

    async def promise_callback(self, contact: ContactId, number: str, by: str, key: WriteKey | None) -> int:
        """Let a waiting caller hang up and be called back, by `number` or (empty) the one he calls from.

        As `change`; raises VaultError too: the number cannot be kept.
        """

    async def consult_outside(
        self, contact: ContactId, agent: AgentId, number: str, by: str, key: WriteKey | None
    ) -> int:
        """Let the agent step aside to ask somebody by this number. As `promise_callback`."""

    async def repeated(self, key: WriteKey) -> int | None:
        """What `change` returned for this key before; None: never asked. Raises KeyReused, NotDurable."""

    async def erase(self, value: str, tenant: str | None) -> tuple[int, int]:
        """Erase a number or address, with one client or all: from how many contacts and lists.

        Raises VaultError.
        """

    async def take_lists(self, by: str) -> list[ListTaken]:
        """Take in the list files that changed; answers when that is synced. Raises VaultError, NotDurable."""

    async def lists(self) -> list[ListHeld]:
        """Every list that a client has, as it stands."""

    async def list_versions(self, tenant: str, kind: str) -> list[ListVersion]:
        """Every version of a list, the newest first; empty: never heard of. Raises VaultError."""

    async def list_rows(self, tenant: str, kind: str, version: int, start: int, by: str) -> list[ListRow]:
        """At most MAX_ROWS rows of a version, from the row `start` on. Raises VaultError.

        They are people, so the log says who asked.
        """

    async def apply_site(self, by: str, *, look: bool) -> SiteApplied:
        """Read the site file again and put it in force; `look`: only say what that would change.

        Answers when it is synced. Raises NotDurable.
        """

    async def declare_incident(self, incident: Incident, by: str, key: WriteKey | None) -> int:
        """Let calls in its scope hear its texts, those that wait at once. As `change`.

        Raises IncidentRefused, too.
        """

    async def change_incident(self, wish: IncidentWish, by: str, key: WriteKey | None) -> int:
        """Change one that is on; who waits hears another text once more. As `declare_incident`."""

    def to_clear(self) -> tuple[Incident, ...]:
        """Incidents that are over, and whose callers wait for the all-clear."""

    async def clear_incident(self, wish: ClearWish, by: str, key: WriteKey | None) -> int:
        """End one; whoever is linked to it is told these texts. As `declare_incident`."""

    async def escalate(self, wish: EscalationWish, by: str, key: WriteKey | None) -> int:
        """Call the people of a list, one after the other. As `change`.

        Raises EscalationRefused and VaultError, too.
        """

    async def history(self, contact: ContactId) -> list[Told]:
        """The facts of the contact, oldest first; empty: never heard of."""

    async def about(self, document: str) -> About:
        """Whose a document is, and how much. Raises VaultUnknownError."""

    async def documents(self, contacts: Sequence[ContactRef], most: int) -> list[Listed]:
        """What these have, contact by contact as it was begun, at most so many. Raises VaultError."""

    async def piece(self, document: str, number: int) -> bytes | None:
        """A piece of a document, numbered from 0; None: there are no more. Raises VaultError."""

    async def append(self, piece: NewPiece) -> str:
        """Keep a piece of a document, MAX_PIECE_BYTES at most: its document; the last, once all is synced.

        Raises VaultError; then the document is over.
        """

    async def abandon(self, document: str) -> None:
        """The rest of it will not come. Never raises."""
