"""The digest of facts that an entry carries, and its comparison in replay. Pure."""

from hashlib import blake2b

from acd.journal.errors import DivergenceError
from acd.ports import Entry

DIGEST_BYTES = 16


def facts_digest(facts: bytes) -> bytes:
    """BLAKE2b-128 (RFC 7693) of the encoded facts: 16 bytes."""
    return blake2b(facts, digest_size=DIGEST_BYTES).digest()


def check_replay(entry: Entry, replayed_facts: bytes) -> None:
    """Raise DivergenceError, naming the entry, unless replay produced the recorded facts."""
    replayed = facts_digest(replayed_facts)
    if replayed != entry.digest:
        raise DivergenceError(entry.seq, entry.digest, replayed)
