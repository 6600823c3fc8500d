"""`[lines.LINE.MEDIUM]` of a plan: what callers and agents of one line and medium are like."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.entries import entry_id
from config.table import Table
from queues.desk import Desk, Entry, EntryId, Line, LineId, Medium
from queues.treatment import KEYS
from simulation.laws import Law, exponential
from simulation.plan.law_tables import Shape, read_law
from simulation.scenario import ASKS_FOR_MS, MOST_TRIES, Consulting, Redial
from simulation.world.playable import ROUNDING

MOST_BACKLOG = 1_000_000


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One table, as read; `talk` None: not said. `table` is where faults found later belong."""

    table: Table
    line: Line
    entry: EntryId | None
    talk: Law | None
    hold: Law | None
    wrap_up: Law | None
    code: str
    escalate: float
    escalate_to: LineId | None
    consult: Consulting | None
    patience: Law | None
    vip_share: float
    vip_entry: EntryId | None
    redial: Redial | None
    backlog: int
    keys: tuple[tuple[str, float], ...]

    @property
    def other_ms(self) -> float:
        """Mean handling time beside the talk: hold and wrap-up."""
        hold_ms = self.hold.mean_ms if self.hold else 0.0
        return hold_ms + (self.wrap_up.mean_ms if self.wrap_up else self.line.wrap_up.ms)


def read_lines(root: Table, desk: Desk) -> dict[tuple[LineId, Medium], LinePlan]:
    """All of them, in the order of the plan."""
    lines: Mapping[str, Line] = {line.id: line for line in desk.lines}
    found = {}
    for name, table in root.by_id("lines").items():
        if not table.known("", "line", name, lines):
            table.allow(table.data)
            continue
        for medium in desk.medium_ids:
            if medium in table:
                found[lines[name].id, medium] = _read(table.table(medium), lines[name], medium, desk)
            else:
                table.allow([medium])
    return found


def silent(root: Table, line: Line, medium: Medium) -> LinePlan:
    """What holds for a line and medium that the plan says nothing of."""
    path = Table(root.file, "lines", {}).key_path(line.id)
    table = Table(root.file, f"{path}.{medium}", {}, root.reading, shape=f"lines.*.{medium}")
    return _read(table, line, medium, Desk())


def _read(table: Table, line: Line, medium: Medium, desk: Desk) -> LinePlan:
    escalate, escalate_to = _escalation(table, line, desk)
    vip_share, vip_entry = _vip(table, medium, desk)
    return LinePlan(
        table=table,
        line=line,
        entry=_entry(table, "entry", (medium,), desk, line) if table.anything("entry") is not None else None,
        talk=read_law(table, "talk"),
        hold=read_law(table, "hold"),
        wrap_up=_wrap_up(table, line),
        code=_code(table, line),
        escalate=escalate,
        escalate_to=escalate_to,
        consult=_consult(table, line, desk),
        patience=read_law(table, "patience", Shape.EXPONENTIAL),
        vip_share=vip_share,
        vip_entry=vip_entry,
        redial=_redial(table, desk),
        backlog=table.integer("backlog", 0, most=MOST_BACKLOG),
        keys=_keys(table),
    )


def _wrap_up(table: Table, line: Line) -> Law | None:
    law = read_law(table, "wrap_up")
    if law is not None and not line.wrap_up.ms and not line.wrap_up.code_required:
        table.error("wrap_up", "the line has no wrap-up in the site file")
    return law


def _code(table: Table, line: Line) -> str:
    code = table.text("code", "")
    if code:
        table.known("code", "wrap-up code", code, line.wrap_up.codes)
    return code


def _escalation(table: Table, line: Line, desk: Desk) -> tuple[float, LineId | None]:
    if table.anything("escalate") is None:
        return 0.0, None
    inner = table.table("escalate")
    share = inner.number("share", most=1.0)
    return share, _other_line(inner, line, desk)


def _other_line(inner: Table, line: Line, desk: Desk) -> LineId:
    to = inner.text("to")
    if to == line.id:
        inner.error("to", "is the line itself")
    elif to:
        inner.known("to", "line", to, [one.id for one in desk.lines])
    return LineId(to)


def _consult(table: Table, line: Line, desk: Desk) -> Consulting | None:
    if table.anything("consult") is None:
        return None
    inner = table.table("consult")
    share, to, talk = inner.number("share", most=1.0), _other_line(inner, line, desk), read_law(inner, "talk")
    if talk is None and "talk" not in inner:
        inner.error("talk", "missing key (how long do they talk to whom they ask?)")
    patience_ms = inner.duration_ms("patience", ASKS_FOR_MS, least_ms=1)
    return Consulting(share, to, talk or exponential(0), patience_ms)


def _vip(table: Table, medium: Medium, desk: Desk) -> tuple[float, EntryId | None]:
    if table.anything("vip") is None:
        return 0.0, None
    inner = table.table("vip")
    return inner.number("share", most=1.0), _entry(inner, "entry", (medium,), desk)


def _redial(table: Table, desk: Desk) -> Redial | None:
    if table.anything("redial") is None:
        return None
    inner = table.table("redial")
    probability = inner.number("probability", most=1.0)
    delay = read_law(inner, "delay", Shape.EXPONENTIAL)
    if "delay" not in inner:
        inner.error("delay", "missing key")
    most = inner.integer("most", 5, least=1, most=MOST_TRIES)
    other_share = inner.number("other_share", 0.0, most=1.0)
    other = (
        _entry(inner, "other_entry", desk.medium_ids, desk)
        if inner.anything("other_entry") is not None
        else None
    )
    if other_share and "other_entry" not in inner:
        inner.error("other_entry", "missing key (some come again otherwise, but to where?)")
    return Redial(probability, delay or exponential(0), most, other_share, other)


def _keys(table: Table) -> tuple[tuple[str, float], ...]:
    """Shares by key of the telephone."""
    if table.anything("keys") is None:
        return ()
    inner = table.table("keys")
    inner.allow(inner.data)
    for key in inner.data:
        if len(key) != 1 or key not in KEYS:
            inner.error(key, f"is no key of a telephone ({KEYS})")
    found = tuple((key, inner.number(key, most=1.0)) for key in KEYS if key in inner)
    if sum(share for _, share in found) > 1 + ROUNDING:
        table.error("keys", "the shares add up to more than 1")
    return found


def _entry(
    table: Table, key: str, media: tuple[Medium, ...], desk: Desk, line: Line | None = None
) -> EntryId | None:
    """The entry whose address is written at `key`: of one of these media, leading to `line` if given."""
    address = table.text(key)
    entries: dict[str, Entry] = {entry.id: entry for entry in desk.entries}
    for medium in media:
        entry = entries.get(entry_id(medium, address) or "")
        if entry is None or entry.medium != medium:
            continue
        if line is not None and entry.line != line.id:
            table.error(key, f'"{address}" leads to line {entry.line}')
        return entry.id
    if address:
        table.known(
            key, " or ".join(media) + " entry", address, [e.id for e in desk.entries if e.medium in media]
        )
    return None
