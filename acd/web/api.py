"""The HTTP API under /api/v1: what it offers, in which shapes; every change answers once it is synced."""

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.responses import Response

from acd.content.errors import VaultError
from acd.core.events import (
    AgentPaused,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    ContactDeferred,
    ContactId,
    ContactTransferred,
    Event,
    PriorityChanged,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.core.view import AgentView, ContactView, Status
from acd.feed.consumer import CursorGone
from acd.observe.health import Health
from acd.ports import Told
from acd.reports.explain import Happening, OfferExplained, explain
from acd.web import PREFIX, errors
from acd.web.auth import caller_of, guard
from acd.web.bodies import (
    DeferRequest,
    EraseRequest,
    PriorityRequest,
    StateChange,
    TransferRequest,
    WantedState,
    WrapUpRequest,
)
from acd.web.control import Control, KeyReused, ListTaken, NotDurable, Page, WriteKey
from acd.web.errors import ApiError
from acd.web.limits import BodyCap
from acd.web.once import key_of, once
from acd.web.rights import Caller, contact_for, feed_for, happening_for, status_for
from agents.skills import AgentId
from config.api_tokens import ApiToken, Role
from queues.desk import LineId
from queues.states import ContactState

MAX_CONTACTS = 10_000
MAX_WAIT_S = 30.0
CURSOR_HEADER = "ACD-Cursor"
PROMETHEUS_TEXT = "text/plain; version=1.0.0; charset=utf-8"

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


class Erased(msgspec.Struct, frozen=True):
    """From so many contacts and lists; 0: nobody is known by that."""

    contacts: int
    lists: int


class ListsTaken(msgspec.Struct, frozen=True):
    """Every list file of the site, and what became of it."""

    lists: list[ListTaken]


WhoAsks = Annotated[Caller, Depends(caller_of)]
OnceKey = Annotated[WriteKey | None, Depends(key_of)]


class Failure(msgspec.Struct, frozen=True):
    error: "FailureDetail"


class FailureDetail(msgspec.Struct, frozen=True):
    """`code` is for programs, `reason` for people."""

    code: str
    reason: str


SHAPES = (Health, Status, Agents, ContactDetail, FeedPage, Changed, Erased, ListsTaken, Failure)


class Json(Response):
    """A msgspec struct as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


def create(control: Control, tokens: Sequence[ApiToken]) -> FastAPI:
    """The application. Only who holds one of `tokens` gets further than `/health`."""
    app = FastAPI(
        title="ACD engine",
        version=version("acd-engine"),
        docs_url=f"{PREFIX}/docs",
        openapi_url=f"{PREFIX}/openapi.json",
        redoc_url=None,
    )
    app.add_middleware(BodyCap)
    errors.install(app)
    guarded = [Depends(guard(tokens))]
    changing = [*guarded, Depends(once(control))]
    app.include_router(_open_router(control), prefix=PREFIX)
    app.include_router(_reading_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(_feed_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(_agent_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(_contact_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(_people_router(control), prefix=PREFIX, dependencies=guarded)
    _describe_shapes(app)
    return app


def _open_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/health", **_shows(Health))
    async def health() -> Response:
        """Liveness and readiness: 200 when calls are taken, else 503. Needs no token."""
        found = await control.health()
        return Json(found, 200 if found.status == "ok" else 503)

    return router


def _reading_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["desk"])

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(await control.metrics(), media_type=PROMETHEUS_TEXT)

    @router.get("/status", **_shows(Status))
    async def status(
        caller: WhoAsks, contacts: Annotated[int, Query(ge=0, le=MAX_CONTACTS)] = 200
    ) -> Response:
        """Lines, agents, and at most `contacts` live contacts, as far as the token may see them."""
        everything = caller.role in (Role.TENANT, Role.AGENT)
        found = control.status(MAX_CONTACTS if everything else contacts)
        return Json(status_for(caller, found, contacts), headers={CURSOR_HEADER: control.cursor()})

    @router.get("/agents", **_shows(Agents))
    async def agents(caller: WhoAsks) -> Response:
        """All agents and what they do; an agent sees himself."""
        return Json(Agents(status_for(caller, control.status(0), 0).agents))

    @router.get("/contacts/{contact}", **_shows(ContactDetail))
    async def contact(contact: ContactPath, caller: WhoAsks) -> Response:
        """A contact, live or over: how it stands, its history, and why it was offered to whom."""
        number = ContactId(contact)
        history = await control.history(number)
        live = control.contact(number)
        if not (live or history) or not caller.may_see(live, history):
            raise ApiError(404, "not_found", f"there is no contact {contact}")
        return Json(_detail_for(caller, live, history, control.status(0)))

    return router


def _feed_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["desk"])

    @router.get("/feed", **_shows(FeedPage))
    async def feed(
        caller: WhoAsks,
        after: Annotated[str, Query(max_length=60)] = "",
        wait_s: Annotated[float, Query(ge=0, le=MAX_WAIT_S)] = 0.0,
    ) -> Response:
        """What happened after a cursor, as far as the token may see it; waits for news if there are none."""
        end_s = time.monotonic() + wait_s
        while True:
            page = await _page(control, after, max(0.0, end_s - time.monotonic()))
            shown = feed_for(caller, page.facts, control.status(0))
            if shown or time.monotonic() >= end_s:
                return Json(FeedPage(page.cursor, shown))
            after = page.cursor

    return router


async def _page(control: Control, after: str, wait_s: float) -> Page:
    try:
        return await control.follow(after, wait_s)
    except CursorGone as gone:
        raise ApiError(410, "cursor_gone", str(gone)) from gone
    except ValueError as mistake:
        raise ApiError(422, "invalid", f"after: {mistake}") from mistake


def _detail_for(
    caller: Caller, live: ContactView | None, history: Sequence[Told], desk: Status
) -> ContactDetail:
    shown = live and contact_for(caller, live, desk)
    happenings = [happening_for(caller, told, desk) for told in history]
    offers = [] if caller.role is Role.TENANT else explain(told.fact for told in history)
    return ContactDetail(shown, happenings, offers)


def _agent_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["agents"])

    @router.post("/agents/{agent}/state", **_shows(Changed))
    async def change_state(agent: AgentPath, wanted: StateChange, caller: WhoAsks, key: OnceKey) -> Response:
        """Sign an agent in, make him ready, pause him with a reason, or sign him out."""
        _only_himself(caller, agent)
        availability = control.availability(AgentId(agent))
        if availability is None:
            raise ApiError(404, "not_found", f"there is no agent {agent}")
        event = _state_event(AgentId(agent), availability, wanted)
        return Json(Changed(await _changed(control, event, caller, key)))

    return router


def _contact_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["contacts"])

    @router.post("/contacts/{contact}/priority", **_shows(Changed))
    async def priority(
        contact: ContactPath, wanted: PriorityRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Give a contact another class or head start, or take it back; what waits is matched anew."""
        event = _priority_event(_live(control, contact), wanted)
        return Json(Changed(await _changed(control, event, caller, key)))

    @router.post("/contacts/{contact}/transfer", **_shows(Changed))
    async def transfer(
        contact: ContactPath, wanted: TransferRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Hand the contact to another line; it keeps the moment it first waited."""
        named = wanted.agent or caller.agent
        _only_himself(caller, named)
        agent = AgentId(named or _handling(_live(control, contact)))
        event = ContactTransferred(ContactId(contact), agent, LineId(wanted.line))
        return Json(Changed(await _changed(control, event, caller, key)))

    @router.post("/contacts/{contact}/defer", **_shows(Changed))
    async def defer(contact: ContactPath, wanted: DeferRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Put the contact away until its moment; it keeps the moment it first waited."""
        named = wanted.agent or caller.agent
        _only_himself(caller, named)
        handled = named or next(iter(_live(control, contact).agents), None)
        agent = AgentId(handled) if handled else None
        event = ContactDeferred(ContactId(contact), wanted.until_ms, agent, wanted.hold_ms)
        return Json(Changed(await _changed(control, event, caller, key)))

    @router.post("/contacts/{contact}/wrap-up", **_shows(Changed))
    async def wrap_up(contact: ContactPath, wanted: WrapUpRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Give the contact its code, end its wrap-up, or extend it."""
        named = wanted.agent or caller.agent
        _only_himself(caller, named)
        agent = AgentId(named or _at_work(control, contact))
        event = _wrap_up_event(ContactId(contact), agent, wanted)
        return Json(Changed(await _changed(control, event, caller, key)))

    return router


def _people_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["people"])

    @router.post("/erase", **_shows(Erased))
    async def erase(wanted: EraseRequest) -> Response:
        """Erase what is kept of everybody with this number or address; counts stay."""
        try:
            return Json(Erased(*await control.erase(wanted.value, wanted.tenant)))
        except VaultError as failure:
            raise ApiError(503, "not_erased", str(failure)) from failure

    @router.post("/lists", **_shows(ListsTaken))
    async def take_lists(caller: WhoAsks) -> Response:
        """Read the site's list files again; whoever waits is ranked by them at once."""
        try:
            return Json(ListsTaken(await control.take_lists(caller.by)))
        except NotDurable as late:
            raise ApiError(503, "not_durable", str(late)) from late
        except VaultError as failure:
            raise ApiError(503, "not_stored", str(failure)) from failure

    return router


def _state_event(agent: AgentId, availability: str, wanted: StateChange) -> Event | None:
    """The event that brings the agent there; None: he is there already."""
    if wanted.state is WantedState.PAUSED:
        return AgentPaused(agent, wanted.reason)
    if wanted.state.value == availability:
        return None
    if wanted.state is WantedState.SIGNED_OUT:
        return AgentSignedOut(agent)
    return AgentSignedIn(agent) if availability == WantedState.SIGNED_OUT.value else AgentReady(agent)


def _priority_event(contact: ContactView, wanted: PriorityRequest) -> Event:
    """What holds then: a field that the request does not name stays as it is, `null` takes it back."""
    named = wanted.model_fields_set
    return PriorityChanged(
        ContactId(contact.id),
        wanted.priority_class if "priority_class" in named else contact.asked_class,
        wanted.head_start_ms if "head_start_ms" in named else contact.head_start_ms,
    )


def _wrap_up_event(contact: ContactId, agent: AgentId, wanted: WrapUpRequest) -> Event:
    if wanted.code is not None:
        return WrapUpCoded(contact, agent, wanted.code)
    if wanted.extend_ms is not None:
        return WrapUpExtended(contact, agent, wanted.extend_ms)
    return WrapUpEnded(contact, agent)


def _live(control: Control, contact: int) -> ContactView:
    found = control.contact(ContactId(contact))
    if found is None:
        raise ApiError(404, "not_found", f"contact {contact} is not live")
    return found


def _handling(contact: ContactView) -> str:
    if contact.state != ContactState.CONNECTED.value:
        raise ApiError(409, "rejected", f"no agent handles contact {contact.id}")
    return contact.agents[0]


def _at_work(control: Control, contact: int) -> str:
    """The one agent who has work with the contact."""
    found = [agent.id for agent in control.status(0).agents if contact in agent.contacts]
    if not found:
        raise ApiError(404, "not_found", f"no agent has work with contact {contact}")
    if len(found) > 1:
        raise ApiError(409, "ambiguous", f"several agents have work with contact {contact}: name one")
    return found[0]


def _only_himself(caller: Caller, agent: str) -> None:
    if caller.is_other_agent(agent):
        raise ApiError(403, "forbidden", "an agent acts only for himself")


async def _changed(control: Control, event: Event | None, caller: Caller, key: WriteKey | None) -> int:
    try:
        return await control.change(event, caller.by, key)
    except NotDurable as late:
        raise ApiError(503, "not_durable", str(late)) from late
    except KeyReused as mistake:
        raise ApiError(422, "key_reused", str(mistake)) from mistake


def _shows(shape: type) -> dict[str, Any]:
    """Keyword arguments of a route that answers `shape`, for the OpenAPI description."""
    described = {200: _content(shape)}
    described |= {status: _content(Failure) for status in (401, 403, 404, 410, 409, 413, 422, 503)}
    return {"response_class": Response, "responses": described}


def _content(shape: type) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{shape.__name__}"}
    text = (shape.__doc__ or shape.__name__).partition("\n")[0]
    return {"description": text, "content": {"application/json": {"schema": reference}}}


def _describe_shapes(app: FastAPI) -> None:
    _, shapes = msgspec.json.schema_components(SHAPES, ref_template="#/components/schemas/{name}")
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
