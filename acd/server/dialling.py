"""Numbers that are to be called: kept safely before anything is promised of them."""

import asyncio

from acd.content.errors import NotSyncedError, VaultUnknownError
from acd.core.callbacks import may_promise
from acd.core.consults import may_ask
from acd.core.errors import Rejected
from acd.core.events import ContactId
from acd.directory.directory import ListDirectory
from acd.ports import ContactRef, Content, DialClass, NewParty, PartyKind
from acd.server.driver import Driver
from agents.skills import AgentId
from config.entries import entry_id
from queues.contact import Contact

KEPT_WITHIN_S = 5.0
"""A callback is not promised when its number is not stored by then."""


class Dialling:
    """All on the loop, but for what blocks."""

    def __init__(self, driver: Driver, content: Content, directory: ListDirectory) -> None:
        self._driver = driver
        self._content = content
        self.directory = directory

    async def number_of(self, number: ContactId, said: str) -> tuple[str, DialClass]:
        """Opaque id and dial class of the number by which a contact's party is to be called back.

        `said` is that number as somebody writes it; empty: the one that the contact came from. Raises
        Rejected: no such contact, nothing that may be called, or nobody knows his number; VaultError: it
        cannot be kept.
        """
        contact = self._driver.engine.state.contact(number)
        if said:
            return await self._keep(contact, said)
        try:
            found = await asyncio.to_thread(self._content.party, contact.party)
        except VaultUnknownError as unknown:
            raise Rejected(f"the number of contact {number} is not known: say which one to call") from unknown
        return contact.party, self._class_of(contact, found)[1]

    async def number_to_ask(self, number: ContactId, agent: AgentId, said: str) -> tuple[str, DialClass]:
        """The same of the number of somebody outside whom its agent wants to ask. Raises as `number_of`."""
        contact = self._driver.engine.state.contact(number)
        normal, dial_class = self._class_of(contact, said)
        may_ask(self._driver.engine.state, number, agent, dial_class)
        return await self._store(contact, normal), dial_class

    async def _keep(self, contact: Contact, said: str) -> tuple[str, DialClass]:
        """Nothing is kept of a number that will not be called."""
        normal, dial_class = self._class_of(contact, said)
        may_promise(self._driver.engine.state, contact, dial_class)
        return await self._store(contact, normal), dial_class

    async def _store(self, contact: Contact, normal: str) -> str:
        of = ContactRef(contact.tenant, contact.carrier.ref)
        appended = self._content.append([NewParty(of, PartyKind.NUMBER, normal)])
        try:
            async with asyncio.timeout(KEPT_WITHIN_S):
                await asyncio.wrap_future(appended.synced)
        except TimeoutError as late:
            raise NotSyncedError(f"the number was not stored within {KEPT_WITHIN_S:g} s") from late
        return appended.ids[0]

    def _class_of(self, contact: Contact, number: str) -> tuple[str, DialClass]:
        """In normal form, with its class. Raises Rejected: it is no number that could be called."""
        found = self.directory.identify(number, PartyKind.NUMBER, contact.tenant, self._driver.now_ms())
        if entry_id(contact.medium, found.address) in self._driver.engine.state.entries:
            raise Rejected("this is a number of the desk itself")
        if found.dial_class is DialClass.UNKNOWN:
            raise Rejected("this is no telephone number that could be called")
        return found.address, found.dial_class
