"""The public status documents: of one client alone, well-formed whatever was written, replaced as a whole."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from msgspec.structs import replace as replaced

from acd.core.events import IncidentDeclared, IncidentEnded
from acd.server import public_status
from acd.server.public_status import concerns, documents, status_of, write
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from queues.desk import Desk, EntryId, Incident, IncidentId, IncidentMode, LineId, Tenant, TenantId
from queues.incident import Course
from tests.acd.web.served import served

NORD, SUED = TenantId("nordwind"), TenantId("suedwind")
WORDS = 'Mail & "Netz" <b>down</b>'


def two_clients() -> Desk:
    south = replaced(small_line(LineId("south")), tenant=SUED)
    desk = small_desk(["anna"], lines=[small_line(), south])
    return replaced(desk, tenants=(*desk.tenants, Tenant(SUED)))


def incident(name: str = "vpn", **rules: Any) -> Incident:
    rules = {"texts": (("de", WORDS), ("en", "down")), "ticket": "INC-SECRET", "agreed": "Frau X", **rules}
    return Incident(
        id=IncidentId(name),
        greeting=name,
        mode=IncidentMode.INFORM,
        expires_ms=4_000_000_000_000,
        declared_by="api:lead",
        **rules,
    )


def test_a_client_sees_what_its_callers_hear_and_nothing_of_others() -> None:
    desk = two_clients()
    scopes: list[tuple[dict[str, Any], tuple[bool, bool]]] = [
        ({}, (True, True)),
        ({"tenants": (NORD,)}, (True, False)),
        ({"lines": (LineId("south"),)}, (False, True)),
        ({"entries": (desk.entries[0].id,)}, (True, False)),
        ({"entries": (EntryId("gone"),)}, (False, False)),
        ({"tenants": (NORD,), "lines": (LineId("south"),)}, (False, False)),
    ]
    for scope, expected in scopes:
        one = incident(**scope)
        assert (concerns(desk, one, NORD), concerns(desk, one, SUED)) == expected, scope
    courses = [
        Course(incident("north", tenants=(NORD,)), 1_000),
        Course(incident("over"), 1_000, over_ms=2_000),
    ]
    for client, seen in ((NORD, ["north"]), (SUED, [])):
        status = status_of(desk, courses, client, client)
        assert [found.id for found in status.incidents] == seen
        everything = b"".join(documents(status).values())
        assert (b"north" in everything.replace(b"nordwind", b"")) == bool(seen)
        assert not any(secret in everything for secret in (b"INC-SECRET", b"Frau X", b"lead", b"over"))


def test_whatever_was_written_all_three_can_be_read() -> None:
    course = Course(incident(), 1_000, changed_ms=61_000)
    status = status_of(two_clients(), [course], NORD, "Nordwind <GmbH> & Co")
    found = documents(status)
    (shown,) = json.loads(found["json"])["incidents"]
    assert shown["texts"] == {"de": WORDS, "en": "down"}
    feed = ElementTree.fromstring(found["atom"])
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{atom}title") == "Nordwind <GmbH> & Co"
    assert feed.findtext(f"{atom}updated") == "1970-01-01T00:01:01Z"
    assert feed.findtext(f"{atom}entry/{atom}title") == WORDS
    page = found["html"].decode()
    assert ("<b>" in page, "&lt;b&gt;down" in page, 'lang="en"' in page) == (False, True, True)


def test_without_an_incident_there_are_documents_too() -> None:
    found = documents(status_of(two_clients(), [], NORD, "Nordwind"))
    assert json.loads(found["json"])["incidents"] == []
    assert ElementTree.fromstring(found["atom"]).tag.endswith("feed")


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "public", {"a.json": b"1"})
    reader = (tmp_path / "public" / "a.json").open("rb")
    write(tmp_path / "public", {"a.json": b"22"})
    with reader:
        assert reader.read() == b"1", "who reads it meanwhile has the old one as a whole"
    assert [path.name for path in (tmp_path / "public").iterdir()] == ["a.json"]
    assert (tmp_path / "public" / "a.json").read_bytes() == b"22"


def test_a_running_desk_writes_them_when_something_changes(tmp_path: Path, monkeypatch: Any) -> None:
    """Also after the disk has refused once."""
    monkeypatch.setattr(public_status, "LOOK_S", 0.02)
    site = small_site(tmp_path / "data", two_clients())
    folder = tmp_path / "public"
    folder.write_text("in the way")
    site = replace(site, server=replace(site.server, status_dir=folder))

    def shown(client: str) -> list[str]:
        path = folder / f"{client}.json"
        return (
            [one["id"] for one in json.loads(path.read_bytes())["incidents"]] if path.exists() else ["none"]
        )

    async def until(client: str, wanted: list[str]) -> None:
        while shown(client) != wanted:
            await asyncio.sleep(0.01)

    async def story() -> None:
        async with asyncio.timeout(30), served(site, ScriptedChannel()) as desk:
            await asyncio.sleep(0.1)
            folder.unlink()
            await until("nordwind", [])
            desk.app.driver.submit(IncidentDeclared(incident(tenants=(NORD,))))
            await until("nordwind", ["vpn"])
            assert shown("suedwind") == []
            desk.app.driver.submit(IncidentEnded(IncidentId("vpn")))
            await until("nordwind", [])

    asyncio.run(story())
