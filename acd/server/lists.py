"""What the server says of the clients' lists to whoever may ask."""

import asyncio

import structlog

from acd.directory.directory import ListDirectory
from acd.directory.rows import FOR_EVER_MS, Row
from acd.directory.store import ListName, Past
from acd.web.control import MAX_ROWS, ListHeld, ListRow, ListVersion

_log = structlog.get_logger("acd.lists")


class Lists:
    """Reads only. Blocking is left to a thread: the file may be busy with a list of hundreds of thousands."""

    def __init__(self, directory: ListDirectory) -> None:
        self._directory = directory

    async def held(self) -> list[ListHeld]:
        """Every list that was taken in or of which the site has a file, as it stands."""
        newest = await asyncio.to_thread(self._directory.newest_versions)
        now = self._directory.lists
        found = []
        for name in sorted({*now, *self._directory.named}):
            version = newest.get(name)
            if name in now and version is not None:
                people = len(now[name].rows)
                found.append(ListHeld(*name, version.version, people, version.at_ms, version.by))
            else:
                found.append(ListHeld(*name))
        return found

    async def versions(self, name: ListName) -> list[ListVersion]:
        """Every version of a list, the newest first."""
        return [_version(past) for past in await asyncio.to_thread(self._directory.history, name)]

    async def rows(self, name: ListName, version: int, start: int, by: str) -> list[ListRow]:
        """Some rows of a version, MAX_ROWS at most; that `by` read them stands in the log."""
        rows = await asyncio.to_thread(self._directory.rows, name, version, start, MAX_ROWS)
        _log.info("list read", tenant=name[0], list=name[1], version=version, start=start, by=by)
        return [_shown(row) for row in rows]


def _version(past: Past) -> ListVersion:
    version, counts = past.version, past.counts
    return ListVersion(
        version=version.version,
        at_ms=version.at_ms,
        by=version.by,
        people=version.people,
        added=None if counts is None else counts.added,
        removed=None if counts is None else counts.removed,
        changed=None if counts is None else counts.changed,
        kept=past.kept,
    )


def _shown(row: Row) -> ListRow:
    """Without the person's opaque id: that is for the engine alone."""
    return ListRow(
        line=row.line,
        keys=row.keys,
        name=row.name,
        department=row.department,
        language=row.language,
        site=row.site,
        priority_class=row.priority_class,
        head_start_ms=row.head_start_ms,
        valid_from_ms=row.valid_from_ms or None,
        valid_until_ms=None if row.valid_until_ms == FOR_EVER_MS else row.valid_until_ms,
    )
