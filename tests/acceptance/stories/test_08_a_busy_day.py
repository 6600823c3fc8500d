"""A busy day with all of it at once: under both drivers, from its events alone, and restored on the way.

Ten hours of calls and mails: VIPs, a second level that is asked and handed to, menus, callbacks in both
orders, messages, an incident, hours, agents who miss calls, pause, and go home with work in hand.
What it costs against a state before: `python bench/ab.py BEFORE AFTER`.
"""

from collections import Counter
from functools import cache

from msgspec.structs import replace

from acd.core.facts import Arrived
from acd.testing.story import agent, desk, entry, line, treatment
from agents.capacity import MAIL, VOICE
from queues.desk import (
    Calendar,
    CalendarId,
    CallbackRule,
    Desk,
    EntryId,
    LineId,
    Medium,
    Order,
    OutboundRule,
    Overflow,
    Policy,
    Promotion,
    Way,
    WrapUpRule,
)
from queues.names import TreatmentId
from queues.treatment import (
    Condition,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayPosition,
    Treatment,
    When,
)
from simulation.draws import Day
from simulation.driver import START_MS, SimDriver
from simulation.laws import exponential, fixed, lognormal
from simulation.scenario import (
    Callbacks,
    Consulting,
    Duty,
    Habits,
    Handling,
    Redial,
    Scenario,
    Stream,
    Surge,
)
from tests.simulation.replication import Replication, repeated, replicate
from tests.simulation.test_drivers_agree import assert_same

S, MIN, HOUR = 1_000, 60_000, 3_600_000
HOURS = 10
RESTORED_EVERY = 200
SECOND = LineId("second")
SORRY, OFFER, PARK, WAITING = map(TreatmentId, ("sorry", "offer", "park", "waiting"))

PLAYED = {
    "Abandoned", "AgentTold", "Answered", "CallOver", "CallPlaced", "CallbackOver", "Consulted",
    "ConsultOver", "Deflected", "Held", "Informed", "Interrupted", "InterruptionEnded", "KeyChosen",
    "MessageLeft", "NotAnswered", "Overflowed", "Parked", "Paused", "PositionTold", "Promoted",
    "Recorded", "Released", "Reserved", "Transferred", "WrapUpCode", "WrapUpExtension",
}  # fmt: skip
"""All of it, by the facts that tell it; each at least ten times."""


def a_busy_desk() -> Desk:
    hours = Calendar(CalendarId("office"), ((START_MS, START_MS + (HOURS - 1) * HOUR),))
    wrap_up = WrapUpRule(ms=30 * S, codes=("solved", "ticket"), max_extension_ms=MIN)
    late = Way(Overflow.TREATMENT, treatment=SORRY)
    lines = (
        line(
            when_closed=late,
            hours=hours.id,
            treatment=WAITING,
            callback=_rule(Order.AGENT_FIRST),
            wrap_up=wrap_up,
            whisper="a call for help",
        ),
        line(
            "other",
            treatment=WAITING,
            callback=_rule(Order.CALLER_FIRST),
            max_wait_ms=100 * S,
            when_waited=Way(Overflow.LINE, LineId("second")),
            policy=Policy.MOST_SKILLED,
            ring_at_once=2,
        ),
        line("vip", priority_class=2, greeting="welcome", announce_every_ms=30 * S),
        replace(line("second", "second", wrap_up=wrap_up), level=2),
        line("mails", "mail", priority_class=7, promotion=Promotion(30 * MIN, 1)),
    )
    both = (VOICE, 1), (MAIL, 2)
    people = [agent(f"first{number}", *both, help=1 + number % 3, mail=1) for number in range(AT_FIRST)]
    people += [agent(f"second{number}", *both, help=1, second=2) for number in range(6)]
    return desk(
        *lines,
        *people,
        *_treatments(),
        entry("hotline", "vip", priority_class=1),
        calendars=(hours,),
        pause_reasons=("break",),
        interrupts=((VOICE, MAIL),),
        outbound=(OutboundRule("callback", ("mobile",), "sip", at_once=4),),
    )


def _rule(order: Order) -> CallbackRule:
    return CallbackRule(order, attempts=2, gap_ms=5 * MIN, ring_ms=20 * S)


def _treatments() -> tuple[Treatment, ...]:
    asked = Menu("callback?", (("1", PARK), ("2", SORRY)), 5 * S, "jazz")
    waited = When(Condition.WAITED, OFFER, MIN)
    return (
        treatment(WAITING, Enqueue(), SayPosition(), Music("jazz", 40 * S), waited, GoOn(WAITING)),
        treatment(OFFER, asked, Music("jazz", MIN), GoOn(OFFER)),
        treatment(PARK, Say("we call you"), Park(), Music("jazz")),
        treatment(SORRY, Say("leave a message"), Record(20 * S), Park("voicemail")),
    )


AT_FIRST = 24


def a_busy_day() -> Scenario:
    opened = a_busy_desk()
    return Scenario(
        name="a busy day",
        desk=opened,
        start_ms=START_MS,
        interval_ms=30 * MIN,
        intervals=2 * HOURS,
        streams=_streams(),
        handling=_handling(),
        duties=tuple(_duties(opened)),
        habits=Habits(
            answer_delay=lognormal(5 * S, 0.5),
            no_answer=0.03,
            back_after=exponential(3 * MIN),
            pause_every=exponential(3 * HOUR),
            pause=exponential(5 * MIN),
        ),
        daily_cv=0.1,
        surge=Surge(
            START_MS + 2 * HOUR, START_MS + 3 * HOUR, 2.0, announced_ms=START_MS + 2 * HOUR + 10 * MIN
        ),
        callbacks=Callbacks(answer=0.6, ring_ms=12 * S),
        run_on_ms=2 * HOUR,
    )


def _streams() -> tuple[Stream, ...]:
    keys, patience = (("1", 0.4), ("2", 0.1)), exponential(4 * MIN)
    redial = Redial(0.5, exponential(10 * MIN), other_share=0.3, other_entry=EntryId("mails mail"))

    def calls(name: str, an_hour: float, **rules: object) -> Stream:
        expected = (an_hour / 2,) * (2 * HOURS)
        return Stream(name, EntryId(name), expected, patience=patience, redial=redial, keys=keys, **rules)  # type: ignore[arg-type]

    mails = Stream("mails", EntryId("mails mail"), (15.0,) * (2 * HOURS), backlog=20)
    return calls("help", 160, vip_share=0.05, vip_entry=EntryId("hotline")), calls("other", 90), mails


def _handling() -> dict[tuple[LineId, Medium], Handling]:
    asks = Consulting(0.1, SECOND, exponential(90 * S), patience_ms=45 * S)
    usual = Handling(
        lognormal(4 * MIN, 0.8),
        hold=fixed(20 * S),
        wrap_up=exponential(40 * S),
        code="solved",
        escalate=0.08,
        escalate_to=SECOND,
        consult=asks,
    )
    plain = replace(usual, wrap_up=None, code="")
    voice = {
        "help": usual,
        "other": plain,
        "vip": plain,
        "second": Handling(lognormal(8 * MIN, 0.8), code="ticket"),
    }
    found = {(LineId(name), VOICE): handling for name, handling in voice.items()}
    return {**found, (LineId("mails"), MAIL): Handling(lognormal(6 * MIN, 0.5))}


def _duties(opened: Desk) -> list[Duty]:
    """Half of them from the beginning on, the others two hours later; each for eight hours."""
    found = []
    for number, one in enumerate(opened.agents):
        begins_ms = START_MS + number % 2 * 2 * HOUR
        lunch_ms = begins_ms + 4 * HOUR + number % 4 * 15 * MIN
        found.append(Duty(one.id, begins_ms, begins_ms + 8 * HOUR, ((lunch_ms, lunch_ms + 30 * MIN),)))
    return found


@cache
def the_day() -> Replication:
    scenario = a_busy_day()
    return replicate(scenario, Day(scenario, 8, 0))


def test_all_of_it_happens_on_one_day() -> None:
    seen = Counter(type(fact).__name__ for fact in the_day().all_facts())
    assert {name: seen[name] for name in PLAYED if seen[name] < 10} == {}
    assert seen["HandedBack"]


def test_every_contact_ends_once_and_nobody_is_left_with_anything() -> None:
    told = the_day().all_facts()
    engine = the_day().engine
    came = {fact.contact for fact in told if isinstance(fact, Arrived)}
    assert len(came) > 2_500
    assert set(engine.state.contacts) <= came
    assert all(contact.parked or contact.medium == MAIL for contact in engine.state.contacts.values())
    assert not engine.state.works, "everybody has gone home"


def test_both_drivers_play_the_same_day() -> None:
    scenario = a_busy_day()
    assert_same(the_day(), replicate(scenario, Day(scenario, 8, 0), SimDriver))


def test_the_day_follows_from_its_events_whenever_the_engine_is_restored() -> None:
    """From its snapshot, after every RESTORED_EVERY events; deadlines are its own."""
    told, engine = repeated(a_busy_day(), the_day(), restored_every=RESTORED_EVERY)
    assert told == the_day().all_facts()
    assert engine.snapshot() == the_day().engine.snapshot()
