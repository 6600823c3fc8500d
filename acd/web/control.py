"""What the API needs of the running server, as a port; the server gives it, tests may play it."""

from typing import Protocol

from acd.core.events import ContactId, Event
from acd.core.facts import Fact
from acd.core.view import ContactView, Status
from acd.observe.health import Health
from agents.skills import AgentId


class NotDurable(Exception):
    """The change is in force, but the journal did not confirm in time that it is synced."""


class Control(Protocol):
    """All methods belong to the loop's thread."""

    def health(self) -> Health:
        """How the server is."""

    def metrics(self) -> bytes:
        """Prometheus text."""

    def status(self, contacts: int) -> Status:
        """Lines, agents, and the first `contacts` contacts."""

    def availability(self, agent: AgentId) -> str | None:
        """`signed_out`, `ready` or `paused`, whatever the agent is busy with; None: unknown agent."""

    def contact(self, contact: ContactId) -> ContactView | None:
        """One contact; None: not live."""

    async def change(self, event: Event) -> int:
        """Submit; returns the sequence number once it is synced. Raises Rejected, NotDurable."""

    async def erase(self, value: str, tenant: str | None) -> int:
        """Erase a number or address with one client or all; of how many contacts. Raises VaultError."""

    async def history(self, contact: ContactId) -> list[tuple[int, Fact]]:
        """(sequence number, fact) of the contact, oldest first; empty: never heard of."""
