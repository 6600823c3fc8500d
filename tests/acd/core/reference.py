"""Writes the reference pages of the core from its source: `python tests/acd/core/reference.py`."""

import ast
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from acd.core import effects, events, facts
from acd.core.law import LAW
from agents.states import AGENT, ROLE, WORK
from queues.states import CONTACT

PAGES = Path(__file__).parents[3] / "docs" / "reference"

EVENTS = """Everything that changes the engine's state is an event; nothing else does. An event is
journalled with its moment before any of its effects leave. One that is illegal in the present
state is rejected and changes nothing.
"""
FACTS = """What the engine decided, in order. Facts are the history: KPIs, reports and explanations read
them and count nothing else. Every fact begins with `t_ms`, the moment at which it became
true, in Unix milliseconds.
"""
EFFECTS = """The engine's orders to channels and desktops. An effect's id is (sequence number of its
journal entry, index within it). It is carried out at least once; its idempotency key makes a
repetition harmless.

An effect leaves when its entry is written (survives the death of the process), or, when its field
`promise` is set, when it is synced (survives the death of the machine): somebody outside will rely on
it, as the sender of a mail does. No effect overtakes an earlier one of its contact. *After a restart*
nobody knows whether an effect was carried out: what `stands` is stated anew as long as it holds, legs
that stand in no effect any more are `swept`, and what is said `once` is not said again.
"""
STATES = """Each table reads: state, what happens, next state. What is not in a table is illegal in that
state and is rejected. This page is written from the tables in `agents/states.py` and
`queues/states.py`.
"""


PARTS = (
    "fact",
    "event",
    "of_desk",
    "of_incidents",
    "of_contacts",
    "of_treatments",
    "of_offers",
    "of_participants",
    "of_calls",
    "of_escalations",
    "of_agents",
)
"""Modules of `acd.core.facts` and `acd.core.events`, in the order of their pages."""

SHARED = ("OfferFact", "Decision")
"""Base classes of some facts, whose fields are shown with each of them; the second is one of the first."""


def classes(module: ModuleType) -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
    """Class → (meaning, [(field, type, meaning)]) of the frozen classes with a meaning in a module."""
    nodes = {
        node.name: node
        for source in _sources(module)
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    found = {}
    for name, node in nodes.items():
        if name not in ("Event", "Effect", "Fact", *SHARED):
            shared = next((SHARED[: SHARED.index(base) + 1] for base in _bases(node) if base in SHARED), ())
            fields = [field for of in (*shared, name) for field in _fields(nodes[of])]
            found[name] = (" ".join((ast.get_docstring(node) or "").split()), fields)
    return found


def _bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]


def _sources(module: ModuleType) -> list[Path]:
    """Its file, or those of the package that it is."""
    assert module.__file__ is not None
    file = Path(module.__file__)
    if file.name != "__init__.py":
        return [file]
    parts = [file.with_name(f"{name}.py") for name in PARTS]
    return [part for part in parts if part.exists()]


def _fields(node: ast.ClassDef) -> list[tuple[str, str, str]]:
    fields = []
    for index, part in enumerate(node.body):
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            follows = node.body[index + 1] if index + 1 < len(node.body) else None
            is_text = isinstance(follows, ast.Expr) and isinstance(follows.value, ast.Constant)
            text = str(follows.value.value) if is_text else ""  # type: ignore[union-attr]
            fields.append((part.target.id, ast.unparse(part.annotation), " ".join(text.split())))
    return fields


def _sections(module: ModuleType) -> list[str]:
    lines = []
    for name, (meaning, fields) in classes(module).items():
        lines += ["", f"## {name}", "", meaning]
        if fields:
            lines += ["", "| field | type | meaning |", "|---|---|---|"]
            lines += [
                f"| `{field}` | `{kind}` | {text} |".replace(" | None", " or None")
                for field, kind, text in fields
            ]
    return lines


def events_page() -> str:
    return "\n".join(["# Events", "", EVENTS.strip(), *_sections(events), ""])


def facts_page() -> str:
    return "\n".join(["# Facts", "", FACTS.strip(), *_sections(facts), ""])


def effects_page() -> str:
    table = ["", "| effect | idempotency key | after a restart |", "|---|---|---|"]
    for kind, row in LAW.items():
        key = ", ".join(row.key)
        table.append(f"| {kind.__name__} | `{key}` | {row.on_restart} |")
    return "\n".join(["# Effects", "", EFFECTS.strip(), *table, *_sections(effects), ""])


def states_page() -> str:
    lines = ["# States", "", STATES.strip()]
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = {
        "An agent": {str(state): following for state, following in AGENT.items()},
        "An offer, and the work it becomes": {str(state): following for state, following in WORK.items()},
        "What an agent is to a contact": {str(role): following for role, following in ROLE.items()},
        "A contact": {str(state): following for state, following in CONTACT.items()},
    }
    for title, table in tables.items():
        lines += ["", f"## {title}", "", "| state | what happens | next state |", "|---|---|---|"]
        for state, following in table.items():
            lines += [f"| {state} | {happening} | {to} |" for happening, to in following.items()]
            lines += [] if following else [f"| {state} | – | – |"]
    return "\n".join([*lines, ""])


WRITTEN = {
    "events.md": events_page,
    "facts.md": facts_page,
    "effects.md": effects_page,
    "states.md": states_page,
}

if __name__ == "__main__":
    for page, text in WRITTEN.items():
        (PAGES / page).write_text(text())
