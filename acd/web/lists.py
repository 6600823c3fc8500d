"""Routes of the clients' lists: which version holds, which there were, who stands in one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from msgspec.structs import replace

from acd.web.control import Control, ListHeld, ListVersion
from acd.web.errors import ApiError
from acd.web.rights import Caller
from acd.web.shapes import Json, ListRows, Lists, ListVersions, WhoAsks, shows
from config.api_tokens import Role
from config.schema import ListKind

ClientPath = Annotated[str, Path(min_length=1, max_length=200)]


def list_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["people"])

    @router.get("/lists", **shows(Lists))
    async def lists(caller: WhoAsks) -> Response:
        """Every list of the clients, as it stands; a client sees its own."""
        return Json(
            Lists([_held_for(caller, one) for one in await control.lists() if _may(caller, one.tenant)])
        )

    @router.get("/lists/{client}/{kind}", **shows(ListVersions))
    async def versions(client: ClientPath, kind: ListKind, caller: WhoAsks) -> Response:
        """Every version of a list, the newest first: when it came, by whom, and what it changed."""
        found = await control.list_versions(client, kind) if _may(caller, client) else []
        if not found:
            raise _none(client, kind)
        return Json(ListVersions([_version_for(caller, one) for one in found]))

    return router


def row_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["people"])

    @router.get("/lists/{client}/{kind}/rows", **shows(ListRows))
    async def rows(
        client: ClientPath,
        kind: ListKind,
        caller: WhoAsks,
        version: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        start: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    ) -> Response:
        """Who stands in a list, in the order of its file, from the row `start` on."""
        versions = await control.list_versions(client, kind)
        asked = next((one for one in versions if version in (0, one.version)), None)
        if asked is None:
            raise _none(client, kind, version)
        if not asked.kept:
            raise ApiError(410, "not_kept", f"the people of version {version} are not kept any more")
        found = await control.list_rows(client, kind, asked.version, start, caller.by)
        return Json(ListRows(asked.version, found, start + len(found)))

    return router


def _may(caller: Caller, client: str) -> bool:
    return caller.role is not Role.TENANT or caller.client == client


def _none(client: str, kind: ListKind, version: int = 0) -> ApiError:
    number = f" in version {version}" if version else ""
    return ApiError(404, "not_found", f"there is no list {kind} of client {client}{number}")


def _held_for(caller: Caller, held: ListHeld) -> ListHeld:
    """A client does not see who works for it."""
    return replace(held, by="") if caller.role is Role.TENANT else held


def _version_for(caller: Caller, version: ListVersion) -> ListVersion:
    return replace(version, by="") if caller.role is Role.TENANT else version
