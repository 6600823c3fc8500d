"""Skills, skill groups and agents: who answers."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agents.skills import GROUP_PREFIX, MAX_LEVEL, MIN_LEVEL, AgentId, Alternative, SkillId
from config.schema import Nat, Phone
from config.table import Table
from queues.desk import Agent, Medium

_SIP_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}")


@dataclass(frozen=True, slots=True)
class People:
    """What lines may refer to. `groups` gives the alternative that a group stands for."""

    agents: tuple[Agent, ...]
    skills: Collection[str]
    """Declared skills and, as `group:NAME`, the groups named by their members."""
    groups: Mapping[str, Alternative]
    phones: Mapping[str, Phone]
    names: Mapping[AgentId, str]


def requirement(levels: Mapping[str, int]) -> Alternative:
    """`{network: 2}` as an alternative, sorted by skill."""
    return tuple((SkillId(skill), levels[skill]) for skill in sorted(levels))


def skill_levels(table: Table, key: str, skills: Collection[str]) -> dict[str, int]:
    """A table skill → level 1..9 whose skills are all known."""
    levels = table.integers(key, least=MIN_LEVEL, most=MAX_LEVEL)
    # An unknown skill is reported at its own key: `agents.anna.skills.netwrok`.
    inner = table.table(key)
    return {skill: level for skill, level in levels.items() if inner.known(skill, "skill", skill, skills)}


def read_people(
    agents: Mapping[str, Table],
    groups: Mapping[str, Table],
    declared: Collection[str],
    media: Collection[Medium],
) -> People:
    """Agents with the skills that their groups give them, and their phones."""
    alternatives: dict[str, Alternative] = {}
    memberships: dict[str, list[str]] = {agent: [] for agent in agents}
    for name, table in groups.items():
        alternatives[name] = _read_group(name, table, declared, memberships)
    by_members = (GROUP_PREFIX + name for name, table in groups.items() if "members" in table)
    phones: dict[str, Phone] = {}
    built, names = [], {}
    for name, table in agents.items():
        agent = AgentId(name)
        names[agent] = table.text("name", name)
        built.append(_read_agent(agent, table, declared, memberships[name], media))
        _read_phone(agent, table, phones)
    return People(tuple(built), dict.fromkeys((*declared, *by_members)), alternatives, phones, names)


def _read_group(
    name: str, table: Table, declared: Collection[str], memberships: dict[str, list[str]]
) -> Alternative:
    members = table.list_of_text("members", [])
    levels = skill_levels(table, "skills", declared)
    for member in members:
        if table.known("members", "agent", member, memberships):
            memberships[member].append(GROUP_PREFIX + name)
    if ("members" in table) == ("skills" in table):
        table.error("", "a group has either skills or members")
    elif not table.data.get("members") and not table.data.get("skills"):
        table.error("", "an empty group: nobody could ever be chosen")
    return requirement({GROUP_PREFIX + name: MIN_LEVEL} if members else levels)


def _read_agent(
    agent: AgentId,
    table: Table,
    declared: Collection[str],
    memberships: list[str],
    media: Collection[Medium],
) -> Agent:
    levels = skill_levels(table, "skills", declared) | dict.fromkeys(memberships, MIN_LEVEL)
    capacity = table.integers("capacity", least=1, most=1000)
    inner = table.table("capacity")
    slots = tuple(
        (Medium(medium), capacity[medium])
        for medium in capacity
        if inner.known(medium, "medium", medium, media)
    )
    return Agent(id=agent, skills=requirement(levels), capacity=tuple(sorted(slots)))


def _read_phone(agent: AgentId, table: Table, phones: dict[str, Phone]) -> None:
    user, nat = table.text("phone", ""), table.choice("phone_nat", Nat, Nat.ALWAYS)
    secret = table.secret("password", required=bool(user))
    if not user:
        if secret:
            table.error("phone", "missing key (there is a password but no phone)")
    elif not _SIP_USER.fullmatch(user):
        table.error("phone", f'"{user:.40}" is not a SIP user: letters, digits, "-", "_", "." and "+" only')
    elif user in phones:
        table.error("phone", f'"{user}" is the phone of {phones[user].agent} already')
    else:
        phones[user] = Phone(user, agent, secret, nat)
