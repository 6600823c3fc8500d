"""Treatments: what callers are told, asked and played, step by step."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from config.known import Known
from config.schema import Passage
from config.table import Table
from config.texts import read_languages, read_passages
from queues.desk import LineId
from queues.names import TreatmentId
from queues.treatment import (
    KEYS,
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Parking,
    Record,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    Step,
    Treatment,
    When,
)

MENU_MS = 8_000
"""From the end of the text: people look for the key first."""
LONGEST_MENU_MS = 300_000
MOST_DIGITS = 32
"""Longer than any number that somebody types at a telephone."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
MESSAGE_MS = 120_000
LONGEST_MESSAGE_MS = 600_000
MOST_STEPS = 100

KEYS_OF = {
    "say": ("say", "say_files"),
    "position": ("position",),
    "expected_wait": ("expected_wait",),
    "music": ("music", "for"),
    "menu": ("menu", "menu_files", "keys", "for", "music"),
    "when": ("when", "least", "then"),
    "then": ("then",),
    "enqueue": ("enqueue",),
    "collect": ("collect", "collect_files", "name", "most", "for", "music"),
    "record": ("record", "longest"),
    "park": ("park",),
    "language": ("language",),
    "end": ("end",),
}
"""Kind of a step → the keys that it may have."""

KINDS = (*KEYS_OF, "say_files", "menu_files", "collect_files")
"""Keys that say of which kind a step is; the music of a menu and the `then` of a `when` go with these."""

ALL_KEYS = dict.fromkeys(key for keys in KEYS_OF.values() for key in keys)


@dataclass(frozen=True, slots=True)
class Written:
    """A treatment, and where it and each of its steps stand."""

    treatment: Treatment
    languages: tuple[str, ...]
    table: Table
    steps: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A step that is being read, with what it may refer to, and the texts that were found so far."""

    table: Table
    text: str
    """Name of its text."""
    languages: tuple[str, ...]
    site_languages: tuple[str, ...]
    known: Known
    prompts: dict[str, tuple[Passage, ...]]


def read_treatments(
    tables: Mapping[str, Table],
    known: Known,
    site_languages: tuple[str, ...],
    prompts: dict[str, tuple[Passage, ...]],
) -> dict[TreatmentId, Written]:
    """All treatments; their texts are added to `prompts`: `treatment:waiting:0` is that of the first step."""
    found = {}
    for name, table in tables.items():
        languages = read_languages(table, site_languages)
        steps: list[Step] = []
        places: list[Table] = []
        for number, inner in enumerate(table.tables("steps")):
            text = f"treatment:{name}:{number}"
            place = _Place(inner, text, languages, site_languages, known, prompts)
            if (kind := _kind(inner)) is not None:
                steps.append(READERS[kind](place))
                places.append(inner)
        if len(places) > MOST_STEPS:
            table.error("steps", f"are {len(places)}, at most {MOST_STEPS}: go on with another treatment")
        if table.data.get("steps", []) == []:
            table.error("steps", "must not be empty" if "steps" in table else "missing key")
        identity = TreatmentId(name)
        found[identity] = Written(Treatment(identity, tuple(steps)), languages, table, tuple(places))
    return found


def _kind(table: Table) -> str | None:
    """What kind of step this is; None, and an error, if it is none or several."""
    named = dict.fromkeys(key.removesuffix("_files") for key in table.data if key in KINDS)
    kinds = [kind for kind in named if not any(kind in KEYS_OF[other] for other in named if other != kind)]
    if len(kinds) == 1:
        _refuse_others(table, kinds[0])
        return kinds[0]
    table.allow(table.data)
    if kinds:
        table.error("", f"one step cannot be both: {', '.join(kinds)}")
    elif table.data.keys() <= ALL_KEYS.keys():
        table.error("", f"not a step: none of {', '.join(KEYS_OF)}")
    else:
        table.only(list(ALL_KEYS))
    return None


def _refuse_others(table: Table, kind: str) -> None:
    """Record an error for every key that a step of this kind does not have."""
    for key in table.data:
        if key in ALL_KEYS and key not in KEYS_OF[kind]:
            table.refuse(key, f'does not go with "{kind}"')
    table.only(KEYS_OF[kind])


def _say(place: _Place) -> Say:
    _read_text(place, "say")
    return Say(place.text)


def _position(place: _Place) -> SayPosition:
    _must_be_true(place.table, "position")
    return SayPosition()


def _expected_wait(place: _Place) -> SayExpectedWait:
    _must_be_true(place.table, "expected_wait")
    return SayExpectedWait()


def _music(place: _Place) -> Music:
    return Music(_read_music(place), place.table.duration_ms("for", 0, least_ms=1000))


def _menu(place: _Place) -> Menu:
    _read_text(place, "menu")
    for_ms = place.table.duration_ms("for", MENU_MS, least_ms=1000, most_ms=LONGEST_MENU_MS)
    return Menu(place.text, _read_keys(place), for_ms, _read_music(place, "default"))


def _when(place: _Place) -> When:
    condition = place.table.choice("when", Condition)
    if place.table.data["when"] == condition:
        least = _read_least(place.table, condition)
    else:
        least = 0
        place.table.allow(["least"])
    return When(condition, place.known.treatment(place.table, "then"), least)


def _then(place: _Place) -> GoOn:
    return GoOn(place.known.treatment(place.table, "then"))


def _enqueue(place: _Place) -> Enqueue:
    line = place.table.anything("enqueue")
    if isinstance(line, str) and line:
        place.known.check_line(place.table, "enqueue", line, f'write {{ then = "{line}" }}')
        return Enqueue(LineId(line))
    if line is not True:
        place.table.error("enqueue", "must be true or a line")
    return Enqueue()


def _collect(place: _Place) -> Collect:
    _read_text(place, "collect")
    name = place.table.text("name")
    if name and not NAME.fullmatch(name):
        place.table.error("name", "must be 1 to 32 letters, digits, - and _")
    most = place.table.integer("most", least=1)
    if most > MOST_DIGITS:
        place.table.error("most", f"must be at most {MOST_DIGITS}, not {most}")
    for_ms = place.table.duration_ms("for", MENU_MS, least_ms=1000, most_ms=LONGEST_MENU_MS)
    return Collect(place.text, name, most, for_ms, _read_music(place, "default"))


def _record(place: _Place) -> Record:
    _must_be_true(place.table, "record")
    return Record(place.table.duration_ms("longest", MESSAGE_MS, least_ms=2000, most_ms=LONGEST_MESSAGE_MS))


def _park(place: _Place) -> Park:
    what = place.table.anything("park")
    for known in get_args(Parking):
        if what == known:
            return Park(known)
    place.table.error("park", 'must be "callback" or "voicemail"')
    return Park()


def _language(place: _Place) -> SetLanguage:
    language = place.table.text("language")
    place.table.known("language", "language", language, place.site_languages)
    return SetLanguage(language)


def _end(place: _Place) -> End:
    _must_be_true(place.table, "end")
    return End()


READERS: Mapping[str, Callable[[_Place], Step]] = {
    "say": _say,
    "position": _position,
    "expected_wait": _expected_wait,
    "music": _music,
    "menu": _menu,
    "when": _when,
    "then": _then,
    "enqueue": _enqueue,
    "collect": _collect,
    "record": _record,
    "park": _park,
    "language": _language,
    "end": _end,
}


def _read_text(place: _Place, key: str) -> None:
    """The text `KEY` or `KEY_files` of a step, in each language of its treatment."""
    place.prompts[place.text] = read_passages(
        place.table, key, place.languages, place.site_languages, "treatment"
    )
    if not place.prompts[place.text]:
        for empty in (one for one in (key, f"{key}_files") if place.table.data.get(one) == {}):
            place.table.error(empty, "must not be empty")


def _read_music(place: _Place, default: str | None = None) -> str:
    return place.table.reference("music", "music", place.known.music, default)


def _read_keys(place: _Place) -> tuple[tuple[str, TreatmentId], ...]:
    inner = place.table.table("keys")
    inner.allow(inner.data)
    if place.table.data.get("keys", {}) == {}:
        place.table.error("keys", "a menu needs a key")
    found = []
    for key in inner.data:
        if len(key) != 1 or key not in KEYS:
            place.table.error("keys", f'"{key:.20}" is none of the keys 0-9, * and #')
        found.append((key, place.known.treatment(inner, key)))
    return tuple(found)


def _read_least(table: Table, condition: Condition) -> int:
    if condition in (Condition.WAITED, Condition.EXPECTED_WAIT):
        return table.duration_ms("least", least_ms=1000)
    if condition is Condition.BEHIND:
        return table.integer("least", least=1)
    if "least" in table:
        table.allow(["least"])
        table.error("least", f'does not go with "{condition}"')
    return 0


def _must_be_true(table: Table, key: str) -> None:
    if not table.flag(key) and table.data[key] is False:
        table.error(key, "must be true")
