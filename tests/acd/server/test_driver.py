"""The driver: stamps, ticks first, journals what was decided, arms one timer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from acd.core.effects import AdmitContact, OfferContact
from acd.core.engine import Engine, Reaction
from acd.core.errors import Rejected
from acd.core.events import (
    AgentReachable,
    AgentReady,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactLeft,
    DeskChanged,
    Event,
    OfferAccepted,
    OfferId,
    Restarted,
    Tick,
)
from acd.core.facts import NotAnswered
from acd.journal.codec import decode_event, decode_facts
from acd.journal.memory import MemoryJournal
from acd.ports import ChannelRecord, JournalEntry
from acd.server import driver as driver_module
from acd.server.driver import STOOD_STILL_MS, Driver, RefusedItself
from acd.server.gate import Gate
from acd.testing import NUMBER, small_desk, small_line
from agents.capacity import VOICE
from agents.skills import AgentId

ANNA = AgentId("anna")
AGENTS = ("anna", "bert", "carl")
RING_MS = 20_000


class Rig:
    """A driver over a memory journal, with a clock that the test moves."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        self.now_ms = 1_000
        self.left: list[object] = []
        self.broke: list[Exception] = []
        self.journal = journal or MemoryJournal()
        self.gate = Gate(asyncio.get_running_loop(), lambda effect, _seq, _index: self.left.append(effect))
        self.journal.open(self.gate.on_written, self.gate.on_synced, lambda _: None)
        self.driver = Driver(
            engine=Engine(),
            journal=self.journal,
            gate=self.gate,
            stamp=lambda: self.now_ms,
            seq=0,
            observe=lambda _: None,
            fail=self.broke.append,
        )
        self.driver.submit(DeskChanged(small_desk(AGENTS)))

    def sign_in(self, agent: AgentId = ANNA) -> None:
        self.driver.submit(AgentReachable(agent, VOICE))
        self.driver.submit(AgentSignedIn(agent))

    def ring(self, ring_ms: int) -> None:
        """From now on agents are rung for so long."""
        self.driver.submit(DeskChanged(small_desk(AGENTS, lines=[replace(small_line(), ring_ms=ring_ms)])))

    def refuse(self, kind: type[Event]) -> None:
        """From now on the engine has a bug: it refuses events of this kind."""
        handle = self.driver.engine.handle

        def refusing(event: Event, now_ms: int) -> Reaction:
            if isinstance(event, kind):
                raise Rejected("in wrap_up nobody can ring out")
            return handle(event, now_ms)

        self.driver.engine.handle = refusing  # type: ignore[method-assign]

    def timers_s(self) -> list[float]:
        """Grows by the delay of every timer that is armed from now on."""
        loop, delays = asyncio.get_running_loop(), list[float]()
        arm = loop.call_later

        def noted(delay: float, *what: Any, **more: Any) -> asyncio.TimerHandle:
            delays.append(delay)
            return arm(delay, *what, **more)

        loop.call_later = noted  # type: ignore[assignment,method-assign]
        return delays

    def events(self) -> list[tuple[int, Event]]:
        return [(entry.t_ms, decode_event(entry.event)) for entry in self.journal.facts()]


def with_rig(story: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        await story(Rig())

    asyncio.run(run())


def test_an_event_becomes_an_entry_and_its_effects_leave_once_it_is_written() -> None:
    """A call for an idle agent: one entry, AdmitContact and OfferContact carried out."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        seq = rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        await asyncio.sleep(0.01)
        assert seq == 4
        assert [type(effect) for effect in rig.left] == [AdmitContact, OfferContact]
        assert rig.events()[-1] == (1_000, ContactArrived("call-1", NUMBER, VOICE))

    with_rig(story)


@pytest.mark.parametrize("late_ms", [0, 1, 5_000])
def test_a_due_deadline_fires_before_the_event_as_an_entry_of_its_own(late_ms: int) -> None:
    """The offer rang out at or before the event: Tick comes first, and NotAnswered has its own time."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.now_ms += RING_MS + late_ms
        rig.driver.submit(ContactLeft(ContactId(1)))
        assert rig.events()[-2:] == [
            (1_000 + RING_MS + late_ms, Tick()),
            (1_000 + RING_MS + late_ms, ContactLeft(ContactId(1))),
        ]
        tick = list(rig.journal.facts())[-2]
        rang_out = [fact for fact in decode_facts(tick.facts) if isinstance(fact, NotAnswered)]
        assert [fact.t_ms for fact in rang_out] == [1_000 + RING_MS]

    with_rig(story)


def test_a_rejected_event_is_counted_raised_and_not_journalled_nor_are_its_records() -> None:
    """An answer to an offer that is gone leaves no trace."""

    async def story(rig: Rig) -> None:
        before = rig.events()
        with pytest.raises(Rejected, match="offer 7"):
            rig.driver.submit(OfferAccepted(OfferId(7)), [ChannelRecord("sip", "call-1", b"dialog")])
        assert rig.driver.rejected == 1
        assert rig.events() == before
        rig.journal.close()
        recovered = rig.journal.open(lambda _: None, lambda _: None, lambda _: None)
        assert recovered.records == {}

    with_rig(story)


def test_records_are_written_with_their_event() -> None:
    """A dialog is found again with the contact it belongs to."""

    async def story(rig: Rig) -> None:
        record = ChannelRecord("sip", "call-1", b"dialog")
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE), [record])
        rig.journal.close()
        recovered = rig.journal.open(lambda _: None, lambda _: None, lambda _: None)
        assert recovered.records == {("sip", "call-1"): b"dialog"}

    with_rig(story)


def test_the_timer_fires_a_deadline_without_any_event() -> None:
    """Nobody answers: the Tick comes by itself at the ring's end."""

    async def story(rig: Rig) -> None:
        rig.ring(30)
        rig.sign_in()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.now_ms += 30
        while rig.events()[-1][1] != Tick():
            await asyncio.sleep(0.01)
        assert rig.events()[-1] == (1_030, Tick())

    with_rig(story)


def test_who_was_rung_while_the_process_stood_still_is_rung_on() -> None:
    """A virtual machine that was paused: the phone has answered meanwhile, and that is read only now."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        rig.driver.beat()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.now_ms += RING_MS - STOOD_STILL_MS // 2
        rig.driver.beat()
        rig.now_ms += STOOD_STILL_MS
        rig.driver.submit(OfferAccepted(OfferId(1)))
        stood_ms = rig.now_ms - STOOD_STILL_MS
        assert rig.events()[-2:] == [
            (rig.now_ms, Restarted(stood_ms)),
            (rig.now_ms, OfferAccepted(OfferId(1))),
        ]
        rig.driver.close()

    with_rig(story)


def test_who_does_not_answer_is_passed_over_all_the_same() -> None:
    """Half a second late is load, and no outage."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.now_ms += RING_MS - 1
        rig.driver.beat()
        rig.now_ms += STOOD_STILL_MS - 1
        rig.driver.beat()
        assert rig.events()[-1] == (rig.now_ms, Tick())
        rig.driver.close()

    with_rig(story)


def test_a_pause_in_which_nothing_was_due_is_none() -> None:
    async def story(rig: Rig) -> None:
        rig.driver.beat()
        before = rig.events()
        rig.now_ms += 60_000
        rig.driver.beat()
        assert rig.events() == before
        rig.driver.close()

    with_rig(story)


def test_an_earlier_deadline_moves_the_timer_and_a_later_one_does_not() -> None:
    """One timer, for the nearest deadline known when it was armed."""

    async def story(rig: Rig) -> None:
        armed = rig.timers_s()
        for agent in AGENTS:
            rig.sign_in(AgentId(agent))
        assert armed == []
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.now_ms += 10
        rig.driver.submit(ContactArrived("call-2", NUMBER, VOICE))
        assert armed == [20.0]
        rig.ring(5_000)
        rig.driver.submit(ContactArrived("call-3", NUMBER, VOICE))
        assert armed == [20.0, 5.0]

    with_rig(story)


def test_a_bug_in_the_engine_stops_the_driver_for_good() -> None:
    """The state may be half changed, so nothing more is decided and the owner is told."""

    async def story(rig: Rig) -> None:
        def explode(_event: object, _now_ms: int) -> None:
            raise ZeroDivisionError

        rig.driver.engine.handle = explode  # type: ignore[assignment, method-assign]
        with pytest.raises(ZeroDivisionError):
            rig.driver.submit(AgentReady(ANNA))
        assert [type(bug) for bug in rig.broke] == [ZeroDivisionError]
        with pytest.raises(Rejected, match="stopping"):
            rig.driver.submit(AgentReady(ANNA))
        assert len(rig.events()) == 1

    with_rig(story)


def test_a_deadline_that_the_engine_refuses_is_a_bug_and_no_refusal_of_the_event_that_met_it() -> None:
    """Its deadline is taken, its entry is missing: only a new process that replays is right again."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        before = rig.events()
        rig.refuse(Tick)
        rig.now_ms += RING_MS
        with pytest.raises(RefusedItself, match="Tick was refused: in wrap_up nobody can ring out"):
            rig.driver.submit(ContactLeft(ContactId(1)))
        assert [type(bug) for bug in rig.broke] == [RefusedItself]
        assert (rig.events(), rig.driver.rejected) == (before, 0)
        with pytest.raises(Rejected, match="stopping"):
            rig.driver.submit(ContactLeft(ContactId(1)))

    with_rig(story)


def test_a_start_that_the_engine_refuses_is_a_bug_too() -> None:
    async def story(rig: Rig) -> None:
        rig.refuse(Restarted)
        with pytest.raises(RefusedItself, match="Restarted"):
            rig.driver.restarted(500)
        assert len(rig.broke) == 1

    with_rig(story)


def test_a_journal_that_takes_no_more_stops_the_driver_too() -> None:
    """An engine that is ahead of its journal must not go on."""

    class FullJournal(MemoryJournal):
        full = False

        def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
            if self.full:
                raise OSError("full")
            super().append(entry, records)

    async def run() -> None:
        journal = FullJournal()
        rig = Rig(journal)
        journal.full = True
        with pytest.raises(OSError, match="full"):
            rig.driver.submit(AgentSignedIn(ANNA))
        await asyncio.sleep(0.01)
        assert [type(bug) for bug in rig.broke] == [OSError]
        assert rig.left == []

    asyncio.run(run())


def test_after_close_no_deadline_fires() -> None:
    """A server that stops takes its last snapshot of a state that no longer moves."""

    async def story(rig: Rig) -> None:
        rig.sign_in()
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE))
        rig.driver.close()
        rig.now_ms += RING_MS
        count = len(rig.events())
        with pytest.raises(Rejected):
            rig.driver.submit(ContactLeft(ContactId(1)))
        assert len(rig.events()) == count

    with_rig(story)


def test_records_of_no_event_travel_with_the_next_entry_or_alone_after_a_moment() -> None:
    """In their order: what is remembered first is overwritten by what comes with the event."""

    async def story(rig: Rig) -> None:
        appended: list[tuple[bool, list[bytes | None]]] = []
        append = rig.journal.append

        def note(entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
            kept = list(records)
            appended.append((entry is not None, [record.value for record in kept]))
            append(entry, kept)

        rig.journal.append = note  # type: ignore[method-assign]
        rig.driver.remember([ChannelRecord("sip", "call-1", b"early")])
        assert appended == []
        with pytest.raises(Rejected):
            rig.driver.submit(OfferAccepted(OfferId(7)))
        rig.driver.submit(ContactArrived("call-1", NUMBER, VOICE), [ChannelRecord("sip", "call-1", b"late")])
        assert appended == [(True, [b"early", b"late"])]
        rig.driver.remember([ChannelRecord("sip", "call-2", b"alone")])
        for _ in range(200):
            await asyncio.sleep(0.01)
            if len(appended) == 2:
                break
        assert appended[1] == (False, [b"alone"])
        rig.driver.remember([ChannelRecord("sip", "call-3", b"at the end")])
        rig.driver.close()
        assert appended[2] == (False, [b"at the end"])

    with_rig(story)


def test_an_event_that_cannot_be_journalled_changes_nothing() -> None:
    """A text with half a character has no UTF-8 form; the engine must not see it."""

    async def story(rig: Rig) -> None:
        before = rig.driver.engine.snapshot()
        with pytest.raises(Rejected):
            rig.driver.submit(ContactArrived("call-\udce4", NUMBER, VOICE))
        assert rig.driver.engine.snapshot() == before

    with_rig(story)


def test_new_contacts_are_refused_before_what_waits_for_the_disk_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those who are there go on; and new ones come again once the disk has caught up."""
    monkeypatch.setattr(driver_module, "SHED_AT", 4)

    async def story() -> None:
        rig = Rig(Unsynced())
        arrived = [rig.driver.submit(ContactArrived(f"call-{n}", NUMBER, VOICE)) for n in range(3)]
        with pytest.raises(Rejected, match="the disk does not keep up: no new contacts"):
            rig.driver.submit(ContactArrived("call-4", NUMBER, VOICE))
        assert (rig.driver.rejected, rig.broke) == (1, [])
        rig.driver.submit(ContactLeft(ContactId(1)))
        rig.gate.on_synced(arrived[-1])
        rig.driver.submit(ContactArrived("call-5", NUMBER, VOICE))
        rig.driver.close()

    asyncio.run(story())


class Unsynced(MemoryJournal):
    """Takes everything, and syncs nothing."""

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        pass
