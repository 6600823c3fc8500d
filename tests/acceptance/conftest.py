"""The desk as a process, and phones that others wrote: sipp, baresip, pjsua2."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.corners import Corner
from tests.acceptance.desk import Desk, OpenDesk, running
from tests.acceptance.sipp import Sipp
from tests.acceptance.studio import Booth


@pytest.fixture(scope="session")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all tests that need only a corner of it; it must stop cleanly after all of them."""
    with running(tmp_path_factory.mktemp("desk"), shared_corners()) as desk:
        yield desk


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Start a desk of one's own with these corners; whatever it has become, nothing of it stays running."""
    opened: list[Desk] = []

    def start(*corners: Corner, **sip: object) -> Desk:
        desk = Desk(tmp_path / f"desk{len(opened)}", corners, sip)
        opened.append(desk)
        desk.start()
        return desk

    yield start
    for desk in opened:
        desk.clear_away()
    assert not any(desk.faults() for desk in opened), [desk.faults() for desk in opened]


@pytest.fixture
def sipp(tmp_path: Path) -> Iterator[Sipp]:
    """Starts sipp processes; what still runs at the end is ended."""
    runner = Sipp(tmp_path)
    yield runner
    runner.end_all()


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    """Makes softphones with tones; they end with the test."""
    made = Booth(tmp_path)
    yield made
    made.close()


def shared_corners() -> list[Corner]:
    """A line with agents of its own for every test on the shared desk."""
    return [
        Corner("answered", agents=1),
        Corner("agent-ends", agents=1),
        Corner("cancels"),
        Corner("waits"),
        Corner("while-ringing", agents=1, ring="20s"),
        Corner("busy", agents=2),
        Corner("declines", agents=2),
        Corner("missing", agents=2),
        Corner("broken", agents=2),
        Corner("silent", agents=2, ring="20s"),
        Corner("no-answer", agents=2, ring="1s"),
        Corner("all-tried", agents=2, retry_tried="1s"),
        Corner("late-offer", agents=1),
        Corner("caller-holds", agents=1),
        Corner("agent-holds", agents=1),
        Corner("options", agents=1),
        Corner("retransmit", agents=1),
        Corner("lossy", agents=2, ring="10s"),
        Corner("withheld-ack", agents=1),
        Corner("no-ack"),
        Corner("latin-1", agents=1),
        Corner("passwords", agents=1),
        Corner("comes-and-goes", agents=1),
        Corner("expires", agents=1),
        Corner("order", agents=3, classes=10),
        Corner("wrap-up", agents=1, wrap_up="2s"),
        Corner("compact", agents=1),
        Corner("proxied", agents=1),
        Corner("baresip-answers", agents=1, ring="10s", music_hz=620),
        Corner("pjsua-both", agents=1, ring="10s", music_hz=620),
    ]
