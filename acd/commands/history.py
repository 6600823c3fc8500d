"""What happened to a contact, in words: the details of a fact, and how it ended."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from acd.core.facts import ENDINGS

Json = Mapping[str, Any]

A_MOMENT_MS = 1_000_000_000_000
"""From here on a number of milliseconds is a moment (2001 and later), below it a length."""

HIDDEN = ("contact", "visit", "first")
"""What says nothing to an operator."""

EMPTY: tuple[object, ...] = ("", None, False, [])

_ENDINGS = {kind.__name__ for kind in ENDINGS}


def details(kind: str, fact: Json) -> str:
    """`line help, wait 12 s`; what is empty or does not hold is left out."""
    if kind == "Treated":
        return _treated(fact)
    if kind == "KeyChosen":
        return f"{fact['treatment']}: key {fact['key']}"
    if kind == "NoKey":
        return f"{fact['treatment']}: none in time"
    if kind == "ConditionAsked":
        asked = f"{fact['condition']} {_least(fact)}".strip()
        return f"{_where(fact)}: {asked}? {'yes' if fact['held'] else 'no'}"
    if kind == "WaitTold":
        return _wait_told(fact)
    if kind == "Collected" and not fact["digits"]:
        return f"{fact['name']}: nothing typed"
    if kind == "PreferredHeld":
        return _held(fact)
    shown = ((key, value) for key, value in fact.items() if key not in HIDDEN and value not in EMPTY)
    return ", ".join(_pair(key, value) for key, value in shown)


def ending(history: Sequence[Json]) -> str:
    """How it ended, of one that is over; empty if that is not in its history any more."""
    ends = [one for one in history if one["kind"] in _ENDINGS]
    if not ends:
        return ""
    fact = ends[-1]["fact"]
    how = fact.get("by") or fact.get("kind") or fact.get("stage") or ""
    return f"{ends[-1]['kind'].lower()} ({how})" if how else ends[-1]["kind"].lower()


def _treated(fact: Json) -> str:
    parts = [_where(fact) if fact["treatment"] else "text or music of its line, or of an incident"]
    if fact["says"]:
        language = f" in {fact['language']}" if fact["language"] else ""
        parts.append(f"says {', '.join(fact['says'])}{language}")
    if fact["keys"]:
        parts.append("asks for " + " or ".join(fact["keys"]))
    if fact["music"]:
        parts.append(f"music {fact['music']}")
    return "; ".join(parts)


def _held(fact: Json) -> str:
    """An entry of before says nothing of a talk."""
    since_ms = fact.get("spoke_ms")
    why = f", who spoke with this person last, {_moment(since_ms)}" if since_ms else ""
    return f"for {fact['agent']}{why}, until {_moment(fact['until_ms'])}"


def _wait_told(fact: Json) -> str:
    low_s, expected_s, high_s = (round(fact[f"{name}_ms"] / 1000) for name in ("low", "expected", "high"))
    return f"line {fact['line']}, minutes {fact['minutes']}, {expected_s} s, {low_s} to {high_s} s"


def _where(fact: Json) -> str:
    return f"{fact['treatment']}, steps[{fact['step']}]"


def _least(fact: Json) -> str:
    least = fact["least"]
    if not least:
        return ""
    return f"{least / 1000:g} s" if fact["condition"] in ("waited", "expected_wait") else str(least)


def _pair(key: str, value: object) -> str:
    if value is True:
        return key.replace("_", " ")
    if key.endswith("_ms") and isinstance(value, int):
        if value >= A_MOMENT_MS:
            return f"{_plain(key)} {_moment(value)}"
        return f"{_plain(key)} {value / 1000:g} s"
    if isinstance(value, list):
        return f"{key} {', '.join(map(str, value))}"
    return f"{_plain(key)} {value}"


def _moment(t_ms: int) -> str:
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _plain(key: str) -> str:
    return key.removesuffix("_ms").replace("_", " ")
