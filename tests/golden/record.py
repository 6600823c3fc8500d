"""Records journals of events with the facts that came of them: `python -m tests.golden.record FOLDER`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random

from acd.core.engine import Engine
from acd.core.events import Event
from acd.journal.codec import decode_event, decode_facts
from acd.testing.story import agent, desk, entry, line
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import (
    Calendar,
    CalendarId,
    Desk,
    EntryId,
    LineId,
    Medium,
    Overflow,
    Promotion,
    Way,
    WrapUpRule,
)
from simulation.draws import Day
from simulation.driver import START_MS
from simulation.laws import exponential, fixed, lognormal
from simulation.scenario import Duty, Habits, Handling, Redial, Scenario, Stream, Surge
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk
from tests.golden.comparison import Step, packed
from tests.simulation.random_scenario import random_scenario
from tests.simulation.recording import played

S, MIN, HOUR = 1_000, 60_000, 3_600_000
OPENS_MS, NOON_MS, CLOSES_MS = START_MS + 8 * HOUR, START_MS + 12 * HOUR, START_MS + 17 * HOUR
CODES = ("solved", "passed on")
OFFICE = CalendarId("office")


def journals() -> Iterator[tuple[str, list[Step]]]:
    """Name and steps of each: a day, three random hours, random moves with deadlines on time and late."""
    yield "day", simulated(working_day())
    for seed in (3, 8, 21):
        yield f"hour-{seed}", simulated(random_scenario(seed))
    for seed in range(100, 103):
        yield f"moves-on-time-{seed}", moved(seed, late_ticks=False)
        yield f"moves-late-{seed}", moved(seed, late_ticks=True)


def simulated(scenario: Scenario) -> list[Step]:
    """What the world told the engine in this scenario, and the deadlines, on time."""
    found = played(scenario, Day(scenario, 1, 0))
    return [Step(one.t_ms, decode_event(one.event), decode_facts(one.facts)) for one in found]


def moved(seed: int, *, late_ticks: bool) -> list[Step]:
    """1,200 events and a few more of random moves on a random desk."""
    rng, play = Random(seed), Play(random_desk(seed), thorough=False, late_ticks=late_ticks)
    while len(play.journal) < 1_200:
        random_move(play, rng)
    return told(play.journal)


def told(events: Iterable[tuple[int, Event]]) -> list[Step]:
    """What a fresh engine makes of them."""
    engine = Engine()
    return [Step(t_ms, event, list(engine.handle(event, t_ms).facts)) for t_ms, event in events]


def working_day() -> Scenario:
    """Calls, VIPs, mails, a second level, codes, calls not answered, pauses, and an incident at noon."""
    opened = office()
    return Scenario(
        name="a working day",
        desk=opened,
        start_ms=OPENS_MS,
        interval_ms=30 * MIN,
        intervals=18,
        streams=streams(),
        handling=handling(),
        duties=tuple(duty(one.id, number) for number, one in enumerate(opened.agents)),
        habits=Habits(lognormal(4 * S, 0.5), 0.04, fixed(40 * S), exponential(90 * MIN), fixed(4 * MIN)),
        surge=Surge(
            NOON_MS, NOON_MS + HOUR, 1.8, (LineId("help"),), NOON_MS + 4 * MIN, deflect=0.3
        ),
        run_on_ms=30 * MIN,
    )  # fmt: skip


def office() -> Desk:
    """Two voice lines and a second level, and mails that a call may interrupt."""
    hours = Calendar(OFFICE, ((OPENS_MS, CLOSES_MS),))
    overflow = Way(Overflow.LINE, LineId("vip"))
    coded = WrapUpRule(ms=25 * S, codes=CODES, code_required=True, max_extension_ms=60 * S)
    both = ((VOICE, 1), (MAIL, 1))
    return desk(
        line(hours=OFFICE, max_wait_ms=4 * MIN, max_length=9, when_waited=overflow, wrap_up=coded,
             greeting="hello", greeting_mandatory=True, announce_every_ms=60 * S, retry_tried_ms=20 * S),
        line("vip", priority_class=2, ring_at_once=2, wrap_up=WrapUpRule(ms=10 * S)),
        line("expert", "second", hours=OFFICE, level=2, wrap_up=coded),
        line("mails", "mail", priority_class=7, target_ms=60 * MIN, calendar=OFFICE,
             promotion=Promotion(20 * MIN, 3), wrap_up=WrapUpRule(ms=15 * S)),
        *(agent(f"both{number}", *both, help=1 + number % 3, mail=1) for number in range(4)),
        *(agent(f"expert{number}", *both, help=2, second=3) for number in range(2)),
        entry("hotline", "vip", priority_class=1),
        calendars=(hours,),
        pause_reasons=("break", "coffee"),
        interrupts=((VOICE, MAIL),),
    )  # fmt: skip


def streams() -> tuple[Stream, ...]:
    """About 500 calls and 60 mails."""
    shape = (12, 20, 34, 40, 40, 36, 32, 26, 24, 24, 26, 32, 34, 32, 28, 22, 16, 10)
    calls = Stream(
        "calls", EntryId("help"), tuple(map(float, shape)), patience=exponential(150 * S),
        vip_share=0.08, vip_entry=EntryId("hotline"),
        redial=Redial(0.5, exponential(6 * MIN), 3, 0.2, EntryId("mails mail")),
    )  # fmt: skip
    mails = Stream("mails", EntryId("mails mail"), tuple(one / 9 for one in shape), backlog=6)
    return calls, mails


def handling() -> Mapping[tuple[LineId, Medium], Handling]:
    """Of each line, by either medium."""
    help_desk, vip, expert, mails = map(LineId, ("help", "vip", "expert", "mails"))
    talk = lognormal(150 * S, 0.7)
    wrap_up = lognormal(25 * S, 0.6)
    return {
        (help_desk, VOICE): Handling(talk, fixed(20 * S), wrap_up, "solved", 0.12, expert),
        (vip, VOICE): Handling(talk),
        (expert, VOICE): Handling(lognormal(240 * S, 0.6), None, wrap_up, "passed on"),
        (mails, MAIL): Handling(lognormal(300 * S, 0.5)),
    }


def duty(who: AgentId, number: int) -> Duty:
    """From eight to five, with a lunch that is another's work."""
    lunch_ms = START_MS + 11 * HOUR + number * 30 * MIN
    return Duty(who, OPENS_MS, CLOSES_MS, ((lunch_ms, lunch_ms + 30 * MIN),))


if __name__ == "__main__":
    for name, steps in journals():
        (Path(sys.argv[1]) / f"{name}.z").write_bytes(packed(steps))
