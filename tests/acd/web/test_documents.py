"""Documents of contacts: who may read and bring which, and what becomes of those who hang or leave."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from acd.core.events import ContactId, OfferId
from acd.core.facts import Answered, Arrived
from acd.feed.frames import FrameError
from acd.ports import ContactRef, NewPiece, Told
from acd.server import documents as server_documents
from acd.testing import LINE, NUMBER, ScriptedChannel, small_site
from acd.web import PREFIX, documents, limits
from acd.web.control import MAX_PIECE_BYTES
from acd.web.link import LinkError
from acd.web.protocol import Append, AskDocument, AskHealth, IsHealth, Read
from acd.web.rights import DRAFT, LATELY_MS, Caller
from agents.capacity import VOICE
from agents.skills import AgentId
from config.api_tokens import ApiToken, Role, digest_of
from config.schema import JournalKind
from queues.desk import TenantId
from tests.acd.web.served import served
from tests.acd.web.test_rights import OTHER, TOKENS, Rig, two_clients

MIB = 1024 * 1024
PATIENCE_S = 30.0
BERT = ApiToken("bert-desktop", Role.AGENT, digest_of("t-bert"), agent="bert")
SOUTH = ApiToken("south-report", Role.TENANT, digest_of("t-south"), client="suedwind")


class Shelf:
    """The desk of two clients, and documents of its contacts."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.app, self.channel = rig, rig.app, rig.channel

    async def recorded(
        self, contact: int, *pieces: bytes, tenant: str = "nordwind", whole: bool = True
    ) -> str:
        """A recording, as a channel keeps it."""
        document = ""
        ref = self.app.driver.engine.state.contacts[ContactId(contact)].carrier.ref
        for number, data in enumerate(pieces, 1):
            last = whole and number == len(pieces)
            piece = NewPiece(ContactRef(tenant, ref), "recording", data, document, last)
            appended = self.channel.host.append([piece])
            document = appended.ids[0]
            await asyncio.wrap_future(appended.synced)
        return document

    async def read(self, token: str, contact: int, document: str, method: str = "GET") -> httpx.Response:
        path = f"/contacts/{contact}/documents/{document}"
        return await self.rig.desk.request(method, path, headers={"Authorization": f"Bearer {token}"})

    async def bring(
        self, token: str, contact: int, body: bytes | AsyncIterator[bytes], kind: str = DRAFT, **headers: str
    ) -> httpx.Response:
        await self.rig.desk.caught_up()
        headers["Authorization"] = f"Bearer {token}"
        path = f"{PREFIX}/contacts/{contact}/documents?kind={kind}"
        return await self.rig.desk.client.post(path, content=body, headers=headers, timeout=60)

    async def opened(self, contact: int, document: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A reader who has read the head, and no more."""
        await self.rig.desk.caught_up()
        host, _, port = self.app.followers.url.removeprefix("http://").partition(":")
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)  # else the kernel takes it all
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=small, limit=1024)
        head = f"GET {PREFIX}/contacts/{contact}/documents/{document} HTTP/1.1\r\nHost: {host}\r\n"
        writer.write(f"{head}Authorization: Bearer t-nadia\r\n\r\n".encode())
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        return reader, writer


async def rest(reader: asyncio.StreamReader) -> int:
    """Read to the end, whatever it is: how much came."""
    got = 0
    with suppress(ConnectionResetError):
        while data := await asyncio.wait_for(reader.read(MIB), PATIENCE_S):
            got += len(data)
    return got


def with_shelf(directory: Path, story: Callable[[Shelf], Awaitable[None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        tokens = [*TOKENS, BERT, SOUTH]
        site = small_site(directory, two_clients(), journal=JournalKind.MEMORY, tokens=tokens)
        async with served(site, channel) as desk:
            channel.sign_in("anna")
            await story(Shelf(Rig(desk, channel)))

    asyncio.run(run())


def test_an_agent_keeps_a_draft_and_reads_what_belongs_to_his_contact(tmp_path: Path) -> None:
    """Byte for byte, with length and kind; also when the contact is over."""

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        text = bytes(range(256)) * 2_000  # several pieces
        assert len(text) > 3 * MAX_PIECE_BYTES
        kept = await shelf.bring("t-anna", mine, text)
        assert kept.status_code == 200, kept.text
        draft = kept.json()["document"]
        recording = await shelf.recorded(mine, b"sound, " * 9, b"more sound")
        for _ in range(2):
            found = await shelf.read("t-anna", mine, draft)
            assert (found.status_code, found.content) == (200, text)
            assert found.headers["ACD-Kind"] == DRAFT
            assert found.headers["Content-Disposition"] == "attachment"
            heard = await shelf.read("t-anna", mine, recording)
            assert heard.content == b"sound, " * 9 + b"more sound"
            if shelf.app.driver.engine.state.contacts:
                shelf.channel.leave(mine)
        head = await shelf.read("t-nadia", mine, draft, "HEAD")
        assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(text)), b"")

    with_shelf(tmp_path, story)


def test_nobody_gets_what_is_not_his(tmp_path: Path) -> None:
    """Another agent, another client, the planner; another contact's number; and drafts are no client's."""

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        recording = await shelf.recorded(mine, b"sound")
        draft = (await shelf.bring("t-anna", mine, b"Dear")).json()["document"]
        shelf.channel.arrive(OTHER)
        foreign = mine + 1
        theirs = await shelf.recorded(foreign, b"other sound", tenant="suedwind")

        async def status(token: str, contact: int, document: str) -> int:
            answer = await shelf.read(token, contact, document)
            assert (b"sound" in answer.content or b"Dear" in answer.content) is (answer.status_code == 200)
            return answer.status_code

        wanted = {
            "t-anna": (200, 200, 404),
            "t-bert": (404, 404, 404),
            "t-nadia": (200, 200, 200),
            "t-root": (200, 200, 200),
            "t-nordwind": (200, 404, 404),
            "t-south": (404, 404, 200),
            "t-paul": (403, 403, 403),
        }
        for token, statuses in wanted.items():
            assert statuses == (
                await status(token, mine, recording),
                await status(token, mine, draft),
                await status(token, foreign, theirs),
            ), token
        assert await status("t-nadia", mine, theirs) == 404, "it is another contact's"
        assert await status("t-anna", mine, theirs) == 404
        assert await status("t-nadia", mine, "0" * 32) == 404
        assert await status("t-nadia", 99, recording) == 404
        for bad in ("nonsense", "0" * 33, "../../vault.db", "G" * 32):
            assert await status("t-nadia", mine, bad) in (404, 422)
        for token, contact, expected in [
            ("t-bert", mine, 404),
            ("t-anna", foreign, 404),
            ("t-anna", 99, 404),
            ("t-nordwind", mine, 403),
            ("t-paul", mine, 403),
            ("t-nadia", 99, 404),
            ("t-nadia", foreign, 200),
        ]:
            assert (await shelf.bring(token, contact, b"x")).status_code == expected, (token, contact)

    with_shelf(tmp_path, story)


def test_whoever_may_read_documents_finds_them_listed(tmp_path: Path) -> None:
    """As they began, also when the contact is over; drafts for no client; foreign contacts are unknown."""

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)

        async def listed(token: str, contact: int = mine) -> tuple[int, list[tuple[str, str, int, bool]]]:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await shelf.rig.desk.request("GET", f"/contacts/{contact}/documents", headers=headers)
            body = answer.json()
            assert answer.status_code != 200 or not body["more"]
            found = body.get("documents", ())
            return answer.status_code, [(d["document"], d["kind"], d["size"], d["whole"]) for d in found]

        assert await listed("t-anna") == (200, [])
        half = await shelf.recorded(mine, b"half", whole=False)
        draft = (await shelf.bring("t-anna", mine, b"Dear")).json()["document"]
        sound = await shelf.recorded(mine, b"sound", b"s")
        for over in (False, True):
            if over:
                shelf.channel.leave(mine)
            recordings = [(half, "recording", 4, False), (sound, "recording", 6, True)]
            everything = [recordings[0], (draft, DRAFT, 4, True), recordings[1]]
            for token in ("t-anna", "t-nadia", "t-root"):
                assert await listed(token) == (200, everything), token
            assert await listed("t-nordwind") == (200, recordings)
            for token, status in (("t-bert", 404), ("t-south", 404), ("t-paul", 403)):
                assert await listed(token) == (status, []), token
            assert await listed("t-nadia", 99) == (404, [])

    with_shelf(tmp_path, story)


def test_an_agent_reads_for_a_week_what_he_took_and_not_what_he_only_heard_ring() -> None:
    """A document says more than a history."""
    anna = Caller("anna-desktop", Role.AGENT, agent="anna")
    contact, now_ms = ContactId(1), 2 * LATELY_MS
    answered = Answered(now_ms - LATELY_MS + 1, OfferId(1), contact, AgentId("anna"), LINE, 0, 0)
    history = [Told(1, "", answered)]
    assert anna.may_read("recording", history, now_ms, at_work=False)
    assert not anna.may_read("recording", history, now_ms + 1, at_work=False)
    assert anna.may_read("recording", [], now_ms, at_work=True)
    assert not Caller("bert", Role.AGENT, agent="bert").may_read("mail", history, now_ms, at_work=False)


@pytest.mark.parametrize("announced", [True, False])
def test_a_document_that_is_too_large_is_refused_and_not_kept_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    """Before it comes, or in the middle; other routes keep their small cap."""
    monkeypatch.setattr(limits, "MAX_DOCUMENT_BYTES", 3 * MAX_PIECE_BYTES)

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        body = b"x" * (3 * MAX_PIECE_BYTES + 1)

        async def stream() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 50_000):
                yield body[start : start + 50_000]

        answer = await shelf.bring("t-anna", mine, body if announced else stream())
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert not shelf.app.content._intake._open
        fits = await shelf.bring("t-anna", mine, body[:-1])
        assert (await shelf.read("t-anna", mine, fits.json()["document"])).content == body[:-1]

    with_shelf(tmp_path, story)


def test_what_is_no_document_is_refused(tmp_path: Path) -> None:
    """Empty, of a kind that only channels bring, or under a key that promises what is not kept."""

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        assert (await shelf.bring("t-anna", mine, b"")).status_code == 422
        assert (await shelf.bring("t-anna", mine, b"x", "recording")).status_code == 422
        keyed = await shelf.bring("t-anna", mine, b"x", **{"Idempotency-Key": "k"})
        assert keyed.status_code == 422
        half = await shelf.recorded(mine, b"half", whole=False)
        unfinished = await shelf.read("t-anna", mine, half)
        assert (unfinished.status_code, unfinished.json()["error"]["code"]) == (409, "rejected")

    with_shelf(tmp_path, story)


def test_who_sends_half_a_document_and_leaves_or_stops_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of it can be read by nobody, and costs nothing more."""
    monkeypatch.setattr(documents, "SLOW_S", 0.3)

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        await shelf.rig.desk.caught_up()
        host, _, port = shelf.app.followers.url.removeprefix("http://").partition(":")
        head = f"POST {PREFIX}/contacts/{mine}/documents?kind=draft HTTP/1.1\r\nHost: {host}\r\n"
        head += f"Authorization: Bearer t-anna\r\nContent-Length: {MIB}\r\n\r\n"
        for leaves in (True, False):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head.encode() + b"x" * (3 * MAX_PIECE_BYTES))
            async with asyncio.timeout(PATIENCE_S):
                while not shelf.app.content._intake._open:
                    await asyncio.sleep(0.01)
                if leaves:
                    writer.close()
                else:
                    assert b" 408 " in await reader.readline()
                while shelf.app.content._intake._open:
                    await asyncio.sleep(0.01)
            writer.close()
        assert (await shelf.bring("t-anna", mine, b"whole")).status_code == 200

    with_shelf(tmp_path, story)


def test_a_slow_reader_is_cut_and_nobody_waits_for_him(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight of one token may hang; the ninth is told so, another token need not wait; then they are cut."""
    monkeypatch.setattr(documents, "SLOW_S", 1.0)

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        film = await shelf.recorded(mine, *[b"x" * MIB] * 12)
        hanging = [await shelf.opened(mine, film) for _ in range(documents.MAX_AT_ONCE_EACH)]
        busy = await shelf.read("t-nadia", mine, film)
        assert (busy.status_code, busy.json()["error"]["code"]) == (503, "busy")
        assert len((await shelf.read("t-anna", mine, film)).content) == 12 * MIB
        async with asyncio.timeout(PATIENCE_S):
            while (again := await shelf.read("t-nadia", mine, film)).status_code == 503:
                await asyncio.sleep(0.1)
        assert len(again.content) == 12 * MIB
        await asyncio.sleep(2 * documents.SLOW_S)  # one of them was cut; by the same clock all are then
        for reader, writer in hanging:
            assert await rest(reader) < 12 * MIB
            writer.close()

    with_shelf(tmp_path, story)


def test_a_server_that_goes_in_the_middle_ends_the_document_short(tmp_path: Path) -> None:
    """Its reader is cut off and knows by the length that it is not all; a new one is told 503."""

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        film = await shelf.recorded(mine, *[b"x" * MIB] * 12)
        reader, writer = await shelf.opened(mine, film)
        got = 0
        while got < MIB:
            got += len(await reader.read(MIB))
        await shelf.app.followers.socket.stop()
        assert got + await rest(reader) < 12 * MIB
        writer.close()
        headers = {"Authorization": "Bearer t-nadia"}
        path = f"{PREFIX}/contacts/{mine}/documents/{film}"
        answer = await shelf.rig.desk.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_answer")

    with_shelf(tmp_path, story)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (Read("0" * 32, 0), "unknown"),
        (Read("", -1), "invalid"),
        (Read("0" * 32, 2**63), "invalid"),
        (AskDocument("no id"), "unknown"),
        (Append("nordwind", "scripted-1", DRAFT, b"x", "0" * 32, True), "unknown"),
        (Append("nordwind", "scripted-1", DRAFT, b"x" * 300_000, "", True), None),
    ],
)
def test_what_makes_no_sense_at_the_socket_is_refused_and_the_next_is_answered(
    tmp_path: Path, ask: Read | AskDocument | Append, code: str | None
) -> None:
    """Also what a web process would never ask; a frame that is too large is not even sent."""

    async def story(shelf: Shelf) -> None:
        link = shelf.rig.desk.web._link
        if code is None:
            with pytest.raises(FrameError):
                await link.ask(ask, PATIENCE_S)
        else:
            with pytest.raises(LinkError) as refused:
                await link.ask(ask, PATIENCE_S)
            assert refused.value.code == code
        assert isinstance(await link.ask(AskHealth(), PATIENCE_S), IsHealth)

    with_shelf(tmp_path, story)


def test_documents_that_are_not_continued_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web process that dies in the middle of many leaves them behind; a minute later they are given up."""
    monkeypatch.setattr(server_documents, "MAX_OPEN", 2)

    async def story(shelf: Shelf) -> None:
        mine = await shelf.rig.taken(NUMBER)
        await shelf.rig.desk.caught_up()
        ref = shelf.app.driver.engine.state.contacts[ContactId(mine)].carrier.ref
        piece = NewPiece(ContactRef("nordwind", ref), DRAFT, b"half", last=False)
        control = shelf.rig.desk.web.following
        for _ in range(2):
            await control.append(piece)
        assert (await shelf.bring("t-anna", mine, b"x")).status_code == 503
        monkeypatch.setattr(server_documents, "IDLE_S", 0.0)
        assert (await shelf.bring("t-anna", mine, b"x")).status_code == 200
        assert not shelf.app.content._intake._open

    with_shelf(tmp_path, story)


def test_a_tenant_of_no_name_reads_nothing() -> None:
    """A history that tells no arrival is nobody's."""
    tenant = Caller("t", Role.TENANT, client="nordwind")
    assert not tenant.may_read("mail", [], 0, at_work=False)
    arrived = Arrived(0, ContactId(1), "r", NUMBER, TenantId("nordwind"), LINE, VOICE, "party", False)
    assert tenant.may_read("mail", [Told(1, "", arrived)], 0, at_work=False)
