"""A start under a clock that can hardly be right is refused before it has marked the journal."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from acd.journal.reading import JournalReader
from acd.marks import noted
from acd.replay.upgrade import take_over
from acd.server import clock
from acd.server.allowed import NOTHING, Allowed
from acd.server.app import App
from acd.server.backup import back_up
from acd.server.checking import damages
from acd.server.serving import CannotStart, Exit, serve
from acd.server.stores import JOURNAL, erase_person, open_journal
from acd.testing import ScriptedChannel, small_site
from config.schema import Site
from tests.acd.server.test_app import until

DAY_MS = 24 * 3600 * 1000


def site_of(folder: Path, jump_ms: int = 35 * DAY_MS) -> Site:
    site = small_site(folder)
    return replace(site, server=replace(site.server, clock_jump_ms=jump_ms))


async def one_run(site: Site, allowed: Allowed = NOTHING) -> None:
    app = App(site, [ScriptedChannel()], web=False, allowed=allowed)
    await app.start()
    await app.stop()


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def goes_ahead(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """For who asks whether it can be right."""
    monkeypatch.setattr(clock, "_now_ms", lambda: time.time_ns() // 1_000_000 + days * DAY_MS)


@pytest.fixture
def nobody_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "is_kept", lambda: False)


@pytest.mark.usefixtures("nobody_keeps_it")
def test_a_clock_400_days_ahead_is_refused_each_time_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(one_run(site_of(tmp_path)))
    goes_ahead(monkeypatch, 400)
    before = times(tmp_path)
    for _ in range(2):
        with pytest.raises(CannotStart, match=r"400 days after the desk in .* --trust-clock") as refused:
            serve(site_of(tmp_path), [])
        assert refused.value.code == Exit.FAILED  # a service manager tries again
        assert times(tmp_path) == before
    asyncio.run(one_run(site_of(tmp_path), Allowed(trust_clock=True)))


def check(site: Site, _: Path) -> None:
    assert list(damages(site, lambda done, total: None)) == []


def read(site: Site, _: Path) -> None:
    assert list(JournalReader(site.server.data_dir / JOURNAL).entries())


def save(site: Site, target: Path) -> None:
    back_up(Path("site.toml"), site, target, with_key=False, on_copied=lambda size: None)


def erase(site: Site, _: Path) -> None:
    assert erase_person(site, "+493055501001", None) == (0, 0)


def upgrade(site: Site, _: Path) -> None:
    assert "nothing to do" in take_over(open_journal(site))


def touch(site: Site, _: Path) -> None:
    """Whatever else there is."""
    for path in site.server.data_dir.rglob("*"):
        os.utime(path)


@pytest.mark.usefixtures("nobody_keeps_it")
@pytest.mark.parametrize(
    "looks", [check, read, save, erase, upgrade, touch], ids=lambda looks: looks.__name__
)
def test_looking_at_the_data_under_that_clock_lets_no_start_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: Callable[[Site, Path], None]
) -> None:
    """Files are of that clock's time afterwards, all of them at worst."""
    site = site_of(tmp_path / "desk")
    asyncio.run(one_run(site))
    looks(site, tmp_path / "saved")
    goes_ahead(monkeypatch, 400)
    for path in (tmp_path / "desk").rglob("*"):
        os.utime(path, (time.time() + 400 * 24 * 3600,) * 2)
    with pytest.raises(CannotStart, match="400 days after"):
        serve(site, [])


@pytest.mark.usefixtures("nobody_keeps_it")
def test_a_desk_that_ran_through_a_quiet_month_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(tmp_path)
    asyncio.run(one_run(site))
    goes_ahead(monkeypatch, 400)
    clock.note(tmp_path, clock._now_ms() - 34 * DAY_MS)
    clock.check(site.server)
    (tmp_path / clock.NOTED).unlink()
    with pytest.raises(clock.ClockError):
        clock.check(site.server)


@pytest.mark.usefixtures("nobody_keeps_it")
@pytest.mark.parametrize(("days", "jump_ms"), [(34, 35 * DAY_MS), (400, 0)])
def test_holidays_and_a_desk_that_believes_every_clock_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, jump_ms: int
) -> None:
    asyncio.run(one_run(site_of(tmp_path)))
    goes_ahead(monkeypatch, days)
    asyncio.run(one_run(site_of(tmp_path, jump_ms)))


@pytest.mark.usefixtures("nobody_keeps_it")
def test_a_new_desk_has_nothing_to_compare_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vault-key.txt").touch()
    goes_ahead(monkeypatch, 400)
    asyncio.run(one_run(site_of(tmp_path)))


def test_a_running_desk_notes_that_it_is_alive(tmp_path: Path) -> None:
    async def story() -> None:
        app = App(site_of(tmp_path), [ScriptedChannel()], web=False)
        await app.start()
        await until(lambda: noted(tmp_path / clock.NOTED))
        assert abs(noted(tmp_path / clock.NOTED) - app.driver.now_ms()) < 60_000
        await app.stop()

    asyncio.run(story())


def test_a_clock_that_is_kept_in_step_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock.is_kept() in {True, False}  # the kernel is really asked
    monkeypatch.setattr(clock, "is_kept", lambda: True)
    asyncio.run(one_run(site_of(tmp_path)))
    goes_ahead(monkeypatch, 400)
    asyncio.run(one_run(site_of(tmp_path)))
