"""Idempotency keys of writes: records in the same append as the entry, so that a repetition does nothing."""

from collections.abc import Iterator, Mapping

import msgspec

from acd.ports import ChannelRecord
from acd.web.control import KeyReused, WriteKey

CHANNEL = "idempotency"
"""Under which the journal keeps the keys."""

MAX_KEYS = 10_000
"""They are in every snapshot; a day of changes by people stays far below."""
KEPT_MS = 24 * 3600 * 1000


class _Write(msgspec.Struct, frozen=True, array_like=True):
    seq: int
    t_ms: int
    fingerprint: bytes


class WriteKeys:
    """The keys of the last day, the last MAX_KEYS at most, oldest first."""

    def __init__(self, records: Mapping[str, bytes]) -> None:
        """`records`: those that the journal gave back under CHANNEL."""
        decoder = msgspec.msgpack.Decoder(_Write)
        found = ((name, decoder.decode(value)) for name, value in records.items())
        self._writes = dict(sorted(found, key=lambda item: (item[1].t_ms, item[1].seq)))

    def find(self, key: WriteKey) -> int | None:
        """The entry that this write became before; None: it is new. Raises KeyReused: another write's key."""
        known = self._writes.get(_name(key))
        if known is None:
            return None
        if known.fingerprint != key.fingerprint:
            raise KeyReused("this Idempotency-Key belongs to another request")
        return known.seq

    def keep(self, key: WriteKey, seq: int, t_ms: int) -> Iterator[ChannelRecord]:
        """The records to append with entry `seq`: the new key, and the deletion of those that are too old."""
        write = _Write(seq, t_ms, key.fingerprint)
        self._writes[_name(key)] = write
        yield ChannelRecord(CHANNEL, _name(key), msgspec.msgpack.encode(write))
        while len(self._writes) > MAX_KEYS or next(iter(self._writes.values())).t_ms < t_ms - KEPT_MS:
            oldest = next(iter(self._writes))
            del self._writes[oldest]
            yield ChannelRecord(CHANNEL, oldest, None)


def _name(key: WriteKey) -> str:
    return f"{key.owner}/{key.key}"
