"""GET /feed: each fact once and in order, for each token what it may see, behind a lasting cursor."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from acd.testing import NUMBER, ScriptedChannel, small_site
from acd.web import following, recent
from config.api_tokens import Role
from tests.acd.web.served import Served, served
from tests.acd.web.test_rights import OTHER, TOKENS, Rig, two_clients, with_desk


def kinds(page: Any) -> list[str]:
    return [one["kind"] for one in page["happenings"]]


def test_the_feed_goes_on_behind_a_status_and_tells_everything_once(tmp_path: Path) -> None:
    """Page by page, what a supervisor sees is what the journal has."""

    async def story(rig: Rig) -> None:
        status = await rig.ask(Role.SUPERVISOR, "GET", "/status")
        cursor, first = status.headers["ACD-Cursor"], rig.app.driver.seq
        told: list[tuple[int, str]] = []
        for _ in range(5):
            rig.channel.arrive()
            page = await rig.get(Role.SUPERVISOR, f"/feed?after={cursor}")
            cursor = page["cursor"]
            told += [(one["seq"], one["kind"]) for one in page["happenings"]]
        assert told == [(first + n, kind) for n in range(1, 6) for kind in ("Arrived", "Queued")]
        assert kinds(await rig.get(Role.SUPERVISOR, f"/feed?after={cursor}")) == []
        assert kinds(await rig.get(Role.SUPERVISOR, "/feed")) == []

    with_desk(tmp_path, story)


def test_a_tenant_follows_his_own_contacts_and_an_agent_himself(tmp_path: Path) -> None:
    """Neither another client nor who works for him is in what a tenant gets."""

    async def story(rig: Rig) -> None:
        cursor = (await rig.get(Role.SUPERVISOR, "/feed"))["cursor"]
        rig.channel.sign_in("anna", "bert")
        own = await rig.taken(NUMBER)
        foreign = await rig.taken(OTHER)
        for contact, agent in ((own, "anna"), (foreign, "bert")):
            rig.channel.release(contact, agent)
        await rig.desk.caught_up()
        tenant = await rig.ask(Role.TENANT, "GET", f"/feed?after={cursor}")
        assert kinds(tenant.json()) == ["Arrived", "Queued", "Offered", "Answered", "Released"]
        assert {one["fact"]["contact"] for one in tenant.json()["happenings"]} == {own}
        for word in ("suedwind", "south", "anna", "bert"):
            assert word not in tenant.text
        agent = await rig.get(Role.AGENT, f"/feed?after={cursor}")
        assert {one["fact"]["agent"] for one in agent["happenings"]} == {"anna"}
        assert "WrapUpStarted" in kinds(agent)
        everything = await rig.get(Role.SUPERVISOR, f"/feed?after={cursor}")
        assert len(everything["happenings"]) > len(tenant.json()["happenings"]) + len(agent["happenings"])

    with_desk(tmp_path, story)


def test_who_waits_is_answered_when_something_comes_that_he_may_see(tmp_path: Path) -> None:
    """Another client's call does not end a tenant's waiting."""

    async def story(rig: Rig) -> None:
        cursor = (await rig.get(Role.TENANT, "/feed"))["cursor"]
        waiting = asyncio.ensure_future(rig.get(Role.TENANT, f"/feed?after={cursor}&wait_s=30"))
        await asyncio.sleep(0.1)
        rig.channel.arrive(OTHER)
        await asyncio.sleep(0.2)
        assert not waiting.done()
        rig.channel.arrive(NUMBER)
        assert kinds(await waiting) == ["Arrived", "Queued"]
        assert kinds(await rig.get(Role.TENANT, "/feed?wait_s=0.05")) == []

    with_desk(tmp_path, story)


def test_a_cursor_outlives_the_server_and_one_that_is_too_old_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clean stop takes a snapshot, behind the cursor; 410 says what to do; nonsense is 422."""
    monkeypatch.setattr(recent, "CAPACITY", 10)
    monkeypatch.setattr(following, "CAPACITY", 10)

    async def page(desk: Served, after: str) -> Any:
        return await desk.request("GET", f"/feed?after={after}")

    async def story() -> None:
        site = small_site(tmp_path, two_clients(), tokens=TOKENS)
        channel = ScriptedChannel()
        async with served(site, channel) as desk:
            cursor = (await page(desk, "")).json()["cursor"]
            channel.arrive()
            await desk.caught_up()
        async with served(site, channel) as desk:
            found = (await page(desk, cursor)).json()
            assert kinds(found)[:2] == ["Arrived", "Queued"]
            for _ in range(12):
                channel.arrive()
            gone = await page(desk, cursor)
            assert (gone.status_code, gone.json()["error"]["code"]) == (410, "cursor_gone")
            assert (await page(desk, "0123456789abcdef.1")).status_code == 410
            assert (await page(desk, "yesterday")).status_code == 422

    asyncio.run(story())
