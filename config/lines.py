"""Lines: what a contact needs, how long it waits, what it hears, and where it goes otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.skills import Alternative
from config.people import People, requirement, skill_levels
from config.schema import Passage
from config.table import Table
from queues.desk import (
    ALWAYS,
    CalendarId,
    CallbackRule,
    Line,
    LineId,
    Order,
    Overflow,
    Policy,
    Promotion,
    Relaxation,
    TenantId,
    Way,
    WrapUpRule,
)

MAX_CLASS = 9
MAX_LEVEL = 9
MAX_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Known:
    """Ids that a line may refer to."""

    tenants: Mapping[str, object]
    calendars: Mapping[str, object]
    lines: Mapping[str, object]
    music: Mapping[str, object]
    people: People


def read_line(name: str, table: Table, known: Known, greeting: str) -> Line:
    """One line; `greeting` is the id of its prompt or empty."""
    tenant = table.text("tenant")
    if tenant:
        table.known("tenant", "tenant", tenant, known.tenants)
    music = table.text("music")
    table.known("music", "music", music, known.music)
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
        ring_ms=table.duration_ms("ring", least_ms=1000),
        ring_at_once=table.integer("ring_at_once", least=1, most=100),
        # An agent who refuses at once must not be asked again at once: that would never end.
        retry_tried_ms=table.duration_ms("retry_tried", least_ms=1000),
        max_wait_ms=table.duration_ms("max_wait"),
        max_length=table.integer("max_length"),
        when_waited=_way(table, "when_waited", "max_wait", known),
        when_full=_way(table, "when_full", "max_length", known),
        when_closed=_way(table, "when_closed", "hours", known),
        wrap_up=_wrap_up(table),
        callback=_callback(table.table("callback")),
        greeting=greeting,
        greeting_mandatory=_mandatory(table, greeting),
        music=music,
        announce_every_ms=table.duration_ms("announce_every"),
        level=table.integer("level", least=1, most=MAX_LEVEL),
    )


def read_greeting(
    table: Table, site_languages: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Passage, ...]]:
    """The languages of a line, in order, and its greeting: one passage for each of them, or none at all."""
    languages = table.list_of_text("languages", site_languages)
    for language in languages:
        table.known("languages", "language", language, site_languages)
    if not languages and "languages" in table:
        table.error("languages", "must not be empty")
    texts, files = table.table("greeting"), table.table("greeting_files")
    if not texts.data and not files.data:
        return languages, ()
    texts.allow(languages)
    files.allow(languages)
    passages = []
    for language in languages:
        text = texts.text(language, "")
        recording = files.existing_file(language)
        if text and recording:
            files.error(language, "there is a text too, give one of them")
        elif text or recording:
            passages.append(Passage(language, text, recording))
        elif language not in files:
            texts.error(language, "missing key (the line speaks this language)")
    return languages, tuple(passages)


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


def _calendar(table: Table, key: str, known: Known) -> CalendarId:
    name = table.text(key)
    if name == "always":
        return ALWAYS
    table.known(key, "calendar", name, [*known.calendars, "always"])
    return CalendarId(name)


def _way(table: Table, key: str, limit: str, known: Known) -> Way:
    """`"release"`, or the id of the line that takes over."""
    name = table.text(key)
    if name == Overflow.RELEASE:
        return Way()
    if limit not in table:
        table.warn(key, f"has no effect without {limit}")
    table.known(key, "line", name, [*known.lines, Overflow.RELEASE.value])
    return Way(Overflow.LINE, LineId(name))


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


def _mandatory(table: Table, greeting: str) -> bool:
    mandatory = table.flag("greeting_mandatory")
    if mandatory and not greeting:
        table.error("greeting_mandatory", "there is no greeting")
    return mandatory
