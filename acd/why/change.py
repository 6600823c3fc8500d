"""What could have been otherwise: one small thing, said in words or found in a timeline."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from acd.why.timeline import Spell, Timeline
from acd.why.verdict import Rule

MOST = 3
"""So many are looked for when nobody says which."""


class Kind(StrEnum):
    READY = "ready"
    """An agent is ready from a moment on."""
    WITHOUT = "without"
    """A contact never came."""
    PLAIN = "plain"
    """A contact came without its head start and class."""
    MORE = "more"
    """One more agent like this one is there, from the arrival on."""
    NO_INCIDENT = "no-incident"
    """An incident was not declared, or was over before the arrival."""


class Change(Struct, frozen=True):
    """`agent`, `contact` or `incident`, as the kind has it; `t_ms` of READY, in Unix milliseconds."""

    kind: Kind
    agent: str = ""
    contact: int = 0
    incident: str = ""
    t_ms: int = 0


FORMS = "ready AGENT [TIME], without CONTACT, plain CONTACT, more AGENT, no-incident ID"

_AGENT = re.compile(r"(?P<kind>ready|more) +(?P<agent>\S+)(?: +(?P<time>[0-9:.]+))?")
_CONTACT = re.compile(r"(?P<kind>without|plain) +(?P<contact>[0-9]{1,15})")
_INCIDENT = re.compile(r"no-incident +(?P<incident>\S+)")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?")


def parse(text: str, arrived_ms: int, zone: ZoneInfo) -> Change:
    """As `FORMS` has it; a time is that of the day of the arrival. Raises ValueError naming the forms."""
    text = text.strip()
    if found := _AGENT.fullmatch(text):
        kind = Kind(found["kind"])
        if found["time"] is None:
            return Change(kind, agent=found["agent"], t_ms=arrived_ms)
        if kind is Kind.READY:
            return Change(kind, agent=found["agent"], t_ms=_moment(found["time"], arrived_ms, zone))
    elif found := _CONTACT.fullmatch(text):
        return Change(Kind(found["kind"]), contact=int(found["contact"]))
    elif found := _INCIDENT.fullmatch(text):
        return Change(Kind.NO_INCIDENT, incident=found["incident"])
    raise ValueError(f'"{text}" is none of: {FORMS}')


def _moment(text: str, arrived_ms: int, zone: ZoneInfo) -> int:
    """That time of day; on the next day where it would be more than half a day before the arrival."""
    found = _TIME.fullmatch(text)
    arrived = datetime.fromtimestamp(arrived_ms / 1000, zone)
    try:
        if found is None:
            raise ValueError
        hour, minute, second, thousandths = found.groups()
        micros = int((thousandths or "0").ljust(3, "0")) * 1000
        moment = arrived.replace(
            hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=micros
        )
    except ValueError:
        raise ValueError(f'"{text}" is no time of day such as 10:04 or 10:04:02') from None
    if arrived - moment > timedelta(hours=12):
        moment += timedelta(days=1)
    return round(moment.timestamp() * 1000)


# ---- the most telling ones


def telling(timeline: Timeline) -> list[Change]:
    """Who was away although he could have served it; who came before it; its incident; one more agent.

    Nothing for a contact that never had to wait for anybody, nor for a text.
    """
    waited = any(step.look is not None and step.look.outcome == "nobody" for step in timeline.steps)
    if not waited and not timeline.heard:
        return []
    found = [*_away(timeline.spells), *_ahead(timeline), *_aside(timeline)]
    return list(dict.fromkeys(found))[:MOST]


_AWAY = (Rule.PAUSED, Rule.WRAP_UP)


def _away(spells: Iterable[Spell]) -> Iterator[Change]:
    """The one who was away longest."""
    mine = [one for one in spells if one.bars and all(bar.rule in _AWAY for bar in one.bars)]
    if mine:
        longest = max(mine, key=lambda one: (one.until_ms - one.from_ms, -one.from_ms))
        yield Change(Kind.READY, agent=longest.agent, t_ms=longest.from_ms)


def _ahead(timeline: Timeline) -> Iterator[Change]:
    """The first that came later and was served before it, else the first that was served while it waited.

    And if a class or a head start put him there, without that.
    """
    later = [look for look in timeline.passed_over if look.rivals[0].contact > timeline.contact]
    for look in (later or timeline.passed_over)[:1]:
        rival = look.rivals[0]
        yield Change(Kind.WITHOUT, contact=rival.contact)
        if rival.class_of == "asked" or rival.head_start_ms:
            yield Change(Kind.PLAIN, contact=rival.contact)


def _aside(timeline: Timeline) -> Iterator[Change]:
    for incident in timeline.heard[:1]:
        yield Change(Kind.NO_INCIDENT, incident=incident)
    agents: list[Any] = [step.look.agent for step in timeline.steps if step.look and step.look.choice]
    for agent in agents[-1:]:
        yield Change(Kind.MORE, agent=agent)
