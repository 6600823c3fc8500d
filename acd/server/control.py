"""What the server does for whoever asks at its socket."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from acd.core.events import AgentPaused, CallbackPromised, ConsultStarted, ContactId, Event
from acd.feed.ring import Unwritten
from acd.journal.errors import JournalError
from acd.observe.health import Health, health
from acd.ports import ChannelRecord, Content, Journal, Told
from acd.reports.history import contact_history
from acd.server.announcements import Announcements
from acd.server.dialling import Dialling
from acd.server.driver import Driver
from acd.server.erasures import Erasures
from acd.server.escalating import Escalating
from acd.server.gate import Gate
from acd.server.keys import WriteKeys
from acd.server.lists import Lists
from acd.server.people import People
from acd.server.reload import SiteFile
from acd.web.control import (
    ClearWish,
    EscalationWish,
    IncidentWish,
    JournalUnreadable,
    ListTaken,
    NotDurable,
    SiteApplied,
    WriteKey,
)
from agents.skills import AgentId
from agents.states import AgentState
from queues.desk import Incident

SYNC_PATIENCE_S = 10.0
"""A disk that is slower than this is in trouble: whoever asked is told, and the change stands."""

T = TypeVar("T")


class ServerControl:
    """Changes are answered when they are synced."""

    def __init__(
        self,
        *,
        driver: Driver,
        gate: Gate,
        journal: Journal,
        content: Content,
        people: People,
        dialling: Dialling,
        channels: Callable[[], Mapping[str, str]],
        stopping: Callable[[], bool],
        keys: WriteKeys,
        site: SiteFile,
        announcements: Announcements,
        unwritten: Callable[[], Unwritten],
        lists: Lists,
    ) -> None:
        """`channels()`: name → `up` or why not; `unwritten()`: by the machine's monotonic clock."""
        self._driver = driver
        self._gate = gate
        self._journal = journal
        self._content = content
        self._people = people
        self._dialling = dialling
        self._channels = channels
        self._stopping = stopping
        self._keys = keys
        self._site = site
        self._announcements = announcements
        self._unwritten = unwritten
        self.lists = lists
        self._escalating = Escalating(content, dialling.directory, announcements)
        self._works: set[asyncio.Task[Any]] = set()
        """Imports that go on."""
        self._erasures = Erasures()

    def health(self) -> Health:
        """How the server is."""
        late = self._unwritten()
        age_ms = time.monotonic_ns() // 1_000_000 - late.since_ms
        return health(
            self._gate.trouble,
            self._content.trouble,
            self._channels(),
            stopping=self._stopping(),
            unwritten=late.entries,
            unwritten_since_ms=self.now_ms() - age_ms if late.entries else 0,
        )

    def now_ms(self) -> int:
        """The time of the next entry if it came now."""
        return self._driver.now_ms()

    async def change(self, event: Event | None, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        if event is not None and not self._is_so(event):
            return await self._synced(self._driver.submit(event, self._kept(key), by))
        if key is not None:
            self._journal.append(None, self._keys.keep(key, 0, self._driver.now_ms()))
            await _confirmed(asyncio.to_thread(self._journal.flush))
        return 0

    def _is_so(self, event: Event) -> bool:
        """The same pause once more is none: it would forget when the agent went."""
        if not isinstance(event, AgentPaused):
            return False
        seat = self._driver.engine.state.seats.get(event.agent)
        record = None if seat is None else seat.record
        return record is not None and (record.state, record.reason) == (AgentState.PAUSED, event.reason)

    async def promise_callback(self, contact: ContactId, number: str, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        party, dial_class = await self._dialling.number_of(contact, number)
        return await self.change(CallbackPromised(contact, party, dial_class.value), by, key)

    async def consult_outside(
        self, contact: ContactId, agent: AgentId, number: str, by: str, key: WriteKey | None
    ) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        party, dial_class = await self._dialling.number_to_ask(contact, agent, number)
        event = ConsultStarted(contact, agent, party=party, dial_class=dial_class.value)
        return await self.change(event, by, key)

    async def repeated(self, key: WriteKey) -> int | None:
        """As the port says; whoever repeats while the first still waits for the disk waits with it."""
        seq = self._keys.find(key)
        return None if seq is None else await self._synced(seq)

    def _kept(self, key: WriteKey | None) -> Iterator[ChannelRecord]:
        """Read by the journal's append, when the entry has its number; never read if it is rejected."""
        if key is not None:
            yield from self._keys.keep(key, self._driver.seq, self._driver.now_ms())

    async def _synced(self, seq: int) -> int:
        await _confirmed(self._gate.until_synced(seq))
        return seq

    async def erase(self, value: str, tenant: str | None) -> tuple[int, int]:
        """Erase a person: of how many contacts, and from how many lists. Raises VaultError."""
        return await self._erasures.of((value, tenant), lambda: self._people.erase(value, tenant))

    async def take_lists(self, by: str) -> list[ListTaken]:
        """Take in the list files that changed; answers when that is synced. Raises VaultError, NotDurable."""
        found = await self._to_the_end(self._people.take_files(by))
        await self._synced(self._driver.seq)
        return found

    async def apply_site(self, by: str, *, look: bool) -> SiteApplied:
        """As the port says; once the file is read it goes on to its end."""
        applied = await self._to_the_end(self._site.apply(by, look=look))
        if applied.seq:
            await self._synced(applied.seq)
        return applied

    async def declare_incident(self, incident: Incident, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        asked = replace(incident, declared_by=by)
        declaring = self._announcements.declare(self._site.site, asked, lambda it: self.change(it, by, key))
        return await self._to_the_end(declaring)

    async def change_incident(self, wish: IncidentWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        changing = self._announcements.change(self._site.site, wish, lambda it: self.change(it, by, key))
        return await self._to_the_end(changing)

    async def clear_incident(self, wish: ClearWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        clearing = self._announcements.clear(wish, lambda it: self.change(it, by, key))
        return await self._to_the_end(clearing)

    async def escalate(self, wish: EscalationWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        if key is not None and (known := await self.repeated(key)) is not None:
            return known
        starting = self._escalating.start(self._site.site, wish, lambda it: self.change(it, by, key))
        return await self._to_the_end(starting)

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Also when who asked waits no longer: half of it is done, and asking again would not do the rest."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """End what goes on without anybody who waits for it; the next start makes up for the rest."""
        works = [*self._works, *self._erasures.tasks]
        for task in works:
            task.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    async def history(self, contact: ContactId) -> list[Told]:
        """The facts of the contact, oldest first. Raises JournalUnreadable."""
        try:
            return await asyncio.to_thread(contact_history, self._journal, contact, self._gate.written)
        except JournalError as damage:
            raise JournalUnreadable(str(damage)) from damage


async def _confirmed(durable: Awaitable[None]) -> None:
    """Wait for the disk, but not for ever. Raises NotDurable."""
    try:
        async with asyncio.timeout(SYNC_PATIENCE_S):
            await durable
    except (TimeoutError, JournalError) as late:
        raise NotDurable("the change is in force, but the journal has not confirmed it yet") from late
