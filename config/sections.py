"""The same section of several files as one: ids side by side, single tables in one file only."""

import re
from collections.abc import Mapping, Sequence

from config.documents import Document
from config.table import RawTable, Reading, Table

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NO_ID = 'not an id: letters, digits, "-", "_" and "." only, 64 at most'


def gather(
    documents: Sequence[Document], key: str, defaults: Mapping[str, object] | None = None
) -> dict[str, Table]:
    """All tables `[KEY.ID]` of all files by id. An id in two files is an error, as is one that is no id."""
    found: dict[str, Table] = {}
    for document in documents:
        for name, table in document.root.by_id(key, defaults).items():
            if name in found or not _ID.fullmatch(name):
                table.allow(table.data)
            if name in found:
                table.error("", f"already defined in {found[name].file}")
            elif not _ID.fullmatch(name):
                table.error("", _NO_ID)
            else:
                found[name] = table
    return found


def gather_texts(documents: Sequence[Document], key: str) -> dict[str, str]:
    """All `ID = "text"` of the tables `[KEY]` of all files."""
    found: dict[str, str] = {}
    origin: dict[str, str] = {}
    for document in documents:
        table = document.root.table(key)
        table.allow(table.data)
        for name in table.data:
            text = table.text(name)
            if name in found:
                table.error(name, f"already defined in {origin[name]}")
            elif not _ID.fullmatch(name):
                table.error(name, _NO_ID)
            else:
                found[name] = text
                origin[name] = document.file
    return found


def single(documents: Sequence[Document], key: str, defaults: Mapping[str, object]) -> Table:
    """The one table `[KEY]`, which may stand in any file; an empty one of the site file when absent."""
    return _holder(documents, key).table(key, defaults)


def in_order(documents: Sequence[Document], key: str) -> list[Table]:
    """The tables `[[KEY]]`, all in one file, since their order counts."""
    return _holder(documents, key).tables(key)


def _holder(documents: Sequence[Document], key: str) -> Table:
    """The root of the one file that may have `key`; the site file when none has."""
    holders = [document.root for document in documents if key in document.root]
    for other in holders[1:]:
        other.allow([key])
        other.error(key, f"already defined in {holders[0].file}")
    return holders[0] if holders else documents[0].root


def raw(documents: Sequence[Document], key: str, reading: Reading) -> RawTable | None:
    """The table of a channel, unread; None when no file has it."""
    found = None
    for document in documents:
        if key not in document.root:
            continue
        if found:
            document.root.error(key, f"already defined in {found.file}")
        found = RawTable(document.file, key, document.root.untouched(key), reading.environ)
    return found
