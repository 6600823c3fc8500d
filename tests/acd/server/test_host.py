"""What a channel may promise, and when: entry and content are synced, or the promise is not made."""

import asyncio
import dataclasses
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from acd.content.errors import NotSyncedError, TooLargeError, VaultError, VaultKeyError, VaultUnknownError
from acd.ports import Appended, ContactRef, DialClass, NewParty, NewPiece, PartyKind
from acd.server.app import App
from acd.testing import NUMBER, TENANT, ScriptedChannel, small_site
from config.schema import DirectorySettings

LETTER = NewPiece(ContactRef(TENANT, "mail-1"), "mail", b"Subject: fire")


def with_channel(folder: Path, story: Callable[[App, ScriptedChannel], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        site = dataclasses.replace(
            small_site(folder), directory=DirectorySettings({TENANT: "DE"}, internal_digits=5, files=())
        )
        app = App(site, [channel], web=False)
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


@pytest.mark.parametrize(
    ("written", "number", "dial_class"),
    [
        ("030 555 0101", "+49305550101", DialClass.LOCAL),
        ("+49 151 23456789", "+4915123456789", DialClass.MOBILE),
        ("0900 1234567", "+499001234567", DialClass.PREMIUM),
        ("110", "110", DialClass.EMERGENCY),
        ("anonymous", "anonymous", DialClass.UNKNOWN),
    ],
)
def test_a_number_is_read_back_in_normal_form_with_its_class(
    tmp_path: Path, written: str, number: str, dial_class: DialClass
) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        party, _ = channel.host.identify(PartyKind.NUMBER, written, NUMBER, "call-1")
        channel.arrive()
        await channel.host.kept(app.driver.seq, [channel.host.append([LETTER])], 60)  # so this is kept too
        assert await channel.host.number(party, TENANT, 60) == (number, dial_class)

    with_channel(tmp_path, story)


def test_a_number_that_came_by_a_trunk_abroad_is_the_same_one_by_every_trunk(tmp_path: Path) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        party, who = channel.host.identify(PartyKind.NUMBER, "01 555 0101", NUMBER, "call-1", "AT")
        again, _ = channel.host.identify(PartyKind.NUMBER, "+43 1 555 0101", NUMBER, "call-2")
        code, _ = channel.host.identify(PartyKind.NUMBER, "116116", NUMBER, "call-3")
        assert (who.address, who.dial_class, again) == ("+4315550101", DialClass.FOREIGN, party)
        channel.arrive()
        await channel.host.kept(app.driver.seq, [channel.host.append([LETTER])], 60)
        for region in ("", "DE", "AT", "US"):
            number = await channel.host.number(party, TENANT, 60, region)
            assert number == ("+4315550101", DialClass.FOREIGN)
        assert await channel.host.number(code, TENANT, 60) == ("116116", DialClass.SHORT)
        assert await channel.host.number(code, TENANT, 60, "AT") == ("116116", DialClass.UNKNOWN)

    with_channel(tmp_path, story)


def test_a_number_that_was_erased_is_unknown(tmp_path: Path) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        party, _ = channel.host.identify(PartyKind.NUMBER, "030 555 0101", NUMBER, "call-1")
        await asyncio.wrap_future(app.content.erase_person("+49305550101"))
        with pytest.raises(VaultUnknownError):
            await channel.host.number(party, TENANT, 60)

    with_channel(tmp_path, story)


def test_a_document_is_read_back_as_a_whole_unless_it_was_erased(tmp_path: Path) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        (document,) = channel.host.append([LETTER._replace(data=b"Dear ", last=False)]).ids
        appended = channel.host.append([LETTER._replace(data=b"desk", of=document)])
        channel.arrive()
        await channel.host.kept(app.driver.seq, [appended], 60)
        assert await channel.host.document(document, 60) == b"Dear desk"
        await asyncio.wrap_future(app.content.erase_contact(LETTER.contact))
        with pytest.raises(VaultUnknownError):
            await channel.host.document(document, 60)

    with_channel(tmp_path, story)


def test_a_disk_that_hangs_holds_up_neither_the_loop_nor_whoever_wants_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(app: App, channel: ScriptedChannel) -> None:
        free = threading.Event()

        def hanging(_party: str) -> str:
            free.wait(60)
            return ""

        monkeypatch.setattr(app.content, "party", hanging)
        began_s = time.monotonic()
        try:
            with pytest.raises(TimeoutError):
                await channel.host.number("party-1", TENANT, 0.05)
            assert time.monotonic() - began_s < 30
        finally:
            free.set()

    with_channel(tmp_path, story)
