"""Entries as rows of a table, with a checksum over all their fields; changes of records lie beside them.

In the row of their entry, so that one statement writes both.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

import msgspec

from acd.journal import database
from acd.journal.errors import JournalDamagedError
from acd.ports import ChannelRecord, JournalEntry

COLUMNS = "seq, t_ms, version, event, facts, digest, by, checksum"
_INSERT = f"INSERT INTO entries ({COLUMNS}, records) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[ChannelRecord])


def pack(records: Iterable[ChannelRecord]) -> bytes | None:
    """The changes in their order; None if there are none."""
    found = list(records)
    return _encoder.encode(found) if found else None


def unpack(packed: bytes) -> list[ChannelRecord]:
    """What `pack` made. Raises msgspec.MsgspecError."""
    return _decoder.decode(packed)


def insert(connection: sqlite3.Connection, entries: Sequence[tuple[JournalEntry, bytes | None]]) -> None:
    """Add entries with their packed record changes, inside the caller's transaction if there is one."""
    found = [(*entry, _checksum(entry), records) for entry, records in entries]
    if len(found) == 1:
        connection.execute(_INSERT, found[0])
    else:
        connection.executemany(_INSERT, found)


def select(connection: sqlite3.Connection, after_seq: int, limit: int, source: str) -> Iterator[JournalEntry]:
    """Up to `limit` entries (-1: all) with seq > after_seq, oldest first.

    Raises JournalDamagedError naming `source` and the entry whose bytes are not those that were written.
    """
    statement = f"SELECT {stored_columns(connection)} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
    for *fields, checksum in connection.execute(statement, (after_seq, limit)):
        entry = JournalEntry(*fields)
        if _checksum(entry) != checksum:
            raise JournalDamagedError(
                f"{source}: entry {entry.seq} is damaged: restore the file from a backup"
            )
        yield entry


def stored_columns(connection: sqlite3.Connection, schema: str = "main") -> str:
    """COLUMNS for a SELECT from a file of any format: the oldest does not say who asked."""
    return COLUMNS if database.format_of(connection, schema) > 1 else COLUMNS.replace(" by,", " '',")


def _checksum(entry: JournalEntry) -> int:
    head = crc32(b"%d %d %d" % entry[:3] + entry.digest)
    # Without a name it is the checksum of format 1.
    return crc32(entry.by.encode(), crc32(entry.facts, crc32(entry.event, head)))
