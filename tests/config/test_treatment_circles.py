"""Treatments that go round in a circle in which nothing takes time are refused, and no others."""

from collections.abc import Callable, Mapping

import pytest

from tests.config.conftest import SMALL

Said = Callable[..., tuple[list[str], list[str]]]

CIRCLE = "in a circle in which nothing takes time"
HELLO = '{ say = { en = "Hello", de = "Hallo" } }'
MENU = '{ menu = { en = "Which?", de = "Was?" }, keys = { 1 = "a" } }'
MUSIC = '{ music = "default", for = "1s" }'
FOR_GOOD = '{ music = "default" }'


def site(entry: str = "", line: str = "", **treatments: list[str]) -> str:
    """The small site with these treatments, of which its entry and its line have these."""
    return with_treatments(entry, line, treatments)


def with_treatments(entry: str, line: str, treatments: Mapping[str, list[str]]) -> str:
    text = SMALL.replace('target = "20s"', f'treatment = "{line}"') + f'treatment = "{entry}"\n'
    text += '[lines.other]\ntenant = "acme"\ngroups = ["experts"]\n'
    for name, steps in treatments.items():
        text += f"[treatments.{name}]\nsteps = [{', '.join(steps)}]\n"
    return text


def then(name: str) -> str:
    return f'{{ then = "{name}" }}'


def vip(name: str) -> str:
    return f'{{ when = "vip", then = "{name}" }}'


def told(said: Said, text: str) -> list[str]:
    return [error.removeprefix("site.toml: treatments.") for error in said(text)[0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (site("a", a=[HELLO, then("a")]), "a.steps[1]: goes {}: a → a"),
        (site("a", a=[then("b")], b=[vip("a"), MUSIC]), "b.steps[0]: goes {}: a → b → a"),
        (site("b", a=[then("b")], b=[vip("a"), MUSIC]), "b.steps[0]: goes {}: a → b → a"),
        (site(line="a", a=[then("b")], b=[HELLO]), "b: its end goes {}: a → b → a"),
        (
            site("b", line="a", a=[then("b")], b=[MUSIC, HELLO, then("c")], c=[vip("c")]),
            "c.steps[0]: goes {}: c → c",
        ),
        (site("a", a=[FOR_GOOD, then("a")]), "a.steps[1]: goes {}: a → a"),
        (
            site("a", a=["{ enqueue = true }", "{ park = 'callback' }", then("a")]),
            "a.steps[2]: goes {}: a → a",
        ),
        (site(a=[then("a")]), "a.steps[0]: goes {}: a → a"),
    ],
    ids=[
        "itself",
        "two",
        "two, begun with the other",
        "the line's own follows",
        "one beside what takes time",
        "music that is left out",
        "what does nothing in line",
        "nothing leads there",
    ],
)
def test_a_circle_is_named_from_its_first_treatment_where_it_leads_back_there(
    said: Said, text: str, message: str
) -> None:
    assert told(said, text) == [message.format(CIRCLE)]


@pytest.mark.parametrize(
    "text",
    [
        site("a", "a", a=[HELLO, MUSIC, then("a")]),
        site("a", "a", a=[MENU, then("a")]),
        site(line="a", a=[FOR_GOOD, then("a")]),
        site(line="a", a=[HELLO]),
        site("b", "a", a=[MUSIC, then("b")], b=[HELLO]),
        site("a", a=['{ when = "waited", least = 1, then = "a" }', '{ when = "callback", then = "a" }']),
        site("a", "a", a=["{ end = true }", then("a")]),
        site(line="a", a=["{ enqueue = 'other' }", "{ enqueue = 'help' }"]),
    ],
    ids=[
        "music",
        "menu",
        "music for good",
        "the line's own ends",
        "the line's own takes time",
        "what does not hold before the line",
        "end",
        "to and fro",
    ],
)
def test_what_takes_time_or_ends_is_no_circle(said: Said, text: str) -> None:
    assert told(said, text) == []


def test_two_lines_whose_treatments_send_to_each_other(said: Said) -> None:
    text = site(line="a", a=["{ enqueue = 'other' }"], b=["{ enqueue = 'help' }"])
    text = text.replace("[lines.other]", '[lines.other]\ntreatment = "b"')
    assert told(said, text) == [f"b: its end goes {CIRCLE}: a → b → a"]


def test_a_circle_by_a_line_that_takes_over_when_another_is_closed(said: Said) -> None:
    text = site(line="a", a=["{ enqueue = 'other' }"], b=["{ enqueue = 'help' }"])
    text = text.replace("[lines.other]", '[lines.other]\nhours = "office"\nwhen_closed = "third"')
    third = '[lines.third]\ntenant = "acme"\ngroups = ["experts"]\ntreatment = "b"\n'
    assert told(said, text + third) == [f"b: its end goes {CIRCLE}: a → b → a"]


def test_every_circle_is_told_once(said: Said) -> None:
    """However many lines lead there."""
    text = site("a", "b", a=[vip("a"), then("b")], b=[vip("b"), MUSIC])
    text = text.replace("[lines.other]", '[lines.other]\ntreatment = "b"')
    assert sorted(told(said, text)) == [
        f"a.steps[0]: goes {CIRCLE}: a → a",
        f"b.steps[0]: goes {CIRCLE}: b → b",
    ]


def test_a_chain_of_two_thousand_treatments_is_followed_to_its_end(said: Said) -> None:
    chain = {f"t{n}": [then(f"t{(n + 1) % 2000}")] for n in range(2000)}
    (error,) = told(said, with_treatments("t0", "", chain))
    assert error.startswith(f"t1999.steps[0]: goes {CIRCLE}: t0 → t1 → t2")
    assert told(said, with_treatments("t0", "", chain | {"t1999": [MUSIC]})) == []
