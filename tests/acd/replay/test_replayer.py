"""The replayer: a restart gives back state and order, and whatever does not fit stops loudly."""

import asyncio
import time
from pathlib import Path

import pytest

from acd.core.effects import OfferContact
from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactReleased,
    DeskChanged,
    Event,
    OfferAccepted,
)
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.journal.sqlite import SqliteJournal
from acd.ports import JournalEntry, Recovered, Snapshot
from acd.replay.divergence import Divergence, RecoveryError, VersionMismatch
from acd.replay.replayer import revive
from acd.server.driver import Driver
from acd.server.gate import Gate
from acd.testing import NUMBER, small_desk
from agents.capacity import VOICE
from agents.skills import AgentId

WAITING = 10_000
CPU_LIMIT_S = 2.0
ANNA = AgentId("anna")


def journalled(events: list[Event]) -> list[JournalEntry]:
    """Entries as a driver would have written them, a second apart."""
    engine, entries = Engine(), []
    for seq, event in enumerate(events, 1):
        facts = encode_facts(engine.handle(event, 1000 * seq).facts)
        entries.append(
            JournalEntry(seq, 1000 * seq, ENGINE_VERSION, encode_event(event), facts, facts_digest(facts))
        )
    return entries


def calls(count: int) -> list[Event]:
    arrivals = [ContactArrived(f"call-{number}", NUMBER, VOICE) for number in range(1, count + 1)]
    return [DeskChanged(small_desk()), *arrivals]


async def fill(directory: Path, *, snapshot: bool) -> bytes:
    """A sqlite journal with 10,000 waiting contacts, left as by a crash; returns the engine's state."""
    journal = SqliteJournal(directory)
    gate = Gate(asyncio.get_running_loop(), lambda *_: None)
    await asyncio.to_thread(journal.open, gate.on_written, gate.on_synced, gate.on_failure)
    clock = iter(range(1, 10**9))
    driver = Driver(
        engine=Engine(),
        journal=journal,
        gate=gate,
        stamp=lambda: next(clock),
        seq=0,
        observe=lambda _: None,
        fail=print,
    )
    for number, event in enumerate(calls(WAITING)):
        driver.submit(event)
        if snapshot and number == WAITING // 2:
            journal.snapshot(Snapshot(driver.seq, ENGINE_VERSION, driver.engine.snapshot()))
    driver.close()
    state = driver.engine.snapshot()
    await asyncio.to_thread(journal.close)
    return state


@pytest.mark.parametrize("snapshot", [False, True], ids=["journal alone", "snapshot halfway"])
def test_ten_thousand_waiting_contacts_are_back_in_order_within_two_seconds_of_cpu(
    tmp_path: Path, snapshot: bool
) -> None:
    """Restart from sqlite: byte-equal state, less than 2 s of process CPU, first come first served."""
    state = asyncio.run(fill(tmp_path / "journal", snapshot=snapshot))
    journal = SqliteJournal(tmp_path / "journal")
    began_s = time.process_time()
    recovered = journal.open(lambda _: None, lambda _: None, print)
    revived = revive(recovered)
    took_s = time.process_time() - began_s
    journal.close()
    assert len(recovered.entries) == WAITING + 1 if not snapshot else WAITING // 2
    assert revived.engine.snapshot() == state
    assert took_s < CPU_LIMIT_S
    assert served_by_anna(revived.engine, 100) == list(range(1, 101))


def served_by_anna(engine: Engine, count: int) -> list[int]:
    """Contacts in the order in which one agent gets them."""
    served: list[int] = []
    now_ms = engine.state.now_ms
    engine.handle(AgentReachable(ANNA, VOICE), now_ms)
    effects = engine.handle(AgentSignedIn(ANNA), now_ms).effects
    while len(served) < count:
        offer = next(effect for effect in effects if isinstance(effect, OfferContact))
        served.append(offer.contact)
        engine.handle(OfferAccepted(offer.offer), now_ms)
        effects = engine.handle(ContactReleased(ContactId(offer.contact), ANNA), now_ms).effects
    return served


def test_a_first_start_has_nothing_to_recover() -> None:
    """An empty journal gives a new engine before entry 1."""
    revived = revive(Recovered(None, [], {}))
    assert (revived.seq, revived.engine.state.now_ms) == (0, 0)
    assert revived.engine.snapshot() == Engine().snapshot()


def test_a_snapshot_and_its_tail_give_what_the_whole_journal_gives() -> None:
    """Wherever the snapshot was taken."""
    entries = journalled(calls(20))
    whole = revive(Recovered(None, entries, {}))
    for seq in (1, 7, 21):
        part = revive(Recovered(None, entries[:seq], {})).engine.snapshot()
        revived = revive(Recovered(Snapshot(seq, ENGINE_VERSION, part), entries[seq:], {}))
        assert revived.engine.snapshot() == whole.engine.snapshot()
        assert revived.seq == whole.seq == 21


def test_other_facts_than_those_journalled_stop_the_start_naming_entry_and_versions() -> None:
    """A digest that does not match is never passed over."""
    entries = journalled(calls(5))
    entries[3] = entries[3]._replace(digest=facts_digest(b"something else"))
    with pytest.raises(Divergence, match=rf"entry 4: .*version {ENGINE_VERSION}, this is {ENGINE_VERSION}"):
        revive(Recovered(None, entries, {}))


def test_an_entry_that_is_rejected_now_is_a_divergence_too() -> None:
    """What once was accepted must be accepted again."""
    entries = journalled(calls(2))
    stale = entries[2]._replace(event=encode_event(OfferAccepted(9)))  # type: ignore[arg-type]
    with pytest.raises(Divergence, match="entry 3: its event is now rejected"):
        revive(Recovered(None, [*entries[:2], stale], {}))


def test_an_event_that_cannot_be_read_any_more_is_a_divergence_too() -> None:
    """The operator is told which entry it is, not shown a traceback."""
    entries = journalled(calls(2))
    entries[1] = entries[1]._replace(event=b"\x81\xa4type\xa4Nope")
    with pytest.raises(Divergence, match="entry 2: its event cannot be read"):
        revive(Recovered(None, entries, {}))


def test_an_entry_older_than_the_one_before_it_is_a_divergence_too() -> None:
    """Time that goes back is the journal's fault here, not a driver's."""
    entries = journalled(calls(2))
    entries[2] = entries[2]._replace(t_ms=1)
    with pytest.raises(Divergence, match="entry 3: its event is now rejected"):
        revive(Recovered(None, entries, {}))


def test_a_tail_of_another_engine_version_is_refused_with_the_way_out() -> None:
    """The text names the entry, both versions, and what to do."""
    entries = [entry._replace(version=ENGINE_VERSION + 1) for entry in journalled(calls(2))]
    with pytest.raises(
        VersionMismatch, match=rf"entry 1 .* version {ENGINE_VERSION + 1}, .*`acd upgrade`"
    ) as found:
        revive(Recovered(None, entries, {}))
    assert found.value.seq == 1
    assert revive(Recovered(None, entries, {}), any_version=True).seq == 3


def test_a_gap_in_the_journal_stops_the_start() -> None:
    """An entry is missing: going on would lose a contact silently."""
    entries = journalled(calls(5))
    with pytest.raises(RecoveryError, match="lacks entry 4"):
        revive(Recovered(None, entries[:3] + entries[4:], {}))


def test_a_snapshot_that_cannot_be_read_stops_the_start() -> None:
    """Its entry is named."""
    with pytest.raises(RecoveryError, match="snapshot after entry 8"):
        revive(Recovered(Snapshot(8, ENGINE_VERSION, b"\xc1"), [], {}))
