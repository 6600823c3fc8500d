"""What a Channel, a Journal and a Desk must offer each other; no code, only shapes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import NamedTuple, NewType, Protocol, runtime_checkable

from acd.core.effects import Effect
from acd.core.events import Event
from acd.core.facts import Fact
from queues.desk import EntryId


class JournalEntry(NamedTuple):
    """One line of the journal. `event` and `facts` are encoded; the journal never looks inside."""

    seq: int
    t_ms: int
    version: int
    """Version of the engine that produced `facts`."""
    event: bytes
    facts: bytes
    digest: bytes
    """BLAKE2b-128 of `facts`; replay compares it and stops loudly when it differs."""
    by: str = ""
    """Who asked: `api:TOKEN`, `channel:NAME`, `phone:AGENT`, `site`; empty: time itself, or not known."""


class Told(NamedTuple):
    """A fact with its entry's number and who asked for that entry."""

    seq: int
    by: str
    fact: Fact


class ChannelRecord(NamedTuple):
    """What a channel needs to find its calls again after a crash. `value` None deletes the record."""

    channel: str
    key: str
    value: bytes | None


class Snapshot(NamedTuple):
    """The engine's state after entry `seq`."""

    seq: int
    version: int
    state: bytes


class Recovered(NamedTuple):
    """All that a restart needs: the last snapshot, what followed it, and every live record."""

    snapshot: Snapshot | None
    entries: Sequence[JournalEntry]
    records: Mapping[tuple[str, str], bytes]

    def of(self, channel: str) -> dict[str, bytes]:
        """The records of one channel, by their keys."""
        return {key: value for (name, key), value in self.records.items() if name == channel}


Progress = Callable[[int], None]
"""Called with a sequence number: everything up to and including it is written (or synced)."""


class Journal(Protocol):
    """An ordered, durable log. *Written* survives the death of the process, *synced* that of the machine.

    `append` never blocks and never touches the disk on the caller's thread. Entries of one call, and
    the records given with them, become durable together or not at all. Progress is reported on
    the journal's own threads, in order, each number at least once, possibly several entries at a time.
    """

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        """Take the journal's lock, read back what it holds, start its threads.

        Raises JournalError: locked by another process, newer format, damaged before the last entry.
        """

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        """Queue one entry (or only records) for writing. Sequence numbers must be consecutive."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """Queue a snapshot; once it is durable, entries it covers move to the archive (facts are kept)."""

    def facts(self, after_seq: int = 0) -> Iterable[JournalEntry]:
        """All entries that were ever written with seq > after_seq, archived ones too, oldest first."""

    def flush(self) -> None:
        """Block until all that was appended is synced (used on shutdown only)."""

    def close(self) -> None:
        """Flush, stop the threads, release the lock."""


ContentId = NewType("ContentId", str)
"""Opaque and random; says nothing about what it names. May go into events."""


class ContactRef(NamedTuple):
    """Names a contact's key. `ref` is chosen by the channel and stored in clear: no number, no address."""

    tenant: str
    ref: str


class PartyKind(StrEnum):
    """What a party's value is."""

    NUMBER = "number"
    ADDRESS = "address"
    FAX = "fax"
    """What a fax machine calls itself (CSID, T.30 §5.3.6.2.4); often no number."""
    NAME = "name"


class NewParty(NamedTuple):
    """A number, address or name. An equal value has the same id inside a tenant until it is erased."""

    contact: ContactRef
    kind: PartyKind
    value: str


class NewPiece(NamedTuple):
    """A document, or the next piece of one: raw mail, page, recording, voicemail, draft.

    Whoever receives a stream appends piece after piece, each as it comes: the first begins the document, the
    later ones name it in `of`, the last one says so.
    """

    contact: ContactRef
    kind: str
    """Such as "mail" or "voicemail"; kept in clear."""
    data: bytes
    of: str = ""
    last: bool = True


class Appended(NamedTuple):
    """`ids`: one for each item of the batch, at once. `synced`: done when all of it survives the machine.

    `synced` fails with a VaultError when that will never be so. Whoever promises something waits for it by
    `Host.kept`, with a deadline: a disk may hang for ever.
    """

    ids: tuple[ContentId, ...]
    synced: "Future[None]"


class About(NamedTuple):
    """A document, without its bytes; `size` of what is there."""

    contact: ContactRef
    kind: str
    size: int
    whole: bool
    """Its last piece is there."""


class Listed(NamedTuple):
    """One of a contact's documents."""

    document: ContentId
    about: About


class Content(Protocol):
    """Bytes that are personal data: what a contact brings or leaves. Nobody else keeps a path or an offset.

    Everything is encrypted with a key of its contact; erasing deletes the key. `append` and `erase…` never
    block and may come from any thread; they take effect in the order in which they came. Reading blocks.
    """

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        """Keep the items, in order, together or not at all.

        Raises, and then nothing is kept: TooLargeError (a piece, a document, or too much waits for the disk),
        VaultUnknownError (`of` names no document that this process has begun and not ended).
        """

    def party(self, party: str) -> str:
        """The value, as spelt last. Raises VaultUnknownError: never stored, or erased."""

    def abandon(self, document: str) -> None:
        """The rest of a document will not come, nor be taken; of one that is whole nothing changes."""

    def about(self, document: str) -> About:
        """Whose it is, and how much. Raises VaultUnknownError: never stored, or erased."""

    def documents(self, contact: ContactRef, most: int) -> list[Listed]:
        """What a contact has, as it was begun, at most so many; empty: nothing, or erased."""

    def read(self, document: str, first: int = 0) -> Iterator[bytes]:
        """The pieces of a document, from this one on; of one whose end never came, what came of it.

        Raises VaultUnknownError, VaultDamagedError.
        """

    def erase_contact(self, contact: ContactRef) -> "Future[int]":
        """Erase a contact's key, parties and documents; 0 if it has none, else 1."""

    def erase_person(self, value: str, tenant: str | None = None) -> "Future[int]":
        """Erase every contact in which this number or address is a party, of one tenant or of all: how many.

        Other parties of those contacts go with them. A person who is known by a number and an address needs
        one call for each.
        """

    def erase_before(self, tenant: str, before_ms: int) -> "Future[int]":
        """Retention: erase the tenant's contacts begun before then; how many."""

    @property
    def trouble(self) -> str:
        """Why nothing can be stored now; empty when all is well."""

    def close(self) -> None:
        """Store what was appended, and let go of the files. What cannot be stored fails its `synced`."""


class DialClass(StrEnum):
    """What it means to dial a number. The core decides by it and never sees the number."""

    INTERNAL = "internal"
    LOCAL = "local"
    """A fixed line of the same country."""
    MOBILE = "mobile"
    TOLL_FREE = "toll_free"
    SHORT = "short"
    """A service code of the network (116 117)."""
    EMERGENCY = "emergency"
    FOREIGN = "foreign"
    PREMIUM = "premium"
    """Also shared cost, satellites, dear short codes; wherever it is."""
    UNKNOWN = "unknown"
    """No number, in nobody's plan, or digits that an exchange may take for a number outside."""


class Identified(NamedTuple):
    """What the directory knows of an address at a moment. `address` is in normal form."""

    address: str
    person: str = ""
    """Opaque; the same in every version of a list. "": nobody, or several."""
    priority_class: int | None = None
    head_start_ms: int = 0
    language: str = ""
    dial_class: DialClass = DialClass.UNKNOWN


class Directory(Protocol):
    """Who somebody is, by the lists of his client."""

    def identify(
        self, address: str, kind: PartyKind, tenant: str, at_ms: int, region: str = ""
    ) -> Identified:
        """Never blocks; a stranger has an address and nothing else. `region` as in `Host.identify`."""


class Host(Protocol):
    """What the server offers a channel."""

    def submit(self, event: Event, records: Iterable[ChannelRecord] = ()) -> int:
        """Hand the engine an event, and the journal the records that belong to it; returns its seq.

        Effects follow through `Channel.carry_out` once the entry is written. Raises acd.core.errors.Rejected
        when the event is illegal now (stale, e.g. an offer that was withdrawn); nothing has changed then and
        the records are not written.
        """

    def remember(self, records: Iterable[ChannelRecord]) -> None:
        """Write records that belong to no event."""

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        """Keep content; see `Content.append`."""

    async def kept(self, seq: int, appended: Sequence[Appended], within_s: float) -> None:
        """Return when entry `seq` and all of `appended` are synced: now it may be promised.

        Raises NotSyncedError after `within_s`, VaultError when the content never will be.
        """

    async def number(
        self, party: str, tenant: str, within_s: float, region: str = ""
    ) -> tuple[str, DialClass]:
        """The number that is kept under this id, and its class by the client's plan now.

        `region` is the country of the network that will dial it, where that is not the client's: what means
        something else there is *unknown*.

        Raises VaultUnknownError (never kept, or erased), TimeoutError.
        """

    async def document(self, document: str, within_s: float) -> bytes:
        """The whole of a document.

        Raises VaultUnknownError (never kept, or erased), VaultDamagedError, TimeoutError.
        """

    def identify(
        self, kind: PartyKind, address: str, entry: EntryId, ref: str, region: str = ""
    ) -> tuple[str, Identified]:
        """Who writes or calls, by the lists of the entry's client; for ContactArrived.

        `region` is the country of the network that wrote a number, where that is not the client's.

        The first of the two is the opaque id that may go into events: the address is content from now on, in
        normal form, and erased with the contact's `ref`. The same person has another id with another client.
        """


@runtime_checkable
class Reporting(Protocol):
    """A channel that knows how it is. One that does not is up from its start to its stop."""

    def trouble(self) -> str:
        """Why it takes no contacts now, or does less than it promises; "" when all is well. Never blocks."""


Words = tuple[str, str]
"""Language, and what is said in it."""


@runtime_checkable
class Announcing(Protocol):
    """A channel that says texts to people: also those that are in no site file."""

    async def learn(self, texts: Mapping[str, Sequence[Words]]) -> None:
        """Make ready to say these, by their names in effects, besides those of the site.

        What it learnt before is forgotten. It may come before `start`, too. Raises OSError or ValueError: one
        of them cannot be said; then nothing has changed.
        """


class Channel(Protocol):
    """Plays one of two parts, or both, and knows nothing of who plays the other.

    As a *contact channel* it brings contacts: it submits `ContactArrived` under its own name and a `ref` that
    is unique among its live contacts, carries out `acd.core.effects.ToContact`, and tells
    when a party leaves.
    As an *agent device* it makes agents reachable (`AgentReachable` with a medium and the device's carrier),
    carries out `acd.core.effects.ToDevice`, and tells what the agent does. A device that does not confirm an
    offer within its own deadline is `OfferFailed`: the engine cannot tell silence from an agent who lets it
    ring. One that is gone is `AgentUnreachable`, one that may come back `DeviceVanished`.
    """

    name: str
    """By which carriers name it."""

    async def start(self, host: Host, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        """Open sockets; after a crash, make the world agree with the engine again.

        `records` (key → value) say what was alive, `standing` are the effects in force (Engine.standing):
        an admitted contact without a live leg becomes a LegLost event, an open offer rings again with the
        same key, a leg that stands in no effect is ended.

        Events may be submitted at once. No effect comes before all channels have started; then one may come
        that `standing` has told already. A start that takes longer than a minute is cancelled, and the server
        ends.
        """

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        """Do it; must not block. May see an effect twice, with the same (seq, index), after a restart."""

    def counts(self) -> Mapping[str, int]:
        """What the channel counted since it started, by a few words each; for metrics."""

    async def drain(self) -> None:
        """Take no new contacts; return when none is left or after the configured patience."""

    async def stop(self) -> None:
        """Close sockets. Calls whose media live in another process go on."""
