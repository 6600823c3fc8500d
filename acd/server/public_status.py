"""What a client's portal may show of its incidents: JSON, HTML and Atom, each replaced as a whole."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

import msgspec
import structlog
from msgspec import Struct

from acd.files import sync_path, write_synced
from acd.server.driver import Driver
from config.schema import Names, Site
from queues.desk import Desk, Incident, TenantId
from queues.incident import Course

_log = structlog.get_logger("acd.public_status")

LOOK_S = 1.0


class PublicIncident(Struct, frozen=True):
    """What callers are told. Moments are Unix milliseconds."""

    id: str
    since_ms: int
    changed_ms: int
    until_ms: int
    """It ends by itself then, unless it is ended before or goes on."""
    texts: dict[str, str]
    """By language."""


class PublicStatus(Struct, frozen=True):
    """Of one client."""

    client: str
    name: str
    incidents: tuple[PublicIncident, ...]


def status_of(desk: Desk, courses: Iterable[Course], client: TenantId, name: str) -> PublicStatus:
    """What concerns this client; nothing that is said to others alone."""
    shown = (one for one in courses if not one.over_ms and concerns(desk, one.incident, client))
    return PublicStatus(client, name, tuple(map(_public, shown)))


def concerns(desk: Desk, incident: Incident, client: TenantId) -> bool:
    """Whether callers of this client can come within the scope."""
    ours = [entry for entry in desk.entries if entry.tenant == client]
    lines = {line.id for line in desk.lines if line.tenant == client} | {entry.line for entry in ours}
    entries = {entry.id for entry in ours}
    return (
        (not incident.tenants or client in incident.tenants)
        and (not incident.lines or not lines.isdisjoint(incident.lines))
        and (not incident.entries or not entries.isdisjoint(incident.entries))
    )


def _public(course: Course) -> PublicIncident:
    incident = course.incident
    times = course.declared_ms, course.changed_ms, incident.expires_ms
    return PublicIncident(incident.id, *times, dict(incident.texts))


def documents(status: PublicStatus) -> dict[str, bytes]:
    """By the end of the file's name."""
    return {
        "json": msgspec.json.encode(status),
        "html": _html(status).encode(),
        "atom": _atom(status).encode(),
    }


def _html(status: PublicStatus) -> str:
    found = "".join(
        f'<li id="{escape(one.id)}">{_paragraphs(one.texts)}<time>{_moment(one.since_ms)}</time></li>'
        for one in status.incidents
    )
    title = escape(status.name)
    head = f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><h1>{title}</h1><ul>{found}</ul></body></html>\n"


def _paragraphs(texts: Mapping[str, str]) -> str:
    return "".join(f'<p lang="{escape(language)}">{escape(words)}</p>' for language, words in texts.items())


def _atom(status: PublicStatus) -> str:
    """RFC 4287; its ids are URNs, since nobody knows where it is served."""
    name = f"urn:acd:status:{quote(status.client, safe='')}"
    newest = max((max(one.since_ms, one.changed_ms) for one in status.incidents), default=0)
    entries = "".join(
        f"<entry><id>{name}:{escape(one.id)}:{one.since_ms}</id>"
        f"<updated>{_moment(max(one.since_ms, one.changed_ms))}</updated>"
        f"<title>{escape(next(iter(one.texts.values()), one.id))}</title>"
        f'<content type="html">{escape(_paragraphs(one.texts))}</content></entry>'
        for one in status.incidents
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{name}</id><title>{escape(status.name)}</title><updated>{_moment(newest)}</updated>"
        f"<author><name>{escape(status.name)}</name></author>{entries}</feed>\n"
    )


def _moment(t_ms: int) -> str:
    """RFC 3339."""
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Each is there as a whole, before and after. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        before = folder / f".{name}.new"
        write_synced(before, content)
        before.chmod(0o644)
        before.replace(folder / name)
    sync_path(folder)


_Source = tuple[Names, Desk, tuple[tuple[Incident, int, int], ...]]


class PublicStatusFiles:
    """Written when something has changed, at most once a second; a disk that fails is tried again."""

    def __init__(self, site: Callable[[], Site], driver: Driver) -> None:
        """`site`: the one in force."""
        self._site, self._driver = site, driver
        self._written: dict[str, bytes] = {}
        self._made_of: _Source | None = None
        """What those are made of that are written."""

    async def run(self) -> None:
        """For ever. They are made anew of something new only: that takes the loop's time."""
        while True:
            source, folder = self._source(), self._site().server.status_dir
            if folder is not None and source != self._made_of and await self._write(folder, self._files()):
                self._made_of = source
            await asyncio.sleep(LOOK_S)

    def _source(self) -> _Source:
        state = self._driver.engine.state
        courses = ((one.incident, one.changed_ms, one.over_ms) for one in state.courses.values())
        return self._site().names, state.desk, tuple(courses)

    def _files(self) -> dict[str, bytes]:
        state = self._driver.engine.state
        desk, courses = state.desk, state.courses.values()
        names = self._site().names.tenants
        return {
            f"{quote(tenant.id, safe='')}.{end}": content
            for tenant in desk.tenants
            for end, content in documents(
                status_of(desk, courses, tenant.id, names.get(tenant.id, tenant.id))
            ).items()
        }

    async def _write(self, folder: Path, wanted: dict[str, bytes]) -> bool:
        """Whether they are there now."""
        changed = {name: one for name, one in wanted.items() if self._written.get(name) != one}
        try:
            await asyncio.to_thread(write, folder, changed)
        except OSError as failure:
            _log.error("status documents cannot be written", folder=str(folder), error=str(failure))
            return False
        self._written = wanted
        return True
