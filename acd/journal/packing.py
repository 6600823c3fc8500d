"""Changes of records as bytes: they lie in the row of their entry, so that one statement writes both."""

from collections.abc import Iterable

import msgspec

from acd.ports import Record

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Record])


def pack(records: Iterable[Record]) -> bytes | None:
    """The changes in their order; None if there are none."""
    found = list(records)
    return _encoder.encode(found) if found else None


def unpack(packed: bytes) -> list[Record]:
    """What `pack` made. Raises msgspec.MsgspecError."""
    return _decoder.decode(packed)
