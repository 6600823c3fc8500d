"""From the options of `acd kpi` to a report: what is asked is checked against the site and the journal."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from acd.journal.reading import JournalReader
from acd.kpi.definitions import DEFINITIONS, Definition
from acd.kpi.formula import Rule, WrongRule, define
from acd.kpi.segment import View
from acd.kpi.service import Terms
from acd.reports.kpi_report import LOOK_BACK_MS, Question, Report, report
from acd.reports.periods import intervals_of, midnight_ms, zone_of
from config.durations import duration_ms
from config.errors import ConfigError, Problem, did_you_mean
from config.schema import JournalKind, Site
from queues.calendar import BusinessClock, Clock
from queues.desk import ALWAYS

_AHEAD_MS = 366 * 86_400_000
"""Business time is reckoned so far beyond the report: for mails that are answered later."""


class BadQuestion(Exception):
    """It cannot be answered as it was asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as they were given."""

    client: str
    line: str | None
    first: datetime | None
    last: datetime | None
    both: bool
    """A day and a span were given."""
    interval: str
    view: str
    threshold: str
    short: str
    reply: str
    names: tuple[str, ...]
    timezone: str


OnRead = Callable[[int, int], None]
"""Called now and then with how far the reading is: milliseconds of the journal read, of how many."""


def answer(
    asked: Asked,
    site: Site | None,
    journal: Path | None,
    present_ms: int,
    on_read: OnRead = lambda done_ms, total_ms: None,  # noqa: ARG005
) -> Report:
    """The report, from the journal of `site` or the one in the directory `journal`.

    `present_ms`: of a desk that runs, now; else 0.

    Raises BadQuestion, ConfigError, JournalError. Blocks.
    """
    if site is not None:
        _check_whom(asked, site)
    question = question_of(asked, site)
    reader = JournalReader(_directory(site, journal))
    begin_ms = question.begin_ms - LOOK_BACK_MS
    total_ms = max(min(question.end_ms, present_ms or question.end_ms) - begin_ms, 1)

    def reached(t_ms: int) -> None:
        on_read(min(max(t_ms - begin_ms, 0), total_ms), total_ms)

    made = report(question, reader, site.desk if site else None, present_ms, on_read=reached)
    _check_met(asked, made)
    return made


def question_of(asked: Asked, site: Site | None) -> Question:
    """What is asked, without the journal. Raises BadQuestion, ConfigError."""
    first, last = _days(asked)
    zone = _zone(asked, site)
    span = (last - first).days
    interval = asked.interval or ("day" if span else "30m")
    try:
        intervals = intervals_of(first, last, interval, zone)
    except ValueError as error:
        raise BadQuestion(f"--interval: {error}") from error
    terms = _terms(asked, site, first, last, zone)
    return Question(asked.client, asked.line, intervals, interval, zone, terms, _definitions(asked, site))


def own_definitions(site: Site) -> dict[str, Definition]:
    """The KPIs that the site defines. Raises ConfigError, naming file and key."""
    rules = [Rule(rule.id, rule.formula, rule.unit, rule.title, rule.version) for rule in site.kpis]
    try:
        return define(rules)
    except WrongRule as error:
        wrong = next(rule for rule in site.kpis if rule.id == error.name)
        raise ConfigError.of([Problem(wrong.file, wrong.key, str(error))]) from error


def _directory(site: Site | None, journal: Path | None) -> Path:
    if journal is not None:
        return journal
    if site is None:
        raise BadQuestion("which journal? give --site SITE (or set ACD_SITE) or --journal DIR")
    if site.server.journal is JournalKind.MEMORY:
        raise BadQuestion("the journal of this site is in memory: there is nothing to read")
    return site.server.data_dir / "journal"


def _check_whom(asked: Asked, site: Site) -> None:
    _known("client", asked.client, {tenant.id for tenant in site.desk.tenants})
    if asked.line is not None:
        _known("line", asked.line, {line.id for line in site.desk.lines})


def _check_met(asked: Asked, made: Report) -> None:
    """Without a site, the journal says who the clients are."""
    _known("client", asked.client, made.clients)
    if asked.line is not None:
        _known(f"line of {asked.client}", asked.line, made.whose.lines)


def _known(what: str, name: str, among: Collection[str]) -> None:
    if name not in among:
        known = ", ".join(sorted(among)) or "none"
        raise BadQuestion(f'unknown {what} "{name}"{did_you_mean(name, sorted(among))} (known: {known})')


def _days(asked: Asked) -> tuple[date, date]:
    if asked.both:
        raise BadQuestion("give --day, or --from and --to, not both")
    if asked.first is None or asked.last is None:
        raise BadQuestion("which days? give --day, or --from and --to")
    first, last = asked.first.date(), asked.last.date()
    if first.year < 1980 or last.year > 2999:
        raise BadQuestion("days lie between the years 1980 and 2999")
    return first, last


def _zone(asked: Asked, site: Site | None) -> ZoneInfo:
    name = asked.timezone or (zone_of(site, asked.client) if site else "UTC")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadQuestion(f'--timezone: there is no time zone "{name}"') from error


def _terms(asked: Asked, site: Site | None, first: date, last: date, zone: ZoneInfo) -> Terms:
    if asked.view not in list(View):
        raise BadQuestion(f'--view: "{asked.view}" is none of {", ".join(View)}')
    lengths: Mapping[str, str] = {"threshold": asked.threshold, "short": asked.short, "reply": asked.reply}
    found = {name: _length_ms(name, text) for name, text in lengths.items()}
    return Terms(
        threshold_ms=found["threshold"],
        short_ms=found["short"],
        view=View(asked.view),
        reply_ms=found["reply"],
        clocks=_clocks(site, midnight_ms(first, zone), midnight_ms(last, zone)) if site else {},
    )


def _length_ms(name: str, text: str) -> int:
    try:
        return duration_ms(float(text) if text.replace(".", "", 1).isdecimal() else text)
    except ValueError as error:
        raise BadQuestion(f"--{name}: {error}") from error


def _clocks(site: Site, begin_ms: int, end_ms: int) -> Mapping[str, Clock]:
    """The business time of each line that has one: that in which its target runs."""
    desk = site.desk_at(begin_ms - 8 * LOOK_BACK_MS, end_ms + _AHEAD_MS)
    opens = {calendar.id: BusinessClock(calendar.opens) for calendar in desk.calendars}
    return {line.id: opens[line.calendar] for line in desk.lines if line.calendar != ALWAYS}


def _definitions(asked: Asked, site: Site | None) -> Mapping[str, Definition]:
    known = {**DEFINITIONS, **(own_definitions(site) if site else {})}
    for name in asked.names:
        _known("definition", name, known)
    return {name: known[name] for name in asked.names} if asked.names else known
