"""An explanation as lines for a terminal, and as plain values for JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import to_builtins

from acd.core.engine import ENGINE_VERSION
from acd.why.explain import Explained
from acd.why.otherwise import Otherwise
from acd.why.phrases import IFS, LOOKS
from acd.why.telling import Teller, outcome
from acd.why.timeline import Look, Step

INDENT = " " * 14
MOST_OVERTAKERS = 3
"""So many are shown with their rank; of the others only that they were served."""
MOST_AGENTS = 20
"""Of so many it is shown where they were meanwhile."""


def page(told: Explained, otherwise: Sequence[Otherwise], language: str, zone: ZoneInfo) -> Iterator[str]:
    """The timeline, line by line."""
    teller = Teller(language, zone)
    yield f"{teller.say(LOOKS, 'head', contact=told.contact)} ({zone.key})"
    over = 0
    for step in told.timeline.steps:
        over += step.look is not None and step.look.outcome == "passed over"
        yield from _step(teller, step, brief=over > MOST_OVERTAKERS)
    yield from _meanwhile(teller, told)
    yield from _otherwise(teller, otherwise)
    yield from remarks(teller, told)


def _meanwhile(teller: Teller, told: Explained) -> Iterator[str]:
    spells = teller.spells(told.timeline.spells)
    if spells:
        yield f"{teller.say(LOOKS, 'meanwhile')}:"
    for agent, said in spells[:MOST_AGENTS]:
        yield f"  {agent}"
        yield from (f"    {one}" for one in said)
    if len(spells) > MOST_AGENTS:
        yield f"  {teller.say(LOOKS, 'more', count=len(spells) - MOST_AGENTS)} (--json)"


def _otherwise(teller: Teller, found: Sequence[Otherwise]) -> Iterator[str]:
    if found:
        yield f"{teller.say(IFS, 'head')}:"
    for one in found:
        first, *rest = teller.otherwise(one)
        yield f"  {first}"
        yield from (f"    {line}" for line in rest)
    if found:
        yield f"  {teller.say(IFS, 'limits')}"


def remarks(teller: Teller, told: Explained) -> Iterator[str]:
    """What must be known of the record."""
    if not told.ended:
        yield teller.say(LOOKS, "open")
    if told.older_versions:
        versions = ", ".join(map(str, told.older_versions))
        yield teller.say(LOOKS, "older", versions=versions, mine=ENGINE_VERSION)


def _step(teller: Teller, step: Step, *, brief: bool) -> Iterator[str]:
    """`brief`: who else overtook it is named in one line."""
    first, *rest = [teller.note(note) for note in step.notes]
    yield f"{teller.clock(step.t_ms):<13} {first}" + (f" [{step.by}]" if step.by else "")
    yield from (f"{INDENT}{one}" for one in rest)
    if step.look is not None and not (brief and step.look.outcome == "passed over"):
        yield from (f"{INDENT}  {one}" for one in teller.look(step.look))


def document(
    told: Explained, otherwise: Sequence[Otherwise], language: str, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything as plain values, with the sentences in the language."""
    teller = Teller(language, zone)
    return {
        "contact": told.contact,
        "language": language,
        "timezone": zone.key,
        "ended": told.ended,
        "entries": {"first": told.first_seq, "last": told.last_seq, "replayed": told.replayed},
        "steps": [_step_json(teller, step) for step in told.timeline.steps],
        "meanwhile": [{**to_builtins(one), "text": teller.bars(one.bars)} for one in told.timeline.spells],
        "otherwise": [
            {**to_builtins(one), "outcome": outcome(one), "text": teller.otherwise(one)} for one in otherwise
        ],
        "limits": teller.say(IFS, "limits"),
        "remarks": list(remarks(teller, told)),
    }


def _step_json(teller: Teller, step: Step) -> dict[str, Any]:
    notes = [{"key": one.key, "said": one.said, "text": teller.note(one)} for one in step.notes]
    look = None if step.look is None else _look_json(teller, step.look)
    return {"seq": step.seq, "by": step.by, "t_ms": step.t_ms, "notes": notes, "look": look}


def _look_json(teller: Teller, look: Look) -> Mapping[str, Any]:
    return {**to_builtins(look), "text": teller.look(look)}
