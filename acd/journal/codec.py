"""Events and facts as bytes, the only encoding that entries have, and the digest of facts. Pure."""

from collections.abc import Callable, Sequence
from hashlib import blake2b

import msgspec

from acd.core.events import AnyEvent, Event
from acd.core.facts import AnyFact, Fact

DIGEST_BYTES = 16

_encoder = msgspec.msgpack.Encoder()
_event_decoder: msgspec.msgpack.Decoder[AnyEvent] = msgspec.msgpack.Decoder(AnyEvent)
_facts_decoder: msgspec.msgpack.Decoder[list[AnyFact]] = msgspec.msgpack.Decoder(list[AnyFact])


encode_event: Callable[[Event], bytes] = _encoder.encode
"""MessagePack of one event."""


def decode_event(data: bytes) -> AnyEvent:
    """The event that `encode_event` wrote. Raises msgspec.ValidationError or DecodeError."""
    return _event_decoder.decode(data)


encode_facts: Callable[[Sequence[Fact]], bytes] = _encoder.encode
"""MessagePack of the facts of one entry, in order."""


def decode_facts(data: bytes) -> list[AnyFact]:
    """The facts that `encode_facts` wrote. Raises msgspec.ValidationError or DecodeError."""
    return _facts_decoder.decode(data)


def facts_digest(facts: bytes) -> bytes:
    """BLAKE2b-128 (RFC 7693) of the encoded facts: 16 bytes."""
    return blake2b(facts, digest_size=DIGEST_BYTES).digest()
