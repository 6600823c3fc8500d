"""A cursor says what its holder has seen; the feed knows whether that is still so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.feed import cursor
from acd.feed.cursor import Cursor, Epochs, parse

ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16


@given(st.integers(0, 10**18 - 1))
def test_a_cursor_that_was_given_out_is_understood(seq: int) -> None:
    """Whatever its number."""
    assert parse(str(Cursor(ONE, seq))) == Cursor(ONE, seq)


@pytest.mark.parametrize(
    "text", ["", "1", f"{ONE}.", f"{ONE}.-1", f"{ONE}.1x", f"x{ONE}.1", f"{ONE}.{'9' * 19}"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """It is opaque to consumers, but comes back from them."""
    with pytest.raises(ValueError, match="not a cursor"):
        parse(text)


def test_after_a_process_died_its_consumers_go_on_and_after_a_machine_lost_entries_they_do_not() -> None:
    """Epoch two began after entry 7 and epoch three after 12: what two wrote beyond 12 is lost."""
    epochs = Epochs([(ONE, 0), (TWO, 7), (THREE, 12)])
    holds = {
        Cursor(ONE, 0): True,
        Cursor(ONE, 7): True,
        Cursor(ONE, 8): False,
        Cursor(TWO, 12): True,
        Cursor(TWO, 13): False,
        Cursor(THREE, 20): True,
        Cursor(THREE, 21): False,
        Cursor("4" * 16, 1): False,
    }
    assert {one: epochs.holds(one, written=20) for one in holds} == holds


def test_epochs_are_known_after_a_restart_and_are_bounded() -> None:
    """Each start adds its own to those of the journal; the oldest are forgotten."""
    stored: dict[str, bytes] = {}
    for number in range(cursor.MAX_EPOCHS + 5):
        epochs = Epochs.begin(stored, f"{number:016x}", number)
        record = epochs.record()
        assert record.value is not None
        stored = {record.key: record.value}
    assert epochs.current == f"{cursor.MAX_EPOCHS + 4:016x}"
    assert not epochs.holds(Cursor(f"{4:016x}", 1), 10**6)
    assert epochs.holds(Cursor(f"{5:016x}", 5), 10**6)
