"""Whatever happens to a site file: it loads, or every problem is reported; nothing else is ever raised."""

import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.build import build_site
from config.documents import Document
from config.errors import ConfigError
from config.load import CHANNELS, DEMO_SITE, defaults, load
from config.schema import Site
from config.table import Reading, Table
from queues.treatment import GoOn, Menu, Treatment, When
from tests.config.conftest import SMALL

FILES = {file.name: file.read_text(encoding="utf-8") for file in sorted(DEMO_SITE.parent.glob("*.toml"))}
SECRET = "not-to-be-shown"
ENVIRON = {
    f"ACD_DEMO_{name}": SECRET for name in ("TOKEN", "ANNA", "BERT", "CLARA", "DAVID", "EMINE", "FRITZ")
}

TREATED = f"""{SMALL}
treatment = "welcome"
[treatments.welcome]
languages = ["en"]
steps = [
  {{ say = {{ en = "Hello" }} }},
  {{ menu = {{ en = "Which?" }}, keys = {{ 1 = "waiting", "#" = "welcome" }}, for = "5s" }},
  {{ when = "behind", least = 5, then = "waiting" }},
  {{ enqueue = "help" }},
  {{ then = "waiting" }},
]
[treatments.waiting]
languages = ["de"]
steps = [
  {{ position = true }},
  {{ expected_wait = true }},
  {{ when = "expected_wait", least = "2m", then = "welcome" }},
  {{ music = "default", for = 9 }},
  {{ when = "waited", least = "2m", then = "welcome" }},
  {{ park = "callback" }},
  {{ record = true, longest = "1m" }},
  {{ collect = {{ de = "W" }}, name = "customer", most = 8 }},
  {{ park = "voicemail" }},
  {{ end = true }},
]
"""
SCRAPS = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e400",
        "nan",
        "0x" + "f" * 6000,
        '"',
        "'''",
        "[",
        "]]",
        "{",
        "}",
        "=",
        ".",
        "\0",
        "\ufeff",
        "\n",
        "\r",
        "true",
        "[[lines]]",
        "[lines.a]\n",
        '"always"',
        '"group:x"',
        "1979-05-27",
        "07:32:00",
        "=" * 50,
        'include = ["site.toml"]\n',
        'include = ["/"]\n',
        'include = ["\\u0000"]\n',
        "[" * 3000,
        '"\\ud800"',
        "é",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.sampled_from(
        ["always", "release", "anna", "network", "\0", "08:00-18:00", "24:00-23:59", "-1s", "ACD_DEMO_ANNA"]
    )
    | st.sampled_from([10**400, -(10**30), float("inf"), "x" * 5000, "Europe", "2026-12-25", 0, 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_mutated_text(data: st.DataObject) -> None:
    """Scraps put anywhere into the text, over up to thirty characters."""
    texts = dict(FILES)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(texts)))
        start = data.draw(st.integers(0, len(texts[name])))
        end = start + data.draw(st.integers(0, 30))
        texts[name] = texts[name][:start] + data.draw(SCRAPS) + texts[name][end:]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8", errors="replace")
        try:
            site = load(Path(folder) / "site.toml", ENVIRON)
        except ConfigError as error:
            shown = str(error).splitlines()
        else:
            shown = []
            use(site)
    assert SECRET not in str(shown)


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_values(data: st.DataObject) -> None:
    """Any value or key replaced by any other."""
    tree = {name: tomllib.loads(text) for name, text in FILES.items()}
    tree["site.toml"].pop("include")
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(data, tree[data.draw(st.sampled_from(sorted(tree)))])
    reading = Reading(ENVIRON)
    documents = [Document(name, Table(name, "", inner, reading)) for name, inner in tree.items()]
    site = build_site(documents, reading, defaults(), CHANNELS)
    if reading.errors:
        assert all(str(problem).startswith(f"{problem.file}: ") for problem in reading.errors)
    else:
        use(site)


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_treatments(data: st.DataObject) -> None:
    """Steps with any value or key replaced by any other."""
    tree = tomllib.loads(TREATED)
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(data, tree["treatments"])
    reading = Reading({"ACD_ANNA": SECRET})
    site = build_site([Document("site.toml", Table("site.toml", "", tree, reading))], reading, defaults(), ())
    if not reading.errors:
        use(site)


def mutate(data: st.DataObject, table: dict[str, Any]) -> None:
    """Walk down to a random key, then change its value, its name, or drop it."""
    while table:
        key = data.draw(st.sampled_from(sorted(table)))
        inner = table[key]
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = data.draw(st.sampled_from([one for one in inner if isinstance(one, dict)]))
        if isinstance(inner, dict) and inner and data.draw(st.integers(0, 3)):
            table = inner
            continue
        del table[key]
        action = data.draw(st.integers(0, 3))
        if action == 0:
            table[data.draw(st.text(max_size=8) | st.sampled_from([key + "x", key.upper()]))] = inner
        elif action > 1:
            value = data.draw(VALUES)
            if value is not None:
                table[key] = value
        return


def use(site: Site) -> None:
    """What the server does with a site that was accepted."""
    known = {line.id for line in site.desk.lines}
    assert {entry.line for entry in site.desk.entries} <= known
    assert {phone.agent for phone in site.phones.values()} <= {agent.id for agent in site.desk.agents}
    assert all(line.needs and line.target_ms > 0 for line in site.desk.lines)
    treatments = {one.id for one in site.desk.treatments}
    assert {to for one in site.desk.treatments for to in leads_to(one)} <= treatments
    desk = site.desk_at(1_790_000_000_000, 1_795_000_000_000)
    assert {line.hours for line in desk.lines} <= {"", *(calendar.id for calendar in desk.calendars)}
    assert SECRET not in repr(site)


def leads_to(treatment: Treatment) -> set[str]:
    gone = {step.then for step in treatment.steps if isinstance(step, When | GoOn)}
    return gone | {to for step in treatment.steps if isinstance(step, Menu) for _, to in step.keys}
