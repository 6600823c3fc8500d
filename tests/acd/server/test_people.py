"""Live contacts are who the lists say they are: at their arrival, at each change, and after an outage."""

import asyncio
import dataclasses
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from acd.content.master import MasterKey
from acd.content.memory import MemoryContent
from acd.core.engine import Engine
from acd.core.events import ContactArrived, ContactId, DeskChanged, Event, ListChanged, PriorityChanged
from acd.directory.directory import ListDirectory, Taken
from acd.directory.rows import Row
from acd.directory.store import ListName, ListStore
from acd.feed.ring import Unwritten
from acd.journal.codec import decode_event
from acd.journal.errors import JournalClosedError
from acd.journal.memory import MemoryJournal
from acd.ports import ContactRef, Identified, JournalEntry, NewParty, PartyKind
from acd.replay.replayer import revive
from acd.server import people
from acd.server.announcements import Announcements
from acd.server.control import ServerControl
from acd.server.dialling import Dialling
from acd.server.driver import Driver
from acd.server.gate import Gate
from acd.server.keys import WriteKeys
from acd.server.lists import Lists
from acd.server.people import People
from acd.server.reload import SiteFile
from acd.testing import NUMBER, TENANT, small_desk, small_site
from agents.capacity import VOICE
from config.schema import DirectorySettings, ListFile, ListKind, Site

ANNA, BERT, CARLA = "030 5550101", "030 5550102", "030 5550103"
DAY_MS = 24 * 3600 * 1000
NOON_MS = 20_454 * DAY_MS + DAY_MS // 2
"""2026-01-01T12:00Z."""


class World:
    """A directory folder, a journal and a clock that outlive the servers that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "vip.csv"
        self.now_ms = NOON_MS
        self.journal = MemoryJournal()
        self.content = MemoryContent(lambda: self.now_ms)
        self.desk = small_desk()
        self._entries: list[JournalEntry] = []

    def write(self, *rows: str) -> None:
        self.file.write_text("\n".join(("number,class,head_start,valid_from,valid_until", *rows)) + "\n")

    @property
    def site(self) -> Site:
        lists = DirectorySettings({TENANT: "DE"}, 5, (ListFile(TENANT, ListKind.VIP, self.file),))
        return dataclasses.replace(small_site(self.folder, self.desk), directory=lists)

    def events(self, *kinds: type[Event]) -> list[Event]:
        events = [decode_event(entry.event) for entry in self.entries()]
        return [event for event in events if isinstance(event, kinds)]

    def entries(self) -> list[JournalEntry]:
        """The journal's, also while no server runs."""
        with suppress(JournalClosedError):
            self._entries = list(self.journal.facts())
        return self._entries

    def given(self) -> list[tuple[int, int | None, int | None]]:
        """Every change of priority so far."""
        changes = [one for one in self.events(PriorityChanged) if isinstance(one, PriorityChanged)]
        return [(one.contact, one.priority_class, one.head_start_ms) for one in changes]


class Server:
    """What of the server knows people, over a world; dies without a word when its story is over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.gate = Gate(asyncio.get_running_loop(), lambda *_: None)
        recovered = world.journal.open(self.gate.on_written, self.gate.on_synced, lambda _: None)
        revived = revive(recovered)
        self.gate.start_from(revived.seq)
        self.driver = Driver(
            engine=revived.engine,
            journal=world.journal,
            gate=self.gate,
            stamp=lambda: world.now_ms,
            seq=revived.seq,
            observe=lambda _: None,
            fail=lambda _: None,
        )
        if not revived.seq:
            self.driver.submit(DeskChanged(world.desk))
        self.directory = ListDirectory(world.folder / "directory.db", MasterKey(bytes(32)), world.site)
        self.people = People(
            driver=self.driver,
            gate=self.gate,
            content=world.content,
            directory=self.directory,
            files=world.site.directory.files,
        )

    @property
    def engine(self) -> Engine:
        return self.driver.engine

    def identify(self, number: str) -> Identified:
        """Who calls, as the lists stand."""
        return self.directory.identify(number, PartyKind.NUMBER, TENANT, self.driver.now_ms())

    def call(self, number: str) -> int:
        """A call arrives, as SIP hands it over; its contact."""
        who = self.identify(number)
        ref = f"call-{self.engine.state.last_contact + 1}"
        party = NewParty(ContactRef(TENANT, ref), PartyKind.NUMBER, who.address)
        (kept,) = self.world.content.append([party]).ids
        arrived = ContactArrived(ref, NUMBER, VOICE, kept, who.priority_class, who.head_start_ms)
        self.driver.submit(arrived)
        return self.engine.state.last_contact

    def control(self) -> ServerControl:
        """What answers at the server's socket."""
        return ServerControl(
            driver=self.driver,
            gate=self.gate,
            journal=self.world.journal,
            content=self.world.content,
            people=self.people,
            lists=Lists(self.directory),
            dialling=Dialling(self.driver, self.world.content, self.directory),
            channels=dict,
            stopping=lambda: False,
            keys=WriteKeys({}),
            site=SiteFile(small_site(self.world.folder), None, [], lambda site, by: 0),
            announcements=Announcements(self.driver, []),
            unwritten=Unwritten,
        )

    def order(self) -> list[int]:
        """Who waits, in the order in which they are served."""
        return sorted(self.engine.state.contacts, key=self.engine.state.board.rank)


@asynccontextmanager
async def serving(world: World, *, noting: bool = True) -> AsyncIterator[Server]:
    """`noting` False: it dies before it could note how far lists are applied."""
    server = Server(world)
    try:
        await server.people.start()
        chores = [asyncio.ensure_future(server.people.run())]
        if noting:
            chores.append(asyncio.ensure_future(server.people.note()))
        yield server
        await asyncio.sleep(0.05)
        for chore in chores:
            chore.cancel()
    finally:
        server.driver.close()
        world.entries()
        world.journal.close()
        server.directory.close()


Story = Callable[[World], Coroutine[Any, Any, None]]


def play(folder: Path, story: Story) -> World:
    world = World(folder)
    asyncio.run(story(world))
    return world


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


def test_a_caller_on_the_list_overtakes_at_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call("0049305550102")
            assert server.order() == [bert, anna]
        assert world.given() == [], "he was identified when he arrived"

    play(tmp_path, story)


def test_who_comes_on_the_list_while_he_waits_moves_up_and_who_leaves_it_moves_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            anna, bert, carla = server.call(ANNA), server.call(BERT), server.call(CARLA)
            world.write("030 5550103,,10m,,")
            (taken,) = await server.people.take_files("api:supervisor")
            assert (taken.list, taken.version, taken.people, taken.refused) == ("vip", 2, 1, ())
            assert server.order() == [carla, anna, bert]
            assert world.given() == [(bert, None, 0), (carla, None, 600_000)]
            past = await asyncio.to_thread(server.directory.history, (TENANT, "vip"))
            assert [(one.version.version, one.counts) for one in past] == [(2, (1, 1, 0)), (1, (1, 0, 0))]
            assert server.engine.state.lists == {(TENANT, "vip"): 2}

    world = play(tmp_path, story)
    stored = b"".join(entry.event + entry.facts for entry in world.entries())
    assert b"555010" not in stored
    assert [entry.by for entry in world.entries() if isinstance(decode_event(entry.event), ListChanged)] == [
        "site",
        "api:supervisor",
    ]


def test_a_file_that_did_not_change_is_no_new_version(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            (taken,) = await server.people.take_files("api:supervisor")
            assert (taken.version, taken.people) == (1, 0)
        async with serving(world):
            pass
        assert len(world.events(ListChanged)) == 1

    play(tmp_path, story)


def test_a_list_with_a_bad_row_is_refused_and_the_last_good_one_holds_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            world.write("030 5550102,1,,,", "nobody,1,,,")
            (taken,) = await server.people.take_files("api:supervisor")
            assert taken.refused == ('row 3, number: "nobody" is not a telephone number',)
            assert (taken.version, server.people.refused) == (1, 1)
        async with serving(world) as server:
            assert server.people.refused == 1
            assert server.identify(BERT).priority_class == 1

    play(tmp_path, story)


@pytest.mark.parametrize(("bound_ms", "given"), [(NOON_MS + 60_000, (1, 0)), (NOON_MS + 120_000, (None, 0))])
def test_a_validity_that_begins_or_ends_while_he_waits_is_given_or_taken_back_in_that_moment(
    tmp_path: Path, bound_ms: int, given: tuple[int | None, int]
) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,2026-01-01T12:01,2026-01-01T12:02")
        world.now_ms = bound_ms - 10
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call(BERT)
            before, after = ([bert, anna], [anna, bert]) if given[0] is None else ([anna, bert], [bert, anna])
            world.now_ms = bound_ms - 1
            await asyncio.sleep(0.05)
            assert server.order() == before
            world.now_ms = bound_ms
            await until(lambda: server.order() == after)
        assert world.given() == [(bert, *given)]

    play(tmp_path, story)


def test_what_changed_during_an_outage_is_made_up_for_at_the_start(tmp_path: Path) -> None:
    """A validity that ended, and a file that was replaced."""

    async def story(world: World) -> None:
        world.write("030 5550102,1,,,2026-01-01T13:00")
        async with serving(world) as server:
            anna, bert, carla = server.call(ANNA), server.call(BERT), server.call(CARLA)
            assert server.order() == [bert, anna, carla]
        world.now_ms += 2 * 3600 * 1000
        world.write("030 5550102,1,,,2026-01-01T13:00", "030 5550103,2,,,")
        async with serving(world) as server:
            assert server.order() == [carla, anna, bert]
        assert world.given() == [(bert, None, 0), (carla, 2, 0)]
        async with serving(world) as server:
            assert server.order() == [carla, anna, bert]
        assert len(world.given()) == 2, "once is enough"

    play(tmp_path, story)


def test_a_server_that_died_before_the_change_was_noted_does_it_again_and_nothing_changes(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call(BERT)
        world.write("030 5550109,1,,,")
        async with serving(world, noting=False) as server:
            assert server.order() == [anna, bert]
        async with serving(world) as server:
            assert server.order() == [anna, bert]
        assert world.given() == [(bert, None, 0)] * 2
        assert world.events(ListChanged)[-1] == ListChanged(TENANT, "vip", 2)

    play(tmp_path, story)


def test_a_start_does_not_keep_callers_waiting_for_a_long_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls before it is read is identified by it then."""
    may_read, take_file = threading.Event(), ListDirectory.take_file

    def slow(*arguments: Any, **named: Any) -> Taken | None:
        assert may_read.wait(30)
        return take_file(*arguments, **named)

    monkeypatch.setattr(ListDirectory, "take_file", slow)
    monkeypatch.setattr(people, "START_WITHIN_S", 0.05)

    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call(BERT)
            assert server.order() == [anna, bert]
            may_read.set()
            await until(lambda: server.order() == [bert, anna])

    play(tmp_path, story)


def test_an_import_that_nobody_waits_for_any_more_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored and not in force it would be taken for a file that did not change, until the next restart."""
    may_store, take_file = threading.Event(), ListDirectory.take_file

    def slow(*arguments: Any, **named: Any) -> Taken | None:
        assert may_store.wait(30)
        return take_file(*arguments, **named)

    async def story(world: World) -> None:
        world.write()
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call(BERT)
            world.write("030 5550102,1,,,")
            monkeypatch.setattr(ListDirectory, "take_file", slow)
            control = server.control()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(control.take_lists("api:supervisor"), 0.05)
            may_store.set()
            await until(lambda: server.order() == [bert, anna])
            await control.stop()

    play(tmp_path, story)


def test_an_erasure_that_nobody_waits_for_any_more_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_erase, erase = threading.Event(), ListDirectory.erase

    def slow(directory: ListDirectory, value: str, tenant: str | None) -> set[ListName]:
        assert may_erase.wait(30)
        return erase(directory, value, tenant)

    monkeypatch.setattr(ListDirectory, "erase", slow)

    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            control = server.control()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(control.erase(BERT, None), 0.05)
            may_erase.set()
            await until(lambda: server.identify(BERT).priority_class is None)
            await control.stop()

    play(tmp_path, story)


def test_a_start_reads_a_list_that_did_not_change_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    rows = ListStore.rows

    def counted(store: ListStore, name: ListName, version: int) -> list[Row]:
        read.append(version)
        return rows(store, name, version)

    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            server.call(BERT)
        monkeypatch.setattr(ListStore, "rows", counted)
        async with serving(world):
            assert read == [1]

    play(tmp_path, story)


def test_a_pipe_in_place_of_a_list_is_refused_and_nobody_waits_for_its_writer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        os.mkfifo(world.file)
        async with serving(world) as server:
            (taken,) = await server.people.take_files("api:supervisor")
            assert taken.refused == ("cannot be read: is a pipe",)

    play(tmp_path, story)


def test_what_a_supervisor_gave_by_hand_stays_unless_the_list_says_something_new_of_him(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        world.write("030 5550109,1,,,")
        async with serving(world) as server:
            anna, bert = server.call(ANNA), server.call(BERT)
            server.driver.submit(PriorityChanged(ContactId(bert), 0))
            world.write("030 5550109,2,,,")
            await server.people.take_files("api:supervisor")
            assert server.order() == [bert, anna]
            world.write("030 5550102,7,,,")
            await server.people.take_files("api:supervisor")
            assert server.order() == [anna, bert]
        async with serving(world) as server:
            assert server.order() == [anna, bert]

    play(tmp_path, story)


def test_the_entry_s_own_class_and_head_start_stay_when_the_list_takes_its_own_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (entry,) = world.desk.entries
        world.desk = replace(world.desk, entries=(replace(entry, priority_class=3, head_start_ms=1_000),))
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            bert = server.call(BERT)
            world.write("030 5550102,4,5s,,")
            await server.people.take_files("api:supervisor")
            world.write("030 5550109,1,,,")
            await server.people.take_files("api:supervisor")
        assert world.given() == [(bert, 3, 5_000), (bert, 3, 1_000)]

    play(tmp_path, story)


def test_a_person_is_erased_from_lists_and_contacts_however_the_number_is_written(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.write("030 5550102,1,,,")
        async with serving(world) as server:
            server.call(BERT)
            assert await server.people.erase("+49 30 555 0102", None) == (1, 1)
            assert server.identify(BERT).priority_class is None
            assert await server.people.erase("030/5550102", TENANT) == (0, 0)

    play(tmp_path, story)


@pytest.mark.parametrize("number", ["anonymous", "4711"])
def test_a_stranger_is_nobody_in_particular(tmp_path: Path, number: str) -> None:
    async def story(world: World) -> None:
        world.write()
        async with serving(world) as server:
            assert server.identify(number)[1:5] == ("", None, 0, "")
            server.call(number)

    play(tmp_path, story)
