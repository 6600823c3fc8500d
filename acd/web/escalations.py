"""Routes of escalation lists: walk one, see how far they are, call one off."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from acd.core.events import EscalationCancelled
from acd.web.bodies import EscalationRequest
from acd.web.control import Control, EscalationWish
from acd.web.errors import ApiError
from acd.web.rights import escalations_for
from acd.web.shapes import Changed, Escalations, Json, OnceKey, WhoAsks, shows

EscalationPath = Annotated[int, Path(ge=1, lt=2**63)]


def escalation_reading_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["escalations"])

    @router.get("/escalations", **shows(Escalations))
    async def escalations(caller: WhoAsks) -> Response:
        """Those that go on and the last that are over, as they began."""
        return Json(Escalations(escalations_for(caller, control.escalations())))

    return router


def escalation_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["escalations"])

    @router.post("/escalations", **shows(Changed))
    async def escalate(wanted: EscalationRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Call the people of a list of the site file in their order, until one takes it over by a key."""
        texts = tuple(wanted.texts.items())
        wish = EscalationWish(wanted.list, wanted.contact, wanted.ticket, texts)
        return Json(Changed(await control.escalate(wish, caller.by, key)))

    @router.post("/escalations/{escalation}/cancel", **shows(Changed))
    async def cancel(escalation: EscalationPath, caller: WhoAsks, key: OnceKey) -> Response:
        """It is not needed any more; who is being called is called no longer."""
        if all(one.id != escalation for one in control.escalations()):
            raise ApiError(404, "not_found", f"there is no escalation {escalation}")
        event = EscalationCancelled(escalation)
        return Json(Changed(await control.change(event, caller.by, key)))

    return router
