"""A file of truth cases: model, inputs and the values expected, as JSON."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from config.errors import ConfigError

SHIPPED = "truth.json"
"""The cases that come with the package."""

ENOUGH_DIGITS = 6
"""A number written as text with so many significant digits was rounded; with fewer it is meant exactly."""
CLOSE = 1e-9
"""Relative error of a closed form that still counts as nine digits."""


class Expected(Struct, frozen=True):
    """One quantity and its value."""

    name: str
    """As in the file; of a list `Wq[0]`, of a table `t=60.mean_queue`."""
    value: float
    tolerance: float
    """Absolute error up to which a closed form is right: nine digits, or half the last one given."""


class Case(Struct, frozen=True):
    """One model with its parameters and the answers."""

    file: str
    id: str
    model: str
    inputs: Mapping[str, Any]
    expect: tuple[Expected, ...]


def read_cases(path: Path | None = None) -> tuple[Case, ...]:
    """The cases of a file; None: those of the package.

    Raises ConfigError naming file, case and key when it is not a file of cases.
    """
    name = SHIPPED if path is None else str(path)
    try:
        text = (
            files("simulation.validate").joinpath(SHIPPED).read_text() if path is None else path.read_text()
        )
        found = json.loads(text)
    except OSError as error:
        raise ConfigError(name, "", error.strerror or "cannot be read") from error
    except ValueError as error:
        raise ConfigError(name, "", f"is not JSON: {error}") from error
    listed = found.get("cases") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ConfigError(name, "cases", "must be a list of at least one case")
    cases = tuple(_case(name, number, entry) for number, entry in enumerate(listed))
    ids = [case.id for case in cases]
    for case in cases:
        if ids.count(case.id) > 1:
            raise ConfigError(name, f"{case.id}: id", "is used by more than one case")
    return cases


def _case(file: str, number: int, entry: object) -> Case:
    if not isinstance(entry, dict):
        raise ConfigError(file, f"cases[{number}]", "must be an object")
    told = entry.get("id")
    if not isinstance(told, str | int) or not str(told):
        raise ConfigError(file, f"cases[{number}].id", "must be a text")
    for key, kind, said in (
        ("model", str, "a text"),
        ("inputs", dict, "an object"),
        ("expect", dict, "an object"),
    ):
        if not isinstance(entry.get(key), kind) or not entry[key]:
            raise ConfigError(file, f"{told}: {key}", f"must be {said}, and not empty")
    expect = tuple(_expected(file, str(told), "", entry["expect"]))
    return Case(file, str(told), entry["model"], entry["inputs"], expect)


def _expected(file: str, case: str, place: str, found: object) -> Iterator[Expected]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _expected(file, case, f"{place}.{key}" if place else str(key), value)
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _expected(file, case, f"{place}[{number}]", value)
    else:
        value = number_of(found)
        if value is None:
            raise ConfigError(file, f"{case}: expect.{place}", f"must be a number, not {found!r}")
        yield Expected(place, value, max(CLOSE * abs(value), _half_digit(found)))


def number_of(found: object) -> float | None:
    """A finite number, also when it is written as text; None: it is none."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _half_digit(found: object) -> float:
    """Half a unit of the last digit of a number that is written as text and was rounded."""
    if not isinstance(found, str):
        return 0.0
    mantissa, _, exponent = found.strip().lower().partition("e")
    _, _, decimals = mantissa.partition(".")
    digits = mantissa.replace(".", "").lstrip("+-0")
    if len(digits) < ENOUGH_DIGITS:
        return 0.0
    return 0.51 * 10.0 ** (int(exponent or 0) - len(decimals))
