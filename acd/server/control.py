"""The running server as the API sees it."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice

from acd.core import view
from acd.core.events import ContactId, Event
from acd.core.facts import Fact
from acd.core.view import ContactView, Status
from acd.observe.health import Health, health
from acd.ports import Content, Journal
from acd.reports.history import contact_history
from acd.server.driver import Driver
from acd.server.gate import Gate
from acd.web.control import NotDurable
from agents.skills import AgentId

SYNC_PATIENCE_S = 10.0


class ServerControl:
    """Implements acd.web.control.Control."""

    def __init__(
        self,
        *,
        driver: Driver,
        gate: Gate,
        journal: Journal,
        content: Content,
        channels: Mapping[str, str],
        stopping: Callable[[], bool],
        metrics: Callable[[], bytes],
    ) -> None:
        """`channels`: name → `up` or why not, kept up to date by the owner."""
        self._driver = driver
        self._gate = gate
        self._journal = journal
        self._content = content
        self._channels = channels
        self._stopping = stopping
        self._metrics = metrics

    def health(self) -> Health:
        """How the server is."""
        return health(self._gate.trouble, self._content.trouble, self._channels, stopping=self._stopping())

    def metrics(self) -> bytes:
        """Prometheus text."""
        return self._metrics()

    def status(self, contacts: int) -> Status:
        """Lines, agents, and the first `contacts` contacts."""
        state, now_ms = self._driver.engine.state, self._driver.now_ms()
        shown = tuple(
            view.contact_view(state, one, now_ms) for one in islice(state.contacts.values(), contacts)
        )
        return Status(now_ms, view.line_views(state, now_ms), view.agent_views(state), shown)

    def availability(self, agent: AgentId) -> str | None:
        """`signed_out`, `ready` or `paused`; None: unknown agent."""
        seat = self._driver.engine.state.seats.get(agent)
        return None if seat is None else seat.record.state.value

    def contact(self, contact: ContactId) -> ContactView | None:
        """One contact; None: not live."""
        state = self._driver.engine.state
        found = state.contacts.get(contact)
        return None if found is None else view.contact_view(state, found, self._driver.now_ms())

    async def change(self, event: Event) -> int:
        """Submit; returns the sequence number once it is synced. Raises Rejected, NotDurable."""
        seq = self._driver.submit(event)
        try:
            await asyncio.wait_for(self._gate.until_synced(seq), SYNC_PATIENCE_S)
        except TimeoutError as late:
            raise NotDurable("the change is in force, but the journal has not confirmed it yet") from late
        return seq

    async def erase(self, value: str, tenant: str | None) -> int:
        """Erase a person; returns of how many contacts."""
        return await asyncio.wrap_future(self._content.erase_person(value, tenant))

    async def history(self, contact: ContactId) -> list[tuple[int, Fact]]:
        """(sequence number, fact) of the contact, oldest first."""
        return await asyncio.to_thread(contact_history, self._journal, contact, self._gate.written)
