"""The check for circles, against a walk that knows the rules of treatments a second time."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.build import build_site
from config.documents import Document
from config.load import defaults
from config.table import Reading, Table
from tests.config.conftest import SMALL

TREATMENTS = ("a", "b", "c")
LINES = ("help", "other", "third")
RESTS = {"music", "menu", "enqueue", "record", "park", "end"}
SAYS = {"en": "Hello", "de": "Hallo"}

Tree = dict[str, Any]
At = tuple[str, int, str, str]
"""Treatment, step, `before`, `away` or `in`, line."""


def _steps() -> st.SearchStrategy[Tree]:
    to, line = st.sampled_from(TREATMENTS), st.sampled_from(LINES)
    plain: list[Tree] = [
        {"say": SAYS},
        {"position": True},
        {"expected_wait": True},
        {"park": "callback"},
        {"park": "voicemail"},
        {"record": True},
        {"collect": SAYS, "name": "customer", "most": 3},
        {"end": True},
        {"enqueue": True},
    ]
    music: list[Tree] = [{"music": "default"}, {"music": "default", "for": 1}]
    conditions: list[Tree] = [
        {"when": "vip"},
        {"when": "closed"},
        {"when": "callback"},
        {"when": "waited", "least": 1},
        {"when": "expected_wait", "least": 1},
    ]
    return st.one_of(
        st.sampled_from([*plain, *music]),
        line.map(lambda name: {"enqueue": name}),
        to.map(lambda name: {"then": name}),
        to.map(lambda name: {"menu": SAYS, "keys": {"1": name}}),
        st.tuples(st.sampled_from(conditions), to).map(lambda pair: {**pair[0], "then": pair[1]}),
    )


@st.composite
def sites(draw: st.DrawFn) -> Tree:
    """The small site with three lines and three treatments that lead anywhere."""
    tree = tomllib.loads(SMALL)
    help_line = tree["lines"]["help"]
    maybe = st.none() | st.sampled_from(TREATMENTS)
    treated = st.sampled_from(TREATMENTS).map(lambda name: {"treatment": name})
    tree["treatments"] = {
        name: {"steps": draw(st.lists(_steps(), min_size=1, max_size=3))} for name in TREATMENTS
    }
    for number, name in enumerate(LINES):
        line = tree["lines"][name] = dict(help_line)
        voice = tree["entries"]["voice"][str(number)] = {"line": name}
        later = st.sampled_from(LINES[number + 1 :] or ("release",))
        for table in (line, voice):
            if (treatment := draw(maybe)) is not None:
                table["treatment"] = treatment
        for key in ("when_full", "when_closed"):
            line[key] = draw(st.one_of(st.just("release"), later, treated))
        line |= {"hours": name, "max_length": 1, "max_wait": 9}
        tree["calendars"][name] = {}
        line["when_waited"] = draw(st.just("release") | later)
    return tree


def ways(tree: Tree, at: At) -> Iterator[tuple[At, bool]]:
    """Where the engine may go on from there, and whether that takes time."""
    name, number, where, line = at
    steps = tree["treatments"][name]["steps"]
    step: Tree = steps[number] if number < len(steps) else {"over": True}
    later = tree["lines"].get(line, {}).get("when_waited", "release")
    if (
        where == "in"
        and later != "release"
        and {"music", "menu", "enqueue", "record", "park", "end"} & step.keys()
    ):
        yield (name, number, where, later), True
    if "over" in step and where == "in":
        own = tree["lines"].get(line, {}).get("treatment", name)
        yield from [((own, 0, where, line), False)] if own != name else []
    elif "enqueue" in step or ("over" in step and where == "before"):
        yield from entering(tree, at, step)
    elif "over" not in step:
        yield from walking(step, at)


def walking(step: Tree, at: At) -> Iterator[tuple[At, bool]]:
    name, number, where, line = at
    on = (name, number + 1, where, line)
    if "menu" in step:
        yield on, True
        yield (step["keys"]["1"], 0, where, line), True
    elif "music" in step and (where != "in" or "for" in step):
        yield on, "for" in step
    elif {"record", "collect"} & step.keys():
        yield on, True
    elif {"when", "say", "position", "expected_wait", "park"} & step.keys():
        yield on, False
    if "then" in step and (where == "in" or step.get("when", "vip") in ("vip", "closed", "expected_wait")):
        yield (step["then"], 0, where, line), False


def entering(tree: Tree, at: At, step: Tree) -> Iterator[tuple[At, bool]]:
    """By a step, or at the end of a treatment before the line."""
    name, number, where, line = at
    wanted = line if step.get("enqueue", True) is True else step["enqueue"]
    after = number if "over" in step else number + 1
    if where == "in":
        yield (name, after, where, line), False
    if where == "in" and wanted == line:
        return
    for taker in handed(tree, wanted):
        yield (name, after, "in", taker), False
        refusals = (tree["lines"][taker][key] for key in ("when_full", "when_closed"))
        for way in refusals if where == "before" else ():
            if isinstance(way, dict):
                yield (way["treatment"], 0, "away", line), False


def handed(tree: Tree, line: str) -> set[str]:
    """The line, and those to which it may hand on; they lead to later ones only."""
    on = (tree["lines"].get(line, {}).get(key) for key in ("when_full", "when_closed"))
    return {line} | {
        taker for to in on if isinstance(to, str) and to != "release" for taker in handed(tree, to)
    }


def everywhere(tree: Tree, starts: set[At]) -> set[At]:
    """All places that can be reached."""
    found: set[At] = set()
    new = starts
    while new:
        found |= new
        new = {to for at in new for to, _ in ways(tree, at)} - found
    return found


def begins(tree: Tree) -> set[At]:
    found = set()
    for entry in tree["entries"]["voice"].values():
        if "treatment" in entry:
            found.add((entry["treatment"], 0, "before", entry["line"]))
    for name, line in tree["lines"].items():
        if "treatment" in line:
            found.add((line["treatment"], 0, "in", name))
        for key in ("when_full", "when_closed"):
            if isinstance(line[key], dict):
                found.add((line[key]["treatment"], 0, "away", name))
    return found


def can_go_round(tree: Tree) -> bool:
    """Whether somebody could take more steps without time than there are places."""
    there = everywhere(tree, begins(tree))
    unused = set(TREATMENTS) - {at[0] for at in there}
    there |= everywhere(tree, {(name, 0, "in", "") for name in unused})
    walkers = there
    for _ in there:
        walkers = {to for at in walkers for to, takes_time in ways(tree, at) if not takes_time}
    return bool(walkers)


@settings(max_examples=400, deadline=None)
@given(tree=sites())
def test_the_check_finds_a_circle_if_and_only_if_a_walk_can_go_round(tree: Tree) -> None:
    reading = Reading({"ACD_ANNA": "invented"})
    build_site([Document("site.toml", Table("site.toml", "", tree, reading))], reading, defaults(), ())
    assert all("a circle in which nothing takes time" in problem.reason for problem in reading.errors)
    assert bool(reading.errors) == can_go_round(tree)
