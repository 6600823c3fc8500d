"""The TOML files of a site: the site file itself and what it includes."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import Problem
from config.table import Reading, Table


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tables. Its `include` key is dealt with already."""

    file: str
    root: Table


class _ReadError(Exception):
    """Why a file cannot be used, and on which line."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def read_documents(path: Path, reading: Reading) -> list[Document]:
    """The site file first, then its includes in order, depth first. Problems are recorded in `reading`."""
    documents: list[Document] = []
    try:
        _follow(path, (), documents, reading)
    except _ReadError as error:
        reading.errors.append(Problem(str(path), "", error.reason, error.line))
    return documents


def _follow(path: Path, above: tuple[Path, ...], documents: list[Document], reading: Reading) -> None:
    """Read a file and what it includes. `above` is the chain of files that led here."""
    root = Table(str(path), "", _parse(path), reading)
    documents.append(Document(str(path), root))
    chain = (*above, path)
    for index, name in enumerate(root.list_of_text("include", [])):
        inner, key = path.parent / name, f"include[{index}]"
        problem = _refusal(inner, chain, documents)
        try:
            if problem is None:
                _follow(inner, chain, documents, reading)
        except _ReadError as error:
            if error.line is not None:
                reading.errors.append(Problem(str(inner), "", error.reason, error.line))
            else:
                problem = f"{inner} {error.reason}"
        if problem:
            reading.errors.append(Problem(root.file, key, problem))


def _refusal(path: Path, chain: tuple[Path, ...], documents: list[Document]) -> str | None:
    """Why an include must not be followed, if so."""
    if _among(path, chain):
        return f"includes go in a circle: {' → '.join(file.name for file in (*chain, path))}"
    if _among(path, [Path(document.file) for document in documents]):
        return f"{path.name} is included twice"
    return None


def _among(path: Path, paths: Sequence[Path]) -> bool:
    try:
        return any(path.samefile(other) for other in paths)
    except (OSError, ValueError):
        return False


def _parse(path: Path) -> dict[str, object]:
    try:
        # A pipe or device would never end.
        if path.exists() and not path.is_file():
            raise _ReadError("cannot be read: it is not a file")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _ReadError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _ReadError("cannot be read: it is not UTF-8 text") from error
    except RecursionError as error:
        raise _ReadError("cannot be read: lists or tables are nested too deeply") from error
    except ValueError as error:
        raise _not_toml(str(error), path) from error


def _not_toml(message: str, path: Path) -> _ReadError:
    """TOMLDecodeError tells its line in the text only (up to Python 3.13)."""
    if "\0" in str(path):
        return _ReadError("cannot be read: there is a null character in its name")
    place = re.search(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$", message)
    if place is None:
        return _ReadError(f"not valid TOML: {message}", 1)
    line = int(place[1]) if place[1] else path.read_text(encoding="utf-8").count("\n") + 1
    return _ReadError(f"not valid TOML: {message[: place.start()]}", line)
