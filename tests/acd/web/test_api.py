"""The API against the real server, over a socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.core.effects import AdmitContact, OfferContact
from acd.journal.memory import MemoryJournal
from acd.ports import Progress, Recovered
from acd.server import erasures
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from acd.web import PREFIX
from acd.web import asking as questions
from acd.web.limits import MAX_BODY_BYTES
from agents.capacity import MAIL, VOICE
from config.schema import JournalKind
from queues.desk import LineId, Medium
from tests.acd.web.served import Served, served


class SlowDisk(MemoryJournal):
    """While `hangs`, what is written is not synced; `catch_up` syncs it."""

    hangs = False

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        self.on_synced, self.fail, self.last = on_synced, on_failure, 0
        return super().open(on_written, self.sync, on_failure)

    def sync(self, seq: int) -> None:
        self.last = seq
        if not self.hangs:
            self.on_synced(seq)

    def catch_up(self) -> None:
        self.hangs = False
        self.on_synced(self.last)


class Rig:
    """A running server, its scripted channel, its journal, and a client with the token."""

    def __init__(self, desk: Served, channel: ScriptedChannel, journal: SlowDisk) -> None:
        self.desk, self.app, self.channel, self.client = desk, desk.app, channel, desk.client
        self.web = desk.web
        self.journal = journal

    async def get(self, path: str) -> httpx.Response:
        return await self.desk.request("GET", path)

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.desk.request("POST", path, body)

    async def connected(self) -> int:
        """A contact that anna handles."""
        self.channel.sign_in("anna")
        ref = self.channel.arrive()
        while not self.channel.seen(OfferContact):
            await asyncio.sleep(0.01)
        self.channel.accept(self.channel.seen(OfferContact)[-1])
        return self.channel.contact_of(ref)


def with_server(directory: Path, story: Callable[[Rig], Awaitable[None]], medium: Medium = VOICE) -> None:
    lines = [small_line(wrap_up_ms=600_000), small_line(LineId("second"))]
    desk = small_desk(lines=lines, medium=medium)

    async def run() -> None:
        channel = ScriptedChannel(medium=medium)
        journal = SlowDisk()
        site = small_site(directory, desk, journal=JournalKind.MEMORY)
        async with served(site, channel, journal=journal) as running:
            await story(Rig(running, channel, journal))

    asyncio.run(run())


GUARDED = [
    ("GET", "/metrics"),
    ("GET", "/status"),
    ("GET", "/feed"),
    ("GET", "/agents"),
    ("POST", "/agents/anna/state"),
    ("GET", "/contacts/1"),
    ("GET", "/contacts/1/documents/00000000000000000000000000000000"),
    ("GET", "/contacts/1/documents"),
    ("POST", "/contacts/1/documents"),
    ("POST", "/contacts/1/priority"),
    ("POST", "/contacts/1/transfer"),
    ("POST", "/contacts/1/defer"),
    ("POST", "/contacts/1/consult"),
    ("POST", "/contacts/1/consult/end"),
    ("POST", "/contacts/1/consult/merge"),
    ("POST", "/contacts/1/listen"),
    ("POST", "/contacts/1/callback"),
    ("POST", "/contacts/1/callback/cancel"),
    ("POST", "/contacts/1/ticket"),
    ("POST", "/contacts/1/wrap-up"),
    ("POST", "/erase"),
    ("POST", "/lists"),
    ("GET", "/lists"),
    ("GET", "/lists/nordwind/vip"),
    ("GET", "/lists/nordwind/vip/rows"),
    ("POST", "/site"),
    ("POST", "/contacts/1/link"),
    ("GET", "/incidents"),
    ("POST", "/incidents"),
    ("GET", "/incidents/vpn"),
    ("POST", "/incidents/vpn/change"),
    ("POST", "/incidents/vpn/clear"),
    ("GET", "/escalations"),
    ("POST", "/escalations"),
    ("POST", "/escalations/1/cancel"),
]


def test_everything_but_health_needs_the_token(tmp_path: Path) -> None:
    """None, a wrong one, the wrong scheme, a prefix: 401 in the one error shape, and nothing is done."""

    async def story(rig: Rig) -> None:
        token = rig.client.headers["Authorization"].removeprefix("Bearer ")
        wrong = ["", "Bearer", "Bearer wrong", f"Basic {token}", f"Bearer {token[:-1]}", f"Bearer {token}x"]
        for method, path in GUARDED:
            for authorization in wrong:
                answer = await rig.client.request(
                    method, PREFIX + path, headers={"Authorization": authorization}, json={"state": "ready"}
                )
                assert answer.status_code == 401, (method, path, authorization)
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert answer.json() == {
                    "error": {"code": "unauthorized", "reason": "a bearer token is required"}
                }
        assert (await rig.get("/agents")).json()["agents"][0]["state"] == "signed_out"
        assert (await rig.client.get(PREFIX + "/health", headers={"Authorization": ""})).status_code == 200

    with_server(tmp_path, story)


def test_a_site_that_nobody_can_read_again_is_refused_with_the_reason(tmp_path: Path) -> None:
    """How a file is read again is tested at the server: here what the API makes of it."""

    async def story(rig: Rig) -> None:
        answer = await rig.post("/site", {"look": True})
        assert answer.status_code == 200
        assert answer.json() == {
            "changed": [],
            "refused": ["this server was started without a site file"],
            "seq": 0,
        }
        assert (await rig.post("/site", {"look": "perhaps"})).status_code == 422

    with_server(tmp_path, story)


def test_every_route_is_guarded_by_the_test_above(tmp_path: Path) -> None:
    """A new route must be added to GUARDED (or be health)."""

    async def story(rig: Rig) -> None:
        document = (await rig.client.get(PREFIX + "/openapi.json")).json()
        routes = {
            (method.upper(), path.removeprefix(PREFIX))
            for path, methods in document["paths"].items()
            for method in methods
        }
        asked = {(method, filled(path)) for method, path in routes}
        assert asked == {*GUARDED, ("GET", "/health")}
        assert set(document["components"]["schemas"]) >= {"Status", "ContactDetail", "Failure", "Health"}
        references = set(_references(document))
        assert references <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    with_server(tmp_path, story)


def filled(path: str) -> str:
    """With something in place of each name."""
    names = {
        "agent": "anna",
        "contact": "1",
        "document": "0" * 32,
        "incident": "vpn",
        "client": "nordwind",
        "kind": "vip",
        "escalation": "1",
    }
    return path.format_map(names)


def _references(document: Any) -> list[str]:
    if isinstance(document, dict):
        own = [document["$ref"]] if isinstance(document.get("$ref"), str) else []
        return own + [found for value in document.values() for found in _references(value)]
    if isinstance(document, list):
        return [found for value in document for found in _references(value)]
    return []


def test_an_agent_is_made_ready_paused_and_signed_out(tmp_path: Path) -> None:
    """Each answers the entry it became, or 0 when it was so already."""

    async def story(rig: Rig) -> None:
        async def put(**body: str) -> int:
            answer = await rig.post("/agents/anna/state", body)
            assert answer.status_code == 200, answer.text
            seq = answer.json()["seq"]
            assert rig.app.gate.synced >= seq
            return int(seq)

        async def state() -> tuple[str, str]:
            found = (await rig.get("/agents")).json()["agents"][0]
            return found["state"], found["reason"]

        assert await put(state="ready") > 0
        assert await state() == ("ready", "")
        assert await put(state="ready") == 0
        assert await put(state="paused", reason="break") > 0
        assert await state() == ("paused", "break")
        since = (await rig.get("/agents")).json()["agents"][0]["since_ms"]
        await asyncio.sleep(0.01)
        assert await put(state="paused", reason="break") == 0, "she is paused for that already"
        assert (await rig.get("/agents")).json()["agents"][0]["since_ms"] == since
        assert await put(state="paused", reason="no answer") > 0, "another reason is another pause"
        both = await asyncio.gather(*(put(state="paused", reason="break") for _ in range(2)))
        assert sorted(both)[0] == 0, "two pages that say so at once make one entry"
        assert await put(state="ready") > 0
        assert await put(state="signed_out") > 0
        assert await put(state="signed_out") == 0
        assert await state() == ("signed_out", "")

    with_server(tmp_path, story)


def test_head_is_answered_wherever_get_is(tmp_path: Path) -> None:
    """The same head, no body, and the same guard; a load balancer asks so."""

    async def story(rig: Rig) -> None:
        rig.channel.arrive()
        paths = [
            path for method, path in GUARDED if method == "GET" and not path.endswith(("0" * 32, "/vpn"))
        ]
        for path in ["/health", *paths]:
            head, get = await rig.desk.request("HEAD", path), await rig.get(path)
            missing = path.startswith("/lists/")  # this desk has none
            assert (head.status_code, head.content) == (404 if missing else 200, b""), path
            assert set(head.headers) == set(get.headers), path
            wanted = {"Authorization": "Bearer wrong"}
            assert (await rig.desk.request("HEAD", path, headers=wanted)).status_code == (
                200 if path == "/health" else 401
            )
        assert (await rig.desk.request("HEAD", "/erase")).status_code == 405

    with_server(tmp_path, story)


def test_what_is_read_from_the_copy_says_how_old_it_is(tmp_path: Path) -> None:
    """The moment of its last entry, when the server was heard last, and how long ago that is."""

    async def story(rig: Rig) -> None:
        rig.channel.arrive()
        entry_ms = rig.app.driver.engine.state.now_ms
        answer = await rig.get("/status")
        found = answer.json()
        assert found["entry_ms"] == entry_ms
        assert entry_ms <= found["heard_ms"] <= found["now_ms"]
        rig.web.following.follower.heard_ms -= 60_000
        for path in ("/status", "/agents", "/metrics"):
            assert 60_000 <= int((await rig.client.get(PREFIX + path)).headers["ACD-Age-Ms"]) < 120_000
        assert "acd_web_age_seconds 6" in (await rig.client.get(PREFIX + "/metrics")).text
        found = (await rig.client.get(PREFIX + "/status")).json()
        assert found["now_ms"] - found["heard_ms"] >= 60_000

    with_server(tmp_path, story)


def test_status_shows_lines_agents_and_as_many_contacts_as_asked_for(tmp_path: Path) -> None:
    """The numbers of the lines count all of them."""

    async def story(rig: Rig) -> None:
        for _ in range(5):
            rig.channel.arrive()
        found = (await rig.get("/status?contacts=2")).json()
        assert [contact["id"] for contact in found["contacts"]] == [1, 2]
        assert [contact["position"] for contact in found["contacts"]] == [1, 2]
        assert [(line["id"], line["waiting"]) for line in found["lines"]] == [("helpdesk", 5), ("second", 0)]
        assert [agent["id"] for agent in found["agents"]] == ["anna", "bert"]

    with_server(tmp_path, story)


def test_a_contact_is_told_live_with_its_history_and_why_it_was_offered(tmp_path: Path) -> None:
    """And also when it is over."""

    async def story(rig: Rig) -> None:
        number = await rig.connected()
        found = (await rig.get(f"/contacts/{number}")).json()
        assert found["contact"]["state"] == "connected"
        assert found["contact"]["agents"] == ["anna"]
        assert found["history"][0]["kind"] == "Arrived"
        assert found["explain"][0]["agent"] == "anna"
        assert found["explain"][0]["outcome"] == "answered"
        rig.channel.leave(number)
        found = (await rig.get(f"/contacts/{number}")).json()
        assert found["contact"] is None
        assert "Released" in [one["kind"] for one in found["history"]]

    with_server(tmp_path, story)


def test_the_priority_of_a_waiting_contact_is_changed(tmp_path: Path) -> None:
    """The third becomes the first."""

    async def story(rig: Rig) -> None:
        for _ in range(3):
            rig.channel.arrive()
        assert (await rig.post("/contacts/3/priority", {"priority_class": 1})).status_code == 200
        assert (await rig.get("/contacts/3")).json()["contact"]["position"] == 1
        answer = await rig.post("/contacts/2/priority", {"head_start_ms": 600_000})
        assert answer.status_code == 200
        assert (await rig.get("/contacts/2")).json()["contact"]["position"] == 2
        assert (await rig.post("/contacts/3/priority", {"head_start_ms": 1})).status_code == 200
        third = (await rig.get("/contacts/3")).json()["contact"]
        assert (third["asked_class"], third["head_start_ms"]) == (1, 1), "what is not named stays"
        assert (await rig.post("/contacts/3/priority", {"head_start_ms": None})).status_code == 200
        assert (await rig.post("/contacts/3/priority", {"priority_class": None})).status_code == 200
        third = (await rig.get("/contacts/3")).json()["contact"]
        assert (third["position"], third["asked_class"], third["head_start_ms"]) == (3, None, 0)

    with_server(tmp_path, story)


def test_a_mail_is_put_away_until_its_moment(tmp_path: Path) -> None:
    """By its agent, who need not be named; it is in no line, and its agent is free."""

    async def story(rig: Rig) -> None:
        number = await rig.connected()
        until_ms = rig.app.driver.now_ms() + 3_600_000
        assert (await rig.post(f"/contacts/{number}/defer", {"until_ms": until_ms})).status_code == 200
        mail = (await rig.get(f"/contacts/{number}")).json()["contact"]
        assert (mail["state"], mail["position"], mail["agents"]) == ("deferred", 0, [])
        anna = (await rig.get("/agents")).json()["agents"][0]
        assert (anna["state"], anna["contacts"]) == ("ready", [])

    with_server(tmp_path, story, MAIL)


def test_a_contact_is_handed_to_another_line_and_wrapped_up(tmp_path: Path) -> None:
    """Transfer by its agent, then the code, more time, and the end."""

    async def story(rig: Rig) -> None:
        number = await rig.connected()
        assert (await rig.post(f"/contacts/{number}/transfer", {"line": "second"})).status_code == 200
        moved = (await rig.get(f"/contacts/{number}")).json()["contact"]
        assert moved["line"] == "second"
        agents = {agent["id"]: agent for agent in (await rig.get("/agents")).json()["agents"]}
        assert (agents["anna"]["state"], agents["anna"]["contacts"]) == ("wrap_up", [number])
        extended = await rig.post(f"/contacts/{number}/wrap-up", {"extend_ms": 1000})
        assert extended.status_code == 409
        ended = await rig.post(f"/contacts/{number}/wrap-up", {"end": True})
        assert ended.status_code == 200
        agents = {agent["id"]: agent for agent in (await rig.get("/agents")).json()["agents"]}
        assert (agents["anna"]["state"], agents["anna"]["contacts"]) == ("offered", [number])

    with_server(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("/agents/nobody/state", {"state": "ready"}, 404, "there is no agent nobody"),
        (
            "/agents/anna/state",
            {"state": "paused", "reason": "surfing"},
            409,
            "'surfing' is not a pause reason of this desk",
        ),
        (
            "/agents/anna/state",
            {"state": "paused"},
            422,
            "body: a reason is required for paused, and for nothing else",
        ),
        ("/agents/anna/state", {"state": "asleep"}, 422, "state: "),
        ("/agents/anna/state", {"state": "ready", "colour": "red"}, 422, "colour: "),
        ("/agents/anna/state", [], 422, "body: "),
        ("/contacts/99/priority", {"priority_class": 1}, 404, "contact 99 is not live"),
        ("/contacts/1/priority", {}, 422, "body: priority_class or head_start_ms is required"),
        ("/contacts/1/priority", {"priority_class": -1}, 422, "priority_class: "),
        ("/contacts/0/priority", {"priority_class": 1}, 422, "contact: "),
        ("/contacts/1/ticket", {"ticket": "two words"}, 409, "'two words' is no ticket"),
        ("/contacts/1/ticket", {"ticket": ""}, 422, "ticket"),
        ("/contacts/1/defer", {"until_ms": 2**52}, 409, "contact 1 cannot be put aside"),
        ("/contacts/1/defer", {"until_ms": "tomorrow"}, 422, "until_ms"),
        ("/contacts/1/callback", {"number": "a shop"}, 409, "this is no telephone number"),
        ("/contacts/1/callback", {"number": "+49 30 23125 000"}, 409, "calling back"),
        ("/contacts/1/callback", {"number": 7}, 422, "number"),
        ("/contacts/1/callback/cancel", {}, 409, "contact 1 waits for no callback"),
        ("/contacts/1/transfer", {"line": "second"}, 409, "no agent handles contact 1"),
        ("/contacts/1/transfer", {"line": "second", "agent": "anna"}, 409, ""),
        ("/contacts/1/wrap-up", {"end": True}, 404, "no agent has work with contact 1"),
        ("/contacts/1/wrap-up", {"end": True, "agent": "anna"}, 409, ""),
        (
            "/contacts/1/wrap-up",
            {"code": "solved", "end": True},
            422,
            "body: exactly one of code, end and extend_ms is required",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_one_shape(
    tmp_path: Path, path: str, body: object, status: int, reason: str
) -> None:
    """404 unknown, 409 not now (the engine's own words), 422 not understood; nothing changes."""

    async def story(rig: Rig) -> None:
        rig.channel.arrive()
        before = rig.app.driver.seq
        answer = await rig.post(path, body)
        assert answer.status_code == status
        error = answer.json()["error"]
        assert set(error) == {"code", "reason"}
        assert error["reason"].startswith(reason)
        assert rig.app.driver.seq == before

    with_server(tmp_path, story)


def test_paths_methods_and_bodies_that_make_no_sense_have_the_same_shape(tmp_path: Path) -> None:
    """404, 405 and 422 too; not JSON is 422."""

    async def story(rig: Rig) -> None:
        assert (await rig.get("/nothing")).json()["error"]["code"] == "not_found"
        assert (await rig.client.delete(PREFIX + "/status")).json()["error"]["code"] == "method_not_allowed"
        answer = await rig.client.post(PREFIX + "/agents/anna/state", content=b"{not json")
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "invalid"
        deep = await rig.client.post(
            PREFIX + "/agents/anna/state", content=b"[" * 60_000, headers={"Content-Type": "application/json"}
        )
        assert (deep.status_code, deep.json()["error"]["code"]) == (400, "invalid")
        assert (await rig.get("/contacts/abc")).status_code == 422

    with_server(tmp_path, story)


def test_a_body_that_is_too_large_is_refused_whether_announced_or_not(tmp_path: Path) -> None:
    """413 by its length, or as soon as a chunked one grows beyond the cap."""

    async def story(rig: Rig) -> None:
        large = b"x" * (MAX_BODY_BYTES + 1)
        announced = await rig.client.post(PREFIX + "/agents/anna/state", content=large)
        assert announced.status_code == 413

        async def drops() -> Any:
            for _ in range(MAX_BODY_BYTES // 1024 + 2):
                yield b"x" * 1024

        chunked = await rig.client.post(PREFIX + "/agents/anna/state", content=drops())
        assert chunked.status_code == 413
        assert chunked.json()["error"]["code"] == "too_large"
        assert (await rig.get("/health")).status_code == 200

    with_server(tmp_path, story)


def test_a_change_is_answered_only_when_it_is_synced(tmp_path: Path) -> None:
    """While the journal has it only written, the client waits."""

    async def story(rig: Rig) -> None:
        rig.journal.hangs = True
        asking = asyncio.ensure_future(rig.post("/agents/anna/state", {"state": "ready"}))
        while (await rig.get("/agents")).json()["agents"][0]["state"] != "ready":
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert not asking.done()
        rig.journal.catch_up()
        assert (await asking).status_code == 200

    with_server(tmp_path, story)


def test_a_change_the_journal_does_not_confirm_is_503_and_not_2xx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client learns that it is in force but not promised."""
    monkeypatch.setattr("acd.server.control.SYNC_PATIENCE_S", 0.05)

    async def story(rig: Rig) -> None:
        rig.journal.hangs = True
        answer = await rig.post("/agents/anna/state", {"state": "ready"})
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "not_durable"

    with_server(tmp_path, story)


def test_an_unexpected_error_is_500_without_a_traceback(tmp_path: Path) -> None:
    """What went wrong is in the log, not in the answer."""

    async def story(rig: Rig) -> None:
        def explode(_contacts: int) -> None:
            raise ZeroDivisionError("secret detail")

        rig.desk.web.following.status = explode  # type: ignore[assignment, method-assign]
        answer = await rig.get("/status")
        assert answer.status_code == 500
        assert answer.json() == {
            "error": {"code": "internal", "reason": "internal error; the server's log says more"}
        }
        assert (await rig.get("/health")).status_code == 200

    with_server(tmp_path, story)


def test_health_says_what_is_wrong(tmp_path: Path) -> None:
    """503 and the reason while the journal fails, or when the server stops."""

    async def story(rig: Rig) -> None:
        rig.journal.hangs = True
        rig.channel.arrive()
        rig.journal.fail(OSError("no space left"))
        answer = await rig.get("/health")
        assert answer.status_code == 503
        assert answer.json()["journal"] == "no space left"
        assert answer.json()["status"] == "degraded"
        rig.journal.catch_up()
        assert (await rig.get("/health")).json()["status"] == "ok"
        await rig.app.drain()
        stopping = await rig.get("/health")
        assert (stopping.status_code, stopping.json()["status"]) == (503, "stopping")

    with_server(tmp_path, story)


def test_metrics_count_what_facts_say(tmp_path: Path) -> None:
    """One answered and released, one abandoned, one offer, and the rejected event."""

    async def story(rig: Rig) -> None:
        number = await rig.connected()
        rig.channel.arrive()
        rig.channel.leave(number + 1)
        rig.channel.release(number, "anna")
        await rig.post("/agents/anna/state", {"state": "paused", "reason": "surfing"})
        while len(rig.channel.seen(AdmitContact)) < 2:
            await asyncio.sleep(0.01)
        lines = (await rig.get("/metrics")).text.splitlines()
        for expected in (
            'acd_contacts_total{medium="voice",outcome="arrived"} 2.0',
            'acd_contacts_total{medium="voice",outcome="answered"} 1.0',
            'acd_contacts_total{medium="voice",outcome="released"} 1.0',
            'acd_contacts_total{medium="voice",outcome="abandoned"} 1.0',
            'acd_offers_total{outcome="offered"} 1.0',
            'acd_offers_total{outcome="answered"} 1.0',
            'acd_waiting{line="helpdesk"} 0.0',
            'acd_agents{state="wrap_up"} 1.0',
            'acd_channel_up{channel="scripted"} 1.0',
            "acd_events_rejected_total 1.0",
            "acd_journal_unsynced 0.0",
        ):
            assert expected in lines

    with_server(tmp_path, story)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
known_keys = st.sampled_from(
    ["state", "reason", "priority_class", "head_start_ms", "line", "agent", "code", "end", "extend_ms"]
)
bodies = st.dictionaries(known_keys, json_values | st.sampled_from(["ready", "paused", "anna", "second"]))
paths = st.sampled_from([path for method, path in GUARDED if method == "POST"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="?#"), max_size=20
).map(lambda name: f"/agents/{httpx.QueryParams({'a': name})!s}/state")


def test_no_body_and_no_path_makes_a_500(tmp_path: Path) -> None:
    """Anything that comes over the socket is answered with 200 or an error of the one shape."""

    async def story(rig: Rig) -> None:
        await rig.connected()
        examples: list[tuple[str, bytes]] = []

        @settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
        @given(paths, bodies.map(json.dumps).map(str.encode) | st.binary(max_size=200))
        def gather(path: str, body: bytes) -> None:
            examples.append((path, body))

        gather()
        for path, body in examples:
            answer = await rig.client.post(PREFIX + path, content=body)
            assert answer.status_code in {200, 404, 405, 409, 422}, (path, body, answer.text)
            assert answer.status_code == 200 or set(answer.json()["error"]) == {"code", "reason"}

    with_server(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body"), [("/erase", {"value": "+49 30 555 0199"}), ("/lists", {}), ("/site", {})]
)
def test_a_server_that_hangs_is_told_to_who_waits_for_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, body: object
) -> None:
    """Not after the ten minutes that a rebuilt file may take; one that lives is waited for."""

    async def story(rig: Rig) -> None:
        asked = asyncio.Event()

        async def hang(_ask: object) -> None:
            asked.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(rig.app.followers.socket, "answer", hang)
        asking = asyncio.ensure_future(rig.client.post(PREFIX + path, json=body, timeout=60))
        await asked.wait()
        await asyncio.wait([asking], timeout=1.5)
        assert not asking.done()
        monkeypatch.setattr(questions, "SILENCE_S", 0.0)
        answer = await asking
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_answer")
        assert "is not known" in answer.json()["error"]["reason"]

    with_server(tmp_path, story)


def test_an_erasure_that_goes_on_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same request again gets its outcome, not that of another erasure."""
    monkeypatch.setattr(erasures, "ANSWER_S", 0.01)

    async def story(rig: Rig) -> None:
        room = asyncio.Event()
        calls = 0

        async def erase(_value: str, _tenant: str | None) -> tuple[int, int]:
            nonlocal calls
            calls += 1
            await room.wait()
            return 3, 1

        monkeypatch.setattr(rig.app.people, "erase", erase)
        late = await rig.post("/erase", {"value": "+49 30 555 0199"})
        assert (late.status_code, late.json()["error"]["code"]) == (503, "not_erased_yet")
        room.set()
        await asyncio.sleep(0.05)
        assert (await rig.post("/erase", {"value": "+49 30 555 0199"})).json() == {"contacts": 3, "lists": 1}
        assert calls == 1

    with_server(tmp_path, story)
