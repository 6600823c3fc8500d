"""Who live contacts are: asked when they arrive, and again whenever the answer may have changed."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import structlog

from acd.content.errors import VaultError
from acd.core.admission import better
from acd.core.errors import Rejected
from acd.core.events import ContactId, ListChanged, PriorityChanged
from acd.directory.directory import ListDirectory
from acd.directory.lists import HeldList, Lists, identify, next_bound
from acd.directory.rows import BadList
from acd.directory.store import Applied, ListName
from acd.ports import Content, Identified, PartyKind
from acd.server.driver import Driver
from acd.server.gate import Gate
from acd.web.control import ListTaken
from agents.capacity import FAX
from config.schema import ListFile
from queues.contact import Contact
from queues.desk import Entry, Medium, TenantId

_log = structlog.get_logger("acd.people")

STORED_WITHIN_S = 10.0
"""So long a change of a list waits for the newest callers' numbers to be stored, then goes on without."""

START_WITHIN_S = 5.0
"""So long a start waits for changed list files, then calls are taken and the rest follows: hundreds of
thousands of rows take many times as long, and callers who are refused meanwhile are lost.
"""

LONGEST_SLEEP_S = 3600.0
"""Nothing is due so seldom; but a clock that was set must not be slept through."""


BY = "directory"


class People:
    """All on the loop, but for what blocks.

    A list says what it *gives*: a change is submitted for a contact if, and only if, the lists say
    something else of it now than the last time. So what a supervisor changed by hand stays until then.

    How far this went is noted in the directory's file, after what came of it is synced; a server that dies
    in between does the last step again, which changes nothing twice.
    """

    def __init__(
        self,
        *,
        driver: Driver,
        gate: Gate,
        content: Content,
        directory: ListDirectory,
        files: Sequence[ListFile],
    ) -> None:
        self.refused = 0
        """List files that could not be taken at the last try."""
        self._driver, self._gate = driver, gate
        self._content, self._directory = content, directory
        self._files = files
        self._until_ms = 0
        """Live contacts are identified as of then."""
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._notes: asyncio.Queue[tuple[int, Applied]] = asyncio.Queue()
        self._first: asyncio.Future[None]

    async def start(self) -> None:
        """Load the lists, tell the engine of versions it has not heard of, and catch up with the outage.

        Files that need longer than START_WITHIN_S are taken while `run` goes on. Raises VaultError.
        """
        applied, newest = await asyncio.to_thread(
            lambda: (self._directory.applied(), self._directory.newest())
        )
        self._directory.lists = await asyncio.to_thread(self._directory.load, newest)
        for name, version in newest.items():
            self._tell(name, version, BY)
        self._until_ms = self._driver.now_ms()
        if applied is not None:
            await self._identify_anew(await self._held(applied), applied.at_ms, self._live())
        self._first = asyncio.ensure_future(self._take_at_start())
        await asyncio.wait([self._first], timeout=START_WITHIN_S)

    async def _held(self, applied: Applied) -> Lists:
        """The lists of then; those that are also the lists of now are not read again."""
        now = self._directory.lists
        same = {
            name: now[name]
            for name, version in applied.versions.items()
            if name in now and now[name].version == version
        }
        others = {name: version for name, version in applied.versions.items() if name not in same}
        return {**same, **await asyncio.to_thread(self._directory.load, others)}

    async def _take_at_start(self) -> None:
        try:
            await self.take_files("site")
        except VaultError as failure:  # a full disk keeps no desk from starting; the versions before hold
            _log.error("lists not taken", error=str(failure))

    async def take_files(self, by: str) -> list[ListTaken]:
        """Take in every list file that is not what the directory has already. Raises VaultError."""
        async with self._turn:
            found = [await self._take(file, by) for file in self._files]
        self.refused = sum(bool(one.refused) for one in found)
        return found

    async def erase(self, value: str, tenant: str | None) -> tuple[int, int]:
        """Erase a number or address from contacts and lists: from how many of each. Raises VaultError."""
        contacts = 0
        try:
            for spelling in sorted(self._directory.spellings(value, tenant)):
                contacts += await asyncio.wrap_future(self._content.erase_person(spelling, tenant))
            lists = await self._erase_from_lists(value, tenant)
        except VaultError as failure:
            if not contacts:
                raise
            raise VaultError(
                f"erased from {contacts} contacts, the rest is not: repeat it ({failure})"
            ) from failure
        return contacts, lists

    async def _erase_from_lists(self, value: str, tenant: str | None) -> int:
        """From how many."""
        async with self._turn:
            gone = await asyncio.to_thread(self._directory.erase, value, tenant)
            lists = self._directory.lists
            held = {name: lists[name].version for name in gone if name in lists}
            self._directory.lists = {**lists, **await asyncio.to_thread(self._directory.load, held)}
        return len(gone)

    async def run(self) -> None:
        """The rest of the files; then, whenever a validity begins or ends, identify anew; for ever."""
        await self._first
        while True:
            self._changed.clear()
            bound = next_bound(self._directory.lists, self._until_ms)
            await self._sleep(bound)
            async with self._turn:
                if bound is not None and self._driver.now_ms() >= bound:
                    await self._identify_anew(self._directory.lists, self._until_ms, self._live())

    async def note(self) -> None:
        """Keep the directory's note of how far this went; for ever."""
        while True:
            seq, applied = await self._notes.get()
            await self._gate.until_synced(seq)
            try:
                await asyncio.to_thread(self._directory.apply, applied)
            except VaultError as failure:
                _log.error("cannot note how far lists are applied", error=str(failure))

    async def _sleep(self, bound: int | None) -> None:
        left_s = LONGEST_SLEEP_S if bound is None else (bound - self._driver.now_ms()) / 1000
        try:
            async with asyncio.timeout(min(max(left_s, 0), LONGEST_SLEEP_S)):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _take(self, file: ListFile, by: str) -> ListTaken:
        name = str(file.tenant), str(file.kind)
        held, now_ms = self._directory.lists.get(name), self._driver.now_ms()
        take = partial(self._directory.take_file, known=self._known(name), held=held)
        try:
            taken = await asyncio.to_thread(take, file, by, now_ms)
        except BadList as failure:
            reasons = tuple(map(str, failure.flaws))
            _log.error("list refused", tenant=name[0], list=name[1], file=str(file.path), flaws=len(reasons))
            return ListTaken(*name, self._version(name), 0, reasons)
        if taken is None:
            return ListTaken(*name, self._version(name), 0)
        before, live = dict(self._directory.lists), self._live()
        self._directory.lists = {**before, name: taken.held}
        self._tell(name, taken.held.version, by)
        await self._identify_anew(before, self._until_ms, live)
        _log.info("list taken", tenant=name[0], list=name[1], version=taken.held.version)
        return ListTaken(*name, taken.held.version, taken.version.people)

    def _version(self, name: ListName) -> int:
        held = self._directory.lists.get(name)
        return 0 if held is None else held.version

    def _known(self, name: ListName) -> int:
        """The version that the engine has."""
        return self._driver.engine.state.lists.get((TenantId(name[0]), name[1]), 0)

    def _tell(self, name: ListName, version: int, by: str) -> None:
        """Journal the version, unless the engine has it."""
        known = self._known(name)
        if known < version:
            self._driver.submit(ListChanged(TenantId(name[0]), name[1], version), by=by)
        elif known > version:
            _log.warning(
                "the directory has an older list than the journal", list=name, has=version, knew=known
            )

    def _live(self) -> list[int]:
        return list(self._driver.engine.state.contacts)

    async def _identify_anew(self, before: Lists, before_ms: int, live: Iterable[int]) -> None:
        """Submit what the lists give these contacts now, where that is not what they gave them before."""
        after: dict[ListName, HeldList] = dict(self._directory.lists)
        contacts = self._driver.engine.state.contacts
        values = await self._values({contacts[number].party for number in live})
        after_ms = self._until_ms = self._driver.now_ms()
        for number in live:
            contact = contacts.get(number)
            value = values.get(contact.party) if contact is not None else None
            if contact is None or value is None:
                continue
            address = self._directory.read(value, self._kind_of(contact.medium), contact.tenant)
            was = identify(before, contact.tenant, address, max(before_ms, contact.arrived_ms))
            now = identify(after, contact.tenant, address, after_ms)
            if (was.priority_class, was.head_start_ms) != (now.priority_class, now.head_start_ms):
                self._give(contact, now)
        held = {name: one.version for name, one in after.items()}
        self._notes.put_nowait((self._driver.seq, Applied(held, after_ms)))
        self._changed.set()

    def _kind_of(self, medium: Medium) -> PartyKind:
        """What its contacts' party is: who keeps a leg has a number, also in a medium of the site's own."""
        if medium == FAX:
            return PartyKind.FAX
        traits = self._driver.engine.state.media.get(medium)
        return PartyKind.NUMBER if traits is not None and traits.keeps_leg else PartyKind.ADDRESS

    def _give(self, contact: Contact, found: Identified) -> None:
        entry = self._driver.engine.state.entries.get(contact.entry)
        priority_class, head_start_ms = holding(entry, found)
        try:
            self._driver.submit(PriorityChanged(ContactId(contact.id), priority_class, head_start_ms), by=BY)
        except Rejected as refusal:
            _log.warning("priority not changed", contact=contact.id, reason=str(refusal))

    async def _values(self, parties: set[str]) -> dict[str, str]:
        """Party → number or address, of those that are stored and not erased."""
        if not parties:
            return {}
        try:
            stored = self._content.append(())  # done when all that came before is
            async with asyncio.timeout(STORED_WITHIN_S):
                await asyncio.wrap_future(stored.synced)
        except (TimeoutError, VaultError):
            _log.warning("the newest callers are not identified anew", error=self._content.trouble)
        return await asyncio.to_thread(_read_all, self._content.party, parties)


def holding(entry: Entry | None, found: Identified) -> tuple[int | None, int]:
    """Class and head start that hold: the better of what the entry and the lists give."""
    given = found.priority_class, found.head_start_ms
    return given if entry is None else better(*given, entry)


def _read_all(read: Callable[[str], str], parties: Iterable[str]) -> dict[str, str]:
    found = {}
    for party in parties:
        try:
            found[party] = read(party)
        except VaultError:
            continue
    return found
