"""The 20 ms clock under a clock of the test."""

import itertools
import socket
from collections.abc import Iterator

import pytest

from channels.media.commands import LegId
from channels.media.embedded.leg import Leg
from channels.media.embedded.ticker import GIVE_UP_MS, Ticker
from channels.media.rtp import Address
from channels.media.sound.sounds import FRAME


@pytest.fixture
def legs() -> Iterator[list[Leg]]:
    """Eight legs whose packets go nowhere."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    made = [Leg(LegId(str(n)), sock, Address("127.0.0.1", 2), 0) for n, sock in enumerate(socks)]
    for leg in made:
        leg.frames = (bytes(FRAME),) * 3
        leg.send = len
    yield made
    for sock in socks:
        sock.close()


def looping(leg: Leg, _: int) -> None:
    leg.position = 0


def test_every_leg_gets_one_frame_every_20_ms_and_every_slice_a_quarter(legs: list[Leg]) -> None:
    ticker = Ticker(looping)
    for leg in legs:
        ticker.add(leg, 1003)
    sent = []
    for now_ms in range(1003, 1003 + 2000):
        ticker.run(now_ms)
        sent.append(sum(leg.frames_out for leg in legs))
    assert [leg.frames_out for leg in legs] == [100] * 8
    assert max(after - before for before, after in zip(sent, sent[20:], strict=False)) == 8
    assert max(after - before for before, after in itertools.pairwise(sent)) == 2


def test_it_is_due_only_while_somebody_listens_and_not_in_empty_slices(legs: list[Leg]) -> None:
    ticker = Ticker(looping)
    assert ticker.due_ms() is None
    ticker.add(legs[0], 1003)
    first = ticker.due_ms()
    assert first is not None
    assert 1003 <= first <= 1023
    ticker.run(first)
    assert ticker.due_ms() == first + 20
    ticker.remove(legs[0])
    assert ticker.due_ms() is None


def test_a_late_run_catches_up_and_a_very_late_one_leaves_frames_out(legs: list[Leg]) -> None:
    ticker = Ticker(looping)
    ticker.add(legs[0], 1000)
    ticker.run(1000)
    ticker.run(1000 + GIVE_UP_MS - 20)
    assert legs[0].frames_out == 1 + (GIVE_UP_MS - 20) // 20
    before = legs[0].frames_out
    ticker.run(61_000)
    assert legs[0].frames_out - before <= 2
    assert ticker.skipped > 0
    assert ticker.due_ms() in range(61_001, 61_021)


def test_at_the_end_of_its_sound_a_leg_gets_the_next_one_without_a_gap_or_leaves(legs: list[Leg]) -> None:
    ended: list[tuple[str, int]] = []

    def over(leg: Leg, now_ms: int) -> None:
        ended.append((leg.id, now_ms))
        if len(ended) < 2:
            leg.position = 0
        else:
            ticker.remove(leg)

    ticker = Ticker(over)
    ticker.add(legs[0], 0)
    for now_ms in range(0, 400, 5):
        ticker.run(now_ms)
    assert ended == [("0", 60), ("0", 120)]
    assert legs[0].frames_out == 6
