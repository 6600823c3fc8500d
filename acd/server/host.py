"""What a channel gets of the server."""

import asyncio
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from acd.content.errors import NotSyncedError, TooLargeError
from acd.content.intake import opaque_id
from acd.core.events import ContactLeft, Event, LegLost
from acd.ports import (
    Appended,
    ChannelRecord,
    ContactRef,
    Content,
    DialClass,
    Directory,
    Identified,
    NewParty,
    NewPiece,
    PartyKind,
)
from acd.server.driver import Driver
from acd.server.gate import Gate
from queues.desk import EntryId

NO_TENANT = ""
"""Contacts of entries that the desk does not know; they are refused, but asked for first."""


class ServerHost:
    """The Host of one channel: what it submits was asked by the channel, or by the phone of an agent."""

    def __init__(
        self, channel: str, driver: Driver, gate: Gate, content: Content, directory: Directory
    ) -> None:
        self._channel, self._by = channel, f"channel:{channel}"
        self._driver = driver
        self._gate = gate
        self._content = content
        self._directory = directory

    def submit(self, event: Event, records: Iterable[ChannelRecord] = ()) -> int:
        """As the port says."""
        agent = getattr(event, "agent", None)
        if isinstance(event, ContactLeft | LegLost) and event.ref and not event.channel:
            event = replace(event, channel=self._channel)
        return self._driver.submit(event, records, f"phone:{agent}" if agent else self._by)

    def remember(self, records: Iterable[ChannelRecord]) -> None:
        """As the port says."""
        self._driver.remember(records)

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        """As the port says."""
        return self._content.append(batch)

    async def kept(self, seq: int, appended: Sequence[Appended], within_s: float) -> None:
        """As the port says."""
        try:
            async with asyncio.timeout(within_s):
                await self._gate.until_synced(seq)
                for one in appended:
                    await asyncio.wrap_future(one.synced)
        except TimeoutError as late:
            raise NotSyncedError(f"not synced after {within_s:g} s") from late

    async def number(
        self, party: str, tenant: str, within_s: float, region: str = ""
    ) -> tuple[str, DialClass]:
        """As the port says. A read of the disk that hangs costs a thread, not the loop."""
        async with asyncio.timeout(within_s):
            value = await asyncio.to_thread(self._content.party, party)
        whose = value, PartyKind.NUMBER, tenant, self._driver.now_ms()
        kept = self._directory.identify(*whose)
        elsewhere = self._directory.identify(*whose, region) if region else kept
        same = elsewhere.address == kept.address
        return kept.address, elsewhere.dial_class if same else DialClass.UNKNOWN

    async def document(self, document: str, within_s: float) -> bytes:
        """As the port says. It is read in a thread, as `number`."""
        async with asyncio.timeout(within_s):
            return await asyncio.to_thread(lambda: b"".join(self._content.read(document)))

    def identify(
        self, kind: PartyKind, address: str, entry: EntryId, ref: str, region: str = ""
    ) -> tuple[str, Identified]:
        """As the port says."""
        known = self._driver.engine.state.entries.get(entry)
        tenant = known.tenant if known else NO_TENANT
        found = self._directory.identify(address, kind, tenant, self._driver.now_ms(), region)
        party = NewParty(ContactRef(tenant, ref), kind, found.address)
        if self._content.trouble:  # the number may be lost, so nobody is promised a call
            found = found._replace(dial_class=DialClass.UNKNOWN)
        try:
            return self._content.append([party]).ids[0], found
        except TooLargeError:  # calls go on, though the number is lost
            return opaque_id(), found._replace(dial_class=DialClass.UNKNOWN)
