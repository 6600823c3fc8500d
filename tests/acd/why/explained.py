"""A story, and what is explained of it: in memory, or from a journal on disk."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from acd.core import events
from acd.core.engine import Engine
from acd.core.facts import Fact
from acd.testing.story import Story
from acd.why.telling import Teller
from acd.why.timeline import Look, Timeline
from acd.why.verdict import Verdict
from acd.why.watched import watched
from queues.desk import Desk

SECOND = 1_000
UTC = ZoneInfo("UTC")


class Remembered(Story):
    """A story that keeps its events."""

    def __init__(self, opened: Desk, **how: Any) -> None:
        self.past: list[tuple[int, events.Event]] = []
        super().__init__(opened, **how)

    def _handle(self, event: events.Event) -> None:
        self.past.append((self.start_ms + self.now, event))
        super()._handle(event)


def timelines(past: Sequence[tuple[int, events.Event]], numbers: Sequence[int]) -> dict[int, Timeline]:
    """Of each of these contacts, by one replay."""
    made = {number: Timeline(number) for number in numbers}

    def saw(fact: Fact) -> None:
        for one in made.values():
            one.saw(engine.state, fact)

    engine = watched(Engine(), saw)
    for seq, (t_ms, event) in enumerate(past, 1):
        for one in made.values():
            one.before(seq, "", event)
        told = engine.handle(event, t_ms).facts
        for one in made.values():
            one.after(engine, told)
    for one in made.values():
        one.close(engine.state.now_ms)
    return made


def timeline(story: Remembered, number: int) -> Timeline:
    return timelines(story.past, [number])[number]


def looks(found: Timeline, outcome: str) -> list[Look]:
    return [step.look for step in found.steps if step.look is not None and step.look.outcome == outcome]


def why_not(look: Look, agent: str) -> list[str]:
    """The rules that kept him."""
    one: Verdict = next(one for one in look.verdicts if one.agent == agent)
    return [bar.rule.value for bar in one.bars]


def sentences(found: Timeline, language: str = "en") -> list[str]:
    """Everything that is said, one line each."""
    teller = Teller(language, UTC)
    said: list[str] = []
    for step in found.steps:
        said += [teller.note(note) for note in step.notes]
        said += teller.look(step.look) if step.look is not None else []
    for agent, told in teller.spells(found.spells):
        said += [f"{agent}: {one}" for one in told]
    return said
