"""Mass incidents over the API: declared in words, heard by who waits, ended; and what is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from acd.core.effects import AdmitContact, PlaceCall, TreatContact
from acd.core.events import CallAnswered, KeyPressed, PromptEnded
from acd.core.incidents import in_scope
from acd.server import announcements
from acd.server.announcements import MOST
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_line, small_site
from acd.web.rights import Caller, incidents_for
from agents.capacity import MAIL, VOICE
from config.api_tokens import Role
from config.schema import JournalKind, Site
from queues.desk import (
    Desk,
    Entry,
    EntryId,
    Incident,
    IncidentId,
    IncidentMode,
    LineId,
    OutboundRule,
    Tenant,
    TenantId,
)
from queues.treatment import OFFER, THANKS
from tests.acd.web.served import Served, served

HOUR_MS = 3_600_000
VPN = {"id": "vpn", "texts": {"en": "The VPN is down."}, "for_ms": HOUR_MS}
OTHER, LETTERS = LineId("other"), LineId("letters")


def two_lines() -> Desk:
    """A line for calls, one that calls reach by a key only, one for mail."""
    lines = [small_line(), small_line(OTHER), small_line(LETTERS)]
    desk = small_desk(["anna"], lines=lines)
    letters = Entry(EntryId("mail:help"), TenantId("nordwind"), LETTERS, MAIL)
    return Desk(
        tenants=(*desk.tenants, Tenant(TenantId("suedwind"))),
        lines=desk.lines,
        entries=(*desk.entries, letters),
        agents=desk.agents,
    )


def with_server(site: Site, story: Callable[[Served, ScriptedChannel], Awaitable[None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        async with served(site, channel) as desk:
            await story(desk, channel)

    asyncio.run(run())


def site_of(folder: Path, journal: JournalKind = JournalKind.MEMORY) -> Site:
    return small_site(folder, two_lines(), journal=journal)


async def said(channel: ScriptedChannel) -> TreatContact:
    while not (found := channel.seen(TreatContact)):
        await asyncio.sleep(0.01)
    return found[-1]


def test_who_waits_hears_it_and_nobody_after_it_was_ended(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        channel.arrive()
        answer = await desk.request("POST", "/incidents", {**VPN, "ticket": "INC-7"})
        assert answer.status_code == 200, answer.text
        (phrase,) = (await said(channel)).hears.says
        assert channel.learnt == {phrase.text: (("en", "The VPN is down."),)}
        (shown,) = (await desk.request("GET", "/incidents")).json()["incidents"]
        assert (shown["id"], shown["texts"], shown["ticket"]) == (
            "vpn",
            [["en", "The VPN is down."]],
            "INC-7",
        )
        assert (await desk.request("GET", "/status")).json()["incidents"] == [shown]
        again = await desk.request("POST", "/incidents", VPN)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "rejected")
        assert (await desk.request("POST", "/incidents/vpn/clear", {})).status_code == 200
        assert (await desk.request("GET", "/incidents")).json() == {"incidents": [], "to_clear": []}
        gone = await desk.request("POST", "/incidents/vpn/clear", {})
        assert gone.json()["error"]["reason"] == "no incident vpn is on"
        before = len(channel.seen(TreatContact))
        channel.arrive()
        await desk.caught_up()
        assert len(channel.seen(AdmitContact)) == 2
        assert len(channel.seen(TreatContact)) == before

    with_server(site_of(tmp_path), story)


def test_it_is_changed_and_shown_with_whom_it_reached(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        channel.arrive()
        unknown = await desk.request("POST", "/incidents/vpn/change", {"ticket": "INC-7"})
        assert (unknown.status_code, (await desk.request("GET", "/incidents/vpn")).status_code) == (404, 404)
        declared = await desk.request("POST", "/incidents", {**VPN, "agreed": "Frau Nord"})
        assert declared.status_code == 200, declared.text
        wanted = {"texts": {"en": "Until noon."}, "for_ms": 2 * HOUR_MS, "vip_exempt": False, "ticket": "I"}
        answer = await desk.request("POST", "/incidents/vpn/change", wanted)
        assert answer.status_code == 200, answer.text
        (phrase,) = (await said(channel)).hears.says
        assert channel.learnt[phrase.text] == (("en", "Until noon."),)
        shown = (await desk.request("GET", "/incidents/vpn")).json()
        one = shown["incident"]
        assert (one["texts"], one["ticket"], one["agreed"]) == ([["en", "Until noon."]], "I", "Frau Nord")
        assert (one["vip_exempt"], one["declared_by"][:4]) == (False, "api:")
        assert HOUR_MS < shown["left_ms"] <= 2 * HOUR_MS
        assert [shown[what] for what in ("gross", "heard", "ended", "stayed")] == [1, 1, 0, 1]
        assert (await desk.request("POST", "/incidents/vpn/clear", {})).status_code == 200
        over = (await desk.request("GET", "/incidents/vpn")).json()
        assert (over["on"], over["over_by"], over["left_ms"], over["gross"]) == (False, "by hand", 0, 1)

    with_server(site_of(tmp_path), story)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({}, "say what is to be different"),
        ({"texts": {"de": "Das VPN ist gestört."}}, 'the desk does not speak "de"'),
        ({"texts": {"en": " … "}}, "there is nothing to say in it"),
        ({"for_ms": 1}, "for_ms: "),
        ({"lines": ["helpdesk"]}, "lines: "),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        assert (await desk.request("POST", "/incidents", VPN)).status_code == 200
        seq, learnt = desk.app.driver.seq, channel.learnt
        answer = await desk.request("POST", "/incidents/vpn/change", wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert reason in answer.json()["error"]["reason"]
        assert (desk.app.driver.seq, channel.learnt) == (seq, learnt)

    with_server(site_of(tmp_path), story)


def calling_site(folder: Path) -> Site:
    """The desk says no region, so every number is a foreign one."""
    rule = OutboundRule("all_clear", ("foreign",), "scripted")
    return small_site(folder, replaced(two_lines(), outbound=(rule,)), journal=JournalKind.MEMORY)


def test_who_presses_a_key_is_linked_and_an_agent_may_link_too(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        channel.arrive(number="+49 30 5550101")
        assert (await desk.request("POST", "/incidents", {**VPN, "mode": "offer"})).status_code == 200
        asked = await said(channel)
        assert [phrase.text for phrase in asked.hears.says][1:] == [OFFER]
        assert channel.learnt[OFFER][0][1].startswith("Press one")
        assert channel.learnt[THANKS][0][0] == "en"
        desk.app.driver.submit(KeyPressed(asked.contact, asked.visit, "1"), by="channel:scripted")
        channel.arrive(number="+49 30 5550102")
        await desk.caught_up()
        other = max(desk.app.driver.engine.state.contacts)
        linked = await desk.request("POST", f"/contacts/{other}/link", {"incident": "vpn"})
        assert linked.status_code == 200, linked.text
        shown = (await desk.request("GET", "/incidents/vpn")).json()
        assert (shown["linked"], shown["gross"]) == (2, 2)
        assert "5550101" not in str(shown)
        again = await desk.request("POST", f"/contacts/{other}/link", {"incident": "vpn"})
        assert (again.status_code, "already" in again.json()["error"]["reason"]) == (409, True)
        assert (await desk.request("POST", "/contacts/99/link", {"incident": "vpn"})).status_code == 404

    with_server(calling_site(tmp_path), story)


def test_the_all_clear_calls_whoever_is_linked_and_needs_a_text(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        channel.arrive(number="+49 30 5550101")
        assert (await desk.request("POST", "/incidents", {**VPN, "mode": "offer"})).status_code == 200
        asked = await said(channel)
        desk.app.driver.submit(KeyPressed(asked.contact, asked.visit, "1"), by="channel:scripted")
        await desk.caught_up()
        for body, reason in (
            ({}, "one caller waits to be told"),
            ({"texts": {"de": "Gelöst."}}, "no text in en"),
            ({"texts": {"en": " "}}, "nothing to say"),
        ):
            refused = await desk.request("POST", "/incidents/vpn/clear", body)
            assert (refused.status_code, reason in refused.json()["error"]["reason"]) == (422, True)
        cleared = await desk.request("POST", "/incidents/vpn/clear", {"texts": {"en": "It is solved."}})
        assert cleared.status_code == 200, cleared.text
        while not (calls := channel.seen(PlaceCall)):
            await asyncio.sleep(0.01)
        assert [effect.purpose for effect in calls] == ["all_clear"]
        (name,) = (text for text in channel.learnt if text.startswith("all-clear:"))
        assert channel.learnt[name] == (("en", "It is solved."),)
        desk.app.driver.submit(CallAnswered(calls[0].call, "out"), by="channel:scripted")
        while (told := channel.seen(TreatContact)[-1]).hears.says[0].text != name:
            await asyncio.sleep(0.01)
        desk.app.driver.submit(PromptEnded(told.contact, told.visit), by="channel:scripted")
        await desk.caught_up()
        shown = (await desk.request("GET", "/incidents/vpn")).json()
        assert (shown["linked"], shown["told"], shown["open"], shown["on"]) == (1, 1, 0, False)
        assert shown["all_clear"] == [["en", "It is solved."]]
        assert (await desk.request("POST", "/incidents/vpn/clear", {})).status_code == 404

    with_server(calling_site(tmp_path), story)


def test_nobody_is_asked_whom_no_rule_allows_to_call(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        answer = await desk.request("POST", "/incidents", {**VPN, "mode": "offer"})
        reason = answer.json()["error"]["reason"]
        assert (answer.status_code, "all_clear" in reason, "nordwind" in reason) == (422, True, True)

    with_server(site_of(tmp_path), story)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"texts": {"de": "Das VPN ist gestört."}}, 'the desk does not speak "de" (its languages: en)'),
    ({"texts": {"en": " … "}}, "text in en: there is nothing to say in it"),
    ({"texts": {}}, "texts: "),
    ({"lines": ["nowhere"]}, 'there is no line "nowhere"'),
    ({"clients": ["nobody"]}, 'there is no client "nobody"'),
    ({"entries": ["+49"]}, 'there is no entry "+49"'),
    ({"clients": ["suedwind"]}, "no call can come within its scope"),
    ({"entries": ["mail:help"]}, "no call can come within its scope"),
    ({"clients": ["suedwind"], "lines": ["helpdesk"]}, "no call can come within its scope"),
    ({"media": ["pigeon"]}, 'there is no medium "pigeon"'),
    ({"media": ["mail"]}, 'contacts of the medium "mail" hear nothing'),
    ({"for_ms": 59_999}, "for_ms: "),
    ({"id": "a b"}, "id: "),
    ({"mode": "sing"}, "mode: "),
]


@pytest.mark.parametrize(("wrong", "reason"), WRONG)
def test_what_concerns_nobody_or_cannot_be_understood_is_refused(
    tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        before = desk.app.driver.seq
        answer = await desk.request("POST", "/incidents", {**VPN, **wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert reason in answer.json()["error"]["reason"]
        assert (desk.app.driver.seq, channel.learnt) == (before, {})

    with_server(site_of(tmp_path), story)


def test_a_line_that_no_number_leads_to_can_be_named(tmp_path: Path) -> None:
    """Callers come there by a key."""

    async def story(desk: Served, channel: ScriptedChannel) -> None:
        assert (await desk.request("POST", "/incidents", {**VPN, "lines": [OTHER]})).status_code == 200

    with_server(site_of(tmp_path), story)


def test_the_callers_of_one_client_in_the_line_of_another_are_a_scope(tmp_path: Path) -> None:
    """Two clients share a line: what counts is whose number was called."""
    shared, line = EntryId("+49305550199"), LineId("helpdesk")
    site = site_of(tmp_path)
    desk = replaced(site.desk, entries=(*site.desk.entries, Entry(shared, TenantId("suedwind"), line, VOICE)))

    async def story(served: Served, channel: ScriptedChannel) -> None:
        wish = {**VPN, "clients": ["suedwind"], "lines": [line]}
        assert (await served.request("POST", "/incidents", wish)).status_code == 200
        (entry,) = (one for one in desk.entries if one.id == shared)
        state = served.app.driver.engine.state
        (incident,) = state.incidents.values()
        assert in_scope(state, incident, entry, line)
        assert not in_scope(state, incident, replaced(entry, tenant=TenantId("nordwind")), line)

    with_server(replace(site, desk=desk), story)


def test_a_number_may_be_written_as_people_write_it(tmp_path: Path) -> None:
    entry = Entry(EntryId("+49305550101"), TenantId("nordwind"), OTHER, VOICE)

    async def story(desk: Served, channel: ScriptedChannel) -> None:
        wanted = {**VPN, "entries": ["+49 (30) 555-0101"]}
        assert (await desk.request("POST", "/incidents", wanted)).status_code == 200
        (shown,) = (await desk.request("GET", "/incidents")).json()["incidents"]
        assert shown["entries"] == ["+49305550101"]

    desk = two_lines()
    opened = replaced(desk, entries=(*desk.entries, entry))
    with_server(small_site(tmp_path, opened, journal=JournalKind.MEMORY), story)


def test_every_language_of_a_line_in_its_scope_is_needed(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        answer = await desk.request("POST", "/incidents", VPN)
        reason = answer.json()["error"]["reason"]
        assert reason == "there is no text in de, which line helpdesk speaks"
        both = {**VPN, "texts": {"en": "The VPN is down.", "de": "Das VPN ist gestört."}}
        assert (await desk.request("POST", "/incidents", both)).status_code == 200

    with_server(replace(site_of(tmp_path), languages=("en", "de"), line_languages={OTHER: ("en",)}), story)


def test_a_text_that_fails_or_takes_too_long_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one is taken."""

    async def fails() -> None:
        raise OSError("no space left on device")

    async def story(desk: Served, channel: ScriptedChannel) -> None:
        channel.on_learn = fails
        failed = await desk.request("POST", "/incidents", VPN)
        assert (failed.status_code, failed.json()["error"]["reason"]) == (422, "no space left on device")
        channel.on_learn = asyncio.Event().wait
        late = await desk.request("POST", "/incidents", VPN)
        assert (late.status_code, late.json()["error"]["reason"][:28]) == (
            422,
            "the text could not be spoken",
        )
        assert (await desk.request("GET", "/incidents")).json() == {"incidents": [], "to_clear": []}
        channel.on_learn = None
        assert (await desk.request("POST", "/incidents", VPN)).status_code == 200

    monkeypatch.setattr(announcements, "LEARNT_WITHIN_S", 0.05)
    with_server(site_of(tmp_path), story)


def test_it_is_declared_once_however_often_it_is_sent(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        key = {"Idempotency-Key": "k1"}
        first = await desk.request("POST", "/incidents", VPN, key)
        assert first.status_code == 200
        assert (await desk.request("POST", "/incidents", VPN, key)).json() == first.json()
        (shown,) = (await desk.request("GET", "/incidents")).json()["incidents"]
        assert shown["id"] == "vpn"

    with_server(site_of(tmp_path), story)


def test_after_a_restart_it_is_on_and_its_text_is_known_before_the_channel_starts(tmp_path: Path) -> None:
    site = site_of(tmp_path, JournalKind.SQLITE)

    async def story(desk: Served, channel: ScriptedChannel) -> None:
        assert (await desk.request("POST", "/incidents", VPN)).status_code == 200

    with_server(site, story)

    async def again() -> None:
        channel = ScriptedChannel()
        known: list[int] = []

        async def look() -> None:
            known.append(len(channel.learnt))

        channel.on_start = look
        async with served(site, channel) as desk:
            assert known == [1]
            channel.arrive()
            (phrase,) = (await said(channel)).hears.says
            assert phrase.text in channel.learnt
            assert (await desk.request("GET", "/incidents")).json()["incidents"][0]["id"] == "vpn"

    asyncio.run(again())


def test_a_text_that_cannot_be_said_any_more_keeps_no_desk_from_starting(tmp_path: Path) -> None:
    site = site_of(tmp_path, JournalKind.SQLITE)

    async def story(desk: Served, channel: ScriptedChannel) -> None:
        assert (await desk.request("POST", "/incidents", VPN)).status_code == 200

    with_server(site, story)

    async def fails() -> None:
        raise ValueError("no voice")

    async def again() -> None:
        channel = ScriptedChannel()
        channel.on_learn = fails
        async with served(site, channel) as desk:
            channel.arrive()
            assert (await said(channel)).hears.says
            assert (await desk.request("GET", "/health")).status_code == 200

    asyncio.run(again())


def test_there_are_never_more_than_can_be_looked_at(tmp_path: Path) -> None:
    async def story(desk: Served, channel: ScriptedChannel) -> None:
        for number in range(MOST):
            answer = await desk.request("POST", "/incidents", {**VPN, "id": f"i{number}"})
            assert answer.status_code == 200
        answer = await desk.request("POST", "/incidents", VPN)
        assert answer.json()["error"]["reason"] == f"{MOST} incidents are on already: end one of them"
        assert len(channel.learnt) == MOST

    with_server(site_of(tmp_path), story)


def test_a_client_sees_what_is_declared_for_it_alone() -> None:
    def of(name: str, **scope: Any) -> Incident:
        return Incident(id=IncidentId(name), greeting="", mode=IncidentMode.INFORM, expires_ms=1, **scope)

    own, others = TenantId("nordwind"), TenantId("suedwind")
    found = [
        of("all"),
        of("own", tenants=(own,)),
        of("both", tenants=(own, others)),
        of("line", lines=(OTHER,)),
        of("lines", lines=(OTHER, LineId("theirs"))),
        of("entry", entries=(NUMBER,)),
        of("theirs at our line", lines=(OTHER,), entries=(EntryId("theirs"),)),
        of("theirs by name", tenants=(others,), lines=(OTHER,)),
        of("ours at their line", tenants=(own,), lines=(LineId("theirs"),)),
    ]
    client = Caller("t", Role.TENANT, client="nordwind")
    assert [one.id for one in incidents_for(client, found, {OTHER}, {NUMBER})] == ["own", "line", "entry"]
    (mine,) = incidents_for(client, [replaced(found[1], declared_by="api:lead")], (), ())
    assert mine.declared_by == "", "not who of the desk asked for it"
    assert len(incidents_for(Caller("t", Role.AGENT, agent="anna"), found, (), ())) == len(found)
