"""G.711 over every sample and every octet."""

import math

import numpy as np

from channels.media.sound import companding, g711

EVERY = np.arange(-32_768, 32_768).astype(np.int16)
OCTETS = bytes(range(256))


def test_known_values_of_the_standard() -> None:
    """Tables 1a and 2a: the ends of the scale, both zeros, a segment's start."""
    alaw = {0: 0xD5, -1: 0x55, 32_767: 0xAA, -32_768: 0x2A, 8: 0xD5, 16: 0xD4, 1024: 0xE5}
    assert {sample: companding.encode_alaw(sample) for sample in alaw} == alaw
    ulaw = {0: 0xFF, -1: 0x7F, 32_767: 0x80, -32_768: 0x00, 4: 0xFE, 124: 0xEF}
    assert {sample: companding.encode_ulaw(sample) for sample in ulaw} == ulaw
    assert [companding.decode_alaw(octet) for octet in (0xD5, 0x55, 0xAA, 0x2A)] == [8, -8, 32_256, -32_256]
    assert [companding.decode_ulaw(octet) for octet in (0xFF, 0x7F, 0x80, 0x00)] == [0, 0, 32_124, -32_124]


def test_the_tables_are_the_rule_for_every_sample_and_octet() -> None:
    assert g711.encode_pcma(EVERY) == bytes(companding.encode_alaw(int(sample)) for sample in EVERY)
    assert g711.encode_pcmu(EVERY) == bytes(companding.encode_ulaw(int(sample)) for sample in EVERY)
    assert g711.decode_pcma(OCTETS).tolist() == [companding.decode_alaw(octet) for octet in range(256)]
    assert g711.decode_pcmu(OCTETS).tolist() == [companding.decode_ulaw(octet) for octet in range(256)]


def test_every_octet_survives_decoding_and_encoding() -> None:
    """But µ-law's negative zero, which has the value of the positive one."""
    assert g711.encode_pcma(g711.decode_pcma(OCTETS)) == OCTETS
    again = g711.encode_pcmu(g711.decode_pcmu(OCTETS))
    assert [octet for octet in range(256) if again[octet] != octet] == [0x7F]


def test_the_value_never_falls_with_the_sample_and_the_error_is_at_most_half_a_step() -> None:
    for decoded, smallest_error, bias in (
        (g711.decode_pcma(g711.encode_pcma(EVERY)), 8, 0),
        (g711.decode_pcmu(g711.encode_pcmu(EVERY)), 0, 132),
    ):
        assert (np.diff(decoded.astype(int)) >= 0).all()
        inside = np.abs(EVERY.astype(int)) < 31_700
        error = np.abs(decoded.astype(int) - EVERY)[inside]
        allowed = np.maximum(smallest_error, (np.abs(EVERY.astype(int))[inside] + bias) / 31)
        assert (error <= allowed).all()


def test_from_law_to_law_and_back_loses_less_than_a_step_of_the_coarser_law() -> None:
    for there, back, decode in (
        (companding.ALAW_TO_ULAW, companding.ULAW_TO_ALAW, g711.decode_pcma),
        (companding.ULAW_TO_ALAW, companding.ALAW_TO_ULAW, g711.decode_pcmu),
    ):
        before = decode(OCTETS).astype(int)
        after = decode(OCTETS.translate(there).translate(back)).astype(int)
        assert (np.abs(after - before) <= np.maximum(16, np.abs(before) / 15)).all()


def test_a_tone_keeps_the_signal_to_noise_ratio_of_the_law() -> None:
    signal = np.rint(16_000 * np.sin(2 * math.pi * 1004 * np.arange(8000) / 8000)).astype(np.int16)
    for decoded in (g711.decode_pcma(g711.encode_pcma(signal)), g711.decode_pcmu(g711.encode_pcmu(signal))):
        noise = decoded.astype(float) - signal
        assert 10 * math.log10(np.mean(signal.astype(float) ** 2) / np.mean(noise**2)) > 35
