"""Idempotency-Key: a change that is sent twice is made once, whoever died meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from acd.server import keys
from acd.server.app import App
from acd.server.keys import WriteKeys
from acd.testing import ScriptedChannel, small_site
from acd.web import PREFIX
from acd.web.control import KeyReused, WriteKey
from agents.skills import AgentId
from config.api_tokens import ApiToken, Role, digest_of
from tests.acd.web.served import served

NADIA = ApiToken("nadia", Role.SUPERVISOR, digest_of("t-nadia"))


class Desk:
    """A running desk and its client."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app, self.client = app, client

    async def post(self, path: str, body: object, key: str, token: str = "") -> httpx.Response:
        headers = {"Idempotency-Key": key}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.post(PREFIX + path, json=body, headers=headers)


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Desk]:
    async with served(small_site(directory, tokens=[NADIA]), ScriptedChannel()) as desk:
        yield Desk(desk.app, desk.client)


def test_a_repetition_answers_the_same_and_does_nothing(tmp_path: Path) -> None:
    """Even if meanwhile somebody undid the change; and after a restart; and if nothing was to be done."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            ready = await desk.post("/agents/anna/state", {"state": "ready"}, "one")
            idle = await desk.post("/agents/anna/state", {"state": "ready"}, "two")
            assert (ready.json()["seq"] > 0, idle.json()["seq"]) == (True, 0)
            pause = {"state": "paused", "reason": "break"}
            assert (await desk.post("/agents/anna/state", pause, "three")).status_code == 200
            before = desk.app.driver.seq
            for key, first in (("one", ready), ("two", idle)):
                again = await desk.post("/agents/anna/state", {"state": "ready"}, key)
                assert (again.status_code, again.json()) == (200, first.json())
            assert desk.app.driver.seq == before
        async with running(tmp_path) as desk:
            for key, first in (("one", ready), ("two", idle)):
                again = await desk.post("/agents/anna/state", {"state": "ready"}, key)
                assert (again.status_code, again.json()) == (200, first.json())

    asyncio.run(story())


def test_a_key_with_another_body_or_path_is_refused_and_does_nothing(tmp_path: Path) -> None:
    """But the key of another token is another key."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            await desk.post("/agents/anna/state", {"state": "ready"}, "one")
            before = desk.app.driver.seq
            other_body = await desk.post("/agents/anna/state", {"state": "signed_out"}, "one")
            other_path = await desk.post("/agents/bert/state", {"state": "ready"}, "one")
            for answer in (other_body, other_path):
                assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")
            assert desk.app.driver.seq == before
            nadias = await desk.post("/agents/bert/state", {"state": "ready"}, "one", "t-nadia")
            assert nadias.json()["seq"] > before

    asyncio.run(story())


def test_what_was_refused_may_be_tried_again_under_its_key(tmp_path: Path) -> None:
    """A refusal changed nothing, so nothing is remembered of it."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            refused = await desk.post("/agents/anna/state", {"state": "paused", "reason": "break"}, "one")
            assert refused.status_code == 409
            await desk.post("/agents/anna/state", {"state": "ready"}, "two")
            again = await desk.post("/agents/anna/state", {"state": "paused", "reason": "break"}, "one")
            assert again.status_code == 200

    asyncio.run(story())


def test_the_same_request_twice_at_once_is_made_once(tmp_path: Path) -> None:
    """The second waits for the disk with the first."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            before = desk.app.driver.seq
            answers = await asyncio.gather(
                *(desk.post("/agents/anna/state", {"state": "ready"}, "one") for _ in range(8))
            )
            assert {answer.json()["seq"] for answer in answers} == {before + 1}
            assert desk.app.driver.seq == before + 1

    asyncio.run(story())


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\x7f"])
def test_a_key_that_is_none_is_not_understood(tmp_path: Path, key: str) -> None:
    """422, said once, and nothing is done. Whoever sends an empty one believes that he may send again."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            before = desk.app.driver.seq
            answer = await desk.post("/agents/anna/state", {"state": "ready"}, key)
            assert (answer.status_code, desk.app.driver.seq) == (422, before)
            assert answer.json()["error"]["reason"].count("Idempotency-Key: ") == 1

    asyncio.run(story())


def key_of(number: int, fingerprint: bytes = b"f") -> WriteKey:
    return WriteKey("nadia", str(number), fingerprint)


def test_keys_are_bounded_in_number_and_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, with the append that brings a new one."""
    monkeypatch.setattr(keys, "MAX_KEYS", 3)
    kept = WriteKeys({})
    stored: dict[str, bytes] = {}
    for number in range(5):
        for record in kept.keep(key_of(number), number + 1, 1_000 * number):
            if record.value is None:
                del stored[record.key]
            else:
                stored[record.key] = record.value
    again = WriteKeys(stored)
    for known in (kept, again):
        assert [known.find(key_of(number)) for number in range(5)] == [None, None, 3, 4, 5]
        with pytest.raises(KeyReused):
            known.find(key_of(4, b"other"))
    changes = list(again.keep(key_of(9), 6, 4_001 + keys.KEPT_MS))
    assert [(record.key, record.value is None) for record in changes] == [
        ("nadia/9", False),
        ("nadia/2", True),
        ("nadia/3", True),
        ("nadia/4", True),
    ]


@pytest.mark.parametrize("key", ["", "x" * 201, "a b"])
def test_a_key_that_is_none_is_refused_and_said_once(tmp_path: Path, key: str) -> None:
    """An empty one, too: whoever sends it believes that he may send again."""

    async def story() -> None:
        async with running(tmp_path) as desk:
            answer = await desk.post("/agents/anna/state", {"state": "ready"}, key)
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
            assert answer.json()["error"]["reason"].count("Idempotency-Key: ") == 1
            assert desk.app.driver.engine.state.seats[AgentId("anna")].record.state.value == "signed_out"

    asyncio.run(story())
