"""The inputs of a case, by what they mean: rates and times in one unit, whatever unit the file uses."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulation.validate.cases import Case, number_of

UNITS_S: Mapping[str, float] = {
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "day": 86400.0,
}
"""Seconds in a unit, by the end of a key: `aht_min`, `calls_per_hour`."""


class Unusable(ValueError):
    """A case that cannot be run, and why: a model that is not known, an input that is missing or absurd."""


class Inputs:
    """Reads a case. Times come in its own unit, that of the handling time; keys without a unit are in it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.unit_s = self._unit()

    def _unit(self) -> float:
        for name in ("aht", "es", "mean_service"):
            for key in self.case.inputs:
                unit = _unit_of(key, name, "_")
                if unit is not None:
                    return unit or 1.0
        return 1.0

    def fault(self, key: str, reason: str) -> Unusable:
        """The error that names file, case and key."""
        return Unusable(f"{self.case.file}: {self.case.id}: inputs.{key}: {reason}")

    def has(self, *names: str) -> bool:
        """Whether one of the names is there, with or without a unit."""
        return self._find(names) is not None

    def number(self, *names: str, least: float = 0.0) -> float:
        """A plain number of at least `least`. Raises Unusable."""
        found = self._find(names)
        if found is None:
            raise self.fault(names[0], "is missing")
        value = number_of(self.case.inputs[found[0]])
        if value is None or value < least:
            raise self.fault(found[0], f"must be a number of at least {least:g}")
        return value

    def whole(self, *names: str, least: int = 1) -> int:
        """A whole number. Raises Unusable."""
        value = self.number(*names, least=least)
        if value != int(value):
            raise self.fault(names[0], "must be a whole number")
        return int(value)

    def time(self, *names: str) -> float:
        """A length of time above 0. Raises Unusable."""
        value = self.number(*names)
        _, unit = self._find(names) or ("", None)
        if value <= 0:
            raise self.fault(names[0], "must be above 0")
        return value * unit / self.unit_s if unit else value

    def span(self, *names: str) -> float:
        """As `time`, but 0 is allowed."""
        return self.time(*names) if self.number(*names) else 0.0

    def rate(self, *names: str) -> float:
        """Events per unit of time, above 0. Raises Unusable."""
        value = self.number(*names)
        _, unit = self._find(names) or ("", None)
        if value <= 0:
            raise self.fault(names[0], "must be above 0")
        return value / unit * self.unit_s if unit else value

    def handling(self) -> float:
        """Mean handling time: given as such, or by its rate `mu`. Raises Unusable."""
        if self.has("aht", "es"):
            return self.time("aht", "es")
        return 1 / self.rate("mu")

    def numbers(self, *names: str) -> list[float]:
        """Numbers of at least 0, at least one. Raises Unusable."""
        found = self._find(names)
        if found is None:
            raise self.fault(names[0], "is missing")
        raw = self.case.inputs[found[0]]
        values = [number_of(value) for value in raw] if isinstance(raw, Sequence) else []
        if not values or isinstance(raw, str) or any(value is None or value < 0 for value in values):
            raise self.fault(found[0], "must be a list of numbers of at least 0")
        return [value for value in values if value is not None]

    def in_unit(self, key: str, unit: str) -> float:
        """How many units of the case one `unit`, named in `key`, is. Raises Unusable."""
        if unit not in UNITS_S:
            raise self.fault(key, f"{unit} is not a unit of time")
        return UNITS_S[unit] / self.unit_s

    def text(self, name: str, default: str) -> str:
        """A word, or what holds when it is not there."""
        found = self._find((name,))
        return default if found is None else str(self.case.inputs[found[0]])

    def raw(self, start: str) -> tuple[str, Any]:
        """Key and value of the first key that begins so. Raises Unusable."""
        for key, value in self.case.inputs.items():
            if key.lower().startswith(start):
                return key, value
        raise self.fault(start, "is missing")

    def _find(self, names: Sequence[str]) -> tuple[str, float | None] | None:
        """The key of the first of the names that is there, and its unit in seconds, if it says one."""
        for name in names:
            for key in self.case.inputs:
                for joint in ("_", "_per_"):
                    unit = _unit_of(key, name, joint)
                    if unit is not None:
                        return key, unit or None
        return None


def _unit_of(key: str, name: str, joint: str) -> float | None:
    """Seconds of the unit that `key` says when it is `name` with a unit; 0: without; None: another key."""
    if key.lower() == name:
        return 0.0
    head, found, tail = key.lower().rpartition(joint)
    return UNITS_S.get(tail) if found and head == name else None
