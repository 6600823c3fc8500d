"""Rows of lists, and what is different between two versions, as tables and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from acd.commands.plain_table import plain_table
from acd.directory.changes import Difference
from acd.directory.rows import FOR_EVER_MS, Key, Row
from config.durations import duration_text

MOST_SHOWN = 50
"""Of each kind of change in a terminal; `--json` has all."""


class Shown(NamedTuple):
    """How a row is shown: days are those of the desk, and `now_ms` says what holds."""

    zone: ZoneInfo
    now_ms: int

    def state(self, row: Row) -> str:
        """`valid`, `expired` or `not yet valid`."""
        if row.valid(self.now_ms):
            return "valid"
        return "expired" if row.valid_until_ms <= self.now_ms else "not yet valid"

    def validity(self, row: Row) -> str:
        """As the file writes it: `2026-12-24 … 2026-12-31`; the last day counts. Empty: always."""
        begin = "" if row.valid_from_ms == 0 else self._moment(row.valid_from_ms)
        end = "" if row.valid_until_ms == FOR_EVER_MS else self._moment(row.valid_until_ms, last=True)
        return f"{begin} … {end}".strip() if begin or end else ""

    def fields(self, row: Row) -> Iterator[tuple[str, str]]:
        """What a row says besides whom it names."""
        yield "name", row.name
        yield "department", row.department
        yield "site", row.site
        yield "language", row.language
        yield "class", "" if row.priority_class is None else str(row.priority_class)
        yield "head start", duration_text(row.head_start_ms) if row.head_start_ms else ""
        yield "valid", self.validity(row)

    def json(self, row: Row) -> dict[str, Any]:
        """Without what is of the engine alone; null: no bound."""
        found: dict[str, Any] = to_builtins(row)
        del found["person"]
        found["valid_from_ms"] = row.valid_from_ms or None
        found["valid_until_ms"] = None if row.valid_until_ms == FOR_EVER_MS else row.valid_until_ms
        return found | {"state": self.state(row)}

    def _moment(self, at_ms: int, *, last: bool = False) -> str:
        moment = datetime.fromtimestamp(at_ms / 1000, self.zone)
        if (moment.hour, moment.minute) != (0, 0):
            return f"{moment:%Y-%m-%dT%H:%M}"
        return f"{moment - timedelta(hours=12) if last else moment:%Y-%m-%d}"


def rows_table(title: str, rows: Sequence[Row], shown: Shown) -> Table:
    """One row each; those that do not hold say so. Columns that would be empty are left out."""
    found = [{"row": str(row.line), "who": who(row.keys), **dict(shown.fields(row))} for row in rows]
    for cells, row in zip(found, rows, strict=True):
        cells["state"] = shown.state(row).removeprefix("valid")
    columns = [name for name in found[0] if any(cells[name] for cells in found)] if found else []
    table = plain_table(title, columns)
    for cells in found:
        table.add_row(*(cells[name] for name in columns))
    return table


def difference_table(title: str, found: Difference, shown: Shown) -> RenderableType:
    """Added, removed and changed rows, and how many of each."""
    rows = plain_table(title, ("", "row", "who", "what"))
    for sign, some in (("+", found.added), ("−", found.removed)):
        for row in some[:MOST_SHOWN]:
            rows.add_row(sign, str(row.line), who(row.keys), _said(row, shown))
    for was, now in found.changed[:MOST_SHOWN]:
        rows.add_row("~", str(now.line), who(now.keys), "; ".join(changes(was, now, shown)))
    hidden = sum(max(0, count - MOST_SHOWN) for count in found.counts)
    more = [Text(f"and {hidden} more (--json shows all)", style="dim")] if hidden else []
    return Group(rows, *more)


def counts_text(counts: Sequence[int | None]) -> str:
    """`+1 −2 ~3`; nothing where it was not counted."""
    if None in counts:
        return ""
    added, removed, changed = counts
    return f"+{added} −{removed} ~{changed}" if any(counts) else "no difference"


def changes(was: Row, now: Row, shown: Shown) -> Iterator[str]:
    """`class 1 → 2`, `+ +49305550100`."""
    yield from (f"− {value}" for kind, value in was.keys if (kind, value) not in now.keys)
    yield from (f"+ {value}" for kind, value in now.keys if (kind, value) not in was.keys)
    for (name, before), (_, after) in zip(shown.fields(was), shown.fields(now), strict=True):
        if before != after:
            yield f"{name} {before or 'none'} → {after or 'none'}"


def difference_json(found: Difference, shown: Shown) -> dict[str, Any]:
    """All of it."""
    return {
        "added": [shown.json(row) for row in found.added],
        "removed": [shown.json(row) for row in found.removed],
        "changed": [{"before": shown.json(was), "after": shown.json(now)} for was, now in found.changed],
    }


def who(keys: Sequence[Key]) -> str:
    """Every address; of a domain that it is one."""
    return ", ".join(f"everybody @{value}" if kind == "domain" else value for kind, value in keys)


def _said(row: Row, shown: Shown) -> str:
    return ", ".join(
        value if name == "name" else f"{name} {value}" for name, value in shown.fields(row) if value
    )
