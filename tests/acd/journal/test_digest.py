"""The digest of facts: a fixed function, and replay stops loudly where it differs."""

import pytest

from acd.journal.digest import check_replay, facts_digest
from acd.journal.errors import DivergenceError
from acd.ports import Entry


def test_the_digest_is_blake2b_with_16_bytes() -> None:
    """RFC 7693; the value for no bytes is that of `b2sum -l 128 /dev/null`."""
    assert facts_digest(b"").hex() == "cae66941d9efbd404e4d88758ea67670"


def test_replay_that_gives_the_recorded_facts_passes() -> None:
    check_replay(Entry(7, 0, 1, b"event", b"facts", facts_digest(b"facts")), b"facts")


def test_replay_that_gives_other_facts_names_the_entry() -> None:
    with pytest.raises(DivergenceError, match="replay diverges at entry 7") as raised:
        check_replay(Entry(7, 0, 1, b"event", b"facts", facts_digest(b"facts")), b"other facts")
    assert raised.value.seq == 7
