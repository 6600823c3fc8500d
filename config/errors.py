"""What is wrong with a site file: the file, the key path and the reason, one or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning. `key` is a dotted path (`lines.helpdesk.ring`), empty when it is the whole file.

    Its text is `FILE: KEY: REASON`, or `FILE:LINE: REASON` when the file is not even TOML.
    """

    file: str
    key: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.reason}" if self.key else f"{place}: {self.reason}"


class ConfigError(Exception):
    """The site cannot be used. `problems` holds every error found; `str` gives one line for each."""

    def __init__(self, file: str, key: str, reason: str, *, line: int | None = None) -> None:
        self.problems: tuple[Problem, ...] = (Problem(file, key, reason, line),)
        super().__init__(file, key, reason)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """One exception for all of `problems` (at least one)."""
        first = problems[0]
        error = cls(first.file, first.key, first.reason, line=first.line)
        error.problems = tuple(problems)
        return error

    @property
    def file(self) -> str:
        """File of the first problem."""
        return self.problems[0].file

    @property
    def key(self) -> str:
        """Key path of the first problem."""
        return self.problems[0].key

    @property
    def reason(self) -> str:
        """Reason of the first problem."""
        return self.problems[0].reason

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def did_you_mean(wrong: str, known: Sequence[str]) -> str:
    """`, did you mean "right"?` when something known resembles `wrong`, else nothing."""
    near = get_close_matches(wrong, known, n=1)
    return f', did you mean "{near[0]}"?' if near else ""
