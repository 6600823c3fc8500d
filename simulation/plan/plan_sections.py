"""Sections of a plan that stand by themselves: habits of the agents, callbacks, a mass incident, goals."""

from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS, Unit
from acd.ports import DialClass
from config.table import Table
from queues.desk import Desk, Line, LineId, Medium
from simulation.plan.law_tables import Shape, read_law
from simulation.plan.rosters import read_when
from simulation.plan.span import Span, exact_ms, local
from simulation.scenario import Callbacks, Goal, Habits, Surge


def read_habits(table: Table) -> Habits:
    """How agents behave, from `[agents]`."""
    habits = Habits(
        answer_delay=read_law(table, "answer_delay"),
        no_answer=table.number("no_answer", 0.0, most=1.0),
        back_after=read_law(table, "back_after"),
        pause_every=read_law(table, "pause_every", Shape.EXPONENTIAL),
        pause=read_law(table, "pause"),
    )
    if ("pause" in table) != ("pause_every" in table):
        table.error("pause", "pause and pause_every belong together")
    return habits


def read_callbacks(table: Table) -> Callbacks:
    """What becomes of calls to those who were promised one, from `[callbacks]`."""
    usual = Callbacks()
    return Callbacks(
        answer=table.number("answer", usual.answer, most=1.0),
        ring_ms=table.duration_ms("ring", usual.ring_ms),
        dial_class=table.choice("dial_class", DialClass, DialClass(usual.dial_class)).value,
    )


def read_incident(root: Table, span: Span, desk: Desk) -> Surge | None:
    """`[incident]`, if there is one."""
    if "incident" not in root:
        root.table("incident").allow(())
        return None
    table = root.table("incident")
    start_ms, length_ms = _incident_start(table, span), table.duration_ms("for", least_ms=1000)
    announced = "announced_after" in table
    after_ms = table.duration_ms("announced_after", 0)
    deflect = table.number("deflect", 0.0, most=1.0)
    if deflect and not announced:
        table.error("deflect", "needs announced_after: without an announcement nobody hears of it")
    if announced and after_ms >= length_ms:
        table.error("announced_after", "the incident is over then")
    return Surge(
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        factor=table.number("factor", most=1000.0),
        lines=tuple(line.id for line in _lines(table, "lines", desk)),
        announced_ms=start_ms + after_ms if announced else None,
        announcement_ms=table.duration_ms("announcement", 15_000),
        deflect=deflect,
        mandatory=table.flag("mandatory", True),
        vip_exempt=table.flag("vip_exempt", True),
    )


def _incident_start(table: Table, span: Span) -> int:
    when = read_when(table, "at")
    try:
        moment = local(span.first, when) if isinstance(when, int) else when
        start_ms = span.start_ms if moment is None else exact_ms(moment, span.zone)
    except ValueError as error:
        table.error("at", str(error))
        return span.start_ms
    if not span.start_ms <= start_ms < span.end_ms:
        table.error("at", "lies outside the plan")
    return start_ms


def _lines(table: Table, key: str, desk: Desk) -> list[Line]:
    lines = {str(line.id): line for line in desk.lines}
    return [lines[name] for name in table.list_of_text(key, []) if table.known(key, "line", name, lines)]


def read_goals(root: Table, desk: Desk) -> tuple[Goal, ...]:
    """`[[goals]]`."""
    lines = {str(line.id): line for line in desk.lines}
    shares = [name for name, definition in DEFINITIONS.items() if definition.unit == Unit.SHARE]
    found = []
    for table in root.tables("goals"):
        line, definition = table.text("line"), table.text("definition", DEFAULT_SERVICE_LEVEL)
        table.known("definition", "definition", definition, shares)
        medium, share = table.text("medium"), table.number("share", most=1.0)
        table.known("medium", "medium", medium, desk.medium_ids)
        if line and table.known("line", "line", line, lines):
            threshold_ms = table.duration_ms("threshold", lines[line].target_ms)
            found.append(Goal(LineId(line), Medium(medium), definition, threshold_ms, share))
        else:
            table.duration_ms("threshold", 0)
    return tuple(found)
