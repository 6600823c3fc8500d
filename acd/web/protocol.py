"""What the web process and the server say to each other on the server's socket."""

from pathlib import Path

import msgspec

from acd.feed.frames import decoded
from acd.feed.messages import Follow
from acd.observe.figures import Figures
from acd.observe.health import Health
from acd.ports import ContactRef, Listed
from acd.web.control import (
    ClearWish,
    EscalationWish,
    IncidentWish,
    ListHeld,
    ListRow,
    ListTaken,
    ListVersion,
    SiteApplied,
    WriteKey,
)
from config.api_tokens import ApiToken
from queues.desk import Incident

SOCKET_FILE = "server.sock"
"""In the data directory, mode 0600: whoever may open it may do everything that the server can."""

STORE_S = 580.0
"""For an erasure, or lists of hundreds of thousands of rows: the server rewrites its files."""


class Hello(msgspec.Struct, frozen=True, tag="hello", array_like=True):
    """Asks for what a web process must know; answered by `Welcome`."""


class Ping(msgspec.Struct, frozen=True, tag="ping", array_like=True):
    """The web process lives; `serving`: it answers clients. Answered by `Done`."""

    pid: int
    serving: bool


class Submit(msgspec.Struct, frozen=True, tag="submit", array_like=True):
    """`event` as the journal encodes it, empty when all is as wanted already. Answered by `Done`."""

    event: bytes
    by: str
    key: WriteKey | None = None


class Repeat(msgspec.Struct, frozen=True, tag="repeat", array_like=True):
    """What was this write's answer before? `Done`, or `Unknown`."""

    key: WriteKey


class AskHealth(msgspec.Struct, frozen=True, tag="health", array_like=True):
    """Answered by `IsHealth`."""


class AskFigures(msgspec.Struct, frozen=True, tag="figures", array_like=True):
    """Answered by `AreFigures`."""


class AskHistory(msgspec.Struct, frozen=True, tag="history", array_like=True):
    """Answered by `IsHistory`."""

    contact: int


class Erase(msgspec.Struct, frozen=True, tag="erase", array_like=True):
    """A person, by number or address. Answered by `Erased`; or it is not yet, and goes on."""

    value: str
    tenant: str | None


class CallBack(msgspec.Struct, frozen=True, tag="call_back", array_like=True):
    """Promise a callback by this number; empty: that of the caller. Answered by `Done`."""

    contact: int
    number: str
    by: str
    key: WriteKey | None = None


class AskOutside(msgspec.Struct, frozen=True, tag="ask_outside", array_like=True):
    """The agent steps aside from his contact to ask somebody by this number. Answered by `Done`."""

    contact: int
    agent: str
    number: str
    by: str
    key: WriteKey | None = None


class TakeLists(msgspec.Struct, frozen=True, tag="take_lists", array_like=True):
    """The site's list files anew. Answered by `ListsTaken`."""

    by: str


class AskLists(msgspec.Struct, frozen=True, tag="lists", array_like=True):
    """Answered by `AreLists`."""


class AskVersions(msgspec.Struct, frozen=True, tag="list_versions", array_like=True):
    """Of a client's list. Answered by `AreVersions`."""

    tenant: str
    kind: str


class AskRows(msgspec.Struct, frozen=True, tag="list_rows", array_like=True):
    """Some rows of a version, for `by`. Answered by `AreRows`."""

    tenant: str
    kind: str
    version: int
    start: int
    by: str


class ApplySite(msgspec.Struct, frozen=True, tag="apply_site", array_like=True):
    """The site file anew; `look`: only say what it would change. Answered by `SiteIs`."""

    by: str
    look: bool


class Declare(msgspec.Struct, frozen=True, tag="declare", array_like=True):
    """An incident, whose texts are spoken first. Answered by `Done`."""

    incident: Incident
    by: str
    key: WriteKey | None = None


class ChangeIncident(msgspec.Struct, frozen=True, tag="change_incident", array_like=True):
    """What is to be different about an incident that is on. Answered by `Done`."""

    wish: IncidentWish
    by: str
    key: WriteKey | None = None


class Escalate(msgspec.Struct, frozen=True, tag="escalate", array_like=True):
    """A list is to be walked; its numbers are kept and its text is spoken first. Answered by `Done`."""

    wish: EscalationWish
    by: str
    key: WriteKey | None = None


class ClearIncident(msgspec.Struct, frozen=True, tag="clear_incident", array_like=True):
    """The end of an incident, with the text of its all-clear. Answered by `Done`."""

    wish: ClearWish
    by: str
    key: WriteKey | None = None


OfIncident = Declare | ChangeIncident | ClearIncident


class AskDocument(msgspec.Struct, frozen=True, tag="document", array_like=True):
    """Whose it is, and how much. Answered by `IsDocument`."""

    document: str


class AskDocuments(msgspec.Struct, frozen=True, tag="documents", array_like=True):
    """What these contacts have, at most so many. Answered by `AreDocuments`."""

    contacts: list[ContactRef]
    most: int


class Read(msgspec.Struct, frozen=True, tag="read", array_like=True):
    """One piece of a document, numbered from 0. Answered by `IsPiece`."""

    document: str
    number: int


class Append(msgspec.Struct, frozen=True, tag="append", array_like=True):
    """A piece of a document: the first begins it, the others name it in `of`. Answered by `Kept`.

    The last is answered when all of it is synced.
    """

    tenant: str
    ref: str
    kind: str
    data: bytes
    of: str
    last: bool


class Abandon(msgspec.Struct, frozen=True, tag="abandon", array_like=True):
    """The rest of a document will not come. Answered by `Done`."""

    document: str


Storing = CallBack | AskOutside | Erase | TakeLists | ApplySite | OfIncident | Escalate
"""What waits for a disk besides the journal's."""
Wish = Submit | Repeat | Storing
About = AskHealth | AskFigures | AskHistory
Content = AskDocument | AskDocuments | Read | Append | Abandon
AboutLists = AskLists | AskVersions | AskRows
Ask = Hello | Ping | Wish | About | AboutLists | Content


class Request(msgspec.Struct, frozen=True, tag="ask", array_like=True):
    """`number` is the client's, and comes back with the answer; several may be open at a time."""

    number: int
    ask: Ask


class Welcome(msgspec.Struct, frozen=True, tag="welcome", array_like=True):
    """`clock_ms`: the server's time less the machine's monotonic clock, which both processes share.

    `seq`: the last entry when it was said; what came up to `count_after` was counted by another web process.
    """

    seq: int
    count_after: int
    clock_ms: int
    epochs: list[tuple[str, int]]
    """As `acd.feed.cursor.Epochs` has them."""
    tokens: tuple[ApiToken, ...]


class Done(msgspec.Struct, frozen=True, tag="done", array_like=True):
    """It is synced, as entry `seq`."""

    seq: int = 0


class Unknown(msgspec.Struct, frozen=True, tag="unknown", array_like=True):
    """Never heard of."""


class Erased(msgspec.Struct, frozen=True, tag="erased", array_like=True):
    """Of so many contacts, and from so many lists."""

    contacts: int
    lists: int


class SiteIs(msgspec.Struct, frozen=True, tag="site", array_like=True):
    applied: SiteApplied


class ListsTaken(msgspec.Struct, frozen=True, tag="lists_taken", array_like=True):
    lists: list[ListTaken]


class AreLists(msgspec.Struct, frozen=True, tag="are_lists", array_like=True):
    lists: list[ListHeld]


class AreVersions(msgspec.Struct, frozen=True, tag="are_versions", array_like=True):
    versions: list[ListVersion]


class AreRows(msgspec.Struct, frozen=True, tag="are_rows", array_like=True):
    rows: list[ListRow]


class IsHealth(msgspec.Struct, frozen=True, tag="is_health", array_like=True):
    health: Health


class AreFigures(msgspec.Struct, frozen=True, tag="are_figures", array_like=True):
    figures: Figures


class IsHistory(msgspec.Struct, frozen=True, tag="is_history", array_like=True):
    """Side by side: entry, who asked for it, and the fact; `facts` as the journal encodes them."""

    seqs: list[int]
    by: list[str]
    facts: bytes


class IsDocument(msgspec.Struct, frozen=True, tag="is_document", array_like=True):
    """As `acd.ports.About`; `tenant` and `ref` name its contact."""

    tenant: str
    ref: str
    kind: str
    size: int
    whole: bool


class AreDocuments(msgspec.Struct, frozen=True, tag="are_documents", array_like=True):
    documents: list[Listed]


class IsPiece(msgspec.Struct, frozen=True, tag="is_piece", array_like=True):
    """None: there are no more."""

    data: bytes | None


class Kept(msgspec.Struct, frozen=True, tag="kept", array_like=True):
    """By what the document is read and continued."""

    document: str


class Failed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """`code`: `rejected`, `not_durable`, `key_reused`, `unknown` (no such document), `not_stored`,
    `journal_unreadable`, `not_erased_yet`, `late`, `invalid` or `internal`.
    """

    code: str
    reason: str


_OfLists = AreLists | AreVersions | AreRows
_Found = IsHealth | AreFigures | IsHistory | IsDocument | AreDocuments | IsPiece
Answer = Welcome | Done | Unknown | Erased | ListsTaken | SiteIs | Kept | _Found | _OfLists | Failed


class Reply(msgspec.Struct, frozen=True, array_like=True):
    number: int
    answer: Answer


encode = msgspec.msgpack.Encoder().encode
_opening: msgspec.msgpack.Decoder[Follow | Request] = msgspec.msgpack.Decoder(Follow | Request)
_reply = msgspec.msgpack.Decoder(Reply)


def decode_opening(body: bytes) -> Follow | Request:
    """What a client sent. Raises FrameError."""
    return decoded(_opening.decode, body)


def decode_reply(body: bytes) -> Reply:
    """What the server answered. Raises FrameError."""
    return decoded(_reply.decode, body)


def socket_path(data_dir: Path) -> Path:
    """Where the server of this data directory listens for its followers."""
    return data_dir / SOCKET_FILE
