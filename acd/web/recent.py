"""The last facts, for clients who follow the desk over HTTP: bounded, resumable, each sees what is his."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from acd.core.engine import Engine
from acd.core.events import ContactId
from acd.core.facts import ENDINGS, Arrived, Blocked, Fact
from acd.ports import JournalEntry, Told
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
        self.first = 0
        """What follows entry `first` is kept, without a gap."""

    def begun(self, engine: Engine, seq: int) -> None:
        """Nothing is known of what came up to entry `seq` but who lives."""
        self._entries.clear()
        live = engine.state.contacts.values()
        self._tenants = {ContactId(contact.id): contact.tenant for contact in live}
        self.first = seq

    def saw(self, entry: JournalEntry, facts: Sequence[Fact]) -> None:
        """The next entry."""
        if len(self._entries) == CAPACITY:
            self.first = self._entries[0][0]
        self._entries.append(self._kept(entry, facts))

    def came_before(self, entries: Iterable[tuple[JournalEntry, Sequence[Fact]]]) -> None:
        """The entries up to `first`, for clients who were further back when the copy was made."""
        earlier = [self._kept(entry, facts) for entry, facts in entries]
        if earlier:
            self._entries = deque([*earlier, *self._entries], maxlen=CAPACITY)
            self.first = self._entries[0][0] - 1

    def after(self, seq: int) -> Iterable[tuple[int, list[Recent]]] | None:
        """Up to MAX_SCAN entries after `seq`, oldest first; None: they are not kept any more."""
        if seq < self.first:
            return None
        start = seq - self.first
        return islice(self._entries, start, start + MAX_SCAN)

    def _kept(self, entry: JournalEntry, facts: Sequence[Fact]) -> tuple[int, list[Recent]]:
        return entry.seq, [Recent(Told(entry.seq, entry.by, fact), self._tenant(fact)) for fact in facts]

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
