"""Random scenarios whose callers are treated: menus, conditions, other lines, languages, callbacks."""

from random import Random

from msgspec.structs import replace

from acd.testing.story import treatment
from queues.desk import CallbackRule, Desk, Entry, Line, LineId, Order, OutboundRule, Overflow, Way
from queues.names import TreatmentId
from queues.treatment import (
    NO_TREATMENT,
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    Step,
    When,
)
from simulation.scenario import Callbacks, Scenario
from tests.simulation.random_scenario import S, random_scenario

ARRIVAL, WAITING, OFFER, SORRY = map(TreatmentId, ("arrival", "waiting", "offer", "sorry"))


def treated_scenario(seed: int) -> Scenario:
    """A random scenario, and what its callers hear; the same seed gives the same scenario."""
    rng, scenario = Random(seed), random_scenario(seed)
    calls, *others = scenario.streams
    keys = (("1", rng.choice((0.2, 0.5))), ("2", 0.1), ("9", 0.1))
    return replace(
        scenario,
        desk=treated_desk(scenario.desk, rng),
        streams=(replace(calls, keys=keys), *others),
        callbacks=Callbacks(answer=rng.choice((0.4, 0.9)), ring_ms=rng.choice((5 * S, 12 * S))),
        text_ms={("hello", ""): 3 * S, ("which", ""): 5 * S, ("callback?", ""): 4 * S, ("sorry", ""): 0},
    )


def treated_desk(desk: Desk, rng: Random) -> Desk:
    """The same one, with treatments."""
    rule = CallbackRule(rng.choice(tuple(Order)), attempts=2, gap_ms=60 * S, ring_ms=10 * S)
    sorry = rng.choice((Way(), Way(Overflow.TREATMENT, treatment=SORRY)))

    def treated(one: Line) -> Line:
        called = replace(one, callback=rule)
        if one.id != "help":
            return called
        told = replace(called, treatment=WAITING)
        return replace(told, when_full=sorry, when_closed=sorry) if sorry.treatment else told

    def arriving(one: Entry) -> Entry:
        return replace(one, treatment=ARRIVAL if one.id == "help" else NO_TREATMENT)

    return replace(
        desk,
        lines=tuple(map(treated, desk.lines)),
        entries=tuple(map(arriving, desk.entries)),
        outbound=(OutboundRule("callback", ("mobile",), "sip", at_once=2),),
        treatments=tuple(treatment(name, *steps) for name, steps in TREATMENTS.items()),
    )


TREATMENTS: dict[TreatmentId, tuple[Step, ...]] = {
    ARRIVAL: (
        Say("hello"),
        Menu("which", (("1", WAITING), ("2", TreatmentId("expert")), ("9", ARRIVAL)), 6 * S, "jazz"),
        SetLanguage("en"),
        When(Condition.BEHIND, SORRY, 30),
    ),
    TreatmentId("expert"): (Enqueue(LineId("expert")), Music("jazz", 20 * S), SayPosition()),
    WAITING: (
        Enqueue(),
        SayPosition(),
        SayExpectedWait(),
        Music("jazz", 15 * S),
        When(Condition.EXPECTED_WAIT, OFFER, 90 * S),
        When(Condition.WAITED, OFFER, 40 * S),
        GoOn(WAITING),
    ),
    OFFER: (
        Menu("callback?", (("1", TreatmentId("park")), ("2", SORRY)), 5 * S, "jazz"),
        Music("jazz", 30 * S),
        GoOn(OFFER),
    ),
    TreatmentId("park"): (Say("thanks"), Park(), Music("jazz")),
    SORRY: (
        Collect("number", "customer", 6, 5 * S, "jazz"),
        Say("sorry"),
        Record(20 * S),
        Say("thanks"),
        Park("voicemail"),
        End(),
    ),
}
