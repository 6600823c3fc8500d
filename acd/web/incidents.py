"""Routes of mass incidents: which are on, declare one, end one."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from acd.core.events import IncidentEnded
from acd.web.bodies import IncidentRequest
from acd.web.control import Control
from acd.web.errors import unknown
from acd.web.rights import incidents_for
from acd.web.shapes import Changed, Incidents, Json, OnceKey, WhoAsks, as_of, shows
from queues.desk import EntryId, Incident, IncidentId, LineId, TenantId

IncidentPath = Annotated[str, Path(min_length=1, max_length=64)]


def incident_reading_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["incidents"])

    @router.get("/incidents", **shows(Incidents))
    async def incidents(caller: WhoAsks) -> Response:
        """Those that are on, in the order in which they were declared."""
        own = control.lines_of(caller.client), control.entries_of(caller.client)
        return Json(Incidents(incidents_for(caller, control.incidents(), *own)), headers=as_of(control))

    return router


def incident_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["incidents"])

    @router.post("/incidents", **shows(Changed))
    async def declare(wanted: IncidentRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Let calls within its scope hear its text: who waits at once, who rings in first of all."""
        incident = Incident(
            id=IncidentId(wanted.id),
            greeting="",
            mode=wanted.mode,
            expires_ms=control.now_ms() + wanted.for_ms,
            tenants=tuple(map(TenantId, wanted.clients)),
            lines=tuple(map(LineId, wanted.lines)),
            entries=tuple(map(EntryId, wanted.entries)),
            vip_exempt=wanted.vip_exempt,
            mandatory=wanted.mandatory,
            texts=tuple(wanted.texts.items()),
            ticket=wanted.ticket,
        )
        return Json(Changed(await control.declare_incident(incident, caller.by, key)))

    @router.post("/incidents/{incident}/clear", **shows(Changed))
    async def clear(incident: IncidentPath, caller: WhoAsks, key: OnceKey) -> Response:
        """Nobody hears it any more; who hears it now hears it out."""
        if all(one.id != incident for one in control.incidents()):
            raise unknown(control.unwritten(), f"no incident {incident} is on")
        return Json(Changed(await control.change(IncidentEnded(IncidentId(incident)), caller.by, key)))

    return router
