"""What holds of a list, and what it was before, for people and programs."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from rich.table import Table

from acd.commands import held_lists, list_rows, terminal
from acd.commands.check import looked_at
from acd.commands.client import Client
from acd.commands.held_lists import ListName
from acd.commands.list_rows import Shown
from acd.commands.plain_table import plain_table
from acd.commands.shell import DONE, NO, Failure, print_json
from acd.directory.changes import difference
from acd.directory.rows import Row
from acd.web.control import ListVersion


def show_held(server: Client, name: ListName, site: Path | None, *, as_json: bool) -> int:
    """The rows of the version that holds."""
    version = _versions(server, name)[0].version
    rows = held_lists.rows_of(server, name, version)
    return _show_rows(name, version, rows, site, as_json=as_json)


def show_file(site: Path, name: ListName, *, as_json: bool) -> int:
    """The rows of the site's file."""
    found = looked_at(site)
    target = held_lists.list_file(found, site, *name)
    _, rows = held_lists.read_rows(found, target, target.path)
    return _show_rows(name, None, rows, site, as_json=as_json)


def _show_rows(
    name: ListName, version: int | None, rows: Sequence[Row], site: Path | None, *, as_json: bool
) -> int:
    shown = shown_at(site)
    if as_json:
        said = [shown.json(row) for row in rows]
        print_json({"client": name[0], "list": str(name[1]), "version": version, "rows": said})
    else:
        what = "of the file" if version is None else f"version {version}"
        title = f"{name[0]} {name[1]}, {what}: {len(rows)} rows"
        terminal.console().print(list_rows.rows_table(title, rows, shown))
    return DONE


def show_versions(server: Client, name: ListName, site: Path | None, *, as_json: bool) -> int:
    """When each came, by whom, and what it changed."""
    versions = _versions(server, name)
    if as_json:
        print_json({"client": name[0], "list": str(name[1]), "versions": to_builtins(versions)})
    else:
        terminal.console().print(_versions_table(" ".join(name), versions, shown_at(site).zone))
    return DONE


def show_change(server: Client, name: ListName, version: int, site: Path | None, *, as_json: bool) -> int:
    """What one version changed, row by row."""
    before = _before(_versions(server, name), version)
    was = held_lists.rows_of(server, name, before) if before else []
    found, shown = difference(was, held_lists.rows_of(server, name, version)), shown_at(site)
    if as_json:
        head = {"client": name[0], "list": str(name[1]), "version": version, "before": before}
        print_json(head | list_rows.difference_json(found, shown))
    else:
        title = f"{' '.join(name)}, version {version}: {list_rows.counts_text(found.counts)}"
        terminal.console().print(list_rows.difference_table(title, found, shown))
    return DONE


def shown_at(site: Path | None) -> Shown:
    """Days as the desk counts them; without its site file in UTC."""
    zone = "UTC" if site is None else looked_at(site).server.timezone
    return Shown(ZoneInfo(zone), time.time_ns() // 1_000_000)


def _versions(server: Client, name: ListName) -> list[ListVersion]:
    """Raises Failure: there are none."""
    if found := held_lists.versions_of(server, name):
        return found
    raise Failure(NO, f"the server has no list {name[1]} of client {name[0]!r}")


def _before(versions: Sequence[ListVersion], number: int) -> int:
    """The version before; 0: that was the first. Raises Failure: the two cannot be compared."""
    found = next((place for place, one in enumerate(versions) if one.version == number), None)
    if found is None:
        raise Failure(NO, f"there is no version {number}; the last is {versions[0].version}")
    both = versions[found : found + 2]
    for one in both:
        if not one.kept:
            raise Failure(NO, f"the people of version {one.version} are not kept any more")
    return both[1].version if len(both) == 2 else 0


def _versions_table(title: str, versions: Sequence[ListVersion], zone: ZoneInfo) -> Table:
    table = plain_table(f"{title} ({zone})", ("version", "at", "by", "people", "changes", ""))
    for one in versions:
        at = datetime.fromtimestamp(one.at_ms / 1000, zone)
        counts = list_rows.counts_text((one.added, one.removed, one.changed))
        kept = "" if one.kept else "people not kept"
        table.add_row(str(one.version), f"{at:%Y-%m-%d %H:%M:%S}", one.by, str(one.people), counts, kept)
    return table
