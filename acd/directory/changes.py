"""What is different between two versions of a list, person by person, and who stands in one twice. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from acd.directory.rows import Key, Row


class Difference(NamedTuple):
    """`changed` are pairs, before and after. A row that only stands elsewhere in the file is no change."""

    added: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()
    changed: tuple[tuple[Row, Row], ...] = ()

    @property
    def counts(self) -> "Counts":
        """How many of each."""
        return Counts(len(self.added), len(self.removed), len(self.changed))


class Counts(NamedTuple):
    """How many rows a version added, removed and changed."""

    added: int
    removed: int
    changed: int


class Twice(NamedTuple):
    """Row `line` names by `key` whom row `first` names, and both hold at some moment."""

    line: int
    first: int
    key: Key

    def __str__(self) -> str:
        return (
            f'row {self.line}: "{self.key[1]}" stands in row {self.first}, too;'
            " the lowest class and the longest head start of both count"
        )


Rest = Callable[[], None]


def difference(before: Sequence[Row], after: Sequence[Row], rest: Rest = lambda: None) -> Difference:
    """Rows that are the same; of the others, those that name somebody by one same key; the rest.

    A domain is the same one only with a row that has nothing narrower: whoever is of it is somebody else.
    `rest` as in `read_list`.
    """
    kept = Counter(_contents(before, rest)) & Counter(_contents(after, rest))
    old, new = list(_without(before, kept, rest)), list(_without(after, kept, rest))
    changed = _paired(old, new, rest)
    came, went = {id(now) for _, now in changed}, {id(was) for was, _ in changed}
    return Difference(
        tuple(row for row in new if id(row) not in came),
        tuple(row for row in old if id(row) not in went),
        tuple(changed),
    )


def twice(rows: Iterable[Row]) -> Iterator[Twice]:
    """Rows that name somebody as an earlier one does, by his own address; assistants may be shared."""
    seen: dict[Key, list[Row]] = {}
    for row in rows:
        key = row.identity or row.keys[0]
        others = seen.setdefault(key, [])
        first = next((one for one in others if _overlap(one, row)), None)
        if first is not None:
            yield Twice(row.line, first.line, key)
        others.append(row)


def _overlap(one: Row, other: Row) -> bool:
    return one.valid_from_ms < other.valid_until_ms and other.valid_from_ms < one.valid_until_ms


def _contents(rows: Iterable[Row], rest: Rest) -> Iterator[Row]:
    """Without what says nothing of the person."""
    for row in rows:
        rest()
        yield replace(row, line=0, person="")


def _without(rows: Sequence[Row], kept: Counter[Row], rest: Rest) -> Iterator[Row]:
    left = kept.copy()
    for row, content in zip(rows, _contents(rows, rest), strict=True):
        if left[content] > 0:
            left[content] -= 1
        else:
            yield row


def _paired(old: Iterable[Row], new: Iterable[Row], rest: Rest) -> list[tuple[Row, Row]]:
    """Each row once, in the order of `new`."""
    by_key: dict[Key, list[Row]] = {}
    for row in old:
        for key in _own(row):
            by_key.setdefault(key, []).append(row)
    left = {key: iter(rows) for key, rows in by_key.items()}
    pairs: list[tuple[Row, Row]] = []
    taken: set[int] = set()
    for row in new:
        rest()
        found = (one for key in _own(row) for one in left.get(key, ()) if id(one) not in taken)
        was = next(found, None)
        if was is not None:
            taken.add(id(was))
            pairs.append((was, row))
    return pairs


def _own(row: Row) -> tuple[Key, ...]:
    """By what it can be the same one; the identity first."""
    if row.identity is None:
        return row.keys
    return (row.identity, *(key for key in row.keys if key[0] != "domain" and key != row.identity))
