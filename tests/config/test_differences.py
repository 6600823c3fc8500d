"""Another version of a site file: what it changes in a running desk, and what must wait for a restart."""

from pathlib import Path

import pytest

from config.differences import fixed, told
from config.load import load
from config.schema import Site

SITE = """
[server]
data_dir = "var"
timezone = "Europe/Berlin"
[server.api]
port = 0
[tenants.nord]
region = "DE"
[calendars.office]
hours = { mon = "08:00-18:00" }
[skills]
help = "Help"
[groups.all]
skills = { help = 1 }
[agents.anna]
skills = { help = 1 }
phone = "anna"
password_file = "anna.password"
[lines.help]
tenant = "nord"
groups = ["all"]
greeting = { de = "Guten Tag" }
languages = ["de"]
[entries.voice."+49 30 555 0101"]
line = "help"
[sip]
listen = "127.0.0.1:5060"
"""


def site(folder: Path, *changes: tuple[str, str]) -> Site:
    text = SITE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "anna.password").write_text("invented\n")
    (folder / "anna.password").chmod(0o600)
    (folder / "bert.password").write_text("invented too\n")
    (folder / "bert.password").chmod(0o600)
    path = folder / "site.toml"
    path.write_text(text)
    return load(path, {})


def test_the_same_file_has_no_differences(tmp_path: Path) -> None:
    assert fixed(site(tmp_path), site(tmp_path)) == told(site(tmp_path), site(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ('data_dir = "var"', 'data_dir = "lib"', ["server.data_dir"]),
        ("port = 0", "port = 8080", ["server.api.port"]),
        ('region = "DE"', 'region = "AT"', ["tenants.nord.region"]),
        ("127.0.0.1:5060", "127.0.0.1:5070", ["sip.listen"]),
        ("[sip]\n", "[sip]\nmax_legs = 10\n", ["sip.max_legs"]),
        ("[skills]\n", "[directory]\ninternal_digits = 3\n[skills]\n", ["directory.internal_digits"]),
        ('[sip]\nlisten = "127.0.0.1:5060"\n', "", ["sip"]),
        ("[calendars.office]", "[tenants.sued]\n[calendars.office]", []),
    ],
)
def test_what_a_server_reads_once_needs_a_restart(
    tmp_path: Path, old: str, new: str, keys: list[str]
) -> None:
    assert fixed(site(tmp_path), site(tmp_path, (old, new))) == keys


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('groups = ["all"]', 'groups = ["all"]\nring = "9s"', ["line help: changed"]),
        ('"08:00-18:00"', '"08:00-17:00"', ["calendar office: changed"]),
        ('"Guten Tag"', '"Hallo"', ["text greeting:help: changed"]),
        ("[agents.anna]", "[agents.zoe]\n[agents.anna]", ["agent zoe: new"]),
        ('"anna.password"', '"bert.password"', ["phone anna: changed"]),
        ('phone = "anna"', 'phone = "desk7"', ["phone anna: gone", "phone desk7: new"]),
        ('"Europe/Berlin"', '"UTC"', ["server.timezone: changed", "calendar office: changed"]),
        ("[agents.anna]", '[agents.anna]\nname = "Anna"', ["agent anna: another name"]),
        (
            "[calendars.office]",
            "[tenants.sued]\n[calendars.office]",
            ["client sued: new"],
        ),
        ("555 0101", "555 0102", ["entry +49305550101: gone", "entry +49305550102: new"]),
        ("[skills]", '[desk]\npause_reasons = ["lunch"]\n[skills]', ["pause reasons: changed"]),
    ],
)
def test_the_rest_is_told_line_by_line(tmp_path: Path, old: str, new: str, lines: list[str]) -> None:
    changed = site(tmp_path, (old, new))
    assert (fixed(site(tmp_path), changed), told(site(tmp_path), changed)) == ([], lines)
