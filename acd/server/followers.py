"""Whoever looks at the desk from outside: the feed, the server's socket, the web process."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from acd.core.events import ContactId
from acd.feed import cursor as cursors
from acd.feed.cursor import Epochs
from acd.feed.ring import Ring
from acd.feed.source import Source
from acd.journal.codec import decode_event, encode_facts
from acd.observe import logs
from acd.observe.figures import Figures
from acd.ports import ContactRef, Journal, NewPiece, Recovered, Snapshot
from acd.server.control import ServerControl
from acd.server.desk_socket import DeskSocket
from acd.server.documents import Documents
from acd.server.inherited import Inherited, inherit
from acd.server.web_process import WebProcess
from acd.web import protocol as p
from acd.web.address import bound, url_of
from acd.web.handover import terms
from acd.web.token_file import own_token
from agents.skills import AgentId
from config.api_tokens import OPERATOR, ApiToken, Role, digest_of
from config.schema import Site

_log = structlog.get_logger("acd.followers")

URL_FILE = "api-url"
"""In the data directory while the server runs: where the API listens."""

START_S = 60.0
"""The server says that it serves when the API does; calls are taken before, and whether it comes or not."""


class Followers:
    """They read what is written and ask; the engine knows nothing of them, and nothing waits for them."""

    url = ""
    control: ServerControl

    def __init__(self, site: Site, journal: Journal) -> None:
        self.ring = Ring()
        self._site = site
        self._journal = journal
        self._exits = AsyncExitStack()
        self._counted = 0
        """The last entry that a web process has counted for its metrics."""

    def start_from(self, recovered: Recovered, seq: int, snapshot: Callable[[], Snapshot | None]) -> None:
        """The journal is open, `seq` its last entry; `snapshot` is the last one taken."""
        self._counted = seq
        self.ring.start_from(seq)
        epochs = Epochs.begin(recovered.of(cursors.CHANNEL), os.urandom(8).hex(), seq)
        self._journal.append(None, [epochs.record()])
        self._source = Source(self.ring, epochs, self._journal, snapshot)

    async def start(
        self, control: ServerControl, documents: Documents, figures: Callable[[], Figures], *, web: bool
    ) -> None:
        """Open the socket and the API's address; with `web`, start the web process and wait for it.

        Raises OSError (address taken), ValueError (token unusable).
        """
        self.control, self._documents, self._figures = control, documents, figures
        settings, data_dir = self._site.server.api, self._site.server.data_dir
        token = settings.token.reveal() if settings.token else own_token(data_dir)
        self._tokens = (ApiToken(OPERATOR, Role.ADMIN, digest_of(token)), *settings.tokens)
        inherited = await self._inherit() if web else None
        self.listening = inherited.listening if inherited else bound(settings.host, settings.port)
        self._exits.callback(self.listening.close)
        path = p.socket_path(data_dir)
        self.socket = DeskSocket(path, self._source, self._answer)
        await self.socket.start()
        self._exits.push_async_callback(self.socket.stop)
        self.process = WebProcess(path, self.listening, logs.level(), self._web_ended)
        self.url = url_of(self.listening)
        if web:
            await self._start_web(inherited)
        url_file = data_dir / URL_FILE
        url_file.write_text(self.url + "\n", encoding="ascii")
        self._exits.callback(url_file.unlink, missing_ok=True)

    async def stop(self) -> None:
        """End the web process and close the sockets."""
        await self._exits.aclose()

    async def _inherit(self) -> Inherited | None:
        settings, data_dir = self._site.server.api, self._site.server.data_dir
        return await asyncio.to_thread(inherit, data_dir, settings.host, settings.port, terms(self._tokens))

    async def _start_web(self, inherited: Inherited | None) -> None:
        running = self.process.run(inherited)
        keeping = asyncio.get_running_loop().create_task(running, name="web process")
        self._exits.push_async_callback(_ended, keeping)
        try:
            async with asyncio.timeout(START_S):
                await self.process.serving.wait()
        except TimeoutError:
            _log.error("the API does not serve yet; calls are taken", waited_s=START_S)

    def _web_ended(self) -> None:
        self._counted = self.ring.written

    async def _answer(self, ask: p.Ask) -> p.Answer:
        match ask:
            case p.Hello():
                return self._welcome()
            case p.Ping():
                self.process.beat(ask.pid, serving=ask.serving)
                return p.Done()
            case p.AskHealth():
                return p.IsHealth(self.control.health())
            case p.AskFigures():
                return p.AreFigures(self._figures())
            case p.AskHistory():
                told = await self.control.history(ContactId(ask.contact))
                facts = encode_facts([one.fact for one in told])
                return p.IsHistory([one.seq for one in told], [one.by for one in told], facts)
            case p.AskDocument() | p.AskDocuments() | p.Read() | p.Append() | p.Abandon():
                return await self._of_content(ask)
            case p.AskLists() | p.AskVersions() | p.AskRows():
                return await self._of_lists(ask)
            case _:
                return await self._do(ask)

    async def _of_lists(self, ask: p.AboutLists) -> p.Answer:
        lists = self.control.lists
        match ask:
            case p.AskLists():
                return p.AreLists(await lists.held())
            case p.AskVersions():
                return p.AreVersions(await lists.versions((ask.tenant, ask.kind)))
            case p.AskRows():
                name = ask.tenant, ask.kind
                return p.AreRows(await lists.rows(name, ask.version, ask.start, ask.by))

    async def _of_content(self, ask: p.Content) -> p.Answer:
        match ask:
            case p.AskDocument():
                about = await self._documents.about(ask.document)
                return p.IsDocument(*about.contact, about.kind, about.size, about.whole)
            case p.AskDocuments():
                return p.AreDocuments(await self._documents.of(ask.contacts, ask.most))
            case p.Read():
                return p.IsPiece(await self._documents.piece(ask.document, ask.number))
            case p.Append():
                contact = ContactRef(ask.tenant, ask.ref)
                piece = NewPiece(contact, ask.kind, ask.data, ask.of, ask.last)
                return p.Kept(await self._documents.append(piece))
            case p.Abandon():
                self._documents.abandon(ask.document)
                return p.Done()

    async def _do(self, wish: p.Wish) -> p.Answer:
        if isinstance(wish, p.Erase):
            return p.Erased(*await self.control.erase(wish.value, wish.tenant))
        if isinstance(wish, p.TakeLists):
            return p.ListsTaken(await self.control.take_lists(wish.by))
        if isinstance(wish, p.ApplySite):
            return p.SiteIs(await self.control.apply_site(wish.by, look=wish.look))
        if isinstance(wish, p.Repeat):
            seq = await self.control.repeated(wish.key)
            return p.Unknown() if seq is None else p.Done(seq)
        if isinstance(wish, p.Submit):
            event = decode_event(wish.event) if wish.event else None
            return p.Done(await self.control.change(event, wish.by, wish.key))
        return p.Done(await self._prepared(wish))

    async def _prepared(self, wish: p.CallBack | p.AskOutside | p.OfIncident | p.Escalate) -> int:
        """What has to be kept, or made ready to be heard, before it is an event."""
        if isinstance(wish, p.CallBack):
            said = wish.number, wish.by, wish.key
            return await self.control.promise_callback(ContactId(wish.contact), *said)
        if isinstance(wish, p.AskOutside):
            who = ContactId(wish.contact), AgentId(wish.agent)
            return await self.control.consult_outside(*who, wish.number, wish.by, wish.key)
        if isinstance(wish, p.Escalate):
            return await self.control.escalate(wish.wish, wish.by, wish.key)
        return await self._of_incident(wish)

    async def _of_incident(self, wish: p.OfIncident) -> int:
        if isinstance(wish, p.Declare):
            return await self.control.declare_incident(wish.incident, wish.by, wish.key)
        if isinstance(wish, p.ClearIncident):
            return await self.control.clear_incident(wish.wish, wish.by, wish.key)
        return await self.control.change_incident(wish.wish, wish.by, wish.key)

    def _welcome(self) -> p.Welcome:
        clock_ms = self.control.now_ms() - time.monotonic_ns() // 1_000_000
        source = self._source
        return p.Welcome(source.head.seq, self._counted, clock_ms, source.epochs.began, self._tokens)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
