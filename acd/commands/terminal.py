"""The API's answers as tables for a terminal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from acd.commands.history import details, ending
from acd.commands.plain_table import plain_table as _table
from acd.reports.opening import EntryWeek

Json = Mapping[str, Any]

SILENT_MS = 5_000
"""A server that has not been heard for longer hangs, or is being restarted."""

REACHED = (
    "gross",
    "heard",
    "ended",
    "stayed",
    "linked",
    "told",
    "hung_up",
    "not_reached",
    "dropped",
    "open",
)
"""The counts of an incident, in the order in which they are shown."""

CALLERS = {"inform": "go on", "offer": "are asked", "end": "end"}
"""What becomes of who has heard an incident, by its mode."""


def console() -> Console:
    """Standard output. What people wrote is shown as it is: brackets are no markup, colons no pictures."""
    return Console(markup=False, emoji=False)


@contextmanager
def reading_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Told how much of how much is read; moves on standard error, if that is a terminal."""
    found = Console(stderr=True)
    with Progress(console=found, transient=True, disable=not found.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def status(found: Json) -> RenderableType:
    """Lines, agents and contacts."""
    now_ms = found["now_ms"]
    shown, waiting = found["contacts"], sum(line["waiting"] for line in found["lines"])
    parts: list[RenderableType] = [_lines(found["lines"]), _agents(found["agents"], now_ms), _contacts(shown)]
    missing = waiting + sum(line["connected"] for line in found["lines"]) - len(shown)
    if old := _old(found):
        parts.insert(0, Text(old, style="bold red"))
    if found.get("incidents"):
        parts.insert(0, incidents(found["incidents"], now_ms))
    if missing > 0:
        parts.append(Text(f"and {missing} more contacts (see --contacts)", style="dim"))
    return Group(*parts)


def _old(found: Json) -> str:
    """Why what is shown is not how it is now; or nothing."""
    if found.get("unwritten"):
        since = _clock(found["unwritten_since_ms"])
        what = f"the journal cannot be written since {since} UTC; this was so then"
        return f"{what}, and {found['unwritten']} entries are not shown. Calls are taken all the same"
    if found["now_ms"] - found["heard_ms"] > SILENT_MS:
        return f"the server has not answered since {_clock(found['heard_ms'])} UTC; this was so then"
    return ""


def incidents(found: Sequence[Json], now_ms: int) -> Table:
    """Mass incidents that are on."""
    table = _table("incidents", ("incident", "callers", "of", "ends in", "ticket", "text"))
    for one in found:
        whom = CALLERS[one["mode"]]
        scope = ", ".join([*one["tenants"], *one["lines"], *one["entries"]]) or "all"
        text = " / ".join(words for _, words in one["texts"])
        left_ms = one["expires_ms"] - now_ms
        left = duration(left_ms) + (" (soon!)" if left_ms <= one.get("warn_ms", 0) else "")
        table.add_row(one["id"], whom, scope, left, one["ticket"], text)
    return table


def escalations(found: Sequence[Json], now_ms: int) -> Table:
    """Escalation lists that are walked, or were."""
    table = _table(
        "escalations", ("number", "list", "about", "state", "who", "step", "round", "calls", "for")
    )
    for one in found:
        about = one["ticket"] or (f"contact {one['contact']}" if one["contact"] else "")
        lasted = duration((one["over_ms"] or now_ms) - one["began_ms"])
        step, turn = f"{one['step']} of {one['steps']}", f"{one['round']} of {one['rounds']}"
        row = one["list"], about, one["state"], one["who"], step, turn, str(one["attempts"]), lasted
        table.add_row(str(one["id"]), *row)
    return table


def opening(week: Sequence[EntryWeek]) -> RenderableType:
    """A table for each calendar: its week, and the entries that it opens."""
    calendars: dict[str, list[EntryWeek]] = {}
    for one in week:
        calendars.setdefault(one.calendar, []).append(one)
    return Group(*chain.from_iterable(map(_week, calendars.values())))


def _week(entries: Sequence[EntryWeek]) -> tuple[RenderableType, ...]:
    first = entries[0]
    table = _table(f"{first.calendar} ({first.timezone})", ("day", "", "open"))
    for day in first.days:
        table.add_row(day.weekday, day.date, _join(day.windows) or day.holiday or "closed")
    return table, Text(_join(f"{one.entry} ({one.line})" for one in entries) + "\n", style="dim")


def incident(found: Json) -> RenderableType:
    """All that there is to say of one incident, and whom it reached."""
    one, table = found["incident"], _table(found["incident"]["id"], ("", ""))
    scope = {"clients": one["tenants"], **{what: one[what] for what in ("lines", "entries", "media")}}
    within = "; ".join(f"{what} {', '.join(names)}" for what, names in scope.items() if names)
    for what, said in (
        ("is", _incident_stands(found)),
        (
            "declared (UTC)",
            _declared(found),
        ),
        ("changed (UTC)", _moment(found["changed_ms"])),
        ("agreed by", one["agreed"]),
        ("ticket", one["ticket"]),
        ("callers", CALLERS[one["mode"]]),
        ("VIPs", "are not told" if one["vip_exempt"] else "are told, too"),
        ("scope", within or "all"),
        *((f"text in {language}", words) for language, words in one["texts"]),
        *((f"all-clear in {language}", words) for language, words in found["all_clear"]),
        *((what.replace("_", " "), str(found[what])) for what in REACHED),
    ):
        if said:
            table.add_row(what, said)
    return table


def _incident_stands(found: Json) -> str:
    if found["on"]:
        return f"on, ends in {duration(found['left_ms'])}" + (" (soon!)" if found["ends_soon"] else "")
    return f"over since {_moment(found['over_ms'])} UTC, {found['over_by']}"


def _declared(found: Json) -> str:
    by = found["incident"]["declared_by"]
    return _moment(found["declared_ms"]) + (f", by {by}" if by else "")


def _moment(t_ms: int) -> str:
    """With its day; empty: there is none."""
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}" if t_ms else ""


def contact(number: int, found: Json) -> RenderableType:
    """One contact: how it stands, why it was offered to whom, its history."""
    live = found["contact"]
    if live is None:
        how = ending(found["history"])
        head = Text(f"contact {number} is over" + (f": {how}" if how else ""))
    else:
        place = f", place {live['position']}" if live["position"] else ""
        place += _expects(live)
        whom = f", {', '.join(live['agents'])}" if live["agents"] else ""
        parked = f", {_waits_for(live)}" if live["parked"] else ""
        head = Text(f"contact {number}: {live['state']} in {live['line']}{place}{whom}{parked}")
    offers = _table("offered (UTC)", ("at", "agent", "outcome", "why"))
    for offer in found["explain"]:
        offers.add_row(_clock(offer["t_ms"]), offer["agent"], offer["outcome"], offer["why"])
    return Group(head, *([offers] if found["explain"] else []), _history(found["history"]))


def _waits_for(parked: Json) -> str:
    return "has left a message" if parked.get("message") else "to be called back"


def _expects(live: Json) -> str:
    if live.get("expected_wait_ms") is None:
        return ""
    low, high = (duration(ms) for ms in live["expected_wait_band_ms"])
    return f", expected to wait {duration(live['expected_wait_ms'])} more ({low} to {high})"


def duration(ms: int) -> str:
    """`1:05` or `2:00:03`."""
    seconds = max(0, ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _lines(lines: Sequence[Json]) -> Table:
    table = _table("lines", ("line", "waiting", "oldest", "connected", "parked", "consults"))
    for line in lines:
        oldest = duration(line["oldest_wait_ms"]) if line["waiting"] else ""
        aside = (str(line[key] or "") for key in ("parked", "consults"))
        table.add_row(line["id"], str(line["waiting"]), oldest, str(line["connected"]), *aside)
    return table


def _agents(agents: Sequence[Json], now_ms: int) -> Table:
    table = _table("agents", ("agent", "state", "reason", "since", "reachable", "contacts"))
    for agent in agents:
        since = duration(now_ms - agent["since_ms"]) if agent["since_ms"] else ""
        table.add_row(
            agent["id"],
            agent["state"],
            agent["reason"],
            since,
            _join(agent["reachable"]),
            _join(agent["contacts"]),
        )
    return table


def _contacts(contacts: Sequence[Json]) -> Table:
    table = _table("contacts", ("contact", "medium", "line", "state", "class", "place", "wait", "agent"))
    for one in contacts:
        place = str(one["position"]) if one["position"] else ""
        more_ms = one.get("expected_wait_ms")
        table.add_row(
            str(one["id"]),
            one["medium"],
            one["line"],
            _state(one),
            str(one["priority_class"]),
            place,
            duration(one["wait_ms"]) + ("" if more_ms is None else f" +{duration(more_ms)}"),
            _join((*one["agents"], *(f"+{guest}" for guest in one["guests"]))),
        )
    return table


def _state(one: Json) -> str:
    if one["consults"]:
        return f"{one['state']}, asks for {one['consults']}"
    return _waits_for(one) if one["parked"] and one["state"] == "waiting" else str(one["state"])


def _history(history: Sequence[Json]) -> Table:
    table = _table("history (UTC)", ("at", "what", "by", "details"))
    for one in history:
        table.add_row(_clock(one["t_ms"]), one["kind"], one["by"], details(one["kind"], one["fact"]))
    return table


def _clock(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]


def _join(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
