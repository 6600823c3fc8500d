"""Consults and listening over the API: who may, what is said, and a number outside."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from acd.core import view
from acd.core.effects import ConnectContact, OfferContact, PlaceCall, StepAside
from acd.core.events import CallAnswered
from acd.testing import LINE, ScriptedChannel, small_desk, small_site
from acd.web.rights import Caller, status_for
from config.api_tokens import Role
from config.schema import JournalKind
from queues.desk import OutboundRule
from tests.acd.web.served import served
from tests.acd.web.test_callbacks import Rig

ALLOWED = OutboundRule("consult", ("foreign",), "scripted")


def with_talk(directory: Path, story: Callable[[Rig], Awaitable[None]]) -> None:
    """Anna talks with a caller; Bert is free, Susi signed in."""

    async def run() -> None:
        channel = ScriptedChannel()
        desk = replace(small_desk(["anna", "bert", "susi"]), outbound=(ALLOWED,))
        async with served(small_site(directory, desk, journal=JournalKind.MEMORY), channel) as running:
            channel.sign_in("anna")
            rig = Rig(running, channel)
            await rig.waiting()
            channel.accept((await rig.until(lambda: channel.seen(OfferContact)))[0])
            channel.sign_in("bert", "susi")
            await story(rig)

    asyncio.run(run())


def test_an_agent_asks_and_hands_over(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.channel
        assert (await rig.ask(1, {"line": LINE}, "consult")).status_code == 200
        (aside,) = await rig.until(lambda: channel.seen(StepAside))
        early = await rig.ask(1, {}, "consult/merge")
        assert (early.status_code, early.json()["error"]["code"]) == (409, "rejected")
        channel.accept((await rig.until(lambda: channel.seen(OfferContact)[1:]))[0])
        await rig.until(lambda: channel.seen(ConnectContact)[1:])
        shown = (await rig.of(aside.into))["contact"]
        assert (shown["consults"], shown["agents"]) == (1, ["bert"])
        whole = view.status(rig.app.driver.engine.state, 0)
        hers = status_for(Caller("anna-desktop", Role.AGENT, agent="anna"), whole, 9)
        asked = {one.id: one.agents for one in hers.contacts}
        assert asked == {1: ("anna",), aside.into: ("bert",)}, "the asker sees whom to hand over to"
        assert (await rig.ask(1, {"stays": False}, "consult/merge")).status_code == 200
        found = await rig.of(1)
        assert found["contact"]["agents"] == ["bert"]
        assert "TakenOver" in {happening["kind"] for happening in found["history"]}

    with_talk(tmp_path, story)


def test_a_consult_is_ended_and_a_conference_is_held(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.channel
        for way in ("consult/end", "consult/merge"):
            offers = len(channel.seen(OfferContact))
            await rig.ask(1, {"line": LINE}, "consult")
            channel.accept((await rig.until(lambda: channel.seen(OfferContact)[offers:]))[0])  # noqa: B023
            await rig.until(lambda: [one for one in channel.seen(ConnectContact) if one.role == "consulted"])
            body = {"stays": True} if way.endswith("merge") else {}
            assert (await rig.ask(1, body, way)).status_code == 200
        assert len((await rig.of(1))["contact"]["guests"]) == 1

    with_talk(tmp_path, story)


def test_somebody_outside_is_asked_by_a_number_that_the_vault_keeps(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.channel
        answer = await rig.ask(1, {"number": "+49 171 555 0103"}, "consult")
        assert answer.status_code == 200, answer.text
        (placed,) = await rig.until(lambda: channel.seen(PlaceCall))
        assert placed.purpose == "consult"
        assert (await channel.host.number(placed.party, placed.tenant, 5))[0] == "+491715550103"
        channel.host.submit(CallAnswered(placed.call, "out"))
        assert (await rig.ask(1, {"stays": True}, "consult/merge")).status_code == 200
        assert "0103" not in str((await rig.of(1))["history"])

    with_talk(tmp_path, story)


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        bodies: list[tuple[str, Any, int]] = [
            ("consult", {}, 422),
            ("consult", {"line": LINE, "number": "+49 171 5550103"}, 422),
            ("consult", {"line": "none"}, 409),
            ("consult", {"number": "112"}, 409),
            ("consult", {"number": "no number"}, 409),
            ("consult/end", {}, 409),
            ("consult/merge", {"stays": "maybe"}, 422),
            ("listen", {"agent": "susi", "how": "spy"}, 422),
            ("listen", {"agent": "nobody"}, 409),
            ("listen", {"agent": "anna"}, 409),
        ]
        for path, body, status in bodies:
            answer = await rig.ask(1, body, path)
            assert answer.status_code == status, (path, body, answer.text)
        assert (await rig.ask(99, {"line": LINE}, "consult")).status_code == 404

    with_talk(tmp_path, story)


def test_a_supervisor_listens(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.channel
        assert (await rig.ask(1, {"agent": "susi"}, "listen")).status_code == 200
        offer = (await rig.until(lambda: channel.seen(OfferContact)[1:]))[0]
        assert (offer.agent, offer.role) == ("susi", "listening")
        channel.accept(offer)
        await rig.until(lambda: channel.seen(ConnectContact)[1:])
        assert (await rig.ask(1, {"agent": "susi", "how": "whisper"}, "listen")).status_code == 200
        last = await rig.until(lambda: channel.seen(ConnectContact)[2:])
        assert last[0].role == "whispering"

    with_talk(tmp_path, story)
