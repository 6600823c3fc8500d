"""Who sends half requests keeps nobody else out: not the health, not whoever has a token."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from acd.descriptors import Scarce
from acd.testing import small_site
from acd.web import PREFIX, limits, listener, newcomers
from config.api_tokens import ApiToken, Role, digest_of
from tests.acd.web.served import Served, served

NADIA = ApiToken("nadia", Role.SUPERVISOR, digest_of("t-nadia"))
PATIENCE_S = 30.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HALF = f"GET {PREFIX}/health HTTP/1.1\r\nHost: x\r\nX-Slow: ".encode()


def with_desk(
    folder: Path, story: Callable[[Served], Awaitable[None]], tokens: tuple[ApiToken, ...] = ()
) -> None:
    async def run() -> None:
        async with served(small_site(folder, tokens=tokens)) as desk:
            await story(desk)

    asyncio.run(run())


async def connected(desk: Served, said: bytes) -> Connection:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(desk.app.followers.url.rpartition(":")[2])
    )
    writer.write(said)
    await writer.drain()
    return reader, writer


async def status_of(one: Connection) -> int:
    """Of the answer that comes next."""
    head = await asyncio.wait_for(one[0].readuntil(b"\r\n\r\n"), PATIENCE_S)
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    await one[0].readexactly(length)
    return int(head.split()[1])


async def is_cut(one: Connection) -> bool:
    """Whether it is closed by now, or within a moment."""
    try:
        return await asyncio.wait_for(one[0].read(1), 0.2) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_thousand_half_requests_leave_the_health_and_the_desk_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "YOUNG_S", 0.0)

    async def story(desk: Served) -> None:
        attack = [await connected(desk, HALF) for _ in range(1000)]
        fresh = httpx.AsyncClient(base_url=desk.app.followers.url, trust_env=False)
        async with fresh:
            assert (await fresh.get(PREFIX + "/health")).status_code == 200
        assert (await desk.request("GET", "/status")).status_code == 200
        cut = await asyncio.gather(*map(is_cut, attack))
        assert cut == sorted(cut, reverse=True)  # the oldest
        assert cut.count(False) <= newcomers.room(newcomers.MOST + newcomers.RESERVED).per_source
        for _, writer in attack:
            writer.close()

    with_desk(tmp_path, story)


def test_many_who_come_at_once_with_a_token_are_all_answered(tmp_path: Path) -> None:
    async def story(desk: Served) -> None:
        limit = httpx.Limits(max_connections=150)
        headers = dict(desk.client.headers)
        url = desk.app.followers.url
        async with httpx.AsyncClient(
            base_url=url, headers=headers, limits=limit, trust_env=False, timeout=30
        ) as many:
            found = await asyncio.gather(*(many.get(PREFIX + "/agents") for _ in range(150)))
        assert {one.status_code for one in found} == {200}

    with_desk(tmp_path, story)


def test_a_head_that_does_not_end_is_cut_off_also_as_a_second_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "HEAD_S", 0.3)
    whole = f"GET {PREFIX}/health HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    async def story(desk: Served) -> None:
        first = await connected(desk, HALF)
        second = await connected(desk, whole)
        assert (await second[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        silent = await connected(desk, b"")
        second[1].write(HALF)
        for one in (first, second, silent):
            while await asyncio.wait_for(_read(one[0]), 5):
                one[1].write(b"x")  # slowly, but it comes
            one[1].close()

    with_desk(tmp_path, story)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What comes within a moment, b"-" if nothing does; empty: it is closed."""
    try:
        return await asyncio.wait_for(reader.read(10_000), 0.05)
    except TimeoutError:
        return b"-"
    except ConnectionError:
        return b""


def test_a_body_that_does_not_come_is_answered_408(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_S", 0.2)

    async def story(desk: Served) -> None:
        token = desk.client.headers["Authorization"]
        head = (
            f"POST {PREFIX}/site HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 9\r\n\r\n{{"
        )
        reader, writer = await connected(desk, head.encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"408"
        assert b'"too_slow"' in await reader.read(5_000)
        writer.close()

    with_desk(tmp_path, story)


def test_beyond_the_last_connection_the_health_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "room", lambda _: newcomers.room(3_000)._replace(served=0))

    async def story(desk: Served) -> None:
        full = await desk.request("GET", "/status")
        assert (full.status_code, full.json()["error"]["code"]) == (503, "busy")
        assert (await desk.request("GET", "/health")).status_code == 200

    with_desk(tmp_path, story)


def test_the_description_is_for_those_who_have_a_token(tmp_path: Path) -> None:
    async def story(desk: Served) -> None:
        assert "/api/v1/status" in (await desk.request("GET", "/openapi.json")).json()["paths"]
        async with httpx.AsyncClient(base_url=desk.app.followers.url, trust_env=False) as stranger:
            found = [await stranger.get(PREFIX + path) for path in ("/openapi.json", "/docs", "/redoc")]
            assert [one.status_code for one in found] == [401, 404, 404]

    with_desk(tmp_path, story)


def test_the_room_is_what_the_descriptors_allow() -> None:
    """In the same shares, whoever starts it: a service of 65,536, or a shell of 1,024."""
    assert newcomers.room(65_536) == newcomers.Room(2_500, 2_000, 500, 100, 1_000)
    few = newcomers.room(1_024)
    assert few.most + newcomers.RESERVED == 1_024
    assert few.newcomers + few.served == few.most
    assert 2 * few.per_token <= few.served
    assert listener.ACCEPTED_AT_ONCE < newcomers.RESERVED


def test_one_token_leaves_room_for_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has too many is told so and closed; what it has goes on, and a place that is free is taken."""
    monkeypatch.setattr(listener, "room", lambda _: newcomers.room(3_000)._replace(per_token=3))
    ask = f"GET {PREFIX}/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {{}}\r\n\r\n"

    async def story(desk: Served) -> None:
        token = desk.client.headers["Authorization"].removeprefix("Bearer ")
        said = ask.format(token).encode()
        mine = [await connected(desk, said) for _ in range(3)]
        assert [await status_of(one) for one in mine] == [200] * 3
        fourth = await connected(desk, said)
        assert await status_of(fourth) == 503
        assert await is_cut(fourth)
        other = await connected(desk, ask.format("t-nadia").encode())
        assert await status_of(other) == 200
        mine[0][1].write(said)
        assert await status_of(mine[0]) == 200
        mine[1][1].close()
        async with asyncio.timeout(PATIENCE_S):
            while await status_of(again := await connected(desk, said)) != 200:
                again[1].close()
        for _, writer in [*mine, fourth, other, again]:
            writer.close()

    with_desk(tmp_path, story, tokens=(NADIA,))


def test_where_all_room_is_taken_the_oldest_newcomer_goes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However young: there are no descriptors to wait with. Who has shown a token stays."""
    monkeypatch.setattr(listener, "room", lambda _: newcomers.Room(10, 8, 500, 100, 8))
    monkeypatch.setattr(newcomers, "YOUNG_S", 60.0)

    async def story(desk: Served) -> None:
        assert (await desk.request("GET", "/status")).status_code == 200  # its connection stays
        strangers = [await connected(desk, HALF) for _ in range(30)]
        cut = await asyncio.gather(*map(is_cut, strangers))
        assert cut == [True] * 21 + [False] * 9
        assert (await desk.request("GET", "/health")).status_code == 200
        for _, writer in strangers:
            writer.close()

    with_desk(tmp_path, story)


def test_descriptors_that_run_out_are_one_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """asyncio says it of every connection that waits, with its stack: megabytes a second."""

    async def story() -> None:
        loop, handle = asyncio.get_running_loop(), Scarce()
        context = {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")}
        for _ in range(1_000):
            handle(loop, context)

    asyncio.run(story())
    said = capsys.readouterr().out
    assert said.count("no more descriptors") == said.count("\n") == 1
