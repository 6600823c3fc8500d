"""What the web process asks the server: each question with its patience, and what a refusal means."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from acd.content.errors import NotErasedYetError, VaultError, VaultUnknownError
from acd.core.errors import Rejected
from acd.core.events import ContactId, Event
from acd.follow.follower import Follower
from acd.journal.codec import decode_facts, encode_event
from acd.ports import About, ContactRef, Listed, NewPiece, Told
from acd.web.control import (
    ClearWish,
    EscalationRefused,
    EscalationWish,
    IncidentRefused,
    IncidentWish,
    JournalUnreadable,
    KeyReused,
    ListHeld,
    ListRow,
    ListTaken,
    ListVersion,
    NotDurable,
    SiteApplied,
    WriteKey,
)
from acd.web.link import Link, LinkError, NoAnswer
from acd.web.protocol import (
    STORE_S,
    Abandon,
    Append,
    ApplySite,
    AreDocuments,
    AreLists,
    AreRows,
    AreVersions,
    Ask,
    AskDocument,
    AskDocuments,
    AskHistory,
    AskLists,
    AskOutside,
    AskRows,
    AskVersions,
    CallBack,
    ChangeIncident,
    ClearIncident,
    Declare,
    Done,
    Erase,
    Erased,
    Escalate,
    IsDocument,
    IsHistory,
    IsPiece,
    Kept,
    ListsTaken,
    OfIncident,
    Read,
    Repeat,
    SiteIs,
    Storing,
    Submit,
    TakeLists,
    Unknown,
)
from agents.skills import AgentId
from queues.desk import Incident

LOOK_S = 2.0
"""For what the server can say at once."""
CHANGE_S = 12.0
"""For a change; the server itself waits 10 s for the disk and then says so."""
HISTORY_S = 30.0
"""An old contact lies in archives that have to be searched."""
DOCUMENT_S = 12.0
"""For a piece of a document, or for the disk that takes it."""
LISTS_S = 30.0
"""The directory's file may be busy with a list that is just being taken in."""
LOOK_BACK_S = 30.0
SILENCE_S = 10.0
"""A server that says nothing for so long, not even to the follower, hangs: no disk has to be waited for."""
SEEN_S = 2.0
"""A change that is synced is seen by whoever reads next, unless the feed is later than this."""

Expected = TypeVar("Expected")


class Asking:
    """Whoever follows, and asks what a follower cannot know. The docstrings of the port hold."""

    follower: Follower
    _link: Link

    async def change(self, event: Event | None, by: str, key: WriteKey | None) -> int:
        """As the port says; returns when the follower has it, too."""
        encoded = b"" if event is None else encode_event(event)
        seq = (await self._ask(Submit(encoded, by, key), CHANGE_S, Done)).seq
        await self.follower.reached(seq, SEEN_S)
        return seq

    async def promise_callback(self, contact: ContactId, number: str, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(CallBack(contact, number, by, key))

    async def consult_outside(
        self, contact: ContactId, agent: AgentId, number: str, by: str, key: WriteKey | None
    ) -> int:
        """As the port says."""
        return await self._stored(AskOutside(contact, agent, number, by, key))

    async def _stored(self, wish: CallBack | AskOutside | OfIncident | Escalate) -> int:
        """Wait for more than the journal, and until the change is seen here."""
        seq = (await self._ask_while_it_lives(wish, Done)).seq
        await self.follower.reached(seq, SEEN_S)
        return seq

    async def repeated(self, key: WriteKey) -> int | None:
        """As the port says."""
        answer = await self._ask(Repeat(key), CHANGE_S, (Done, Unknown))
        return answer.seq if isinstance(answer, Done) else None

    async def erase(self, value: str, tenant: str | None) -> tuple[int, int]:
        """As the port says."""
        erased = await self._ask_while_it_lives(Erase(value, tenant), Erased)
        return erased.contacts, erased.lists

    async def take_lists(self, by: str) -> list[ListTaken]:
        """As the port says."""
        return (await self._ask_while_it_lives(TakeLists(by), ListsTaken)).lists

    async def lists(self) -> list[ListHeld]:
        """As the port says."""
        return (await self._ask(AskLists(), LISTS_S, AreLists)).lists

    async def list_versions(self, tenant: str, kind: str) -> list[ListVersion]:
        """As the port says."""
        return (await self._ask(AskVersions(tenant, kind), LISTS_S, AreVersions)).versions

    async def list_rows(self, tenant: str, kind: str, version: int, start: int, by: str) -> list[ListRow]:
        """As the port says."""
        return (await self._ask(AskRows(tenant, kind, version, start, by), LISTS_S, AreRows)).rows

    async def apply_site(self, by: str, *, look: bool) -> SiteApplied:
        """As the port says."""
        return (await self._ask_while_it_lives(ApplySite(by, look), SiteIs)).applied

    async def declare_incident(self, incident: Incident, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(Declare(incident, by, key))

    async def escalate(self, wish: EscalationWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(Escalate(wish, by, key))

    async def change_incident(self, wish: IncidentWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(ChangeIncident(wish, by, key))

    async def clear_incident(self, wish: ClearWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(ClearIncident(wish, by, key))

    async def history(self, contact: ContactId) -> list[Told]:
        """As the port says."""
        found = await self._ask(AskHistory(contact), HISTORY_S, IsHistory)
        return list(map(Told, found.seqs, found.by, decode_facts(found.facts)))

    async def about(self, document: str) -> About:
        """As the port says."""
        found = await self._ask(AskDocument(document), DOCUMENT_S, IsDocument)
        return About(ContactRef(found.tenant, found.ref), found.kind, found.size, found.whole)

    async def documents(self, contacts: Sequence[ContactRef], most: int) -> list[Listed]:
        """As the port says."""
        asked = AskDocuments(list(contacts), most)
        return (await self._ask(asked, DOCUMENT_S, AreDocuments)).documents

    async def piece(self, document: str, number: int) -> bytes | None:
        """As the port says."""
        return (await self._ask(Read(document, number), DOCUMENT_S, IsPiece)).data

    async def append(self, piece: NewPiece) -> str:
        """As the port says."""
        contact, kind, data, of, last = piece
        return (await self._ask(Append(*contact, kind, data, of, last), DOCUMENT_S, Kept)).document

    async def abandon(self, document: str) -> None:
        """As the port says; a server that does not hear it gives the document up by itself."""
        with suppress(NoAnswer, VaultError):
            await self._ask(Abandon(document), LOOK_S, Done)

    async def _ask(
        self, ask: Ask, patience_s: float, expected: type[Expected] | tuple[type[Expected], ...]
    ) -> Expected:
        """Raises NoAnswer, and what the port promises for the server's refusals."""
        try:
            answer = await self._link.ask(ask, patience_s)
        except LinkError as refusal:
            raise _REFUSALS.get(refusal.code, NoAnswer)(str(refusal)) from refusal
        if not isinstance(answer, expected):
            raise NoAnswer(f"the server answered {type(answer).__name__}")
        return answer

    async def _ask_while_it_lives(self, ask: Storing, expected: type[Expected]) -> Expected:
        """What rewrites files takes long, but the server says every two seconds that it is there."""
        asking = asyncio.ensure_future(self._ask(ask, STORE_S + LOOK_S, expected))
        try:
            while not asking.done():
                await asyncio.wait([asking], timeout=1.0)
                silent_s = self.follower.silent_s
                if not asking.done() and silent_s >= SILENCE_S:
                    raise NoAnswer(
                        f"the server says nothing since {silent_s:.0f} s: what became of it is not known"
                    )
            return asking.result()
        finally:
            asking.cancel()


_REFUSALS: dict[str, type[Exception]] = {
    "rejected": Rejected,
    "not_durable": NotDurable,
    "journal_unreadable": JournalUnreadable,
    "key_reused": KeyReused,
    "incident_refused": IncidentRefused,
    "escalation_refused": EscalationRefused,
    "unknown": VaultUnknownError,
    "not_erased_yet": NotErasedYetError,
    "not_stored": VaultError,
}
