"""The golden set of the KPI definitions as a story told to the engine, and the same as segments."""

from collections.abc import Callable, Sequence

from acd.core import events
from acd.core.facts import Fact
from acd.kpi.ledger import Ledger, Outcome, Segment
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import Calendar, CalendarId, Desk, Incident, IncidentId, IncidentMode

ANSWERED = (3, 8, 12, 19, 20, 25, 44, 90)
ABANDONED = (2, 4, 11, 35, 70)
VOICEMAIL, CALLBACK = 60, 40
TEXT = (9, 14)
SECOND = 1_000
APART = 200 * SECOND
"""Contacts come so far apart that each waits for the one agent alone."""


def told(make: Callable[[Desk], Story] = Story) -> tuple[list[Fact], Story]:
    """The facts of the 18 contacts, decided by the engine, and their desk."""
    never = Calendar(CalendarId("never"), ())
    night = line("night", hours=never.id)
    story = make(desk(line("help"), night, agent("anna"), calendars=(never,)))
    story.ready(0, "anna")
    story.at(0, events.AgentPaused(AgentId("anna"), "break"))
    now = APART
    for wait in ANSWERED:
        _answered(story, now, wait * SECOND)
        now += APART
    for wait in ABANDONED:
        number = story.arrive(now)
        story.leave(now + wait * SECOND, number)
        now += APART
    for wait, kind in ((VOICEMAIL, "voicemail"), (CALLBACK, "callback")):
        number = story.arrive(now)
        story.at(now + wait * SECOND, events.ContactDiverted(events.ContactId(number), kind))  # type: ignore[arg-type]
        now += APART
    story.arrive(now, "night")
    _incident(story, now + APART)
    return story.facts, story


def _answered(story: Story, now: int, wait_ms: int) -> None:
    anna = AgentId("anna")
    number = story.arrive(now)
    story.at(now + wait_ms, events.AgentReady(anna))
    story.accept(now + wait_ms, "anna")
    story.at(now + wait_ms + SECOND, events.AgentPaused(anna, "break"))
    story.release(now + wait_ms + 60 * SECOND, number, "anna")


def _incident(story: Story, now: int) -> None:
    outage = Incident(
        id=IncidentId("vpn"), greeting="vpn", mode=IncidentMode.INFORM, expires_ms=START_MS + now + APART
    )
    story.at(now, events.IncidentDeclared(outage))
    for seconds in TEXT:
        number = story.arrive(now)
        story.leave(now + seconds * SECOND, number)
        now += 20 * SECOND


def segments(facts: Sequence[Fact], story: Story) -> list[Segment]:
    """The 18 contacts, folded."""
    found: list[Segment] = []
    ledger = Ledger(found.append)
    ledger.take(facts)
    ledger.close(START_MS + story.now)
    return found


def segment(outcome: Outcome, wait_s: float = 0, **said: object) -> Segment:
    """A segment that queued at 0 and came to this outcome after `wait_s`."""
    wait_ms = round(wait_s * SECOND)
    made = Segment(1, "", "acme", "help", VOICE, "help", False, 0, wait_ms=wait_ms, ended_ms=wait_ms)
    made.outcome = outcome
    if outcome is Outcome.ANSWERED:
        made.answered_ms = wait_ms or 1
    for name, value in said.items():
        setattr(made, name, value)
    return made


def set_of_segments() -> list[Segment]:
    """The golden set without an engine."""
    return [
        *(segment(Outcome.ANSWERED, wait) for wait in ANSWERED),
        *(segment(Outcome.ABANDONED, wait) for wait in ABANDONED),
        segment(Outcome.FLOWED_OUT, VOICEMAIL, kind="voicemail"),
        segment(Outcome.FLOWED_OUT, CALLBACK, kind="callback"),
        segment(Outcome.BLOCKED),
        *(segment(Outcome.INCIDENT, wait) for wait in TEXT),
    ]
