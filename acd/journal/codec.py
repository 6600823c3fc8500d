"""Events and facts as bytes: the only encoding that entries of the journal have."""

from collections.abc import Sequence

import msgspec

from acd.core.events import AnyEvent, Event
from acd.core.facts import AnyFact, Fact

_encoder = msgspec.msgpack.Encoder()
_event_decoder: msgspec.msgpack.Decoder[AnyEvent] = msgspec.msgpack.Decoder(AnyEvent)
_facts_decoder: msgspec.msgpack.Decoder[list[AnyFact]] = msgspec.msgpack.Decoder(list[AnyFact])


def encode_event(event: Event) -> bytes:
    """MessagePack of one event."""
    return _encoder.encode(event)


def decode_event(data: bytes) -> AnyEvent:
    """The event that `encode_event` wrote. Raises msgspec.ValidationError or DecodeError."""
    return _event_decoder.decode(data)


def encode_facts(facts: Sequence[Fact]) -> bytes:
    """MessagePack of the facts of one entry, in order."""
    return _encoder.encode(facts)


def decode_facts(data: bytes) -> list[AnyFact]:
    """The facts that `encode_facts` wrote. Raises msgspec.ValidationError or DecodeError."""
    return _facts_decoder.decode(data)
