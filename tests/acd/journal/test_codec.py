"""The digest of facts is a fixed function."""

from acd.journal.codec import facts_digest


def test_the_digest_is_blake2b_with_16_bytes() -> None:
    """RFC 7693; the value for no bytes is that of `b2sum -l 128 /dev/null`."""
    assert facts_digest(b"").hex() == "cae66941d9efbd404e4d88758ea67670"
