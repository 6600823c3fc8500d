"""The maps of the code, in README and docs/background/architecture.md, name what is there, and all of it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "background" / "architecture.md").read_text()


def section(page: str, heading: str) -> str:
    return re.split(r"\n##+ ", page.split(f"## {heading}\n", 1)[1])[0]


def packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def first_cells(table: str) -> str:
    return "".join(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE))


def test_every_file_on_a_contacts_way_is_there() -> None:
    files = re.findall(r"`([\w/]+\.py)`", section(README, "A contact's way through the code"))
    assert len(files) > 10
    assert not [path for path in files if not (ROOT / path).is_file()]


def test_the_folder_map_names_every_folder_and_no_other() -> None:
    named = set(re.findall(r"`([\w/]+)/`", section(README, "Folder map")))
    assert not [path for path in named if not ((ROOT / path).is_dir() or (ROOT / "tests" / path).is_dir())]
    expected = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"docs", "bench"}
    assert expected - {"acd", "channels"} <= named
    assert {f"acd/{room}" for room in packages(ROOT / "acd")} <= named
    assert {f"channels/{room}" for room in packages(ROOT / "channels")} <= named


def test_the_architecture_names_every_room_of_acd_and_every_part_of_the_engine() -> None:
    rooms = set(re.findall(r"`(\w+)/`", first_cells(section(ARCHITECTURE, "Rooms"))))
    assert rooms == packages(ROOT / "acd")
    parts = set(re.findall(r"`(\w+)`", first_cells(section(ARCHITECTURE, "The engine"))))
    there = {path.stem for path in (ROOT / "acd" / "core").glob("*.py")} | packages(ROOT / "acd" / "core")
    assert parts == there - {"__init__", "engine"}
