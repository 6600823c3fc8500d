"""What `acd contact` says of each fact: in words, and nothing that says nothing."""

from typing import Any

import pytest

from acd.commands.history import details, ending


def treated(**said: Any) -> dict[str, Any]:
    plain = {"treatment": "", "step": 0, "says": [], "music": "", "keys": "", "language": "", "first": False}
    return {"contact": 7, "visit": 2, **plain, **said}


@pytest.mark.parametrize(
    ("kind", "fact", "said"),
    [
        (
            "Treated",
            treated(
                treatment="welcome", step=1, says=["hello", "ask"], music="calm", keys="12", language="en"
            ),
            "welcome, steps[1]; says hello, ask in en; asks for 1 or 2; music calm",
        ),
        ("Treated", treated(music="calm"), "text or music of its line, or of an incident; music calm"),
        ("KeyChosen", {"treatment": "welcome", "visit": 1, "key": "1"}, "welcome: key 1"),
        (
            "PreferredHeld",
            {"contact": 7, "agent": "anna", "until_ms": 1_796_132_756_528, "spoke_ms": 1_796_046_356_000},
            "for anna, who spoke with this person last, 2026-11-30 13:45:56, until 2026-12-01 13:45:56",
        ),
        (
            "PreferredHeld",
            {"contact": 7, "agent": "anna", "until_ms": 1_796_132_756_528},
            "for anna, until 2026-12-01 13:45:56",
        ),
        ("NoKey", {"treatment": "welcome", "visit": 1}, "welcome: none in time"),
        (
            "ConditionAsked",
            {"treatment": "waiting", "step": 2, "condition": "callback", "least": 0, "held": False},
            "waiting, steps[2]: callback? no",
        ),
        (
            "ConditionAsked",
            {"treatment": "waiting", "step": 2, "condition": "waited", "least": 90_000, "held": True},
            "waiting, steps[2]: waited 90 s? yes",
        ),
        (
            "Parked",
            {"contact": 7, "line": "help", "wait_ms": 1_500, "until_ms": 1_796_132_756_528, "again": False},
            "line help, wait 1.5 s, until 2026-12-01 13:45:56",
        ),
        (
            "Reachable",
            {"agent": "anna", "media": ["voice", "mail"], "again": True},
            "agent anna, media voice, mail, again",
        ),
    ],
)
def test_a_fact_in_words(kind: str, fact: dict[str, Any], said: str) -> None:
    assert details(kind, fact) == said


@pytest.mark.parametrize(
    ("kind", "fact", "said"),
    [
        ("Released", {"by": "full"}, "released (full)"),
        ("Abandoned", {"stage": "greeting"}, "abandoned (greeting)"),
        ("FlowedOut", {"kind": "voicemail"}, "flowedout (voicemail)"),
        ("Queued", {"cause": "arrived"}, ""),
    ],
)
def test_how_it_ended(kind: str, fact: dict[str, Any], said: str) -> None:
    assert ending([{"kind": "Arrived", "fact": {}}, {"kind": kind, "fact": fact}]) == said
