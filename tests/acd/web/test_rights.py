"""Named tokens against the real server: each role has its routes, and nobody sees what is another's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from acd.core.effects import OfferContact
from acd.core.events import ContactTransferred
from acd.core.view import ContactView
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_line, small_site
from acd.web.rights import RIGHTS, Caller, contact_for
from agents.capacity import VOICE
from agents.skills import AgentId
from config.api_tokens import ApiToken, Role, digest_of
from config.schema import JournalKind
from queues.desk import Desk, Entry, EntryId, LineId, Tenant, TenantId
from tests.acd.web.served import Served, served

OTHER = EntryId("voice:+49 40 555 0202")
TOKENS = [
    ApiToken("nadia", Role.SUPERVISOR, digest_of("t-nadia")),
    ApiToken("paul", Role.PLANNER, digest_of("t-paul")),
    ApiToken("anna-desktop", Role.AGENT, digest_of("t-anna"), agent="anna"),
    ApiToken("nordwind-report", Role.TENANT, digest_of("t-nordwind"), client="nordwind"),
    ApiToken("root", Role.ADMIN, digest_of("t-root")),
]
SECRET = {token.role: f"t-{token.name.partition('-')[0]}" for token in TOKENS}

BODIES: Mapping[str, object] = {
    "/agents/{agent}/state": {"state": "ready"},
    "/contacts/{contact}/priority": {"priority_class": 1},
    "/contacts/{contact}/transfer": {"line": "helpdesk"},
    "/contacts/{contact}/defer": {"until_ms": 1},
    "/contacts/{contact}/ticket": {"ticket": "INC-4711"},
    "/contacts/{contact}/wrap-up": {"end": True},
    "/erase": {"value": "+49 30 555 0199"},
    "/lists": {},
    "/site": {},
}


def two_clients() -> Desk:
    """Nordwind's line and Südwind's, served by the same two agents."""
    other = replace(small_line(LineId("south"), wrap_up_ms=600_000), tenant=TenantId("suedwind"))
    desk = small_desk(lines=[small_line(wrap_up_ms=600_000), other])
    return replace(
        desk,
        tenants=(*desk.tenants, Tenant(TenantId("suedwind"))),
        entries=(*desk.entries, Entry(OTHER, TenantId("suedwind"), LineId("south"), VOICE)),
    )


class Rig:
    """The running desk of two clients; asks with the token of a role."""

    def __init__(self, desk: Served, channel: ScriptedChannel) -> None:
        self.desk, self.app, self.channel = desk, desk.app, channel

    async def ask(
        self, role: Role, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        headers["Authorization"] = f"Bearer {SECRET[role]}"
        return await self.desk.request(method, path, body, headers)

    async def get(self, role: Role, path: str) -> Any:
        answer = await self.ask(role, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def taken(self, entry: EntryId) -> int:
        """A contact that an agent handles now."""
        before = len(self.channel.seen(OfferContact))
        ref = self.channel.arrive(entry)
        while len(offers := self.channel.seen(OfferContact)) == before:
            await asyncio.sleep(0.01)
        self.channel.accept(offers[-1])
        return self.channel.contact_of(ref)


def with_desk(directory: Path, story: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        channel = ScriptedChannel()
        site = small_site(directory, two_clients(), journal=JournalKind.MEMORY, tokens=TOKENS)
        async with served(site, channel) as desk:
            await story(Rig(desk, channel))

    asyncio.run(run())


def test_each_role_gets_through_on_its_routes_and_on_no_other(tmp_path: Path) -> None:
    """Route by route: 403 in the one shape, and nothing has changed; or past the guard."""

    async def story(rig: Rig) -> None:
        rig.channel.sign_in("anna")
        await rig.taken(NUMBER)
        for (method, path), roles in RIGHTS.items():
            for role in Role:
                before = rig.app.driver.seq
                filled = path.replace("{agent}", "anna").replace("{contact}", "1")
                filled = filled.replace("{document}", "0" * 32).replace("{client}", "nordwind")
                filled = filled.replace("{kind}", "vip").replace("{escalation}", "1")
                answer = await rig.ask(role, method, filled, BODIES.get(path))
                assert (answer.status_code == 403) is (role not in roles), (method, path, role, answer.text)
                if role not in roles:
                    assert answer.json()["error"] == {
                        "code": "forbidden",
                        "reason": f"a token of role {role} may not do that",
                    }
                    assert rig.app.driver.seq == before

    with_desk(tmp_path, story)


def test_an_agent_sees_himself_and_acts_for_himself_alone(tmp_path: Path) -> None:
    """Not for bert, not by naming him in the body, not on a contact that never was his."""

    async def story(rig: Rig) -> None:
        rig.channel.sign_in("anna")
        mine = await rig.taken(NUMBER)
        rig.channel.arrive()
        found = await rig.get(Role.AGENT, "/status")
        assert [agent["id"] for agent in found["agents"]] == ["anna"]
        assert [contact["id"] for contact in found["contacts"]] == [mine]
        assert [one["id"] for one in (await rig.get(Role.AGENT, "/agents"))["agents"]] == ["anna"]
        assert (await rig.get(Role.AGENT, f"/contacts/{mine}"))["contact"]["id"] == mine
        assert (await rig.ask(Role.AGENT, "GET", f"/contacts/{mine + 1}")).status_code == 404
        for path, body in [
            ("/agents/bert/state", {"state": "ready"}),
            (f"/contacts/{mine}/transfer", {"line": "south", "agent": "bert"}),
            (f"/contacts/{mine}/wrap-up", {"end": True, "agent": "bert"}),
        ]:
            answer = await rig.ask(Role.AGENT, "POST", path, body)
            assert answer.json()["error"] == {"code": "forbidden", "reason": "an agent acts only for himself"}
        for what, body in [
            ("transfer", {"line": "south"}),
            ("defer", {"until_ms": 2**52}),
            ("ticket", {"ticket": "INC-4711"}),
            ("wrap-up", {"end": True}),
        ]:
            for number in (mine + 1, mine + 1000):
                answer = await rig.ask(Role.AGENT, "POST", f"/contacts/{number}/{what}", body)
                assert answer.json()["error"]["reason"] == f"there is no contact {number}"
        handed = await rig.ask(Role.AGENT, "POST", f"/contacts/{mine}/transfer", {"line": "south"})
        assert handed.status_code == 200

    with_desk(tmp_path, story)


def test_a_tenant_sees_nothing_of_another_client_nor_who_works_for_him(tmp_path: Path) -> None:
    """Neither in answers nor in errors: another's contact is as unknown as one that never was."""

    async def story(rig: Rig) -> None:
        rig.channel.sign_in("anna", "bert")
        own = await rig.taken(NUMBER)
        foreign = await rig.taken(OTHER)
        status = await rig.ask(Role.TENANT, "GET", "/status")
        assert [contact["id"] for contact in status.json()["contacts"]] == [own]
        assert [line["id"] for line in status.json()["lines"]] == ["helpdesk"]
        detail = await rig.ask(Role.TENANT, "GET", f"/contacts/{own}")
        assert [one["kind"] for one in detail.json()["history"]] == [
            "Arrived",
            "Queued",
            "Offered",
            "Answered",
        ]
        rig.channel.host.submit(ContactTransferred(detail.json()["contact"]["id"], ANNA, LineId("south")))
        moved = await rig.ask(Role.TENANT, "GET", f"/contacts/{own}")
        assert moved.json()["contact"]["line"] == ""
        refused = await rig.ask(Role.TENANT, "GET", f"/contacts/{foreign}")
        unknown = await rig.ask(Role.TENANT, "GET", "/contacts/999")
        assert (refused.status_code, unknown.status_code) == (404, 404)
        assert refused.text.replace(str(foreign), "N") == unknown.text.replace("999", "N")
        for answer in (status, detail, moved, refused):
            for word in ("suedwind", "south", "anna", "bert"):
                assert word not in answer.text, (word, answer.text)
        over = await rig.get(Role.SUPERVISOR, f"/contacts/{foreign}")
        assert over["contact"]["tenant"] == "suedwind"

    with_desk(tmp_path, story)


def test_of_a_line_that_is_another_s_a_tenant_learns_neither_place_nor_wait() -> None:
    waits = ContactView(
        1, VOICE, TenantId("nord"), LineId("south"), "waiting", 5, None, 0, 9_000, 3, (),
        expected_wait_ms=60_000, expected_wait_band_ms=(1_000, 180_000),
    )  # fmt: skip
    caller = Caller("t", Role.TENANT, client="nord")
    hidden, shown = contact_for(caller, waits, ()), contact_for(caller, waits, (LineId("south"),))
    assert (hidden.line, hidden.position, hidden.expected_wait_ms) == ("", 0, None)
    assert hidden.expected_wait_band_ms is None
    assert (shown.position, shown.expected_wait_ms) == (3, 60_000)


ANNA = AgentId("anna")


def test_a_contact_s_history_says_who_asked(tmp_path: Path) -> None:
    """The channel that brought it, the supervisor who moved it up, the phone that took it."""

    async def story(rig: Rig) -> None:
        rig.channel.arrive()
        moved = await rig.ask(Role.SUPERVISOR, "POST", "/contacts/1/priority", {"priority_class": 1})
        assert moved.status_code == 200
        rig.channel.sign_in("anna")
        history = (await rig.get(Role.SUPERVISOR, "/contacts/1"))["history"]
        assert [(one["kind"], one["by"]) for one in history] == [
            ("Arrived", "channel:scripted"),
            ("Queued", "channel:scripted"),
            ("PriorityChange", "api:nadia"),
            ("Offered", "phone:anna"),
        ]
        assert {entry.by for entry in rig.app.journal.facts()} == {
            "site",
            "channel:scripted",
            "api:nadia",
            "phone:anna",
        }

    with_desk(tmp_path, story)


@pytest.mark.parametrize("given", ["t-nadi", "t-nadiaa", "T-NADIA", digest_of("t-nadia")])
def test_what_is_nearly_a_token_or_its_hash_is_none(tmp_path: Path, given: str) -> None:
    """401, and not 403: nobody is known by that."""

    async def story(rig: Rig) -> None:
        headers = {"Authorization": f"Bearer {given}"}
        assert (await rig.desk.request("GET", "/status", headers=headers)).status_code == 401

    with_desk(tmp_path, story)
