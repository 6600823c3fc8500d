"""What a channel may promise, and when: entry and content are synced, or the promise is not made."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from acd.content.errors import NotSyncedError, TooLargeError, VaultError, VaultKeyError
from acd.ports import Appended, ContactRef, NewParty, NewPiece, PartyKind
from acd.server.app import App
from acd.testing import NUMBER, TENANT, ScriptedChannel, small_site

LETTER = NewPiece(ContactRef(TENANT, "mail-1"), "mail", b"Subject: fire")


def with_channel(folder: Path, story: Callable[[App, ScriptedChannel], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        app = App(small_site(folder), [channel], web=False)
        await app.start()
        try:
            await story(app, channel)
        finally:
            await app.stop()

    asyncio.run(run())


def test_a_promise_waits_for_the_entry_and_for_the_content(tmp_path: Path) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        appended = channel.host.append([LETTER])
        channel.arrive()
        await channel.host.kept(app.driver.seq, [appended], 60)
        assert appended.synced.done()
        assert app.gate.synced >= app.driver.seq
        assert list(app.content.read(appended.ids[0])) == [b"Subject: fire"]

    with_channel(tmp_path, story)


def test_a_disk_that_hangs_is_waited_for_until_the_deadline_and_no_longer(tmp_path: Path) -> None:
    """Then the channel answers with a temporary error, and the content is stored all the same, later."""

    async def story(app: App, channel: ScriptedChannel) -> None:
        hanging: Future[None] = Future()
        with pytest.raises(NotSyncedError, match=r"not synced after 0\.02 s"):
            await channel.host.kept(0, [Appended((), hanging)], 0.02)
        with pytest.raises(NotSyncedError):
            await channel.host.kept(app.driver.seq + 1, [], 0.02)

    with_channel(tmp_path, story)


def test_content_that_can_never_be_stored_is_promised_to_nobody(tmp_path: Path) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        lost: Future[None] = Future()
        lost.set_exception(VaultError("disk full"))
        with pytest.raises(VaultError, match="disk full"):
            await channel.host.kept(0, [Appended((), lost)], 60)

    with_channel(tmp_path, story)


def test_a_vault_that_cannot_write_degrades_the_desk_and_says_why_until_it_can(tmp_path: Path) -> None:
    """SQLite itself refuses: the file may not grow. Calls go on meanwhile."""

    async def story(app: App, channel: ScriptedChannel) -> None:
        db = app.content._vault._file.connection
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count={pages}")
        large = channel.host.append([LETTER._replace(data=bytes(900_000))])
        async with asyncio.timeout(30):
            while not app.content.failed:
                await asyncio.sleep(0.01)
        health = app.control.health()
        assert (health.status, health.journal) == ("degraded", "ok")
        assert "full" in health.content
        assert app.figures().content_failing
        party, _ = channel.host.identify(PartyKind.NUMBER, "+49 30 555 0101", NUMBER, "call-1")
        assert party
        with app.content._vault._lock:
            db.execute("PRAGMA max_page_count=1000000")
        await channel.host.kept(0, [large], 60)
        assert app.control.health().status == "ok"

    with_channel(tmp_path, story)


def test_a_call_whose_number_cannot_be_kept_any_more_still_has_an_opaque_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        def full(batch: list[NewParty]) -> Appended:
            raise TooLargeError("too much waits for the disk")

        monkeypatch.setattr(app.content, "append", full)
        one, _ = channel.host.identify(PartyKind.NUMBER, "+49 30 555 0101", NUMBER, "call-1")
        other, _ = channel.host.identify(PartyKind.NUMBER, "+49 30 555 0102", NUMBER, "call-2")
        assert one != other
        monkeypatch.undo()

    with_channel(tmp_path, story)


def test_a_lost_key_is_named_and_not_replaced_by_another(tmp_path: Path) -> None:
    """With a new one nothing of what is there could ever be read again."""

    async def nothing(_app: App, _channel: ScriptedChannel) -> None:
        pass

    with_channel(tmp_path, nothing)
    (tmp_path / "vault-key").rename(tmp_path / "elsewhere")
    with pytest.raises(VaultKeyError, match=r"provide .*vault-key"):
        with_channel(tmp_path, nothing)
    assert not (tmp_path / "vault-key").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "vault-key")
    with_channel(tmp_path, nothing)
