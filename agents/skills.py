"""Skills with levels, and what it means for an agent to meet a requirement."""

from collections.abc import Mapping
from typing import NewType

AgentId = NewType("AgentId", str)
SkillId = NewType("SkillId", str)

Requirement = tuple[SkillId, int]
"""A skill and the least level that will do (1 is the lowest level there is)."""

Alternative = tuple[Requirement, ...]
"""Requirements that must *all* be met, sorted by skill."""

MIN_LEVEL = 1
MAX_LEVEL = 9

GROUP_PREFIX = "group:"
"""Membership of a skill group named by its members is a skill of level 1 with this prefix."""


def meets(skills: Mapping[SkillId, int], alternative: Alternative) -> bool:
    """Whether somebody with `skills` satisfies every requirement of `alternative`."""
    return all(skills.get(skill, 0) >= level for skill, level in alternative)


def fitness(skills: Mapping[SkillId, int], alternatives: tuple[Alternative, ...]) -> int:
    """Sum of the agent's levels in the best alternative that he meets; 0 if he meets none.

    An empty alternative is met by everybody and counts 1, so that 0 always means "does not meet".
    """
    best = 0
    for alternative in alternatives:
        if meets(skills, alternative):
            best = max(best, 1 + sum(skills[skill] for skill, _ in alternative))
    return best
