"""Beside a server that runs, was killed and started again: its timers are late, and its ids its own."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from acd.core.effects import AdmitContact, ConnectContact, OfferContact
from acd.core.facts import Fact, NotAnswered, Restart
from acd.journal.codec import decode_event, decode_facts
from acd.server.app import App
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from acd.why.explain import explain
from acd.why.otherwise import Asking
from acd.why.past import Reading, Usual
from acd.why.record import Record, again
from acd.why.world import World
from tests.acd.server.test_app import crash, started, until
from tests.acd.why.explained import sentences


async def lived(folder: Path) -> tuple[App, ScriptedChannel, int]:
    """Anna lets it ring, Bert answers and wraps up; the server is killed, and the next caller comes."""
    site = small_site(folder, small_desk(lines=[replace(small_line(wrap_up_ms=150), ring_ms=250)]))
    channel = ScriptedChannel()
    app = await started(site, channel)
    channel.sign_in("anna", "bert")
    late = channel.arrive()
    await until(lambda: len(channel.seen(OfferContact)) == 2)
    channel.accept(channel.seen(OfferContact)[1])
    await until(lambda: channel.seen(ConnectContact))
    channel.release(channel.contact_of(late), "bert")
    await asyncio.sleep(0.3)
    channel.arrive()
    await until(lambda: len(channel.seen(AdmitContact)) == 2)
    number = channel.contact_of(late)
    await crash(app)
    again_channel = ScriptedChannel()
    return await started(site, again_channel), again_channel, number


def test_it_is_explained_while_the_server_runs(tmp_path: Path) -> None:
    async def story() -> None:
        app, _, number = await lived(tmp_path)
        record = Record(tmp_path / "journal")
        said = sentences(explain(record, number).timeline)
        assert "anna did not answer in time (RONA)." in said
        assert any(one.startswith("not: anna: paused (no answer)") for one in said)
        asked = Asking(record, number, lambda: True)
        assert asked.arrived_ms > 0
        await app.stop()

    asyncio.run(story())


def test_with_nothing_changed_what_happened_happens_again_over_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        app, channel, _ = await lived(tmp_path)
        channel.arrive()
        await asyncio.sleep(0.4)
        await app.stop()

    asyncio.run(story())
    record, reading, told = Record(tmp_path / "journal"), Reading(), list[Fact]()
    engine, after = record.before(1)
    start, _ = record.before(1)
    for entry in record.entries(after):
        due_ms = engine.next_deadline()
        again(engine, entry)
        facts = decode_facts(entry.facts)
        reading.take(entry.seq, entry.t_ms, decode_event(entry.event), facts, due_ms)
        told += facts
    assert {NotAnswered, Restart} <= {type(fact) for fact in told}
    assert reading.past.late, "a live timer is late"
    world = World(start, reading.past, Usual())
    world.run(entry.t_ms, lambda: True)
    assert world.told == told
