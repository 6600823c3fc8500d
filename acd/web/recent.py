"""The last facts, for clients who follow the desk over HTTP: bounded, resumable, each sees what is his."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from acd.core.engine import Engine
from acd.core.events import ContactId
from acd.core.facts import ENDINGS, Arrived, Blocked, Fact
from acd.ports import Entry, Told
from queues.desk import TenantId

CAPACITY = 20_000
"""Entries kept; a client that is further behind looks at the status and begins anew."""
MAX_SCAN = 5_000
"""Entries looked at for one answer: somebody who may see little is told how far it came."""
NOBODY = TenantId("")


class Recent(NamedTuple):
    """A fact of the feed, and the client whose contact it is about; NOBODY: about none."""

    told: Told
    tenant: TenantId


class RecentFacts:
    """Filled by the follower, read by any number of clients, none of whom costs more than his own reading."""

    def __init__(self) -> None:
        self._entries: deque[tuple[int, list[Recent]]] = deque(maxlen=CAPACITY)
        self._tenants: dict[ContactId, TenantId] = {}
        self._ended: deque[ContactId] = deque()
        self.first = self._last = 0
        """What follows entry `first` is kept."""
        self._news: asyncio.Future[None] | None = None

    def begun(self, engine: Engine, seq: int) -> None:
        """Nothing is known of what came up to entry `seq` but who lives."""
        self._entries.clear()
        live = engine.state.contacts.values()
        self._tenants = {ContactId(contact.id): contact.tenant for contact in live}
        self.first = self._last = seq

    def saw(self, entry: Entry, facts: Sequence[Fact]) -> None:
        """The next entry."""
        kept = [Recent(Told(entry.seq, entry.by, fact), self._tenant(fact)) for fact in facts]
        if len(self._entries) == CAPACITY:
            self.first = self._entries[0][0]
        self._entries.append((entry.seq, kept))
        self._last = entry.seq
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def came_before(self, entries: Iterable[tuple[Entry, Sequence[Fact]]]) -> None:
        """The entries up to `first`, for clients who were further back when the copy was made."""
        earlier = [
            (entry.seq, [Recent(Told(entry.seq, entry.by, fact), self._tenant(fact)) for fact in facts])
            for entry, facts in entries
        ]
        if earlier:
            self._entries = deque([*earlier, *self._entries], maxlen=CAPACITY)
            self.first = self._entries[0][0] - 1

    def after(self, seq: int) -> Iterable[tuple[int, list[Recent]]] | None:
        """Up to MAX_SCAN entries after `seq`, oldest first; None: they are not kept any more."""
        if seq < self.first:
            return None
        start = len(self._entries) - (self._last - seq)
        return islice(self._entries, max(0, start), max(0, start) + MAX_SCAN)

    async def more(self, seq: int, patience_s: float) -> None:
        """Return as soon as there is an entry after `seq`, or after `patience_s`."""
        if self._last > seq:
            return
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._news], timeout=patience_s)

    def _tenant(self, fact: Fact) -> TenantId:
        if isinstance(fact, Blocked):
            return fact.tenant
        contact: ContactId | None = getattr(fact, "contact", None)
        if contact is None:
            return NOBODY
        if isinstance(fact, Arrived):
            self._tenants[contact] = fact.tenant
        elif isinstance(fact, ENDINGS):
            self._forget_later(contact)
        return self._tenants.get(contact, NOBODY)

    def _forget_later(self, contact: ContactId) -> None:
        """Wrap-up follows the end, so the last ones that ended are still known."""
        self._ended.append(contact)
        if len(self._ended) > CAPACITY:
            self._tenants.pop(self._ended.popleft(), None)
