"""`acd upgrade`: another version's tail is taken over if every entry is decided alike, else left alone."""

import pytest

from acd.core.engine import ENGINE_VERSION
from acd.core.events import ContactArrived
from acd.ports import Snapshot
from acd.replay.upgrade import CannotUpgrade, take_over
from acd.testing import NUMBER
from agents.capacity import VOICE
from tests.acd.replay.journalled_desk import Desk


def left_by_another_version() -> Desk:
    """Stopped, as a journal must be that is taken over."""
    desk = Desk(version=ENGINE_VERSION - 1)
    desk.call()
    desk.call()
    return desk


def test_a_tail_that_is_decided_alike_ends_in_a_snapshot_of_this_version() -> None:
    desk = left_by_another_version()
    desk.journal.close()
    assert take_over(desk.journal) == "taken over at entry 3: 3 entries replayed alike"
    recovered = desk.restart()
    assert recovered.snapshot == Snapshot(3, ENGINE_VERSION, desk.engine.snapshot())
    assert list(recovered.entries) == []


def test_a_tail_that_is_decided_otherwise_is_left_as_it_was() -> None:
    desk = left_by_another_version()
    desk.handle(ContactArrived("odd", NUMBER, VOICE), lie=True)
    desk.journal.close()
    with pytest.raises(
        CannotUpgrade, match=rf"entry 4: .* version {ENGINE_VERSION - 1}, .*nothing was changed"
    ):
        take_over(desk.journal)
    recovered = desk.restart()
    assert recovered.snapshot is None
    assert len(recovered.entries) == 4


def test_a_journal_in_use_is_refused() -> None:
    with pytest.raises(CannotUpgrade):
        take_over(left_by_another_version().journal)
