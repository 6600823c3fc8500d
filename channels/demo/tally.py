"""What the demonstration showed: contacts from the desk's own facts, audio from what both sides heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from acd.commands.client import Client, ClientError
from acd.core.facts import ENDINGS

NEAR_HZ = 15
"""Tones are 25 Hz apart at least; a spectrum of 0.6 s is exact to 2 Hz."""

LIVE = tuple(str(ending.__struct_config__.tag) for ending in ENDINGS)


@dataclass(slots=True)
class Tally:
    """Counts of contacts, waits of the answered ones in milliseconds, and everything that went wrong."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    audio_verified: int = 0
    lost: int = 0
    declared: int = 0
    heard: int = 0
    linked: int = 0
    cleared: int = 0
    vips: int = 0
    vips_answered: int = 0
    promised: int = 0
    kept: int = 0
    waits_ms: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @classmethod
    def take(cls, client: Client, reports: Sequence[Mapping[str, Any]], done: Sequence[str]) -> Self:
        """From the facts of every contact, the phones' reports, and what the supervisor has done."""
        tally = cls()
        tally.declared, tally.cleared = done.count("declared"), done.count("cleared")
        for history in _histories(client):
            tally.count(history)
        tally.errors += [str(report["error"]) for report in reports if "error" in report]
        tally.left_out = [str(report["left_out"]) for report in reports if "left_out" in report]
        tally.audio_verified = heard_each_other(reports)
        return tally

    def count(self, history: Sequence[Mapping[str, Any]]) -> None:
        """One more contact; `history` are its facts as the API shows them."""
        kinds = {fact["kind"] for fact in history}
        self.offered += "Queued" in kinds
        self.abandoned += "Abandoned" in kinds
        self.lost += not kinds.intersection(LIVE)
        self.heard += "Informed" in kinds
        self.linked += "Linked" in kinds
        self.promised += "Parked" in kinds
        self.kept += any(fact["kind"] == "CallbackOver" and fact["fact"]["kept"] for fact in history)
        if any(fact["kind"] == "Arrived" and fact["fact"]["vip"] for fact in history):
            self.vips += 1
            self.vips_answered += "Answered" in kinds
        answers = [fact for fact in history if fact["kind"] == "Answered"]
        if answers:
            self.answered += 1
            self.waits_ms.append(answers[0]["fact"]["wait_ms"])

    def good(self) -> bool:
        """Whether everything went as it should."""
        return not self.errors and not self.lost and self.answered > 0

    def as_json(self) -> dict[str, Any]:
        sip = {name: getattr(self, name) for name in ("offered", "answered", "abandoned", "audio_verified")}
        waits = sorted(self.waits_ms)
        wait_ms = {
            name: _quantile(waits, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
        }
        return {
            "contacts": {"sip": sip},
            "wait_ms": wait_ms,
            "incident": {
                "declared": self.declared,
                "heard": self.heard,
                "linked": self.linked,
                "cleared": self.cleared,
            },
            "vip": {"offered": self.vips, "answered": self.vips_answered},
            "callback": {"promised": self.promised, "kept": self.kept},
            "lost": self.lost,
            "errors": self.errors,
            "left_out": self.left_out,
        }

    def as_text(self) -> str:
        """A few lines for people."""
        wait = self.as_json()["wait_ms"]
        lines = [
            f"calls: {self.offered} offered, {self.answered} answered, {self.abandoned} abandoned",
            f"audio: both sides heard each other's tone in {self.audio_verified} calls",
            f"waits: half of the answered ones at most {wait['p50']} ms, the longest {wait['max']} ms",
            f"incident: declared {self.declared}, heard by {self.heard} callers, cleared {self.cleared}",
            f"its end: {self.linked} callers were to be told",
            f"VIPs:  {self.vips} called, {self.vips_answered} answered",
            f"callbacks: {self.promised} promised, {self.kept} kept",
            f"lost:  {self.lost}",
        ]
        lines += [f"error: {error}" for error in self.errors]
        lines += [f"note:  {reason}" for reason in self.left_out]
        return "\n".join(lines) + "\n"


def heard_each_other(reports: Sequence[Mapping[str, Any]]) -> int:
    """Calls of which both sides reported the other's tone as the loudest one; each report counts once."""
    heard = [report for report in reports if report.get("heard_hz")]
    agents = [report for report in heard if report["role"] == "agent"]
    found = 0
    for caller in (report for report in heard if report["role"] == "caller"):
        for agent in agents:
            if _near(caller["hz"], agent["heard_hz"]) and _near(agent["hz"], caller["heard_hz"]):
                agents.remove(agent)
                found += 1
                break
    return found


def _near(a_hz: int, b_hz: int) -> bool:
    return abs(a_hz - b_hz) <= NEAR_HZ


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _histories(client: Client) -> list[Sequence[Mapping[str, Any]]]:
    """The facts of contact 1, 2, … until there is none."""
    found: list[Sequence[Mapping[str, Any]]] = []
    while True:
        try:
            found.append(client.get(f"/contacts/{len(found) + 1}")["history"])
        except ClientError:
            return found
