"""Random scenarios with everything that the model can play; the same seed gives the same scenario."""

from random import Random
from typing import Any

from msgspec.structs import replace

from acd.testing.story import agent, desk, entry, line
from agents.capacity import FAX, MAIL, VOICE
from agents.skills import AgentId
from queues.desk import (
    ALWAYS,
    Calendar,
    CalendarId,
    Desk,
    EntryId,
    Line,
    LineId,
    Medium,
    Overflow,
    Policy,
    Promotion,
    Relaxation,
    TalkLimit,
    Way,
    WrapUpRule,
)
from simulation.driver import START_MS
from simulation.laws import Law, empirical, exponential, fixed, gamma, lognormal
from simulation.scenario import Consulting, Duty, Habits, Handling, Redial, Scenario, Stream, Surge

S, MIN = 1_000, 60_000
INTERVALS, INTERVAL_MS = 4, 15 * MIN
END_MS = START_MS + INTERVALS * INTERVAL_MS


def random_scenario(seed: int) -> Scenario:
    """An hour of two voice lines, a second level and a mail line, all rules drawn."""
    rng, asking = Random(seed), Random(f"consults of {seed}")
    opened = random_desk(rng)
    return Scenario(
        name=f"random {seed}",
        desk=opened,
        start_ms=START_MS,
        interval_ms=INTERVAL_MS,
        intervals=INTERVALS,
        streams=random_streams(rng),
        handling={
            (one.id, medium): replace(random_handling(rng, one), consult=random_consult(asking, one, medium))
            for one in opened.lines
            for medium in (VOICE, MAIL, FAX)
        },
        duties=tuple(duty for one in opened.agents for duty in random_duties(rng, one.id)),
        habits=random_habits(rng),
        daily_cv=rng.choice((0.0, 0.2)),
        surge=random_surge(rng),
        run_on_ms=20 * MIN,
    )


def random_desk(rng: Random) -> Desk:
    on_call_out = Way(Overflow.LINE, LineId("vip"))
    hours = Calendar(CalendarId("office"), ((START_MS + 5 * MIN, END_MS - 10 * MIN),))
    calendar = rng.choice((ALWAYS, hours.id))
    limited = rng.random() < 0.5
    lines = (
        line(
            max_wait_ms=rng.choice((0, 90 * S)),
            max_length=rng.choice((0, 6)),
            when_waited=rng.choice((Way(), on_call_out)),
            when_full=rng.choice((Way(), on_call_out)),
            when_closed=rng.choice((Way(), on_call_out)),
            hours=calendar,
            relaxations=rng.choice(((), (Relaxation(20 * S, (agent("x", second=1).skills,)),))),
            talk_limit=TalkLimit(2 * MIN, "it lasts", MIN, 4 * MIN, LineId("expert")) if limited else None,
            target_warning_ms=5 * S if limited else 0,
            **random_rules(rng),
        ),
        line("vip", priority_class=2, **random_rules(rng)),
        replace(line("expert", "second", **random_rules(rng)), level=2),
        line(
            "mails",
            "mail",
            priority_class=7,
            target_ms=20 * MIN,
            calendar=calendar,
            promotion=rng.choice((None, Promotion(5 * MIN, 1))),
            **random_rules(rng),
        ),
    )
    many = rng.randrange(3, 8)
    both = ((VOICE, 1), (MAIL, rng.choice((1, 2))))
    people = [agent(f"both{number}", *both, help=1, mail=rng.randrange(1, 4)) for number in range(many)]
    people += [agent(f"expert{number}", *both, help=2, second=1) for number in range(2)]
    return desk(
        *lines,
        *people,
        entry("hotline", "vip", priority_class=1),
        calendars=(hours,),
        pause_reasons=rng.choice((("break",), ("break", "coffee"))),
        interrupts=rng.choice(((), ((VOICE, MAIL),))),
    )


def random_rules(rng: Random) -> dict[str, Any]:
    """Rules that every line may have."""
    return {
        "policy": rng.choice(tuple(Policy)),
        "ring_ms": rng.choice((8 * S, 20 * S)),
        "ring_at_once": rng.choice((1, 1, 2)),
        "retry_tried_ms": 15 * S,
        "wrap_up": rng.choice(
            (
                WrapUpRule(),
                WrapUpRule(ms=20 * S),
                WrapUpRule(ms=30 * S, codes=("a", "b"), max_extension_ms=15 * S),
                WrapUpRule(ms=10 * S, codes=("a", "b"), code_required=True, max_extension_ms=60 * S),
                WrapUpRule(codes=("a", "b"), code_required=True),
            )
        ),
        "greeting": rng.choice(("", "", "hello")),
        "greeting_mandatory": rng.random() < 0.5,
        "announce_every_ms": rng.choice((0, 12 * S)),
    }


def random_law(rng: Random, mean_ms: int) -> Law:
    return rng.choice(
        (
            fixed(mean_ms),
            exponential(mean_ms),
            lognormal(mean_ms, 0.8),
            gamma(mean_ms, 0.5),
            empirical([mean_ms // 2, mean_ms, 2 * mean_ms]),
        )
    )


def random_consult(rng: Random, one: Line, medium: Medium) -> Consulting | None:
    if one.id == "expert" or medium != VOICE or rng.random() < 0.5:
        return None
    return Consulting(0.3, LineId("expert"), random_law(rng, 30 * S), rng.choice((10, 60)) * S)


def random_handling(rng: Random, one: Line) -> Handling:
    escalated = one.id != "expert" and rng.random() < 0.5
    wraps_up = (one.wrap_up.ms or one.wrap_up.code_required) and rng.random() < 0.7
    return Handling(
        talk=random_law(rng, rng.choice((40, 120)) * S),
        hold=random_law(rng, 10 * S) if rng.random() < 0.4 else None,
        wrap_up=random_law(rng, 20 * S) if wraps_up else None,
        code=rng.choice(("", "b")) if one.wrap_up.codes else "",
        escalate=0.2 if escalated else 0.0,
        escalate_to=LineId("expert") if escalated else None,
    )


def random_streams(rng: Random) -> tuple[Stream, ...]:
    def expected(least: int, most: int) -> tuple[float, ...]:
        return tuple(float(rng.randrange(least, most)) for _ in range(INTERVALS))

    by_mail = rng.random() < 0.5
    redial = Redial(
        probability=0.6,
        delay=random_law(rng, 60 * S),
        most=rng.choice((2, 5)),
        other_share=0.3 if by_mail else 0.0,
        other_entry=EntryId("mails mail") if by_mail else None,
    )
    calls = Stream(
        "calls",
        EntryId("help"),
        expected(10, 50),
        talk_factor=rng.choice(((), (1.0, 1.5, 0.5, 1.0))),
        patience=rng.choice((None, random_law(rng, 45 * S))),
        vip_share=0.1,
        vip_entry=EntryId("hotline"),
        redial=rng.choice((None, redial)),
    )
    mails = Stream("mails", EntryId("mails mail"), expected(0, 15), backlog=rng.choice((0, 5)))
    fax = Stream("fax", EntryId("help fax"), expected(0, 3), patience=fixed(600 * S))
    return calls, mails, fax


def random_duties(rng: Random, who: AgentId) -> list[Duty]:
    middle_ms = START_MS + 30 * MIN
    lunch = ((START_MS + 10 * MIN, START_MS + 14 * MIN), (START_MS + 20 * MIN, middle_ms))
    first = Duty(who, START_MS - rng.choice((0, 5 * MIN)), middle_ms, rng.choice(((), lunch)))
    second = Duty(who, middle_ms + rng.choice((0, 3 * MIN)), END_MS + rng.choice((0, 10 * MIN)))
    return rng.choice(([first, second], [first, second], [second]))


def random_habits(rng: Random) -> Habits:
    return Habits(
        answer_delay=rng.choice((None, None, random_law(rng, 5 * S))),
        no_answer=rng.choice((0.0, 0.08)),
        back_after=rng.choice((None, fixed(40 * S))),
        pause_every=rng.choice((None, exponential(12 * MIN))),
        pause=fixed(2 * MIN),
    )


def random_surge(rng: Random) -> Surge | None:
    return rng.choice(
        (
            None,
            Surge(
                start_ms=START_MS + 18 * MIN,
                end_ms=START_MS + 40 * MIN,
                factor=rng.choice((0.5, 2.5)),
                lines=rng.choice(((), (LineId("help"),))),
                announced_ms=rng.choice((None, START_MS + 20 * MIN)),
                announcement_ms=12 * S,
                deflect=0.4,
                mandatory=rng.random() < 0.5,
                vip_exempt=rng.random() < 0.5,
            ),
        )
    )
