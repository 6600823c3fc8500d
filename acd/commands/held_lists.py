"""What commands know of lists: those of the server by its API, those of the site by their files."""

from pathlib import Path

from msgspec import convert

from acd.commands.client import Client, RequestRefused
from acd.commands.desk import segment
from acd.commands.shell import BAD_INPUT, Failure, complain
from acd.directory.directory import read_file, reader_of
from acd.directory.rows import FOR_EVER_MS, BadList, Row, read_list
from acd.web.control import ListRow, ListVersion
from config.errors import did_you_mean
from config.schema import ListFile, ListKind, Site

ListName = tuple[str, ListKind]
"""Client and list."""


def list_file(site: Site, path: Path, client: str, kind: ListKind) -> ListFile:
    """The client's list in the site file at `path`. Raises Failure."""
    for file in site.directory.files:
        if (file.tenant, file.kind) == (client, kind):
            return file
    clients = [str(tenant.id) for tenant in site.desk.tenants]
    if client not in clients:
        raise Failure(BAD_INPUT, f"{path}: there is no client {client!r}{did_you_mean(client, clients)}")
    raise Failure(
        BAD_INPUT,
        f'{path}: client {client} has no {kind.key}: write {kind.key} = "FILE.csv" into [tenants.{client}],'
        " put a file there, and restart the server",
    )


def read_rows(site: Site, target: ListFile, path: Path) -> tuple[bytes, list[Row]]:
    """The file at `path` as the server would read it for this client. Raises Failure; says every flaw."""
    try:
        content = read_file(path)
        return content, rows_in(site, target, content)
    except BadList as failure:
        *flaws, last = failure.flaws
        for flaw in flaws:
            complain(f"{path}: {flaw}", BAD_INPUT)
        raise Failure(BAD_INPUT, f"{path}: {last}") from failure


def rows_in(site: Site, target: ListFile, content: bytes) -> list[Row]:
    """Of the file as it stands. Raises BadList."""
    return read_list(content, reader_of(site, target))


def versions_of(server: Client, name: ListName) -> list[ListVersion]:
    """The newest first; none of a list that was never taken in. Raises ClientError."""
    try:
        found = server.get(_path(name))["versions"]
    except RequestRefused as refusal:
        if refusal.code == "not_found":
            return []
        raise
    return convert(found, list[ListVersion])


def rows_of(server: Client, name: ListName, version: int) -> list[Row]:
    """All rows of a version, page by page. Raises ClientError."""
    rows: list[Row] = []
    while True:
        page = server.get(f"{_path(name)}/rows", version=version, start=len(rows))
        found = convert(page["rows"], list[ListRow])
        if not found:
            return rows
        rows += map(_row, found)


def _path(name: ListName) -> str:
    return f"/lists/{segment(name[0])}/{name[1]}"


def _row(shown: ListRow) -> Row:
    return Row(
        line=shown.line,
        keys=shown.keys,
        name=shown.name,
        department=shown.department,
        language=shown.language,
        site=shown.site,
        priority_class=shown.priority_class,
        head_start_ms=shown.head_start_ms,
        valid_from_ms=shown.valid_from_ms or 0,
        valid_until_ms=FOR_EVER_MS if shown.valid_until_ms is None else shown.valid_until_ms,
    )
