"""A small valid site that tests break in one place, and what `check` says about it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import check

SMALL = """
[tenants.acme]
[calendars.office]
hours = { mon = "08:00-18:00" }
[skills]
network = "Networks"
german = "German"
[groups.experts]
skills = { network = 3 }
[agents.anna]
skills = { network = 4 }
phone = "anna"
password_env = "ACD_ANNA"
[lines.help]
tenant = "acme"
groups = ["experts"]
target = "20s"
[entries.voice."+49 30 555 0101"]
line = "help"
"""

Said = Callable[..., tuple[list[str], list[str]]]


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def said(tmp_path: Path) -> Said:
    """`said(toml, {name: toml}, environ)` → errors and warnings as text, without the folder's name."""

    def judge(
        toml: str,
        other: dict[str, str] | None = None,
        environ: dict[str, str] | None = None,
        *,
        secrets: bool = True,
    ) -> tuple[list[str], list[str]]:
        for name, text in {"site.toml": toml, **(other or {})}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        environ = {"ACD_ANNA": "an invented password"} if environ is None else environ
        _, errors, warnings = check(tmp_path / "site.toml", environ, secrets=secrets)
        texts = [[str(one).replace(f"{tmp_path}/", "") for one in some] for some in (errors, warnings)]
        return texts[0], texts[1]

    return judge
