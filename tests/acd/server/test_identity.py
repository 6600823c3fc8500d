"""A copy of a running desk's data speaks to nobody in that desk's calls, unless it was moved on purpose."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact
from acd.core.events import ContactId
from acd.ports import ChannelRecord
from acd.server import identity
from acd.server.allowed import NOTHING, Allowed
from acd.server.app import App
from acd.server.identity import Identity, difference
from acd.testing import ScriptedChannel, small_desk, small_site
from tests.acd.server.test_app import crash, status, until

HERE = Identity("abc", 7, ("02:00:00:00:00:01", "02:00:00:00:00:02"))
ANOTHER_CARD = ("02:00:00:00:00:09",)


async def started(folder: Path, channel: ScriptedChannel, allowed: Allowed = NOTHING) -> App:
    app = App(small_site(folder, small_desk(("anna", "bert"))), [channel], web=False, allowed=allowed)
    await app.start()
    return app


async def a_busy_desk(folder: Path) -> None:
    """One talks, one rings, one waits; the channel keeps a record of each; then the server is killed."""
    channel = ScriptedChannel()
    app = await started(folder, channel)
    channel.sign_in("anna", "bert")
    for number in range(3):
        channel.arrive(records=[ChannelRecord("scripted", f"call-{number}", b"dialog")])
    await until(lambda: len(channel.seen(OfferContact)) == 2)
    channel.accept(channel.seen(OfferContact)[0])
    await until(lambda: app.gate.synced == app.driver.seq)
    await crash(app)


async def what_is_said(folder: Path, allowed: Allowed = NOTHING) -> tuple[ScriptedChannel, list[Effect]]:
    """All effects that reach the channel from the start until everything is synced; the records it got."""
    channel = ScriptedChannel()
    app = await started(folder, channel, allowed)
    await until(lambda: app.gate.synced == app.driver.seq and not app.gate.held)
    live = len(status(app).contacts)
    assert app.control.health().status == "ok"
    await crash(app)
    assert live == (3 if channel.records else 0)
    return channel, [carried.effect for carried in channel.carried]


def test_a_copy_starts_cold_keeps_the_history_and_says_nothing_to_anybody(tmp_path: Path) -> None:
    async def story() -> None:
        await a_busy_desk(tmp_path / "desk")
        shutil.copytree(tmp_path / "desk", tmp_path / "copy")
        channel, said = await what_is_said(tmp_path / "copy")
        assert (channel.records, channel.standing, said) == ({}, [], [])

        app = await started(tmp_path / "copy", ScriptedChannel())
        kinds = [
            type(fact).__name__ for fact in (one.fact for one in await app.control.history(ContactId(1)))
        ]
        assert kinds[:4] == ["Arrived", "Queued", "Offered", "Answered"]
        assert [agent.state for agent in status(app).agents] == ["ready", "ready"]
        await app.stop()

        channel, _ = await what_is_said(tmp_path / "desk")  # the first desk lost nothing by it
        assert len(channel.records) == 3

    asyncio.run(story())


def test_data_moved_on_purpose_go_on_with_their_calls(tmp_path: Path) -> None:
    async def story() -> None:
        await a_busy_desk(tmp_path / "desk")
        shutil.copytree(tmp_path / "desk", tmp_path / "moved")
        channel, _ = await what_is_said(tmp_path / "moved", Allowed(adopt=True))
        assert sorted(channel.records) == ["call-0", "call-1", "call-2"]
        kinds = [type(effect) for effect in channel.standing]
        assert (kinds.count(AdmitContact), kinds.count(ConnectContact)) == (3, 1)
        channel, _ = await what_is_said(tmp_path / "moved")  # it is its home now: no option any more
        assert len(channel.records) == 3

    asyncio.run(story())


def test_another_name_a_link_or_a_move_on_the_same_disk_is_the_same_desk(tmp_path: Path) -> None:
    async def story() -> None:
        await a_busy_desk(tmp_path / "desk")
        (tmp_path / "desk").rename(tmp_path / "renamed")
        (tmp_path / "link").symlink_to("renamed")
        channel, _ = await what_is_said(tmp_path / "link")
        assert len(channel.records) == 3

    asyncio.run(story())


def test_data_of_a_version_that_noted_nothing_are_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        with monkeypatch.context() as before:
            before.setattr(identity, "_KEY", "not read")
            await a_busy_desk(tmp_path / "desk")
        shutil.copytree(tmp_path / "desk", tmp_path / "copy")
        channel, _ = await what_is_said(tmp_path / "copy")
        assert len(channel.records) == 3

    asyncio.run(story())


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (HERE, ""),
        (Identity("abc", 8, HERE.cards), "the files are copies"),
        (Identity("abd", 7, HERE.cards), "the machine is another"),
        (Identity("abc", 7, ANOTHER_CARD), "the network cards are others"),
        (Identity("abc", 7, (HERE.cards[1], *ANOTHER_CARD)), ""),
        (Identity("", 0, ()), ""),
        (Identity("abd", 8, ()), "the files are copies, the machine is another"),
    ],
)
def test_only_what_is_known_on_both_sides_can_differ(now: Identity, why: str) -> None:
    assert difference(HERE, now) == why


def machine(root: Path, text: str) -> str:
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc/machine-id").write_text(text)
    return identity.here(root / "no file", root).machine


def test_a_machine_without_an_id_of_its_own_has_none(tmp_path: Path) -> None:
    """Of a container it is the image's, or another one after each start: it would be no desk's."""
    assert identity.here(tmp_path / "no file", tmp_path) == Identity("", 0, ())
    assert machine(tmp_path, "") == machine(tmp_path, "uninitialized\n") == ""
    own, other = machine(tmp_path, "0" * 32 + "\n"), machine(tmp_path, "1" * 32 + "\n")
    assert own != other
    assert "0" * 8 not in own
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.containerenv").touch()
    assert machine(tmp_path, "0" * 32) == ""


def test_only_cards_with_a_device_count(tmp_path: Path) -> None:
    for name, real in (("eth0", True), ("docker0", False), ("lo", False)):
        card = tmp_path / "sys/class/net" / name
        card.mkdir(parents=True)
        (card / "address").write_text(f"{name}\n")
        if real:
            os.symlink("nowhere", card / "device")
    assert identity.here(tmp_path / "no file", tmp_path).cards == ()  # the link leads nowhere
    (tmp_path / "sys/class/net/eth0/nowhere").mkdir()
    assert identity.here(tmp_path / "no file", tmp_path).cards == ("eth0",)
