"""Lines: what a contact needs, how long it waits, what it hears, and where it goes otherwise."""

from agents.skills import Alternative
from config.known import Known
from config.people import People, requirement, skill_levels
from config.table import Table
from queues.desk import (
    ALWAYS,
    CalendarId,
    CallbackRule,
    LastAgentRule,
    Line,
    LineId,
    Order,
    Overflow,
    Policy,
    Promotion,
    Relaxation,
    TalkLimit,
    TenantId,
    Way,
    WrapUpRule,
)
from queues.names import TreatmentId

MAX_CLASS = 9
MAX_LEVEL = 9
MAX_ATTEMPTS = 100

ONLY_WHEN_TURNED_AWAY = "only when_closed and when_full may lead to"


def read_line(
    name: str,
    table: Table,
    known: Known,
    *,
    greeting: str,
    whisper: str,
    reconnect: str,
    talk_limit: TalkLimit | None,
) -> Line:
    """One line; `greeting`, `whisper` and `reconnect` are ids of its prompts, or empty."""
    tenant = table.reference("tenant", "tenant", known.tenants)
    music = table.reference("music", "music", known.music)
    return Line(
        id=LineId(name),
        tenant=TenantId(tenant),
        needs=_alternatives(table, known.people),
        priority_class=table.integer("class", most=MAX_CLASS),
        target_ms=table.duration_ms("target", least_ms=1000),
        calendar=_calendar(table, "calendar", known),
        hours=_calendar(table, "hours", known),
        policy=table.choice("policy", Policy),
        relaxations=_relaxations(table, known.people),
        promotion=_promotion(table),
        target_warning_ms=_warning_ms(table),
        ring_ms=table.duration_ms("ring", least_ms=1000),
        ring_at_once=table.integer("ring_at_once", least=1, most=100),
        # An agent who refuses at once must not be asked again at once: that would never end.
        retry_tried_ms=table.duration_ms("retry_tried", least_ms=1000),
        max_wait_ms=table.duration_ms("max_wait"),
        max_length=table.integer("max_length"),
        when_waited=_way_to_line(table, known),
        when_full=_way(table, "when_full", "max_length", known),
        when_closed=_way(table, "when_closed", "hours", known),
        wrap_up=_wrap_up(table),
        callback=_callback(table.table("callback")),
        last_agent=_last_agent(table.table("last_agent")),
        talk_limit=talk_limit,
        greeting=greeting,
        whisper=whisper,
        greeting_mandatory=_mandatory(table),
        music=music,
        announce_every_ms=table.duration_ms("announce_every"),
        treatment=_treatment(table, known),
        survey=known.treatment(table, "survey", ""),
        level=table.integer("level", least=1, most=MAX_LEVEL),
        reconnect=reconnect,
    )


def _alternatives(table: Table, people: People) -> tuple[Alternative, ...]:
    """The alternatives that `groups` and `skills` of this table stand for."""
    groups = table.list_of_text("groups", [])
    found = [people.groups[name] for name in groups if table.known("groups", "group", name, people.groups)]
    levels = skill_levels(table, "skills", people.skills)
    if levels:
        found.append(requirement(levels))
    if not table.data.get("groups") and not table.data.get("skills"):
        table.error("groups", "missing key (groups, skills or both say who answers)")
    return tuple(dict.fromkeys(found))


def _relaxations(table: Table, people: People) -> tuple[Relaxation, ...]:
    steps = [
        Relaxation(step.duration_ms("after", least_ms=1000), _alternatives(step, people))
        for step in table.tables("relaxations")
    ]
    return tuple(sorted(steps, key=lambda step: step.after_ms))


def _promotion(table: Table) -> Promotion | None:
    if "promotion" not in table:
        return None
    inner = table.table("promotion")
    return Promotion(inner.duration_ms("before"), inner.integer("class", most=MAX_CLASS))


def _warning_ms(table: Table) -> int:
    warning_ms = table.duration_ms("target_warning", 0)
    if warning_ms and warning_ms >= table.duration_ms("target", least_ms=1000):
        table.error("target_warning", "must be shorter than target")
    return warning_ms


def _calendar(table: Table, key: str, known: Known) -> CalendarId:
    name = table.text(key)
    if name == "always":
        return ALWAYS
    table.known(key, "calendar", name, [*known.calendars, "always"])
    return CalendarId(name)


def _way(table: Table, key: str, limit: str, known: Known) -> Way:
    """`"release"`, the line that takes over, or `{ treatment = … }`, for whom the line does not take."""
    if not isinstance(table.data.get(key), dict):
        instead = f'write {{ treatment = "{table.data.get(key)}" }}'
        return _line_or_release(table, key, limit, known, instead)
    _needs_limit(table, key, limit)
    treatment = known.treatment(table.table(key), "treatment", instead=f'write {key} = "{{}}"')
    return Way(Overflow.TREATMENT, treatment=treatment)


def _way_to_line(table: Table, known: Known) -> Way:
    """Of whom waited too long: what he hears goes on, so that he needs no treatment."""
    if isinstance(table.data.get("when_waited"), dict):
        table.refuse("when_waited", f"must be a line: {ONLY_WHEN_TURNED_AWAY} a treatment")
        return Way()
    instead = f"{ONLY_WHEN_TURNED_AWAY} one, name a line"
    return _line_or_release(table, "when_waited", "max_wait", known, instead)


def _line_or_release(table: Table, key: str, limit: str, known: Known, instead: str) -> Way:
    """`instead`: what to write there if a treatment is meant."""
    name = table.text(key)
    if name == Overflow.RELEASE:
        return Way()
    known.check_line(table, key, name, instead, words=[Overflow.RELEASE])
    _needs_limit(table, key, limit)
    return Way(Overflow.LINE, LineId(name))


def _needs_limit(table: Table, key: str, limit: str) -> None:
    if limit not in table:
        table.warn(key, f"has no effect without {limit}")


def _treatment(table: Table, known: Known) -> TreatmentId:
    treatment = known.treatment(table, "treatment", "")
    if treatment and "announce_every" in table:
        table.warn("announce_every", "has no effect beside treatment")
    return treatment


def _wrap_up(table: Table) -> WrapUpRule:
    inner = table.table("wrap_up")
    rule = WrapUpRule(
        ms=inner.duration_ms("time"),
        codes=inner.list_of_text("codes"),
        code_required=inner.flag("code_required"),
        max_extension_ms=inner.duration_ms("max_extension"),
    )
    if rule.code_required and not inner.data.get("codes"):
        inner.error("code_required", "a code is required but there are no codes")
    return rule


def _callback(table: Table) -> CallbackRule:
    return CallbackRule(
        order=table.choice("order", Order),
        attempts=table.integer("attempts", least=1, most=MAX_ATTEMPTS),
        # Without a gap somebody whose line is busy would be called without end.
        gap_ms=table.duration_ms("gap", least_ms=1000),
        ring_ms=table.duration_ms("ring", least_ms=1000),
        within_ms=table.duration_ms("within", least_ms=1000),
        call_in=table.flag("call_in"),
    )


def _last_agent(table: Table) -> LastAgentRule:
    rule = LastAgentRule(table.duration_ms("within"), table.duration_ms("wait"))
    for key, other in (("within", "wait"), ("wait", "within")):
        if table.data.get(key) and not table.data.get(other):
            table.error(other, f"missing key (without it {key} has no effect)")
    return rule


def _mandatory(table: Table) -> bool:
    mandatory = table.flag("greeting_mandatory")
    if mandatory and not (table.data.get("greeting") or table.data.get("greeting_files")):
        table.error("greeting_mandatory", "there is no greeting")
    return mandatory
