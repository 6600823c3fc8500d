"""Routes of mass incidents: which are on, what became of one; declare, change and end one."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from msgspec.structs import replace

from acd.core.view import IncidentView
from acd.web.bodies import IncidentChangeRequest, IncidentClearRequest, IncidentRequest
from acd.web.control import ClearWish, Control, IncidentWish
from acd.web.errors import unknown
from acd.web.rights import Caller, incidents_for
from acd.web.shapes import Changed, Incidents, Json, OnceKey, WhoAsks, as_of, shows
from queues.desk import EntryId, Incident, IncidentId, LineId, Medium, TenantId

IncidentPath = Annotated[str, Path(min_length=1, max_length=64)]


def incident_reading_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["incidents"])

    @router.get("/incidents", **shows(Incidents))
    async def incidents(caller: WhoAsks) -> Response:
        """Those that are on, in the order in which they were declared."""
        on, to_clear = (_for(caller, control, one) for one in (control.incidents(), control.to_clear()))
        return Json(Incidents(on, to_clear), headers=as_of(control))

    @router.get("/incidents/{incident}", **shows(IncidentView))
    async def show(incident: IncidentPath, caller: WhoAsks) -> Response:
        """One that is on, or was lately: all of it, and whom it reached."""
        found = control.incident(incident)
        shown = () if found is None else _for(caller, control, (found.incident,))
        if found is None or not shown:
            raise unknown(control.unwritten(), f"no incident {incident} is known")
        return Json(replace(found, incident=shown[0]), headers=as_of(control))

    return router


def _for(caller: Caller, control: Control, found: Iterable[Incident]) -> tuple[Incident, ...]:
    return incidents_for(caller, found, control.lines_of(caller.client), control.entries_of(caller.client))


def incident_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["incidents"])

    @router.post("/incidents", **shows(Changed))
    async def declare(wanted: IncidentRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Let calls within its scope hear its text: who waits at once, who rings in first of all."""
        incident = _wanted(wanted, control.now_ms())
        return Json(Changed(await control.declare_incident(incident, caller.by, key)))

    @router.post("/incidents/{incident}/clear", **shows(Changed))
    async def clear(
        incident: IncidentPath,
        caller: WhoAsks,
        key: OnceKey,
        wanted: IncidentClearRequest = IncidentClearRequest(),  # noqa: B008
    ) -> Response:
        """Nobody hears it any more; who hears it now hears it out, and who is linked is called and told."""
        if all(one.id != incident for one in control.to_clear()):
            _on(control, incident)
        wish = ClearWish(IncidentId(incident), tuple(wanted.texts.items()), wanted.silent)
        return Json(Changed(await control.clear_incident(wish, caller.by, key)))

    return router


def _wanted(wanted: IncidentRequest, now_ms: int) -> Incident:
    return Incident(
        id=IncidentId(wanted.id),
        greeting="",
        mode=wanted.mode,
        expires_ms=now_ms + wanted.for_ms,
        tenants=tuple(map(TenantId, wanted.clients)),
        lines=tuple(map(LineId, wanted.lines)),
        entries=tuple(map(EntryId, wanted.entries)),
        media=tuple(map(Medium, wanted.media)),
        vip_exempt=wanted.vip_exempt,
        mandatory=wanted.mandatory,
        texts=tuple(wanted.texts.items()),
        ticket=wanted.ticket,
        agreed=wanted.agreed,
        warn_ms=wanted.warn_ms,
    )


def incident_changing_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["incidents"])

    @router.post("/incidents/{incident}/change", **shows(Changed))
    async def change(
        incident: IncidentPath, wanted: IncidentChangeRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Let it have other texts or another end; who waits hears the new text once more, at his place."""
        _on(control, incident)
        wish = IncidentWish(
            IncidentId(incident),
            texts=None if wanted.texts is None else tuple(wanted.texts.items()),
            expires_ms=None if wanted.for_ms is None else control.now_ms() + wanted.for_ms,
            vip_exempt=wanted.vip_exempt,
            ticket=wanted.ticket,
            agreed=wanted.agreed,
        )
        return Json(Changed(await control.change_incident(wish, caller.by, key)))

    return router


def _on(control: Control, incident: str) -> None:
    if all(one.id != incident for one in control.incidents()):
        raise unknown(control.unwritten(), f"no incident {incident} is on")
