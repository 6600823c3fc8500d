"""A mix of several speakers, sample by sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.media.embedded.mixing import BEGIN, KEPT, Mix
from channels.media.rtp import Codec
from channels.media.sound.companding import decode_alaw, decode_ulaw
from channels.media.sound.sounds import FRAME, SILENCE

A, U = int(Codec.PCMA), int(Codec.PCMU)
DECODE = {A: decode_alaw, U: decode_ulaw}


@pytest.mark.parametrize("law", [A, U])
@given(octets=st.binary(min_size=BEGIN, max_size=BEGIN))
def test_one_speaker_is_heard_as_he_is(law: int, octets: bytes) -> None:
    mix = Mix()
    mix.frames(law)
    mix.hear("anna", law, octets)
    said = [DECODE[law](octet) for octet in octets[:FRAME]]
    assert [DECODE[law](octet) for octet in mix[0]] == said


@given(st.binary(min_size=BEGIN, max_size=BEGIN), st.binary(min_size=BEGIN, max_size=BEGIN))
def test_two_are_added_up_and_never_wrap_round(one: bytes, other: bytes) -> None:
    mix = Mix()
    mix.frames(A)
    mix.hear("anna", A, one)
    mix.hear("bert", U, other)
    for octet, a, b in zip(mix[0], one, other, strict=False):
        wanted = max(-32_767, min(32_767, decode_alaw(a) + decode_ulaw(b)))
        assert abs(decode_alaw(octet) - wanted) <= max(16, abs(wanted) // 16 + 8)


def test_who_has_just_begun_is_waited_for_and_who_says_nothing_is_silent() -> None:
    mix = Mix()
    mix.frames(U)
    silence = SILENCE.frames(U)[0]
    assert mix[0] == silence
    mix.hear("anna", U, b"\x00" * FRAME)
    assert mix[0] == silence, "one packet is not enough to begin with"
    mix.hear("anna", U, b"\x00" * FRAME)
    assert mix[0] == mix[1] == b"\x00" * FRAME
    assert mix[2] == silence


def test_who_sends_too_fast_loses_the_oldest_and_fills_no_memory() -> None:
    mix = Mix()
    mix.frames(U)
    for _ in range(100):
        mix.hear("anna", U, b"\x00" * FRAME)
    frames = [mix[number] for number in range(100)]
    assert frames.count(b"\x00" * FRAME) <= KEPT // FRAME


def test_who_left_is_heard_no_more() -> None:
    mix = Mix()
    mix.frames(U)
    mix.hear("anna", U, b"\x00" * BEGIN)
    mix.forget({"bert"})
    assert mix[0] == SILENCE.frames(U)[0]
