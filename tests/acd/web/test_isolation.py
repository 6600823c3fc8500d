"""Nothing of one client is ever visible to another's token: random traffic, then every route that there is.

Whatever belongs to a client is named after it, and so is whatever is said, typed or stored for it. A token of
the other one then asks for everything by every route of the application itself, so that a new route is asked,
too; the reports that leave the desk by file or by document are read beside it.
"""

import asyncio
import dataclasses
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from acd.core.effects import Effect, OfferContact, TreatContact
from acd.core.errors import Rejected
from acd.core.events import ContactId, ContactLeft, ContactReleased, Event, OfferAccepted, PromptEnded
from acd.core.facts import Arrived, Queued
from acd.journal.codec import decode_facts
from acd.reports.kpi_json import as_json
from acd.reports.kpi_question import Asked, answer
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from acd.web import PREFIX
from acd.web.api import create
from acd.web.control import Control
from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from config.api_tokens import ApiToken, Role, digest_of
from config.schema import DirectorySettings, JournalKind, ListFile, ListKind, Site
from queues.desk import (
    Agent,
    Desk,
    Entry,
    EntryId,
    Line,
    LineId,
    OutboundRule,
    Overflow,
    Tenant,
    TenantId,
    Way,
)
from queues.names import TreatmentId
from queues.states import ContactState
from queues.treatment import Music, Say, Treatment
from tests.acd.web.served import Served, served

CLIENTS = ("northmark", "southmark")
PREFIXES = {"northmark": "+49305551", "southmark": "+49405552"}
"""Every number of a client begins so, and no other."""
STAFF = ("workeranna", "workerbert", "leadernadia")
TOKENS = [
    ApiToken("leadernadia", Role.SUPERVISOR, digest_of("t-nadia")),
    *(ApiToken(f"{name}-token", Role.TENANT, digest_of(f"t-{name}"), client=name) for name in CLIENTS),
]
FAR = {"incident": "no-such-incident", "client": "no-such-client", "agent": "nobody", "contact": "999999"}


def other(client: str) -> str:
    return CLIENTS[1 - CLIENTS.index(client)]


def secrets_of(client: str) -> tuple[str, ...]:
    """What betrays it: its name is in all that is its own."""
    return client, PREFIXES[client], *STAFF


def line_of(client: str) -> Line:
    """One place to wait; the next caller goes on to the other client's line."""
    made = small_line(LineId(f"{client}-line"), skill=SkillId(f"{client}-skill"), wrap_up_ms=600_000)
    return replace(
        made,
        tenant=TenantId(client),
        treatment=TreatmentId(f"{client}-waiting"),
        music=f"{client}-music",
        max_length=2,
        when_full=Way(Overflow.LINE, line=LineId(f"{other(client)}-line")),
        wrap_up=replace(made.wrap_up, codes=(f"{client}-solved",)),
    )


def two_clients() -> Desk:
    """Each with a line, a number that leads there, one that leads to the other's, texts of its own."""
    skills = tuple((SkillId(f"{name}-skill"), 5) for name in CLIENTS)
    entries = []
    for name in CLIENTS:
        for number, line in (("0000", name), ("0001", other(name))):
            where = TenantId(name), LineId(f"{line}-line"), VOICE
            entries.append(
                Entry(EntryId(PREFIXES[name] + number), *where, treatment=TreatmentId(f"{name}-arrival"))
            )
    return replace(
        small_desk(),
        tenants=tuple(Tenant(TenantId(name)) for name in CLIENTS),
        lines=tuple(map(line_of, CLIENTS)),
        entries=tuple(entries),
        agents=tuple(Agent(AgentId(name), skills, ((VOICE, 1),)) for name in STAFF[:2]),
        outbound=(OutboundRule("callback", ("foreign", "local", "mobile"), "scripted"),),
        treatments=tuple(treatments()),
    )


def treatments() -> Iterator[Treatment]:
    for name in CLIENTS:
        yield Treatment(TreatmentId(f"{name}-arrival"), (Say(f"{name}-hello"),))
        yield Treatment(TreatmentId(f"{name}-waiting"), (Say(f"{name}-wait"), Music(f"{name}-music")))


def site_of(folder: Path) -> Site:
    files = []
    for name in CLIENTS:
        for kind in ListKind:
            files.append(ListFile(TenantId(name), kind, folder / f"{name}-{kind}.csv"))
            write_list(files[-1], 1)
    site = small_site(folder / "data", two_clients(), journal=JournalKind.SQLITE, tokens=TOKENS)
    regions = {TenantId(name): "DE" for name in CLIENTS}
    return dataclasses.replace(site, directory=DirectorySettings(regions, 5, tuple(files)))


def write_list(file: ListFile, people: int) -> None:
    rows = [f"{PREFIXES[file.tenant]}{one:04};{file.tenant} person {one};;5m" for one in range(people)]
    file.path.write_text("\n".join(["number;name;class;head_start", *rows]) + "\n")


class Step(NamedTuple):
    """One thing that happens, for one client; `pick` chooses which of several."""

    what: str
    client: str
    pick: int


class Rig:
    """The desk at work; everything is done by the one who leads it, or by callers and phones."""

    def __init__(self, desk: Served, channel: ScriptedChannel, site: Site) -> None:
        self.desk, self.channel, self.site = desk, channel, site
        self.began = ""
        self.documents: set[str] = set()
        self.incidents: set[str] = set()
        channel.on_effect = self.heard

    async def ask(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.desk.request(method, path, body, {"Authorization": f"Bearer t-{who}"})

    async def lead(self, path: str, body: object) -> httpx.Response:
        return await self.ask("nadia", "POST", path, body)

    def heard(self, effect: Effect) -> None:
        """Whoever is told something has heard it a moment later."""
        if isinstance(effect, TreatContact) and effect.hears.reports:
            ended = PromptEnded(effect.contact, effect.visit)
            asyncio.get_running_loop().call_soon(self.tried, ended)

    @property
    def contacts(self) -> int:
        """How many there were."""
        return int(self.desk.app.driver.engine.state.last_contact)

    def live(self, client: str, pick: int) -> int | None:
        """One of its contacts that live; with an even `pick` one that is talked to, if there is any."""
        contacts = self.desk.app.driver.engine.state.contacts.values()
        own = [one for one in contacts if one.tenant == client and not one.consults]
        talks = [one for one in own if one.state is ContactState.CONNECTED]
        found = talks if talks and pick % 2 == 0 else own
        return found[pick % len(found)].id if found else None

    async def settled(self) -> None:
        """Everybody who lives waits in a line."""
        contacts = self.desk.app.driver.engine.state.contacts
        async with asyncio.timeout(10):
            while any(one.state is not ContactState.WAITING for one in contacts.values()):
                await asyncio.sleep(0.01)

    async def play(self, step: Step) -> None:
        """What may not be now is refused, and nothing happens."""
        await getattr(self, f"_{step.what}")(step.client, step.pick)

    async def _call(self, client: str, pick: int) -> None:
        entry = EntryId(f"{PREFIXES[client]}{pick % 2:04}")
        self.channel.arrive(entry, number=f"{PREFIXES[client]}{pick % 7:04}")

    async def _answer(self, client: str, pick: int) -> None:
        for offer in self.channel.seen(OfferContact)[-2:]:
            self.tried(OfferAccepted(offer.offer))

    def tried(self, event: Event) -> None:
        """What is not possible now is refused."""
        with suppress(Rejected):
            self.channel.host.submit(event)

    async def _leave(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            self.tried(ContactLeft(ContactId(contact)))

    async def _hand_over(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            await self.lead(f"/contacts/{contact}/transfer", {"line": f"{CLIENTS[pick % 2]}-line"})

    async def _ask_other(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            await self.lead(f"/contacts/{contact}/consult", {"line": f"{CLIENTS[pick % 2]}-line"})

    async def _hang_up(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            for agent in STAFF[:2]:
                self.tried(ContactReleased(ContactId(contact), AgentId(agent)))

    async def _wrap_up(self, client: str, pick: int) -> None:
        for number in range(1, self.contacts + 1):
            for name in CLIENTS:
                await self.lead(f"/contacts/{number}/wrap-up", {"code": f"{name}-solved"})

    async def _promise(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            number = f"{PREFIXES[client]}{pick % 7:04}"
            await self.lead(f"/contacts/{contact}/callback", {"number": number})

    async def _ticket(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            await self.lead(f"/contacts/{contact}/ticket", {"ticket": f"{client}-{pick}"})

    async def _prefer(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is not None:
            await self.lead(f"/contacts/{contact}/priority", {"head_start_ms": pick * 1000})

    async def _document(self, client: str, pick: int) -> None:
        if (contact := self.live(client, pick)) is None:
            return
        kind = ("draft", "attachment")[pick % 2]
        headers = {"Authorization": "Bearer t-nadia", "Content-Type": "application/octet-stream"}
        path = f"{PREFIX}/contacts/{contact}/documents?kind={kind}"
        kept = await self.desk.client.post(path, content=f"{client} document".encode(), headers=headers)
        if kept.status_code == 200:
            self.documents.add(kept.json()["document"])

    async def _incident(self, client: str, pick: int) -> None:
        """For the client, its line, its number, or for the other's line as far as it concerns the client."""
        scopes: list[dict[str, list[str]]] = [
            {"clients": [client]},
            {"lines": [f"{client}-line"]},
            {"entries": [f"{PREFIXES[client]}0000"]},
            {"entries": [f"{PREFIXES[client]}{number}" for number in ("0000", "0001")]},
            {"entries": [f"{PREFIXES[client]}0001"], "lines": [f"{other(client)}-line"]},
            {"clients": [client], "lines": [f"{name}-line" for name in CLIENTS]},
        ]
        name = f"{client}-incident-{pick % 6}"
        body = {"id": name, "texts": {"en": f"{client} is down"}, "for_ms": 3_600_000, "vip_exempt": False}
        declared = await self.lead("/incidents", {**body, **scopes[pick % 6], "ticket": f"{client}-INC"})
        assert declared.status_code in (200, 409), declared.text
        self.incidents.add(name)

    async def _clear(self, client: str, pick: int) -> None:
        await self.lead(f"/incidents/{client}-incident-{pick % 6}/clear", {})

    async def _list(self, client: str, pick: int) -> None:
        files = [file for file in self.site.directory.files if file.tenant == client]
        write_list(files[pick % 2], pick % 9)
        await self.lead("/lists", {})

    def values(self, name: str) -> list[str]:
        """Everything that stands at this place of a path, and something that there is not."""
        known: dict[str, list[str]] = {
            "contact": [str(number) for number in range(1, self.contacts + 1)],
            "document": sorted(self.documents),
            "incident": sorted(self.incidents),
            "agent": list(STAFF[:2]),
            "client": list(CLIENTS),
            "kind": [str(kind) for kind in ListKind],
            "escalation": ["1"],
        }
        return [*known[name], *([FAR[name]] if name in FAR else [])]


class NoControl(Control):
    """Enough to make the application; no request is sent."""


def routes() -> list[tuple[str, str]]:
    """Method and path of every route of the application."""
    app = create(NoControl(), [])  # type: ignore[abstract]
    found = app.openapi()["paths"]
    return [
        (method.upper(), path.removeprefix(PREFIX)) for path, methods in found.items() for method in methods
    ]


def filled(rig: Rig, path: str) -> Iterator[str]:
    """The path with everything that may stand in it. A new name must be given its values in `Rig.values`."""
    name = re.search(r"{(\w+)}", path)
    if name is None:
        yield path
        return
    for value in rig.values(name[1]):
        yield from filled(rig, path.replace(name[0], value, 1))


BODIES: dict[str, object] = {"/site": {"look": True}, "/erase": {"value": "+491"}}


async def everything(rig: Rig, client: str) -> list[tuple[str, str]]:
    """What its token is told by any route: what was asked, and the answer without what the question said."""
    found = []
    for method, path in routes():
        for asked in filled(rig, path):
            more = f"?after={rig.began}" if path == "/feed" else ""
            body = BODIES.get(path, {}) if method == "POST" else None
            told = await rig.ask(client, method, asked + more, body)
            text = told.text + "".join(f"\n{key}: {value}" for key, value in told.headers.items())
            for value in asked.split("/"):
                text = text.replace(value, "…") if value in (*rig.incidents, *CLIENTS, *STAFF) else text
            found.append((f"{method} {asked}{more} → {told.status_code}", text))
    return found


def report_of(rig: Rig, client: str) -> str:
    """Its KPIs of these days, as they leave the desk."""
    today = datetime.now(UTC).replace(tzinfo=None)
    asked = Asked(
        client=client,
        line=None,
        first=today - timedelta(days=1),
        last=today + timedelta(days=1),
        both=False,
        interval="",
        view="entry",
        threshold="20s",
        short="5s",
        reply="8h",
        names=(),
        timezone="UTC",
    )
    return json.dumps(as_json(answer(asked, rig.site, None, rig.desk.app.driver.now_ms())))


def heard_by_callers_of(rig: Rig, client: str) -> Iterator[str]:
    """Every text and music for those of its callers who were never in the other's line."""
    away, own = set[int](), set[int]()
    for entry in rig.desk.app.journal.facts():
        for fact in decode_facts(entry.facts):
            if isinstance(fact, Arrived) and fact.tenant == client:
                own.add(fact.contact)
            if isinstance(fact, Arrived | Queued) and fact.line != f"{client}-line":
                away.add(fact.contact)
    yield from (repr(one) for one in rig.channel.seen(TreatContact) if one.contact in own - away)


WHATS = (
    "call", "answer", "leave", "ask_other", "hand_over", "hang_up", "wrap_up", "promise", "ticket", "prefer",
    "document", "incident", "clear", "list",
)  # fmt: skip
STEPS = st.builds(
    Step,
    st.sampled_from(("call", "call", "answer", *WHATS)),
    st.sampled_from(CLIENTS),
    st.integers(0, 11),
)
SELDOM = {"clear": 3, "leave": 3, "hang_up": 3, "wrap_up": 3, "hand_over": 4}
BUSY = [
    Step(what, client, pick)
    for pick in range(6)
    for client in CLIENTS
    for what in ("call", "call", *WHATS)
    if SELDOM.get(what, pick) == pick and (what, pick) != ("ask_other", 4)
]
"""Everything that may happen, to both."""


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=10, max_size=30))
def test_no_client_is_told_anything_of_another(steps: list[Step]) -> None:
    """Not by a route, the feed, a report or a text; and the log knows no caller and nobody on a list."""
    play(steps)


def test_no_client_is_told_anything_of_another_on_a_day_on_which_everything_happens() -> None:
    play(BUSY)


@asynccontextmanager
async def played(folder: Path, steps: list[Step]) -> AsyncIterator[Rig]:
    """A desk of its own, after all that."""
    channel, site = ScriptedChannel(), site_of(folder)
    async with served(site, channel) as desk:
        rig = Rig(desk, channel, site)
        rig.began = (await rig.ask("nadia", "GET", "/status")).headers["ACD-Cursor"]
        channel.sign_in(*STAFF[:2])
        for step in steps:
            await rig.play(step)
        yield rig


def play(steps: list[Step]) -> None:
    """And look at it with each client's eyes."""

    async def run(folder: Path) -> None:
        async with played(folder, steps) as rig:
            await asyncio.wrap_future(rig.desk.app.content.append(()).synced)
            for client in CLIENTS:
                await check(rig, client)

    with TemporaryDirectory() as folder, capture_logs() as logs:
        asyncio.run(run(Path(folder)))
    assert not re.findall(r" person \d|(?:\+49305551|\+49405552)000[2-9]", repr(logs))


async def check(rig: Rig, client: str) -> None:
    """Its token, its report, its callers."""
    secrets = secrets_of(other(client))
    told = await everything(rig, client)
    # A report names the agents: it is the planner's, who hands out what he chooses.
    told.append(("report", re.sub("|".join(STAFF), "…", report_of(rig, client))))
    told += [("a caller", one) for one in heard_by_callers_of(rig, client)]
    leaks = [
        (asked, text[max(0, text.index(word) - 120) : text.index(word) + 60])
        for asked, text in told
        for word in secrets
        if word in text
    ]
    assert not leaks, "\n".join(f"{asked}: …{where}…" for asked, where in leaks[:20])
    statuses = {asked.rpartition(" ")[2] for asked, _ in told}
    assert "200" in statuses
    assert "500" not in statuses


def test_a_token_of_a_client_is_shown_its_own() -> None:
    """Whoever saw nothing at all would be told nothing of another, too."""

    async def run(folder: Path) -> None:
        async with played(folder, BUSY) as rig:
            told = dict(await everything(rig, "northmark"))
            for path in ("/status", "/incidents", "/lists", f"/feed?after={rig.began}"):
                assert "northmark" in told[f"GET {path} → 200"], path
            assert rig.documents
            entries = rig.desk.app.journal.facts()
            happened = {type(fact).__name__ for entry in entries for fact in decode_facts(entry.facts)}
            assert happened >= {
                "Informed", "Overflowed", "Offered", "Answered", "Transferred", "Consulted", "WrapUpCode",
                "Parked", "Ticketed", "PriorityChange", "ListSet", "Treated",
            }  # fmt: skip
            assert any("northmark document" in text for text in told.values())
            assert "northmark" in report_of(rig, "northmark")

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_a_promised_callback_counts_for_the_client_whose_caller_it_is_and_for_no_other() -> None:
    """Also where callers of both wait in one line."""

    async def run(folder: Path) -> None:
        channel, site = ScriptedChannel(), site_of(folder)
        async with served(site, channel) as desk:
            rig = Rig(desk, channel, site)
            for step in (
                Step("call", "northmark", 1),
                Step("leave", "northmark", 0),
                Step("call", "southmark", 0),
                Step("promise", "southmark", 2),
            ):
                await rig.play(step)
                await rig.settled()
            reports = {client: json.loads(report_of(rig, client)) for client in CLIENTS}
            counts = {client: report["total"]["counts"] for client, report in reports.items()}
            assert {client: (found["arrived"], found["callbacks"]) for client, found in counts.items()} == {
                "northmark": (1, 0),
                "southmark": (1, 1),
            }
            assert list(reports["northmark"]["lines"]) == ["(another client's)"]

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
