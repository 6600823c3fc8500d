"""A table of the site file with typed getters that know file and key path, for us and for channels."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar

from config.durations import duration_ms, duration_text
from config.errors import ConfigError, Problem, did_you_mean
from config.secret import Secret, SecretError, from_environment, from_file

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


@dataclass(slots=True)
class Reading:
    """What is known while a site is read: the environment, the problems so far and the keys asked for.

    With `secrets` False a secret that is not there is only a warning.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: bool = True
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """Every key that the schema knows, ids written as `*`: `lines.*.ring`."""


class Table:
    """One table. A getter records what is wrong and returns the default (or an empty value) then.

    In all getters `default` None means that the key is required. `finish` refuses keys nobody asked for and,
    on the outermost table (the one made without `reading`), raises ConfigError with all that was recorded.
    """

    def __init__(
        self,
        file: str,
        path: str,
        data: Mapping[str, object],
        reading: Reading | None = None,
        *,
        defaults: Mapping[str, object] | None = None,
        shape: str | None = None,
    ) -> None:
        self.file = file
        self.path = path
        self.data = data
        self.reading = Reading() if reading is None else reading
        self._outermost = reading is None
        self._defaults = defaults or {}
        self._shape = path if shape is None else shape
        self._asked: dict[str, None] = {}
        self._refused: set[str] = set()
        self._children: list[Table] = []
        self._inner: dict[str, Table] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def key_path(self, key: str) -> str:
        """The dotted path of `key`; parts that are not bare keys are quoted."""
        part = key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        return f"{self.path}.{part}" if self.path else part

    def error(self, key: str, reason: str) -> None:
        """Record an error at `key` of this table (at the table itself: empty key)."""
        self.reading.errors.append(Problem(self.file, self.key_path(key) if key else self.path, reason))

    def warn(self, key: str, reason: str) -> None:
        """Record a warning."""
        self.reading.warnings.append(Problem(self.file, self.key_path(key) if key else self.path, reason))

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a required one must not be empty."""
        value = self._get(key, str, default, "")
        if default is None and not value and self.data.get(key) == "":
            self.error(key, "must not be empty")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return self._get(key, bool, default, False)

    def integer(self, key: str, default: int | None = None, *, least: int = 0, most: int = 2**31 - 1) -> int:
        """A whole number from `least` to `most`."""
        value = self._get(key, int, default, least)
        return self._within(key, value, least, most)

    def number(
        self, key: str, default: float | None = None, *, least: float = 0.0, most: float = 1e9
    ) -> float:
        """A number from `least` to `most`, whole or not."""
        value = self._value(key, required=default is None)
        if value is None:
            return least if default is None else default
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.error(key, f"must be a number, not {_kind(value)}")
        elif least <= value <= most:
            return float(value)
        else:
            self.error(key, f"must be a number from {least:g} to {most:g}")
        return least if default is None else default

    def duration_ms(
        self, key: str, default: int | None = None, *, least_ms: int = 0, most_ms: int | None = None
    ) -> int:
        """A duration in milliseconds; so are `default`, `least_ms` and `most_ms`."""
        value = self._value(key, required=default is None)
        if value is None:
            return least_ms if default is None else default
        try:
            ms = duration_ms(value)
        except ValueError as error:
            self.error(key, str(error))
            return least_ms
        if ms < least_ms:
            self.error(key, f"must be at least {duration_text(least_ms)}")
            return least_ms
        if most_ms is not None and ms > most_ms:
            self.error(key, f"must be at most {duration_text(most_ms)}")
            return most_ms
        return ms

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """A member of an enumeration, by its value."""
        members = list(kind)
        text = self._get(key, str, default, members[0] if default is None else default)
        if text in {str(member) for member in members}:
            return kind(text)
        self.error(key, f'"{text}" is none of {", ".join(members)}')
        return members[0] if default is None else default

    def list_of_text(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts; the same text twice is an error."""
        values = self._get(key, list, None if default is None else list(default), [])
        texts: dict[str, None] = {}
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.error(f"{key}", f"element {index + 1} must be a text, not {_kind(value)}")
            elif value in texts:
                self.error(key, f'"{value}" is named twice')
            else:
                texts[value] = None
        return tuple(texts)

    def dates(self, key: str) -> tuple[date, ...]:
        """A list of days, written as TOML dates or as texts; empty when absent. A day twice is an error."""
        found: dict[date, None] = {}
        for index, value in enumerate(self._get(key, list, [], [])):
            day = as_date(value)
            if day is None:
                self.error(key, f'element {index + 1} must be a date such as "2026-12-25"')
            elif day in found:
                self.error(key, f"{day} is named twice")
            else:
                found[day] = None
        return tuple(found)

    def existing_file(self, key: str) -> Path | None:
        """A file that exists, relative to the site file; None when absent."""
        name = self.text(key, "")
        if not name:
            return None
        path = Path(self.file).parent / name
        try:
            if path.is_file():
                return path.absolute()
        except (OSError, ValueError):
            pass
        self.error(key, f"there is no file {name}")
        return None

    def integers(self, key: str, *, least: int, most: int) -> dict[str, int]:
        """A table of whole numbers such as `{network = 2}`; empty when absent."""
        inner = self.table(key)
        inner.allow(inner.data)
        found = {}
        for name in inner.data:
            before = len(self.reading.errors)
            number = inner.integer(name, least=least, most=most)
            if len(self.reading.errors) == before:
                found[name] = number
        return found

    def table(self, key: str, defaults: Mapping[str, object] | None = None) -> "Table":
        """A table in this one, the same object each time; an empty one when absent."""
        if key not in self._inner:
            value = self._get(key, dict, {}, {})
            inherited = self._defaults.get(key)
            if defaults is None and isinstance(inherited, dict):
                defaults = inherited
            self._inner[key] = self._child(key, value, defaults=defaults)
        return self._inner[key]

    def anything(self, key: str) -> object:
        """The value at `key`, of any type, for the caller to check; None when absent."""
        return self._value(key, required=False)

    def untouched(self, key: str) -> dict[str, object]:
        """The table at `key` as it stands, for somebody else to check."""
        return self._get(key, dict, {}, {})

    def tables(self, key: str) -> list["Table"]:
        """A list of tables (`[[sip.trunks]]`); empty when absent."""
        found: list[Table] = []
        if isinstance(self.data.get(key), dict):
            self.refuse(key, f"must be a list of tables: write [[{self.key_path(key)}]]")
            return found
        for index, value in enumerate(self._get(key, list, [], [])):
            if isinstance(value, dict):
                found.append(self._child(key, value, index=index))
            else:
                self.error(key, f"element {index + 1} must be a table, not {_kind(value)}")
        return found

    def by_id(self, key: str, defaults: Mapping[str, object] | None = None) -> dict[str, "Table"]:
        """A table of tables, by id (`[lines.helpdesk]`); `defaults` hold for each of them."""
        outer = self._child(key, self._get(key, dict, {}, {}))
        outer.allow(outer.data)
        found = {}
        for name, value in outer.data.items():
            if isinstance(value, dict):
                found[name] = outer._child(name, value, shape="*", defaults=defaults)
            else:
                outer.error(name, f"must be a table, not {_kind(value)}")
        return found

    def secret(self, key: str, *, required: bool = False) -> Secret | None:
        """The secret that `KEY_env` or `KEY_file` (relative to this file) names; `KEY` itself is refused."""
        variable, file = self.text(f"{key}_env", ""), self.text(f"{key}_file", "")
        if key in self.data:
            self.refuse(key, f"a {key} is never written here, use {key}_env or {key}_file")
        elif variable and file:
            self.error(f"{key}_file", f"there is {key}_env too, give one of them")
        elif variable or file:
            return self._secret(f"{key}_env" if variable else f"{key}_file", variable, file)
        elif required:
            self.error(f"{key}_env", f"missing key ({key}_env or {key}_file)")
        return None

    def known(self, key: str, what: str, name: str, among: Collection[str]) -> bool:
        """Whether `name`, given at `key`, is among the ids of its kind; records an error otherwise."""
        if name in among:
            return True
        self.error(key, f'unknown {what} "{name}"{did_you_mean(name, list(among))}')
        return False

    def reference(self, key: str, what: str, among: Collection[str], default: str | None = None) -> str:
        """The id of something that must be known; empty when there is none."""
        name = self.text(key, default)
        if name:
            self.known(key, what, name, among)
        return name

    def allow(self, keys: Iterable[str]) -> None:
        """Let `finish` pass these keys: ids that the user chose, which are no keys of the schema."""
        self._asked.update(dict.fromkeys(keys))

    def refuse(self, key: str, reason: str) -> None:
        """Record what is wrong with a key, whether anybody asks for it or not."""
        self._refused.add(key)
        self.error(key, reason)

    def only(self, keys: Sequence[str]) -> None:
        """Refuse all other keys; where none of these resembles a wrong one, all of them are named."""
        for key in self.data:
            if key not in keys and key not in self._refused:
                listed = f" (there may be {', '.join(keys)})"
                self.refuse(key, f"unknown key{did_you_mean(key, keys) or listed}")

    def finish(self) -> Self:
        """Refuse unknown keys here and in all tables taken from here. Raises ConfigError (outermost only)."""
        for key in self.data:
            if key not in self._asked and key not in self._refused:
                self.error(key, f"unknown key{did_you_mean(key, list(self._asked))}")
        for child in self._children:
            child.finish()
        if self._outermost and self.reading.errors:
            raise ConfigError.of(self.reading.errors)
        return self

    def _secret(self, key: str, variable: str, file: str) -> Secret | None:
        try:
            if variable:
                return from_environment(variable, self.reading.environ)
            return from_file(Path(self.file).parent / file)
        except SecretError as error:
            (self.error if self.reading.secrets else self.warn)(key, str(error))
            return None

    def _child(
        self,
        key: str,
        data: Mapping[str, object],
        *,
        index: int | None = None,
        shape: str | None = None,
        defaults: Mapping[str, object] | None = None,
    ) -> "Table":
        path = self.key_path(key) + ("" if index is None else f"[{index}]")
        inner = f"{self._shape}.{shape or key}" if self._shape else shape or key
        child = Table(self.file, path, data, self.reading, defaults=defaults, shape=inner)
        self._children.append(child)
        return child

    def _value(self, key: str, *, required: bool) -> object:
        """What was written at `key`, else its default from defaults.toml, else None."""
        if key not in self._asked:
            self.reading.keys.add(f"{self._shape}.{key}" if self._shape else key)
        self._asked[key] = None
        if key in self.data:
            return self.data[key]
        if key in self._defaults:
            return self._defaults[key]
        if required:
            self.error(key, "missing key")
        return None

    def _get(self, key: str, kind: type[Value], default: Value | None, empty: Value) -> Value:
        value = self._value(key, required=default is None)
        if value is None:
            return empty if default is None else default
        # In Python True is an integer; in a site file it is not.
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        self.error(key, f"must be {_KINDS[kind]}, not {_kind(value)}")
        return empty if default is None else default

    def _within(self, key: str, value: int, least: int, most: int) -> int:
        if least <= value <= most:
            return value
        limit = f"at least {least}" if value < least and most == 2**31 - 1 else f"{least} to {most}"
        # A number of a million hexadecimal digits is valid TOML, and str refuses it.
        self.error(key, f"must be {limit}, not {value if abs(value) < 2**64 else 'a huge number'}")
        return least


@dataclass(frozen=True, slots=True)
class RawTable:
    """A channel's own table, unread: the channel opens it, takes what it knows and finishes it."""

    file: str
    path: str
    data: Mapping[str, object] = field(repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def open(self) -> Table:
        """A fresh outermost table, whose `finish` raises ConfigError with all problems."""
        table = Table(self.file, self.path, self.data)
        table.reading.environ = self.environ
        return table


def as_date(value: object) -> date | None:
    """A day, from a TOML date or a text such as `2026-12-25`; None when it is neither."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _kind(value: object) -> str:
    """How a person would call the type of a TOML value."""
    return _KINDS.get(type(value), "a date or time")
