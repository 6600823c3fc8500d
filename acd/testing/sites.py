"""Small desks and sites for tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from acd.core.effects import Effect
from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from config.api_tokens import ApiToken
from config.schema import ApiSettings, JournalKind, Names, ServerSettings, Site
from queues.desk import Agent, Desk, Entry, EntryId, Line, LineId, Medium, Tenant, TenantId, WrapUpRule

TENANT = TenantId("nordwind")
LINE = LineId("helpdesk")
SKILL = SkillId("german")
NUMBER = EntryId("voice:+49 30 555 0101")

OneEffect = TypeVar("OneEffect", bound=Effect)


def small_line(line: LineId = LINE, *, skill: SkillId = SKILL, level: int = 1, wrap_up_ms: int = 0) -> Line:
    """A line that needs one skill."""
    return Line(line, TENANT, (((skill, level),),), wrap_up=WrapUpRule(ms=wrap_up_ms))


def small_desk(
    agents: Sequence[str] = ("anna", "bert"), *, lines: Sequence[Line] = (), medium: Medium = VOICE
) -> Desk:
    """One tenant; `agents` who all have SKILL and one place for `medium`; an entry for the first line."""
    served = tuple(lines) or (small_line(),)
    return Desk(
        tenants=(Tenant(TENANT),),
        lines=served,
        entries=(Entry(NUMBER, TENANT, served[0].id, medium),),
        agents=tuple(Agent(AgentId(name), ((SKILL, 5),), ((medium, 1),)) for name in agents),
    )


def small_site(
    data_dir: Path,
    desk: Desk | None = None,
    *,
    journal: JournalKind = JournalKind.SQLITE,
    drain_ms: int = 500,
    tokens: Sequence[ApiToken] = (),
) -> Site:
    """A site with that desk, no channels, the API on a free port of the loopback."""
    api = ApiSettings("127.0.0.1", 0, None, tuple(tokens))
    return Site(
        desk=desk or small_desk(),
        calendars=(),
        server=ServerSettings(data_dir, journal, drain_ms, 0, "UTC", api),
        names=Names({}, {}, {}, {}),
        languages=("en",),
        line_languages={},
        prompts={},
        music={},
        phones={},
        channels={},
    )
