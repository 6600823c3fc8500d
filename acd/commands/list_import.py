"""A new list file in place of a client's: checked, compared, asked for, replaced, taken in."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import typer

from acd.commands import held_lists, list_rows, terminal
from acd.commands.client import Client, ClientError, RequestRefused, Unreachable
from acd.commands.list_rows import Shown
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, complain, print_json, say
from acd.directory.changes import Difference, difference
from acd.directory.directory import advice
from acd.directory.rows import BadList, Row
from acd.files import replace_file
from config.schema import ListFile, Site

TAKE_WITHIN_S = 600.0
"""The server stores hundreds of thousands of rows."""


class Importing(NamedTuple):
    """What is to be done: `file` in place of `target`, of this site."""

    site: Site
    target: ListFile
    file: Path
    connect: Callable[[], Client]
    """Raises Failure: nobody knows where the server is."""

    @property
    def whose(self) -> held_lists.ListName:
        """Client and list."""
        return str(self.target.tenant), self.target.kind

    @property
    def name(self) -> str:
        """`nordwind vip`"""
        return " ".join(self.whose)

    @property
    def shown(self) -> Shown:
        """How its rows are shown."""
        return Shown(ZoneInfo(self.site.server.timezone), time.time_ns() // 1_000_000)

    def advice(self, rows: list[Row]) -> list[str]:
        """What whoever answers for the new list should know of it."""
        return advice(self.site, self.target, rows, self.shown.now_ms)


class Answers(NamedTuple):
    """How to ask, and how to answer."""

    yes: bool
    dry_run: bool
    as_json: bool


class Held(NamedTuple):
    """What holds: by the server its version, 0 if it has none yet; without it what stands in the file."""

    version: int | None
    rows: list[Row]
    content: bytes
    """Of the file that is to be replaced."""


def import_file(what: Importing, answers: Answers) -> int:
    """All of it. Raises Failure, which says what has changed and what has not."""
    if not (answers.yes or answers.dry_run) and (answers.as_json or not sys.stdin.isatty()):
        raise Failure(BAD_INPUT, "nobody can be asked here: give --yes or --dry-run")
    content, rows = held_lists.read_rows(what.site, what.target, what.file)
    held = _held(what)
    found = difference(held.rows, rows)
    report = _report(what, held, rows, found)
    if not answers.as_json:
        _show(what, held, rows, found)
    if not any(found.counts) and held.content == content:
        return _end(report, "nothing", "nothing to do: this is what holds", answers)
    if answers.dry_run:
        return _end(report, "dry_run", "nothing was changed", answers)
    if not answers.yes and not typer.confirm("Put this in force?"):
        say("nothing was changed")
        return NO
    _check_nobody_else(what, held)
    if held.content != content:
        _replace(what.target.path, content)
    version = _take(what, held)
    report["version"] = version
    return _end(report, "in_force", f"{what.name}: version {version} holds ({len(rows)} rows)", answers)


def _held(what: Importing) -> Held:
    path = what.target.path
    content = path.read_bytes()
    try:
        with what.connect() as server:
            versions = held_lists.versions_of(server, what.whose)
            rows = held_lists.rows_of(server, what.whose, versions[0].version) if versions else []
            return Held(versions[0].version if versions else 0, rows, content)
    except RequestRefused as refusal:
        raise Failure(NO, f"{refusal}; nothing was changed") from refusal
    except (Unreachable, Failure) as silence:  # or no server has ever run here
        complain(f"{silence}; the difference is to {path}, as it stands", DONE)
    try:
        return Held(None, held_lists.rows_in(what.site, what.target, content), content)
    except BadList:
        complain(f"{path} cannot be read as a list: all rows are shown as new", DONE)
        return Held(None, [], content)


def _check_nobody_else(what: Importing, held: Held) -> None:
    """What was shown is still what would change. Raises Failure."""
    changed = what.target.path.read_bytes() != held.content
    if held.version is not None:
        try:
            with what.connect() as server:
                versions = held_lists.versions_of(server, what.whose)
        except ClientError as failure:
            raise Failure(NO, f"{failure}; nothing was changed") from failure
        changed = changed or (versions[0].version if versions else 0) != held.version
    if changed:
        raise Failure(NO, f"somebody else has changed {what.name} meanwhile; nothing was changed, look again")


def _replace(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as failure:
        raise Failure(NO, f"{path} cannot be replaced: {failure.strerror}; nothing was changed") from failure


def _take(what: Importing, held: Held) -> int:
    """Let the server take it in: the version that holds. Raises Failure."""
    try:
        with what.connect() as server:
            taken = server.post("/lists", {}, TAKE_WITHIN_S)["lists"]
    except (ClientError, Failure) as failure:
        _not_taken(what, held, failure)
    wanted = str(what.target.tenant), str(what.target.kind)
    mine = next((one for one in taken if (one["tenant"], one["list"]) == wanted), None)
    if mine is None:
        reason = f"the server's site file has no {what.target.kind.key} of this client yet: restart it"
        raise Failure(NO, f"{what.target.path} is replaced, but {reason}")
    if mine["refused"]:
        reason = f"the server refused it; version {mine['version']} still holds: {'; '.join(mine['refused'])}"
        raise Failure(NO, f"{what.target.path} is replaced, but {reason}")
    return int(mine["version"])


def _not_taken(what: Importing, held: Held, failure: Exception) -> NoReturn:
    path, later = what.target.path, "at its next start, or by `acd lists`"
    if isinstance(failure, RequestRefused) and failure.code == "not_durable":
        raise Failure(NO, f"{path} is replaced, and {failure}") from failure
    if held.version is None and isinstance(failure, Unreachable | Failure):
        raise Failure(NO, f"{path} is replaced; the server takes it in {later}") from failure
    if isinstance(failure, Unreachable):
        state = f"if it has not taken it in, it does {later}; `acd {what.target.kind} history` says"
        raise Failure(NO, f"{path} is replaced, but {failure}: {state}") from failure
    still = f"version {held.version} holds" if held.version else "no version holds"
    raise Failure(NO, f"{path} is replaced, but {failure}: {still} until it is taken in {later}") from failure


def _show(what: Importing, held: Held, rows: list[Row], found: Difference) -> None:
    for one in what.advice(rows):
        complain(f"warning: {what.file}: {one}", DONE)
    against = f"version {held.version}" if held.version is not None else str(what.target.path)
    title = f"{what.name}, {what.file} against {against}: {list_rows.counts_text(found.counts)}"
    terminal.console().print(list_rows.difference_table(title, found, what.shown))


def _report(what: Importing, held: Held, rows: list[Row], found: Difference) -> dict[str, Any]:
    return {
        "client": str(what.target.tenant),
        "list": str(what.target.kind),
        "file": str(what.target.path),
        "version_before": held.version,
        "rows": len(rows),
        **list_rows.difference_json(found, what.shown),
        "warnings": what.advice(rows),
    }


def _end(report: dict[str, Any], state: str, text: str, answers: Answers) -> int:
    if answers.as_json:
        print_json(report | {"state": state})
    else:
        say(text)
    return DONE
