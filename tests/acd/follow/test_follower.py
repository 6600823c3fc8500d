"""A follower's copy is the server's engine, byte for byte; and it stops loudly where it would be another."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactArrived, DeskChanged
from acd.core.facts import Fact
from acd.feed.consumer import Consumer
from acd.feed.messages import Base, Entries
from acd.follow.follower import Follower
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.ports import JournalEntry
from acd.replay.divergence import Divergence, RecoveryError, VersionMismatch
from acd.server.app import App
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_site
from acd.web.protocol import socket_path
from agents.capacity import VOICE


class Notes:
    """Keeps what a follower tells."""

    def __init__(self) -> None:
        self.begun_times = 0
        self.seen: list[int] = []

    def begun(self, engine: Engine) -> None:
        self.begun_times += 1

    def saw(self, entry: JournalEntry, facts: Sequence[Fact]) -> None:
        self.seen.append(entry.seq)


def test_the_copy_equals_the_server_s_engine_after_every_step(tmp_path: Path) -> None:
    """From a snapshot in several parts, through calls, and at the next start of the server."""

    async def story() -> None:
        notes = Notes()
        follower = Follower(notes)
        channel = ScriptedChannel()
        for _ in range(2):
            app = App(small_site(tmp_path), [channel], web=False)
            await app.start()
            consumer = Consumer(socket_path(tmp_path), follower.cursor)
            following = asyncio.ensure_future(follower.run(consumer))
            try:
                for number in range(30):
                    channel.arrive()
                    if number % 3 == 0:
                        channel.leave(next(iter(app.driver.engine.state.contacts)))
                    assert await follower.reached(app.driver.seq, 30.0)
                    assert follower.engine.snapshot() == app.driver.engine.snapshot()
            finally:
                following.cancel()
                await app.stop()
        assert notes.seen == list(range(1, follower.seq + 1))
        assert notes.begun_times == 1

    asyncio.run(story())


def desk_entry(
    seq: int, t_ms: int, *, version: int = ENGINE_VERSION, engine: Engine | None = None
) -> JournalEntry:
    event = DeskChanged(small_desk())
    facts = encode_facts((engine or Engine()).handle(event, t_ms).facts)
    return JournalEntry(seq, t_ms, version, encode_event(event), facts, facts_digest(facts))


def test_it_stops_at_the_first_entry_that_it_would_have_decided_otherwise() -> None:
    """Nothing after it is taken: a view of another desk would be worse than none."""
    notes = Notes()
    follower = Follower(notes)
    good = desk_entry(1, 1_000)
    facts = encode_facts([])
    event = encode_event(ContactArrived("call-1", NUMBER, VOICE))
    bad = JournalEntry(2, 2_000, ENGINE_VERSION, event, facts, facts_digest(facts))
    with pytest.raises(Divergence, match="diverges at entry 2"):
        follower.take(Entries("0123456789abcdef.2", [good, bad]))
    assert notes.seen == [1]
    assert follower.seq == 1


def test_it_takes_no_entry_that_does_not_follow_the_last() -> None:
    """A gap would be seen only where a digest differs, or never."""
    follower = Follower(Notes())
    follower.take(Entries("0123456789abcdef.1", [desk_entry(1, 1_000)]))
    with pytest.raises(RecoveryError, match="entry 3 came after entry 1"):
        follower.take(Entries("0123456789abcdef.3", [desk_entry(3, 2_000)]))
    assert follower.seq == 1


def test_it_follows_no_server_of_another_engine_version() -> None:
    """After an upgrade on the disk the running server is still the old one."""
    with pytest.raises(VersionMismatch, match="was written by engine version"):
        Follower(Notes()).take(Entries("0123456789abcdef.1", [desk_entry(1, 1_000, version=999)]))


def test_a_snapshot_that_was_cut_off_is_begun_again() -> None:
    """Parts of the first attempt do not get into the second."""
    engine = Engine()
    engine.handle(DeskChanged(small_desk()), 1_000)
    state = engine.snapshot()
    half = len(state) // 2
    parts = [
        Base(0, "0123456789abcdef.1", ENGINE_VERSION, state[:half], False),
        Base(0, "0123456789abcdef.1", ENGINE_VERSION, state[:half], False),
        Base(1, "0123456789abcdef.1", ENGINE_VERSION, state[half:], True),
    ]
    follower = Follower(Notes())
    for part in parts:
        follower.take(part)
    assert follower.engine.snapshot() == state
    assert (follower.seq, follower.cursor) == (1, "0123456789abcdef.1")


def test_who_waits_for_an_entry_is_told_or_his_patience_ends() -> None:
    """A reader wants to see what he has just changed."""

    async def story() -> None:
        follower = Follower(Notes())
        waiting = asyncio.ensure_future(follower.reached(1, 30.0))
        await asyncio.sleep(0)
        follower.take(Entries("0123456789abcdef.1", [desk_entry(1, 1_000)]))
        assert await waiting
        assert not await follower.reached(2, 0.01)

    asyncio.run(story())


def test_an_idle_desk_keeps_nothing_of_those_whose_patience_ended() -> None:
    """1,000 ask one after the other, and nothing comes; one who gives up himself leaves nothing either."""

    async def story() -> None:
        follower = Follower(Notes())
        for _ in range(1_000):
            assert not await follower.reached(1, 0.0001)
        waiting = asyncio.ensure_future(follower.reached(1, 30.0))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not follower._waiting

    asyncio.run(story())
