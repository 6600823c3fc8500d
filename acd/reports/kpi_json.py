"""A KPI report as plain values, for JSON."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from msgspec import to_builtins

from acd.kpi.definitions import Definition, printed
from acd.kpi.incidents import Reach
from acd.kpi.occupancy import AgentTime
from acd.kpi.percentiles import SHOWN, percentiles
from acd.kpi.service import Counts
from acd.reports.kpi_report import Group, Report
from acd.reports.periods import told

REACH = ("gross", "heard", "ended", "stayed", "linked", "open")
RESULTS = ("told", "hung up", "not reached", "dropped")
"""What became of those who were to be told when an incident is solved."""


def as_json(made: Report) -> dict[str, object]:
    """Everything of the report as plain values; times of the day are local, with their offset."""
    question = made.question
    zone, bounds = question.zone, question.intervals.bounds
    return {
        "client": question.client,
        "line": question.line,
        "timezone": zone.key,
        "from": told(question.begin_ms, zone),
        "to": told(question.end_ms, zone),
        "interval": question.interval,
        "view": question.terms.view.value,
        "counted": "contacts, each once" if question.line is None else "segments of the line",
        "read_to": told(made.last_ms, zone) if made.last_ms else None,
        "goes_on": made.goes_on,
        "open": made.open,
        "losses": [to_builtins(loss) for loss in made.losses],
        "definitions": [printed(one, question.terms) for one in question.definitions.values()],
        "total": _group(made.total, question.definitions),
        "media": {
            name: _group(made.by_medium[name], question.definitions) for name in sorted(made.by_medium)
        },
        "lines": {name: _group(made.by_line[name], question.definitions) for name in sorted(made.by_line)},
        "intervals": [
            {"from": told(start, zone), "to": told(end, zone), **_group(group, question.definitions)}
            for start, end, group in zip(bounds, bounds[1:], made.by_interval, strict=False)
        ],
        "incidents": [_incident(name, reach, zone) for name, reach in made.incidents()],
        "agents": {name: _agent(made.agents[name]) for name in sorted(made.agents)},
    }


def _group(group: Group, definitions: Mapping[str, Definition]) -> dict[str, object]:
    counts = group.coded()
    return {
        "counts": {name: getattr(counts, name) for name in (*Counts.__struct_fields__, "offered")},
        "kpis": {name: definition.value(counts) for name, definition in definitions.items()},
        "waits_ms": {
            "answered": _percentiles(group.waits.answered),
            "abandoned": _percentiles(group.waits.abandoned),
        },
        "outcomes": dict(sorted(group.kinds.items())),
        "codes": {
            code: {
                "handled": found.handled,
                "escalated": found.escalated,
                "escalation_ms": found.escalation_ms,
            }
            for code, found in sorted(group.codes.counts.items())
        },
    }


def _incident(name: str, reach: Reach, zone: ZoneInfo) -> dict[str, object]:
    numbers = {what: getattr(reach, what) for what in REACH}
    results = {result.replace(" ", "_"): reach.results[result] for result in RESULTS}
    over = told(reach.over_ms, zone) if reach.over_ms else None
    declared = told(reach.declared_ms, zone)
    return {"incident": name, "declared": declared, "over": over, "by": reach.over_by, **numbers, **results}


def _percentiles(waits: Iterable[int]) -> dict[str, int | None]:
    found = percentiles(waits)
    return {f"p{percent}": value for percent, value in zip(SHOWN, found, strict=True)}


def _agent(time: AgentTime) -> dict[str, object]:
    spent = {name: getattr(time, name) for name in AgentTime.__struct_fields__}
    return spent | {"occupancy": time.busy_ms / time.present_ms if time.present_ms else None}
