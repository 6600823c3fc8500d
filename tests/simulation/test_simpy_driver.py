"""One script through the live driver, SimPy and the loop gives the same effects; their clocks are exact."""

import asyncio
import selectors
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from acd.core import effects, events
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import ContactId, OfferId
from acd.core.facts import Fact
from acd.ports import ChannelRecord, JournalEntry, Recovered, Snapshot
from acd.server.driver import Driver
from acd.server.gate import Gate
from acd.testing.story import agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import (
    CallbackRule,
    Desk,
    EntryId,
    LineId,
    Order,
    OutboundRule,
    Promotion,
    Relaxation,
    WrapUpRule,
)
from simulation.driver import START_MS, SimDriver
from simulation.loop import LoopDriver

Log = list[tuple[int, Effect]]
"""(Unix ms, effect) of everything that was carried out, in the order in which it was ordered."""

CALLING = (effects.PlaceCall, effects.EndCall)
RECEIVING = (effects.ReceiveContact, effects.ConfirmReceived)

Later = Callable[[int, events.Event], None]

Driven = type[SimDriver] | type[LoopDriver]

both = pytest.mark.parametrize("kind", [SimDriver, LoopDriver])


def a_desk() -> Desk:
    """Calls and mails, two levels, relaxation, promotion, announcements, wrap-up, callbacks both ways."""
    wider = (Relaxation(15_000, (((agent("x", second=1).skills[0][0], 1),),)),)
    return desk(
        line(
            relaxations=wider,
            announce_every_ms=9_000,
            max_wait_ms=60_000,
            wrap_up=WrapUpRule(ms=8_000),
            callback=CallbackRule(Order.AGENT_FIRST, 2, 20_000, 9_000),
        ),
        line("mails", "mail", priority_class=7, target_ms=90_000, promotion=Promotion(30_000, 1)),
        line(
            "pair",
            "second",
            ring_at_once=2,
            ring_ms=7_000,
            callback=CallbackRule(Order.CALLER_FIRST, 2, 20_000, 9_000),
        ),
        *(agent(name, (VOICE, 1), (MAIL, 1), help=1, mail=1) for name in ("anna", "bert", "carl")),
        *(agent(name, help=2, second=1) for name in ("dora", "emil")),
        interrupts=((VOICE, MAIL),),
        outbound=(OutboundRule("callback", ("local",), "sip"),),
    )


def script(seed: int) -> list[tuple[int, events.Event]]:
    """Ten minutes of arrivals, hang-ups, pauses and a change of the desk, at (ms, event); no two at once."""
    rng = Random(seed)
    told: list[tuple[int, events.Event]] = [(1, events.DeskChanged(a_desk()))]
    for number, name in enumerate(("anna", "bert", "carl", "dora", "emil")):
        for medium in (VOICE, MAIL):
            told.append((11 + 10 * number + (medium == MAIL), events.AgentReachable(AgentId(name), medium)))
        told.append((13 + 10 * number, events.AgentSignedIn(AgentId(name))))
    moments = rng.sample(range(1_000, 600_000), 260)
    for number, now in enumerate(sorted(moments)):
        told.append((now, _random_event(rng, number)))
    told.append((300_000, events.DeskChanged(a_desk())))
    return sorted(told, key=lambda entry: entry[0])


def _random_event(rng: Random, number: int) -> events.Event:
    kind = rng.random()
    who = AgentId(rng.choice(("anna", "bert", "dora")))
    if kind < 0.70:
        to = rng.choice(("help", "help", "pair", "mails"))
        entry, medium = (f"{to} mail", MAIL) if to == "mails" else (to, VOICE)
        return events.ContactArrived(
            f"ref-{number}", EntryId(entry), medium, head_start_ms=rng.choice((0, 9_000))
        )
    if kind < 0.85:
        number = rng.randrange(max(1, number - 9), number + 2)
        return events.CallbackPromised(ContactId(number), "n", "local")
    if kind < 0.89:
        among = 7 * number // 10  # so many have arrived, about
        number = rng.randrange(max(1, among - 9), among + 2)
        return events.MediumChanged(ContactId(number), EntryId("mails mail"))
    if kind < 0.94:
        return events.ContactLeft(ContactId(rng.randrange(1, number + 2)))
    return rng.choice((events.AgentPaused(who, "break"), events.AgentReady(who)))


def answer(effect: Effect, later: Later) -> None:  # noqa: C901
    """What the world does about an effect: decided by its number alone."""
    match effect:
        case effects.OfferContact(offer=number) if number % 7:  # else nobody answers
            reply = events.OfferRefused if number % 5 == 0 else events.OfferAccepted
            later(1_003 + 17 * (number % 97), reply(number))
        case effects.ConnectContact(offer=number, role="agent") if number % 6 == 1:
            later(3_019, events.AgentPrompted(effect.contact, effect.agent, "long"))
            later(4_021, events.ConsultStarted(effect.contact, effect.agent, line=LineId("help")))
            later(9_041, events.ConsultMerged(effect.contact, effect.agent, number % 4 == 1))
            later(12_007 + 331 * (number % 41), events.ContactReleased(effect.contact, effect.agent))
        case effects.ConnectContact():
            later(12_007 + 331 * (effect.offer % 41), events.ContactReleased(effect.contact, effect.agent))
        case effects.TreatContact() if effect.hears.reports:
            later(2_011, events.PromptEnded(effect.contact, effect.visit))
        case effects.ReceiveContact(contact=number) if number % 3:  # else nothing comes
            later(5_007, events.PageReceived(number, 1))
            later(9_011, events.ContactReceived(number, 2, complete=number % 3 == 1))
        case effects.PlaceCall(call=number) if number % 4 == 0:
            later(3_001, events.CallFailed(number, "busy"))
        case effects.PlaceCall(call=number) if number % 4 == 2:
            later(4_003, events.CallAnswered(number, f"c{number}"))
        case effects.WithdrawOffer(cause="no answer"):
            later(5_501, events.AgentReady(effect.agent))


def through(kind: Driven, told: Sequence[tuple[int, events.Event]], until_ms: int) -> tuple[Log, bytes]:
    log = Log()

    def carry_out(effect: Effect) -> None:
        log.append((driver.now_ms(), effect))
        answer(effect, later)

    def later(delay_ms: int, event: events.Event) -> None:
        driver.call_at(driver.now_ms() + delay_ms, submit, event)

    def submit(event: events.Event) -> None:
        with suppress(Rejected):
            driver.submit(event)

    driver = kind(Engine(), carry_out, unobserved, START_MS)
    for now, event in told:
        later(now, event)
    driver.run(START_MS + until_ms)
    return log, driver.engine.snapshot()


class JumpingSelector(selectors.SelectSelector):
    """Does not wait: the time that would have been waited has passed."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now_s += timeout or 0.0
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which time passes at once."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


class InstantJournal:
    """Everything is written and synced at once."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def open(self, on_written: Any, on_synced: Any, on_failure: Any) -> Recovered:
        return Recovered(None, (), {})

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        if entry is not None:
            self._gate.on_written(entry.seq)
            self._gate.on_synced(entry.seq)

    def snapshot(self, snapshot: Snapshot) -> None: ...

    def facts(self, after_seq: int = 0) -> Iterable[JournalEntry]:
        return ()

    def flush(self) -> None: ...

    def close(self) -> None: ...


def unobserved(seen: JournalEntry | Sequence[Fact]) -> None: ...


def live_driver(engine: Engine, gate: Gate, stamp: Callable[[], int], failures: list[Exception]) -> Driver:
    return Driver(
        engine=engine,
        journal=InstantJournal(gate),
        gate=gate,
        stamp=stamp,
        seq=0,
        observe=unobserved,
        fail=failures.append,
    )


def through_asyncio(told: Sequence[tuple[int, events.Event]], until_ms: int) -> tuple[Log, bytes]:
    engine, failures = Engine(), list[Exception]()
    log = list[tuple[tuple[int, int], int, Effect]]()

    async def live() -> None:
        loop = asyncio.get_running_loop()

        def carry_out(effect: Effect, seq: int, index: int) -> None:
            log.append(((seq, index), stamp(), effect))
            answer(effect, later)

        def stamp() -> int:
            return START_MS + round(loop.time() * 1000)

        def later(delay_ms: int, event: events.Event) -> None:
            loop.call_at((stamp() - START_MS + delay_ms) / 1000, submit, event)

        def submit(event: events.Event) -> None:
            with suppress(Rejected):
                driver.submit(event)

        gate = Gate(loop, carry_out)
        driver = live_driver(engine, gate, stamp, failures)
        for now, event in told:
            loop.call_at(now / 1000, submit, event)
        await asyncio.sleep((until_ms - 0.5) / 1000)
        driver.close()

    loop = JumpingLoop()
    try:
        loop.run_until_complete(live())
    finally:
        loop.close()
    assert failures == []
    log.sort(key=lambda entry: entry[0])
    return [entry[1:] for entry in log], engine.snapshot()


@both
@pytest.mark.parametrize("seed", range(5))
def test_one_script_gives_identical_effects_live_and_simulated(kind: Driven, seed: int) -> None:
    told = script(seed)
    live, live_state = through_asyncio(told, 700_000)
    simulated, simulated_state = through(kind, told, 700_000)
    assert len(simulated) > 500
    for one, two in zip(live, simulated, strict=True):
        assert one == two
    assert live_state == simulated_state
    kinds = {type(effect) for _, effect in simulated}
    rare = {
        effects.RejectContact,
        effects.ReleaseAgent,
        effects.DivertOffer,
        effects.SendNotice,
        *CALLING,
        *RECEIVING,
    }
    assert kinds >= set(effects.Effect.__subclasses__()) - rare


def test_the_scripts_place_calls_and_give_them_up_and_receive_what_was_no_call() -> None:
    """Else the test above would promise less than it says."""
    ordered = [
        type(effect) for seed in range(5) for _, effect in through(LoopDriver, script(seed), 700_000)[0]
    ]
    assert all(ordered.count(kind) >= 5 for kind in (*CALLING, *RECEIVING))


def driver_of(kind: Driven, carry_out: Callable[[Effect], None] = lambda _: None) -> SimDriver | LoopDriver:
    return kind(Engine(), carry_out, unobserved, START_MS)


@both
def test_deadlines_fire_at_their_own_millisecond(kind: Driven) -> None:
    told = list[int]()

    def hear(effect: Effect) -> None:
        if isinstance(effect, effects.TreatContact) and effect.hears.says:
            told.append(driver.now_ms() - START_MS)
            driver.submit(events.PromptEnded(effect.contact, effect.visit))  # a text that takes no time

    driver = driver_of(kind, hear)
    driver.submit(events.DeskChanged(desk(line(announce_every_ms=1_234))))
    driver.submit(events.ContactArrived("a", EntryId("help"), VOICE))
    driver.run(START_MS + 4_936)
    assert told == [1_234, 2_468, 3_702]
    driver.run(START_MS + 5_000)
    assert told[3:] == [4_936]
    assert driver.now_ms() == START_MS + 5_000


@both
def test_a_deadline_fires_before_what_else_happens_at_its_moment(
    kind: Driven,
) -> None:
    order = list[str]()
    driver = driver_of(kind, lambda effect: order.append(type(effect).__name__))
    driver.submit(events.DeskChanged(desk(line(announce_every_ms=1_000))))
    driver.call_at(START_MS + 1_000, order.append, "first call")
    driver.call_at(START_MS + 1_000, order.append, "second call")
    driver.submit(events.ContactArrived("a", EntryId("help"), VOICE))
    driver.run(START_MS + 1_001)
    assert order == ["AdmitContact", "TreatContact", "TreatContact", "first call", "second call"]


@both
def test_what_happens_at_the_end_of_a_run_belongs_to_the_next(
    kind: Driven,
) -> None:
    calls = list[str]()
    driver = driver_of(kind)
    driver.call_at(START_MS + 10, calls.append, "inside")
    driver.call_at(START_MS + 11, calls.append, "at the end")
    driver.run(START_MS + 11)
    assert calls == ["inside"]
    driver.run(START_MS + 12)
    assert calls == ["inside", "at the end"]


@both
def test_what_is_submitted_while_carrying_out_is_carried_out_after_it(
    kind: Driven,
) -> None:
    order = list[str]()

    def carry_out(effect: Effect) -> None:
        order.append(type(effect).__name__)
        if isinstance(effect, effects.OfferContact):
            driver.submit(events.OfferAccepted(effect.offer))

    driver = driver_of(kind, carry_out)
    driver.submit(events.DeskChanged(desk(line(), agent("anna"))))
    driver.submit(events.AgentReachable(AgentId("anna"), VOICE))
    driver.submit(events.AgentSignedIn(AgentId("anna")))
    driver.submit(events.ContactArrived("a", EntryId("help"), VOICE))
    assert order == ["AdmitContact", "OfferContact", "ConnectContact"]
    assert driver.engine.state.contacts[1].state == "connected"


@both
def test_a_deadline_of_this_very_moment_fires_before_the_next_event(
    kind: Driven,
) -> None:
    seen = list[str]()
    rule = WrapUpRule(codes=("done",), code_required=True)  # it lasts 0 ms, and until the code comes
    engine = Engine()
    driver = kind(engine, lambda _: None, lambda told: seen.extend(type(f).__name__ for f in told), START_MS)
    driver.submit(events.DeskChanged(desk(line(wrap_up=rule), agent("anna"))))
    driver.submit(events.AgentReachable(AgentId("anna"), VOICE))
    driver.submit(events.AgentSignedIn(AgentId("anna")))
    driver.submit(events.ContactArrived("a", EntryId("help"), VOICE))
    driver.submit(events.OfferAccepted(OfferId(1)))
    driver.submit(events.ContactReleased(ContactId(1), AgentId("anna")))
    driver.submit(events.WrapUpCoded(ContactId(1), AgentId("anna"), "done"))
    assert seen[-4:] == ["WrapUpStarted", "WrapUpOverdue", "WrapUpCode", "WrapUpDone"]


@both
def test_an_illegal_event_is_told_to_who_submitted_it(kind: Driven) -> None:
    driver = driver_of(kind)
    before = driver.engine.snapshot()
    with pytest.raises(Rejected):
        driver.submit(events.AgentReady(AgentId("nobody")))
    assert driver.engine.snapshot() == before
    driver.call_at(START_MS + 5, driver.submit, events.AgentReady(AgentId("nobody")))
    with pytest.raises(Rejected):
        driver.run(START_MS + 10)


@both
def test_an_event_for_later_comes_when_its_time_has_come(kind: Driven) -> None:
    driver = kind(Engine(), lambda _: None, unobserved, 5_000)
    driver.submit(events.DeskChanged(desk(line())))
    driver.call_at(7_500, driver.submit, events.ContactArrived("a", EntryId("help"), VOICE))
    driver.run(10_000)
    assert driver.engine.state.contacts[1].arrived_ms == 7_500
