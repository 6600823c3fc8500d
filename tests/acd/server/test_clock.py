"""A start under a clock that can hardly be right is refused before it has marked the journal."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from acd.server import clock
from acd.server.allowed import NOTHING, Allowed
from acd.server.app import App
from acd.server.serving import CannotStart, Exit, serve
from acd.testing import ScriptedChannel, small_site
from config.schema import Site

DAY_MS = 24 * 3600 * 1000


def site_of(folder: Path, jump_ms: int = 35 * DAY_MS) -> Site:
    site = small_site(folder)
    return replace(site, server=replace(site.server, clock_jump_ms=jump_ms))


async def one_run(site: Site, allowed: Allowed = NOTHING) -> None:
    app = App(site, [ScriptedChannel()], web=False, allowed=allowed)
    await app.start()
    await app.stop()


def written_before(folder: Path, days: int) -> dict[Path, int]:
    """All files are of so many days ago, as if the clock had gone on by so much; when each was written."""
    then_s = time.time() - days * 24 * 3600
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (then_s, then_s))
    return times(folder)


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def nobody_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "is_kept", lambda: False)


@pytest.mark.usefixtures("nobody_keeps_it")
def test_a_clock_400_days_ahead_is_refused_each_time_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    asyncio.run(one_run(site_of(tmp_path)))
    before = written_before(tmp_path, 400)
    for _ in range(2):
        with pytest.raises(CannotStart, match=r"400 days after all that .* --trust-clock") as refused:
            serve(site_of(tmp_path), [])
        assert refused.value.code == Exit.FAILED  # a service manager tries again
        assert times(tmp_path) == before
    asyncio.run(one_run(site_of(tmp_path), Allowed(trust_clock=True)))
    asyncio.run(one_run(site_of(tmp_path)))


@pytest.mark.usefixtures("nobody_keeps_it")
@pytest.mark.parametrize(("days", "jump_ms"), [(34, 35 * DAY_MS), (400, 0)])
def test_holidays_and_a_desk_that_believes_every_clock_start(tmp_path: Path, days: int, jump_ms: int) -> None:
    asyncio.run(one_run(site_of(tmp_path)))
    written_before(tmp_path, days)
    asyncio.run(one_run(site_of(tmp_path, jump_ms)))


@pytest.mark.usefixtures("nobody_keeps_it")
def test_a_new_desk_has_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / "vault-key.txt").touch()
    written_before(tmp_path, 400)
    asyncio.run(one_run(site_of(tmp_path)))


def test_a_clock_that_is_kept_in_step_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock.is_kept() in {True, False}  # the kernel is really asked
    monkeypatch.setattr(clock, "is_kept", lambda: True)
    asyncio.run(one_run(site_of(tmp_path)))
    written_before(tmp_path, 400)
    asyncio.run(one_run(site_of(tmp_path)))
