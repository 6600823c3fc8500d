"""Content on the disk: ids at once, one thread that stores, tries again, and erases in its turn."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import NamedTuple, TypeVar

import structlog

from acd.content.errors import TooLargeError, VaultError, VaultWriteError
from acd.content.intake import Intake, Item
from acd.content.master import MasterKey
from acd.content.vault import Vault
from acd.ports import About, Appended, ContactRef, Listed, NewParty, NewPiece

_log = structlog.get_logger("acd.content")

PACE_S = 0.05
"""So long between two commits; what comes meanwhile goes together, and after a quiet moment at once."""

RETRY_S = 1.0
"""After a fault of the disk the same batches are tried again so often."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What waits for a disk that fails. Beyond that documents are refused, as a temporary error; parties are not:
calls go on."""

MAX_WAITING_ITEMS = 200_000
"""Beyond that nothing is kept any more: a week of a busy desk's numbers without a disk."""

PATIENCE_S = 10.0
"""An erasure from the command line may own the file for a moment when the server starts."""

T = TypeVar("T")
_Erase = Callable[[], tuple[int, list[bytes]]]


class _Batch(NamedTuple):
    items: list[Item]
    synced: "Future[None]"


class _Erasure(NamedTuple):
    erase: _Erase
    done: "Future[int]"


CLOSE_S = 30.0
"""So long the disk may take for what waits when this is closed."""


class DiskContent:
    """The vault behind a queue; see the port. Nothing here reads or writes the disk on the caller's thread.

    The look-ups of all known values are held in memory (about 200 bytes each), so that the id of a caller is
    there at once. A fault of the disk is tried again until it is over or the server stops; `failed` counts
    the attempts, `trouble` says what is wrong.
    """

    def __init__(
        self, path: Path, master: MasterKey, now_ms: Callable[[], int], *, accept_loss: bool = False
    ) -> None:
        """Raises VaultError."""
        self._vault = Vault(path, master, patience_s=PATIENCE_S, accept_loss=accept_loss)
        self._now_ms = now_ms
        self._links = self._vault.links()
        self._intake = Intake()
        self._inbox: SimpleQueue[_Batch | _Erasure | None] = SimpleQueue()
        self._closing = Event()
        self._lock = Lock()
        """Of what waits: its order, and how much it is."""
        self.failed = 0
        self.waiting_items = 0
        self.waiting_bytes = 0
        self._trouble = ""
        self._erasures: list[_Erasure] = []
        """Whose turn has not come."""
        self._thread = Thread(target=self._work, name="content", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why nothing can be stored now; empty when all is well."""
        return self._trouble

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        """As the port says."""
        synced = _promise(Future[None]())
        with self._lock:
            self._check_room(batch)
            items = [self._known(item) for item in self._intake.take(batch, self._now_ms())]
            self._wait_more(len(items), _size(items))
            self._inbox.put(_Batch(items, synced))
        return Appended(tuple([item.id for item in items]), synced)

    def party(self, party: str) -> str:
        """As the port says."""
        return self._vault.party(party)

    def abandon(self, document: str) -> None:
        """As the port says."""
        self._intake.end(document)

    def about(self, document: str) -> About:
        """As the port says."""
        return self._vault.about(document)

    def documents(self, contact: ContactRef, most: int) -> list[Listed]:
        """As the port says."""
        return self._vault.documents(contact, most)

    def read(self, document: str, first: int = 0) -> Iterator[bytes]:
        """As the port says."""
        return self._vault.read(document, first)

    def erase_contact(self, contact: ContactRef) -> "Future[int]":
        """As the port says."""
        self._intake.drop(contact)
        return self._later(lambda: self._vault.erase_contact(contact))

    def erase_person(self, value: str, tenant: str | None = None) -> "Future[int]":
        """As the port says."""
        return self._later(lambda: self._vault.erase_person(value, tenant))

    def erase_before(self, tenant: str, before_ms: int) -> "Future[int]":
        """As the port says."""
        return self._later(lambda: self._vault.erase_before(tenant, before_ms))

    def close(self) -> None:
        """As the port says; a disk that has not answered after CLOSE_S keeps its thread and the open file."""
        self._closing.set()
        self._inbox.put(None)
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            self._vault.close()

    def _check_room(self, batch: Sequence[NewParty | NewPiece]) -> None:
        too_heavy = self.waiting_bytes > MAX_WAITING_BYTES and any(isinstance(new, NewPiece) for new in batch)
        if too_heavy or self.waiting_items > MAX_WAITING_ITEMS:
            raise TooLargeError(f"too much waits for the disk: {self._trouble or 'it is slow'}")

    def _known(self, item: Item) -> Item:
        """A party whose value is known has its id; a new one is known from now on."""
        new = item.new
        if not isinstance(new, NewParty):
            return item
        lookup = self._vault.lookup(new.contact.tenant, new.kind, new.value)
        party = self._links.setdefault(lookup, item.id)
        return item._replace(id=party, known=party != item.id)

    def _later(self, erase: _Erase) -> "Future[int]":
        erasure = _Erasure(erase, _promise(Future[int]()))
        with self._lock:
            self._erasures.append(erasure)
            self._inbox.put(erasure)
        return erasure.done

    def _work(self) -> None:
        more, next_s = True, 0.0
        while more:
            jobs = [self._inbox.get()]
            self._closing.wait(max(0.0, next_s - monotonic()))
            try:
                while True:
                    jobs.append(self._inbox.get_nowait())
            except Empty:
                pass
            more = None not in jobs
            self._do([job for job in jobs if job is not None])
            next_s = monotonic() + PACE_S

    def _do(self, jobs: Sequence[_Batch | _Erasure]) -> None:
        """In their order: batches that follow one another as one transaction, erasures one by one."""
        group: list[_Batch] = []
        for job in jobs:
            if isinstance(job, _Batch):
                group.append(job)
                continue
            self._store(group)
            group = []
            self._erase(job)
        self._store(group)

    def _store(self, group: Sequence[_Batch]) -> None:
        failure = self._try([item for batch in group for item in batch.items]) if group else None
        for batch in group:
            # One batch that names an erased document must not take the others with it.
            _settle(batch.synced, failure and self._try(batch.items))
            with self._lock:
                self._wait_more(-len(batch.items), -_size(batch.items))

    def _wait_more(self, items: int, size: int) -> None:
        self.waiting_items += items
        self.waiting_bytes += size

    def _try(self, items: Sequence[Item]) -> Exception | None:
        """Store, as often as it takes; what went wrong if that does not help, or the server stops."""
        while True:
            try:
                self._vault.put(items)
            except (VaultWriteError, OSError, sqlite3.Error) as fault:
                self._suffer(fault)
                if self._closing.wait(RETRY_S):
                    return fault
            except VaultError as mistake:
                return mistake
            else:
                self._recover()
                return None

    def _erase(self, job: _Erasure) -> None:
        with self._lock:
            if job not in self._erasures:  # refused meanwhile
                return
            self._erasures.remove(job)
        try:
            contacts, lookups = job.erase()
            for lookup in lookups:
                self._links.pop(lookup, None)
            self._vault.scrub()
        except (VaultError, OSError, sqlite3.Error) as failure:
            job.done.set_exception(failure)
        else:
            job.done.set_result(contacts)

    def _suffer(self, fault: Exception) -> None:
        self.failed += 1
        if not self._trouble:
            _log.error("content cannot be stored", error=str(fault))
        self._trouble = str(fault)
        self._refuse_erasures(fault)

    def _refuse_erasures(self, fault: Exception) -> None:
        """They come after what cannot be stored now, and who asked is waiting: nobody knows how long."""
        with self._lock:
            waiting, self._erasures = self._erasures, []
        for erasure in waiting:
            refusal = VaultWriteError(f"nothing was erased: {fault}; try again when the disk takes it")
            erasure.done.set_exception(refusal)

    def _recover(self) -> None:
        if self._trouble:
            self._trouble = ""
            _log.warning("content is stored again")


def _promise(future: "Future[T]") -> "Future[T]":
    """Who stops waiting for it must not cancel it: the thread keeps it all the same."""
    future.set_running_or_notify_cancel()
    return future


def _settle(synced: "Future[None]", failure: Exception | None) -> None:
    if failure is None:
        synced.set_result(None)
    else:
        synced.set_exception(failure)


def _size(items: Sequence[Item]) -> int:
    return sum(len(item.new.data) for item in items if isinstance(item.new, NewPiece))
