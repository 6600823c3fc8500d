"""Framing and decoding of what comes over the Unix socket."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.media.commands import (
    Close,
    Collect,
    EndRecord,
    Join,
    Leave,
    LegId,
    Play,
    Record,
    RoomId,
    SoundId,
    Stop,
)
from channels.media.embedded import wire
from channels.media.latch import Latch
from channels.media.rtp import Address

A = LegId("a")
COMMANDS: list[wire.Command] = [
    wire.Lease(1, 64),
    wire.Open(A, 0, 2),
    wire.Connect(
        A,
        Address("127.0.0.1", 4000),
        codec=8,
        payload_type=97,
        dtmf=101,
        types={97: 8, 101: -1},
        latch=Latch.NETWORK,
        near="127.0.0.2",
        silent_s=30,
        session=b"kept",
    ),
    wire.Connect(A, None, session=b"kept"),
    wire.Mark(7),
    wire.Taken(3),
    Play(A, (SoundId("x"), SoundId("y")), None, "p"),
    Play(A, loop=SoundId("x")),
    Stop(A),
    Join(A, RoomId("r")),
    Leave(A),
    Record(A, "/var/lib/acd/a.wav", 60_000),
    EndRecord(A),
    Collect(A, "pin", 4, 5000, 3000, "#*"),
    Close(A),
    wire.ListLegs(3),
    wire.AskStats(4, A),
    wire.Shutdown(),
]


@given(st.lists(st.sampled_from(COMMANDS), max_size=20), st.integers(1, 40))
def test_commands_come_out_as_they_went_in_however_the_stream_is_cut(
    commands: list[wire.Command], piece: int
) -> None:
    stream = bytearray()
    for command in commands:
        wire.append_frame(stream, command)
    pending, taken = bytearray(), []
    for at in range(0, len(stream), piece):
        pending += stream[at : at + piece]
        taken += [wire.decode_command(frame) for frame in wire.take_frames(pending)]
    assert taken == commands
    assert not pending


@given(st.binary(max_size=200))
@example(b"\x91\xa1\xff")
def test_any_frame_is_a_command_or_malformed(frame: bytes) -> None:
    try:
        command = wire.decode_command(frame)
    except wire.MalformedError:
        pass
    else:
        again = bytearray()
        wire.append_frame(again, command)
        assert wire.decode_command(bytes(again[4:])) == command


@given(st.binary(max_size=200))
def test_any_stream_is_frames_or_lost_framing(stream: bytes) -> None:
    pending = bytearray(stream)
    try:
        frames = wire.take_frames(pending)
    except wire.FramingLostError:
        return
    assert sum(len(frame) + 4 for frame in frames) + len(pending) == len(stream)


def test_a_frame_longer_than_the_limit_is_lost_framing() -> None:
    with pytest.raises(wire.FramingLostError, match=str(wire.MAX_FRAME + 1)):
        wire.take_frames(bytearray((wire.MAX_FRAME + 1).to_bytes(4, "big")))
