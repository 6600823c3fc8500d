"""Escalation lists over the API: by channels that a script plays, to the key, the mail and the cancel."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from acd.core.effects import AdmitContact, EndCall, PlaceCall, SendNotice, TreatContact
from acd.core.events import CallAnswered, CallFailed, KeyPressed, NoticeTaken, PromptEnded
from acd.server.escalating import flaws
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_site
from acd.web.rights import Caller, escalations_for
from config.api_tokens import Role
from config.schema import EscalationList, EscalationStep, JournalKind, Site
from queues.desk import OutboundRule, TenantId
from tests.acd.web.served import Served, served

RULE = OutboundRule("escalation", ("foreign",), "scripted", prefixes=("+49",))
DUTY, HEAD = (
    EscalationStep(who, 20_000, f"+49 171 555010{number}") for number, who in enumerate(("duty", "head"))
)
ANNA = EscalationStep("anna", 20_000, "", "anna")


def site_of(
    folder: Path, *steps: EscalationStep, mail: str = "", journal: JournalKind = JournalKind.MEMORY
) -> Site:
    desk = replaced(small_desk(["anna"]), outbound=(RULE,))
    night = EscalationList(
        "night", TenantId("nordwind"), NUMBER, steps or (DUTY, HEAD), 1, 60_000, mail, False, "site.toml"
    )
    return replace(small_site(folder, desk, journal=journal), escalations={"night": night})


class Rig:
    def __init__(self, desk: Served, channel: ScriptedChannel, mail: ScriptedChannel) -> None:
        self.desk, self.channel, self.mail = desk, channel, mail

    async def escalate(self, status: int = 200, **changes: Any) -> Any:
        body = {"list": "night", "ticket": "INC-1", "texts": {"en": "Mail is down."}, **changes}
        answer = await self.desk.request("POST", "/escalations", body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def shown(self) -> list[dict[str, Any]]:
        return list((await self.desk.request("GET", "/escalations")).json()["escalations"])

    async def seen(self, kind: type[Any], number: int = 1) -> Any:
        async with asyncio.timeout(10):
            while len(found := (*self.channel.seen(kind), *self.mail.seen(kind))) < number:
                await asyncio.sleep(0.01)
        return found[number - 1]


def with_desk(site: Site, story: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        channel, mail = ScriptedChannel(), ScriptedChannel("mail")
        async with served(site, channel, mail) as desk:
            await story(Rig(desk, channel, mail))

    asyncio.run(run())


async def heard(rig: Rig, number: int) -> TreatContact:
    treated = await rig.seen(TreatContact, number)
    rig.channel.host.submit(PromptEnded(treated.contact, treated.visit))
    return treated  # type: ignore[no-any-return]


def test_the_second_takes_it_over_and_the_numbers_are_in_the_vault_alone(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.escalate()
        first = await rig.seen(PlaceCall)
        assert await rig.channel.host.number(first.party, first.tenant, 5) == ("+491715550100", "foreign")
        assert (await rig.shown())[0]["who"] == "duty"
        rig.channel.host.submit(CallFailed(first.call, "busy"))
        second = await rig.seen(PlaceCall, 2)
        rig.channel.host.submit(CallAnswered(second.call, "leg-2"))
        await rig.seen(AdmitContact)
        treated = await heard(rig, 1)
        text = treated.hears.says[0].text
        assert rig.channel.learnt[text] == (("en", "Mail is down."),)
        assert treated.hears.keys == "1"
        rig.channel.host.submit(KeyPressed(treated.contact, treated.visit, "1"))
        await heard(rig, 2)
        (shown,) = await rig.shown()
        assert (shown["state"], shown["who"], shown["attempts"]) == ("acknowledged", "head", 2)
        state = rig.desk.app.driver.engine.state
        assert "5550100" not in repr(state.escalations)
        history = (await rig.desk.request("GET", f"/contacts/{treated.contact}")).json()["history"]
        assert {"DialDecided", "CallPlaced", "KeyChosen"} <= {one["kind"] for one in history}

    with_desk(site_of(tmp_path), story)


def test_at_last_the_mail_is_ordered_of_the_channel_for_it(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.escalate()
        rig.channel.host.submit(CallFailed((await rig.seen(PlaceCall)).call, "no answer"))
        notice = await rig.seen(SendNotice)
        assert rig.mail.seen(SendNotice) == [notice]
        assert (notice.ticket, notice.texts) == ("INC-1", (("en", "Mail is down."),))
        assert (await rig.shown())[0]["state"] == "mailing"
        rig.mail.host.submit(NoticeTaken(notice.escalation))
        assert (await rig.shown())[0]["state"] == "mailed"

    with_desk(site_of(tmp_path, DUTY, mail="it@nordwind.example"), story)


def test_a_mail_for_which_there_is_no_channel_is_told_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        async with served(site_of(tmp_path, DUTY, mail="it@nordwind.example"), channel) as desk:
            rig = Rig(desk, channel, channel)
            await rig.escalate()
            channel.host.submit(CallFailed((await rig.seen(PlaceCall)).call, "no answer"))
            async with asyncio.timeout(10):
                while (await rig.shown())[0]["state"] != "nobody":
                    await asyncio.sleep(0.01)

    asyncio.run(run())


def test_it_is_called_off(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.escalate()
        await rig.seen(PlaceCall)
        assert (await rig.desk.request("POST", "/escalations/9/cancel")).status_code == 404
        assert (await rig.desk.request("POST", "/escalations/1/cancel")).status_code == 200
        await rig.seen(EndCall)
        assert (await rig.shown())[0]["state"] == "cancelled"
        assert (await rig.desk.request("POST", "/escalations/1/cancel")).status_code == 409

    with_desk(site_of(tmp_path), story)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"list": "none"}, 422, 'there is no escalation list "none"'),
        ({"texts": {}}, 422, "list night has no text of its own: say one"),
        ({"texts": {"fr": "…"}}, 422, 'the desk does not speak "fr" (its languages: en)'),
        ({"texts": {"en": "!"}}, 422, "text in en: there is nothing to say in it"),
    ],
)
def test_what_cannot_be_said_or_walked_is_refused(
    tmp_path: Path, changes: dict[str, Any], status: int, reason: str
) -> None:
    async def story(rig: Rig) -> None:
        before = rig.desk.app.driver.seq
        assert (await rig.escalate(status, **changes))["error"]["reason"] == reason
        assert rig.desk.app.driver.seq == before

    with_desk(site_of(tmp_path), story)


def test_a_list_goes_on_once_for_the_same_ticket(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.escalate()
        assert "already" in (await rig.escalate(409))["error"]["reason"]
        await rig.escalate(ticket="INC-2")
        assert len(await rig.shown()) == 2

    with_desk(site_of(tmp_path), story)


def test_a_server_that_died_goes_on_with_the_same_call(tmp_path: Path) -> None:
    site = site_of(tmp_path, journal=JournalKind.SQLITE)
    calls: list[int] = []

    async def first(rig: Rig) -> None:
        await rig.escalate()
        calls.append((await rig.seen(PlaceCall)).call)

    async def again(rig: Rig) -> None:
        (placed,) = [one for one in rig.channel.standing if isinstance(one, PlaceCall)]
        calls.append(placed.call)
        assert rig.channel.learnt, "its text is heard again"
        rig.channel.host.submit(CallFailed(placed.call, "busy"))
        calls.append((await rig.seen(PlaceCall)).call)

    with_desk(site, first)
    with_desk(site, again)
    assert calls == [1, 1, 2]


def test_a_client_sees_its_own_and_nobody_s_name(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.escalate()
        await rig.seen(PlaceCall)
        found = rig.desk.app.driver.engine.state
        from acd.core.view import escalations

        shown = escalations(found)
        (own,) = escalations_for(Caller("t", Role.TENANT, "nordwind"), shown)
        assert own.who == ""
        assert escalations_for(Caller("t", Role.TENANT, "suedwind"), shown) == ()
        assert escalations_for(Caller("t", Role.SUPERVISOR), shown)[0].who == "duty"

    with_desk(site_of(tmp_path), story)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("anonymous", "is no telephone number that could be called"),
        ("+49 900 1 123456", "is never called: it is premium"),
        ("+43 1 5550101", "begins with none of the prefixes of its [[outbound]] rule"),
    ],
)
def test_acd_check_finds_who_could_not_be_called(tmp_path: Path, number: str, why: str) -> None:
    alone = [str(one) for one in flaws(site_of(tmp_path, EscalationStep("x", 1_000, number)))]
    assert [one.partition("steps")[2] for one in alone] == [
        f"[0].number: {why}",
        ": nobody on this list could be called",
    ]
    beside = [str(one) for one in flaws(site_of(tmp_path, ANNA, EscalationStep("x", 1_000, number)))]
    assert beside == [f"site.toml: escalations.night.steps[1].number: {why}"]
    assert not list(flaws(site_of(tmp_path, DUTY, ANNA)))


def test_acd_check_finds_a_list_without_a_rule(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    bare = replace(site, desk=replaced(site.desk, outbound=()))
    assert 'no [[outbound]] rule with the purpose "escalation" allows foreign numbers' in str(
        next(flaws(bare))
    )
