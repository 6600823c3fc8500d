"""The shapes of requests and answers, and who asks: what all routes of the API share."""

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path
from fastapi.responses import Response

from acd.core.view import AgentView, ContactView, EscalationView, IncidentView, Status
from acd.observe.health import Health
from acd.reports.explain import Happening, OfferExplained
from acd.web.auth import caller_of
from acd.web.control import Control, ListHeld, ListRow, ListTaken, ListVersion, SiteApplied, WriteKey
from acd.web.once import key_of
from acd.web.rights import Caller
from queues.desk import Incident

AgentPath = Annotated[str, Path(min_length=1, max_length=200)]
ContactPath = Annotated[int, Path(ge=1, lt=2**63)]


class Agents(msgspec.Struct, frozen=True):
    agents: tuple[AgentView, ...]


class ContactDetail(msgspec.Struct, frozen=True):
    """`contact` is null when it is over."""

    contact: ContactView | None
    history: list[Happening]
    explain: list[OfferExplained]


class Changed(msgspec.Struct, frozen=True):
    """Done and synced as journal entry `seq`; `seq` 0: it was so already."""

    seq: int


class FeedPage(msgspec.Struct, frozen=True):
    """Ask again with `cursor`: each comes once and in order. No happenings: none that you may see."""

    cursor: str
    happenings: list[Happening]


class Kept(msgspec.Struct, frozen=True):
    """Kept and synced, under this id."""

    document: str


class Document(msgspec.Struct, frozen=True):
    """`size` is in bytes; one that is not `whole` cannot be read, perhaps not yet."""

    document: str
    kind: str
    size: int
    whole: bool


class Documents(msgspec.Struct, frozen=True):
    """What belongs to a contact, as it came."""

    documents: list[Document]
    more: bool
    """The list is cut."""


class Erased(msgspec.Struct, frozen=True):
    """From so many contacts and lists; 0: nobody is known by that."""

    contacts: int
    lists: int


class ListsTaken(msgspec.Struct, frozen=True):
    """Every list file of the site, and what became of it."""

    lists: list[ListTaken]


class Lists(msgspec.Struct, frozen=True):
    lists: list[ListHeld]


class ListVersions(msgspec.Struct, frozen=True):
    """The newest first."""

    versions: list[ListVersion]


class ListRows(msgspec.Struct, frozen=True):
    """Ask again with `start` = `next`; no rows: that was all."""

    version: int
    rows: list[ListRow]
    next: int


class Escalations(msgspec.Struct, frozen=True):
    escalations: tuple[EscalationView, ...]


class Incidents(msgspec.Struct, frozen=True):
    """`to_clear`: those that are over, and whose callers wait for the all-clear."""

    incidents: tuple[Incident, ...]
    to_clear: tuple[Incident, ...] = ()


WhoAsks = Annotated[Caller, Depends(caller_of)]
OnceKey = Annotated[WriteKey | None, Depends(key_of)]


class Failure(msgspec.Struct, frozen=True):
    error: "FailureDetail"


class FailureDetail(msgspec.Struct, frozen=True):
    """`code` is for programs, `reason` for people."""

    code: str
    reason: str


SHAPES = (
    Health,
    Status,
    Agents,
    ContactDetail,
    FeedPage,
    Changed,
    Documents,
    Kept,
    Erased,
    ListsTaken,
    Lists,
    ListVersions,
    ListRows,
    SiteApplied,
    Incidents,
    IncidentView,
    Escalations,
    Failure,
)


AGE_HEADER = "ACD-Age-Ms"
UNWRITTEN_HEADER = "ACD-Unwritten"


def as_of(control: Control) -> dict[str, str]:
    """Headers of what is read from the copy: how old it is, and how many entries are late for it."""
    return {AGE_HEADER: str(control.age_ms()), UNWRITTEN_HEADER: str(control.unwritten().entries)}


class Json(Response):
    """A msgspec struct as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


def shows(shape: type) -> dict[str, Any]:
    """Keyword arguments of a route that answers `shape`, for the OpenAPI description."""
    return {"response_class": Response, "responses": {200: content(shape), **failures()}}


def failures() -> dict[int | str, dict[str, Any]]:
    return {status: content(Failure) for status in (401, 403, 404, 410, 409, 413, 422, 503)}


def content(shape: type) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{shape.__name__}"}
    text = (shape.__doc__ or shape.__name__).partition("\n")[0]
    return {"description": text, "content": {"application/json": {"schema": reference}}}
