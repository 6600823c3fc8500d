"""Routes of the clients' lists, against the real server: versions, rows, and who may see whom."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.server import lists as server_lists
from acd.testing import ScriptedChannel, small_desk, small_site
from config.api_tokens import ApiToken, Role, digest_of
from config.schema import DirectorySettings, JournalKind, ListFile, ListKind
from queues.desk import TenantId
from tests.acd.web.served import Served, served

NORTH, SOUTH = TenantId("nordwind"), TenantId("suedwind")
TOKENS = [
    ApiToken("nadia", Role.SUPERVISOR, digest_of("t-supervisor")),
    ApiToken("paul", Role.PLANNER, digest_of("t-planner")),
    ApiToken("north", Role.TENANT, digest_of("t-tenant"), client="nordwind"),
    ApiToken("south", Role.TENANT, digest_of("t-south"), client="suedwind"),
]


class Rig:
    def __init__(self, desk: Served, folder: Path) -> None:
        self.desk, self.folder = desk, folder

    async def ask(self, who: str, path: str, method: str = "GET") -> httpx.Response:
        return await self.desk.request(method, path, {}, {"Authorization": f"Bearer t-{who}"})

    async def get(self, who: str, path: str) -> Any:
        answer = await self.ask(who, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def take(self, *rows: str) -> None:
        """A new version of Nordwind's VIP list."""
        write(self.folder / "north.csv", *rows)
        assert (await self.ask("supervisor", "/lists", "POST")).status_code == 200


def write(path: Path, *rows: str) -> None:
    path.write_text("\n".join(("number;name;class;head_start;valid_until", *rows)) + "\n")


def with_desk(folder: Path, story: Callable[[Rig], Awaitable[None]]) -> None:
    write(folder / "north.csv", "030 5550101;Anna Beispiel;1;;", "030 5550102;;;10m;2026-01-31")
    write(folder / "south.csv", "040 5550201;Sven Muster;2;;")
    files = tuple(
        ListFile(client, ListKind.VIP, folder / f"{name}.csv")
        for client, name in ((NORTH, "north"), (SOUTH, "south"))
    )
    site = small_site(folder / "data", small_desk(), journal=JournalKind.MEMORY, tokens=TOKENS)
    directory = DirectorySettings({NORTH: "DE", SOUTH: "DE"}, 5, files)

    async def run() -> None:
        async with served(dataclasses.replace(site, directory=directory), ScriptedChannel()) as desk:
            await story(Rig(desk, folder))

    asyncio.run(run())


def test_every_list_is_shown_as_it_stands_with_who_brought_it(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        found = (await rig.get("planner", "/lists"))["lists"]
        assert [(one["tenant"], one["list"], one["version"], one["people"], one["by"]) for one in found] == [
            ("nordwind", "vip", 1, 2, "site"),
            ("suedwind", "vip", 1, 1, "site"),
        ]

    with_desk(tmp_path, story)


def test_the_history_says_what_each_version_changed(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.take("030 5550101;Anna Beispiel;2;;", "030 5550103;;1;;")
        found = (await rig.get("supervisor", "/lists/nordwind/vip"))["versions"]
        shown = ("version", "by", "people", "added", "removed", "changed", "kept")
        assert [tuple(one[key] for key in shown) for one in found] == [
            (2, "api:nadia", 2, 1, 1, 1, True),
            (1, "site", 2, 2, 0, 0, True),
        ]
        assert found[0]["at_ms"] >= found[1]["at_ms"] > 0

    with_desk(tmp_path, story)


def test_the_rows_are_those_of_the_file_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_lists, "MAX_ROWS", 1)

    async def story(rig: Rig) -> None:
        await rig.take()
        first = await rig.get("supervisor", "/lists/nordwind/vip/rows?version=1")
        assert first == {
            "version": 1,
            "rows": [
                {
                    "line": 2,
                    "keys": [["number", "+49305550101"]],
                    "name": "Anna Beispiel",
                    "department": "",
                    "language": "",
                    "site": "",
                    "priority_class": 1,
                    "head_start_ms": 0,
                    "valid_from_ms": None,
                    "valid_until_ms": None,
                }
            ],
            "next": 1,
        }
        second = await rig.get("supervisor", "/lists/nordwind/vip/rows?version=1&start=1")
        assert [(row["head_start_ms"], row["valid_until_ms"]) for row in second["rows"]] == [
            (600_000, 1_769_904_000_000)  # 2026-02-01T00:00Z: the last day counts
        ]
        assert (await rig.get("supervisor", "/lists/nordwind/vip/rows?version=1&start=2"))["rows"] == []
        now = await rig.get("supervisor", "/lists/nordwind/vip/rows")
        assert (now["version"], now["rows"]) == (2, [])

    with_desk(tmp_path, story)


def test_a_client_sees_how_its_own_lists_stand_and_nothing_of_another_s(tmp_path: Path) -> None:
    """Neither who works on them nor, as nobody but who leads the desk, who stands in them."""

    async def story(rig: Rig) -> None:
        own = await rig.get("tenant", "/lists")
        assert [(one["tenant"], one["people"], one["by"]) for one in own["lists"]] == [("nordwind", 2, "")]
        versions = await rig.get("tenant", "/lists/nordwind/vip")
        assert [one["by"] for one in versions["versions"]] == [""]
        for path in ("/lists/suedwind/vip", "/lists/nobody/vip", "/lists/nordwind/users"):
            answer = await rig.ask("tenant", path)
            client, kind = path.split("/")[2:]
            assert answer.status_code == 404
            assert answer.json()["error"]["reason"] == f"there is no list {kind} of client {client}"
        for who in ("tenant", "south", "planner"):
            assert (await rig.ask(who, "/lists/nordwind/vip/rows")).status_code == 403

    with_desk(tmp_path, story)


def test_people_who_are_no_longer_kept_are_not_shown_as_nobody(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        for number in range(20):
            await rig.take(f"030 55502{number:02};;1;;")
        answer = await rig.ask("supervisor", "/lists/nordwind/vip/rows?version=1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "not_kept")
        assert (await rig.get("supervisor", "/lists/nordwind/vip/rows?version=2"))["rows"]
        unknown = await rig.ask("supervisor", "/lists/nordwind/vip/rows?version=99")
        assert unknown.status_code == 404
        assert "in version 99" in unknown.json()["error"]["reason"]

    with_desk(tmp_path, story)


def test_the_log_says_who_read_whose_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(server_lists._log, "info", lambda _event, **more: said.append(more))

    async def story(rig: Rig) -> None:
        await rig.get("supervisor", "/lists/suedwind/vip/rows")

    with_desk(tmp_path, story)
    assert said == [{"tenant": "suedwind", "list": "vip", "version": 1, "start": 0, "by": "api:nadia"}]
