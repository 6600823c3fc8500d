"""The HTTP API under /api/v1: what it offers, in which shapes; every change answers once it is synced."""

import time
from collections.abc import Collection, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.responses import Response

from acd.core.events import (
    ContactId,
)
from acd.core.view import ContactView, Status
from acd.observe.health import Health
from acd.ports import Told
from acd.reports.explain import explain
from acd.web import PREFIX, errors
from acd.web.auth import guard
from acd.web.bodies import (
    EraseRequest,
    SiteRequest,
)
from acd.web.changes import (
    agent_router,
    callback_router,
    consult_router,
    contact_router,
    work_router,
)
from acd.web.control import Control, Page, SiteApplied
from acd.web.documents import document_router
from acd.web.errors import ApiError, unknown
from acd.web.escalations import escalation_reading_router, escalation_router
from acd.web.incidents import incident_changing_router, incident_reading_router, incident_router
from acd.web.limits import BodyCap, HeadAsGet
from acd.web.lists import list_router, row_router
from acd.web.once import once
from acd.web.rights import Caller, contact_for, feed_for, history_for, status_for
from acd.web.shapes import (
    SHAPES,
    Agents,
    ContactDetail,
    ContactPath,
    Erased,
    FeedPage,
    Json,
    ListsTaken,
    WhoAsks,
    as_of,
    shows,
)
from config.api_tokens import ApiToken, Role
from queues.desk import LineId

MAX_CONTACTS = 10_000
MAX_WAIT_S = 30.0
"""Proxies close what says nothing for a minute."""
CURSOR_HEADER = "ACD-Cursor"
PROMETHEUS_TEXT = "text/plain; version=1.0.0; charset=utf-8"


def create(control: Control, tokens: Sequence[ApiToken]) -> FastAPI:
    """The application. Only who holds one of `tokens` gets further than `/health`."""
    app = FastAPI(
        title="ACD engine",
        version=version("acd-engine"),
        docs_url=None,  # it would load scripts from elsewhere
        openapi_url=None,
        redoc_url=None,
    )
    app.add_middleware(BodyCap)
    app.add_middleware(HeadAsGet)
    errors.install(app)
    guarded = [Depends(guard(tokens))]
    changing = [*guarded, Depends(once(control))]
    app.include_router(_open_router(control), prefix=PREFIX)
    app.include_router(_description_router(app), prefix=PREFIX, dependencies=guarded)
    app.include_router(_reading_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(_feed_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(agent_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(contact_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(callback_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(consult_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(work_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(incident_reading_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(incident_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(incident_changing_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(escalation_reading_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(escalation_router(control), prefix=PREFIX, dependencies=changing)
    app.include_router(document_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(_people_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(list_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(row_router(control), prefix=PREFIX, dependencies=guarded)
    app.include_router(_site_router(control), prefix=PREFIX, dependencies=guarded)
    _describe_shapes(app)
    return app


def _open_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/health", **shows(Health))
    async def health() -> Response:
        """Liveness and readiness: 200 when calls are taken, else 503. Needs no token."""
        found = await control.health()
        return Json(found, 200 if found.status == "ok" else 503)

    return router


def _description_router(app: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(msgspec.json.encode(app.openapi()), media_type="application/json")

    return router


def _reading_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["desk"])

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(await control.metrics(), media_type=PROMETHEUS_TEXT, headers=as_of(control))

    @router.get("/status", **shows(Status))
    async def status(
        caller: WhoAsks, contacts: Annotated[int, Query(ge=0, le=MAX_CONTACTS)] = 200
    ) -> Response:
        """Lines, agents, and at most `contacts` live contacts, as far as the token may see them."""
        everything = caller.role in (Role.TENANT, Role.AGENT)
        found = control.status(MAX_CONTACTS if everything else contacts)
        shown = status_for(caller, found, contacts, control.entries_of(caller.client))
        return Json(shown, headers={**as_of(control), CURSOR_HEADER: control.cursor()})

    @router.get("/agents", **shows(Agents))
    async def agents(caller: WhoAsks) -> Response:
        """All agents and what they do; an agent sees himself."""
        return Json(Agents(status_for(caller, control.status(0), 0).agents), headers=as_of(control))

    @router.get("/contacts/{contact}", **shows(ContactDetail))
    async def contact(contact: ContactPath, caller: WhoAsks) -> Response:
        """A contact, live or over: how it stands, its history, and why it was offered to whom."""
        number = ContactId(contact)
        history = await control.history(number)
        live = control.contact(number)
        if not (live or history) or not caller.may_see(live, history):
            raise unknown(control.unwritten(), f"there is no contact {contact}")
        shown = _detail_for(caller, live, history, control.lines_of(caller.client))
        return Json(shown, headers=as_of(control))

    return router


def _feed_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["desk"])

    @router.get("/feed", **shows(FeedPage))
    async def feed(
        caller: WhoAsks,
        after: Annotated[str, Query(max_length=60)] = "",
        wait_s: Annotated[float, Query(ge=0, le=MAX_WAIT_S)] = 0.0,
    ) -> Response:
        """What happened after a cursor, as far as the token may see it; waits for news if there are none."""
        end_s = time.monotonic() + wait_s
        while True:
            page = await _page(control, after, max(0.0, end_s - time.monotonic()))
            shown = feed_for(caller, page.facts, control.lines_of(caller.client))
            if shown or time.monotonic() >= end_s:
                return Json(FeedPage(page.cursor, shown), headers=as_of(control))
            after = page.cursor

    return router


async def _page(control: Control, after: str, wait_s: float) -> Page:
    try:
        return await control.follow(after, wait_s)
    except ValueError as mistake:
        raise ApiError(422, "invalid", f"after: {mistake}") from mistake


def _detail_for(
    caller: Caller, live: ContactView | None, history: Sequence[Told], own: Collection[LineId]
) -> ContactDetail:
    shown = live and contact_for(caller, live, own)
    happenings = history_for(caller, history, own)
    offers = [] if caller.role is Role.TENANT else explain(told.fact for told in history)
    return ContactDetail(shown, happenings, offers)


def _people_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["people"])

    @router.post("/erase", **shows(Erased))
    async def erase(wanted: EraseRequest) -> Response:
        """Erase what is kept of everybody with this number or address; counts stay."""
        return Json(Erased(*await control.erase(wanted.value, wanted.tenant)))

    @router.post("/lists", **shows(ListsTaken))
    async def take_lists(caller: WhoAsks) -> Response:
        """Read the site's list files again; whoever waits is ranked by them at once."""
        return Json(ListsTaken(await control.take_lists(caller.by)))

    return router


def _site_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.post("/site", **shows(SiteApplied))
    async def apply_site(wanted: SiteRequest, caller: WhoAsks) -> Response:
        """Put the changed site file in force, for who waits too; if it is wrong, nothing changes."""
        return Json(await control.apply_site(caller.by, look=wanted.look))

    return router


def _describe_shapes(app: FastAPI) -> None:
    _, shapes = msgspec.json.schema_components(SHAPES, ref_template="#/components/schemas/{name}")
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
