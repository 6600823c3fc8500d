"""Callbacks over the API: promised when the number is safe, then called and kept; refused; cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from acd.core.effects import OfferContact, PlaceCall, ReleaseContact
from acd.core.events import CallAnswered
from acd.testing import ScriptedChannel, small_desk, small_site
from config.schema import JournalKind
from queues.desk import OutboundRule
from tests.acd.web.served import Served, served

ALLOWED = OutboundRule("callback", ("foreign",), "scripted")
"""The desk of the test says no region, so every number is a foreign one."""


class Rig:
    def __init__(self, desk: Served, channel: ScriptedChannel) -> None:
        self.desk, self.app, self.channel = desk, desk.app, channel

    async def ask(self, contact: int, body: object, path: str = "callback") -> httpx.Response:
        return await self.desk.request("POST", f"/contacts/{contact}/{path}", body)

    async def waiting(self, number: str = "") -> int:
        """Somebody waits while anna talks."""
        ref = self.channel.arrive(number=number)
        return int(await self.until(lambda: self.channel.contact_of(ref)))

    async def until(self, found: Callable[[], Any]) -> Any:
        async with asyncio.timeout(10):
            while True:
                try:
                    if answer := found():
                        return answer
                except LookupError:
                    pass
                await asyncio.sleep(0.01)

    async def of(self, contact: int) -> dict[str, Any]:
        return dict((await self.desk.request("GET", f"/contacts/{contact}")).json())


def with_desk(directory: Path, story: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        desk = replace(small_desk(["anna"]), outbound=(ALLOWED,))
        async with served(small_site(directory, desk, journal=JournalKind.MEMORY), channel) as running:
            channel.sign_in("anna")
            rig = Rig(running, channel)
            first = await rig.waiting()
            channel.accept((await rig.until(lambda: channel.seen(OfferContact)))[0])
            assert first == 1
            await story(rig)

    asyncio.run(run())


def test_from_the_promise_to_the_call(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.channel
        contact = await rig.waiting("+49 171 5550102")
        answer = await rig.ask(contact, {"number": "+49 171 555 0103"})
        assert answer.status_code == 200, answer.text
        assert rig.app.gate.synced >= answer.json()["seq"]
        released = await rig.until(lambda: channel.seen(ReleaseContact))
        assert [(one.contact, one.cause, one.promise) for one in released] == [(contact, "callback", True)]
        shown = (await rig.of(contact))["contact"]
        assert (shown["state"], shown["parked"], shown["position"]) == ("waiting", True, 1)
        channel.release(1, "anna")
        offers = await rig.until(lambda: channel.seen(OfferContact)[1:])
        channel.accept(offers[0])
        (placed,) = await rig.until(lambda: channel.seen(PlaceCall))
        number, dial_class = await channel.host.number(placed.party, placed.tenant, 5)
        assert (number, dial_class, placed.dial_class) == ("+491715550103", "foreign", "foreign")
        channel.host.submit(CallAnswered(placed.call, "c1"))
        found = await rig.of(contact)
        assert found["contact"]["state"] == "connected"
        told = {happening["kind"]: happening for happening in found["history"]}
        assert told["Parked"]["by"].startswith("api:")
        assert told["CallbackOver"]["fact"]["kept"] is True
        assert "715550103" not in str(found["history"]), "what is told holds no number"

    with_desk(tmp_path, story)


def test_without_a_number_he_is_called_where_he_came_from(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        contact = await rig.waiting("+49 171 5550102")
        assert (await rig.ask(contact, {})).status_code == 200
        (callback,) = (one.callback for one in rig.app.driver.engine.state.contacts.values() if one.parked)
        assert callback is not None
        assert (await rig.channel.host.number(callback.party, "nordwind", 5))[0] == "+491715550102"
        again = rig.channel.arrive(number="+49-171-555 01 02")
        assert await rig.until(lambda: rig.channel.contact_of(again)) == contact, "he rings again himself"

    with_desk(tmp_path, story)


def test_what_cannot_be_promised_is_refused_and_the_caller_waits_on(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        contact, hidden = await rig.waiting("+49 171 5550102"), await rig.waiting()
        kept: list[object] = []
        rig.app.content.append = kept.append  # type: ignore[method-assign,assignment]
        for number, body, why in (
            (contact, {"number": "my shop"}, "no telephone number"),
            (contact, {"number": "112"}, "emergency numbers is not allowed"),
            (contact, {"number": "110"}, "emergency numbers is not allowed"),
            (contact, {"number": "4711"}, "internal numbers is not allowed"),
            (hidden, {}, "is not known"),
            (1, {"number": "+49 171 5550109"}, "illegal in state"),
        ):
            answer = await rig.ask(number, body)
            assert (answer.status_code, why in answer.text) == (409, True), (number, body, answer.text)
        assert (await rig.of(contact))["contact"]["position"] == 1
        assert not rig.channel.seen(ReleaseContact)
        assert kept == [], "nothing is kept of a number that is not called"

    with_desk(tmp_path, story)


def test_a_promise_is_repeated_under_its_key_and_cancelled(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        contact = await rig.waiting("+49 171 5550102")
        path, key = f"/contacts/{contact}/callback", {"Idempotency-Key": "promise-1"}
        first = await rig.desk.request("POST", path, {}, key)
        again = await rig.desk.request("POST", path, {}, key)
        assert (first.status_code, again.json()) == (200, first.json())
        assert (await rig.ask(contact, {}, "callback/cancel")).status_code == 200
        assert (await rig.of(contact))["contact"] is None
        assert (await rig.ask(contact, {}, "callback/cancel")).status_code == 404

    with_desk(tmp_path, story)
