"""The digest of facts that an entry carries. Pure."""

from hashlib import blake2b

DIGEST_BYTES = 16


def facts_digest(facts: bytes) -> bytes:
    """BLAKE2b-128 (RFC 7693) of the encoded facts: 16 bytes."""
    return blake2b(facts, digest_size=DIGEST_BYTES).digest()
