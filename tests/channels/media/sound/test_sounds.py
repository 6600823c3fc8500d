"""Texts, WAV files and music become sounds on disk, once, and bad ones say why not."""

import wave
from pathlib import Path

import numpy as np
import pytest

from channels.media.commands import SoundId
from channels.media.errors import UnknownSoundError
from channels.media.sound import prompts
from channels.media.sound.g711 import RATE, Samples, decode_pcma, decode_pcmu
from channels.media.sound.music import MUSIC, built_in_music, compose
from channels.media.sound.signal_shape import halve_rate, normalise
from channels.media.sound.sounds import FRAME, SILENCE, SoundStore
from channels.media.sound.tone import dominant_hz, hears, tone
from channels.media.sound.wav import SoundFileError


@pytest.fixture
def store(tmp_path: Path) -> SoundStore:
    return SoundStore(tmp_path / "sounds")


def samples_of(store: SoundStore, sound: SoundId) -> Samples:
    return decode_pcma(b"".join(store.get(sound).pcma))


def write_wav(
    path: Path, *, rate: int = 8000, channels: int = 1, width: int = 2, seconds: float = 0.5
) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        count = int(seconds * rate)
        signal = np.rint(3000 * np.sin(2 * np.pi * 500 * np.arange(count) / rate)).astype("<i2")
        file.writeframes(signal.tobytes() if (channels, width) == (1, 2) else bytes(count * channels * width))
    return path


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        (prompts.Voice.GERMAN, "Willkommen beim Service Desk. Sie sind an Position drei."),
        (prompts.Voice.ENGLISH, "Welcome to the service desk. You are number three in the queue."),
    ],
)
def test_a_text_becomes_speech_at_minus_3_db(store: SoundStore, voice: prompts.Voice, text: str) -> None:
    sound = prompts.speak(store, text, voice)
    for samples in (samples_of(store, sound), decode_pcmu(b"".join(store.get(sound).pcmu))):
        assert 2 < len(samples) / RATE < 10
        assert abs(20 * np.log10(np.abs(samples.astype(float)).max() / 32_768) + 3) < 0.5
        quiet = [np.abs(samples[at : at + 400]).max() < 300 for at in range(0, len(samples), 400)]
        assert 0.3 < 1 - np.mean(quiet) <= 1


def test_the_same_text_is_spoken_once_and_another_voice_is_another_sound(
    store: SoundStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prompts.speak(store, "Bitte warten Sie.", prompts.Voice.GERMAN)
    other = prompts.speak(store, "Bitte warten Sie.", prompts.Voice.ENGLISH)
    monkeypatch.setattr(prompts, "Speaker", None)
    assert prompts.speak(store, "Bitte  warten\nSie.", prompts.Voice.GERMAN) == first != other


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", "empty"),
        ("x" * 2001, "2001 characters; at most 2000"),
        ("...", "nothing to say"),
        ("你好", "nothing to say"),
    ],
)
def test_a_text_that_cannot_be_spoken_says_why(store: SoundStore, text: str, reason: str) -> None:
    with pytest.raises(prompts.PromptTextError, match=reason):
        prompts.speak(store, text, prompts.Voice.GERMAN)


def test_the_speech_engines_tags_are_not_obeyed(store: SoundStore, tmp_path: Path) -> None:
    written = tmp_path / "out.wav"
    tagged = prompts.speak(store, f'<genfile file="{written}">Guten Tag</genfile>', prompts.Voice.GERMAN)
    assert not written.exists()
    assert tagged != prompts.speak(store, "Guten Tag", prompts.Voice.GERMAN)
    assert prompts.speak(store, "<Guten> Tag", prompts.Voice.GERMAN) == prompts.speak(
        store, "Guten Tag", prompts.Voice.GERMAN
    )


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_a_wav_file_keeps_its_pitch_and_length(store: SoundStore, tmp_path: Path, rate: int) -> None:
    sound = prompts.from_wav(store, write_wav(tmp_path / "greeting.wav", rate=rate))
    samples = samples_of(store, sound)
    assert len(samples) == 4000
    assert hears(samples, 500, share=0.95)
    assert prompts.from_wav(store, tmp_path / "greeting.wav") == sound


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: write_wav(path, channels=2), "2 channels; only mono is accepted"),
        (lambda path: write_wav(path, width=1), "8 bits a sample; only 16 are accepted"),
        (lambda path: write_wav(path, rate=44_100), "44100 samples a second; 8000 or 16000 are accepted"),
        (lambda path: write_wav(path, seconds=0), "no sound in it"),
        (lambda path: write_wav(path, seconds=601), "longer than 600 s"),
        (lambda path: path.write_bytes(b""), "not a WAV file that can be read: it is cut off"),
        (lambda path: path.write_bytes(b"ID3" + bytes(100)), "not a WAV file that can be read"),
        (lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt \x10\0"), "not a WAV file that can be read"),
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
    ],
)
def test_a_wav_file_that_cannot_be_used_is_named_with_the_reason(
    store: SoundStore, tmp_path: Path, make: object, reason: str
) -> None:
    path = tmp_path / "prompt.wav"
    assert callable(make)
    make(path)
    with pytest.raises(SoundFileError) as caught:
        prompts.from_wav(store, path)
    assert str(caught.value).startswith(f"{path}: {reason}")


def test_the_music_is_whole_frames_and_has_no_click_at_its_seam(store: SoundStore) -> None:
    samples = compose().astype(int)
    assert len(samples) % FRAME == 0
    assert 5 < len(samples) / RATE < 15
    around = np.concatenate([samples[-400:], samples[:400]])
    steps = np.abs(np.diff(around))
    assert steps[399] <= np.abs(np.diff(samples)).max() / 4
    loudness = [np.sqrt(np.mean(samples[at : at + 2400] ** 2.0)) for at in range(0, len(samples), 2400)]
    assert min(loudness) > 0.3 * max(loudness)
    assert built_in_music(store) == MUSIC
    assert len(store.get(MUSIC).pcma) == len(samples) // FRAME


def test_a_sound_is_cut_into_frames_filled_up_with_silence(store: SoundStore) -> None:
    store.write(SoundId("short"), b"\x01" * 200, b"\x02" * 200)
    sound = store.get(SoundId("short"))
    assert sound.pcma == (b"\x01" * 160, b"\x01" * 40 + b"\xd5" * 120)
    assert sound.pcmu == (b"\x02" * 160, b"\x02" * 40 + b"\xff" * 120)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "ä", "x" * 200, "missing"])
def test_a_sound_id_never_leaves_the_folder(store: SoundStore, name: str) -> None:
    with pytest.raises(UnknownSoundError):
        store.get(SoundId(name))


def test_silence_is_always_there(store: SoundStore) -> None:
    assert store.get(SoundId("silence")) is SILENCE
    assert store.has(SoundId("silence"))


def test_an_empty_or_half_written_sound_is_unknown(store: SoundStore, tmp_path: Path) -> None:
    store.write(SoundId("empty"), b"", b"")
    (tmp_path / "sounds" / "half.alaw").write_bytes(b"\xd5" * 160)
    for name in ("empty", "half"):
        with pytest.raises(UnknownSoundError):
            store.get(SoundId(name))


def test_what_is_above_the_telephone_band_does_not_fold_down() -> None:
    high = np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000)
    low = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    assert np.abs(halve_rate(high)[100:-100]).max() < 0.01
    assert 0.98 < np.abs(halve_rate(low)[100:-100]).max() < 1.02


def test_silence_stays_silence_when_normalised() -> None:
    assert not normalise(np.zeros(100), -3).any()


def test_a_tone_is_found_at_its_frequency_only_and_not_in_hiss_or_silence() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 8000).astype(np.int16)
    for hz in (300, 440, 1230, 3000):
        samples = tone(hz)
        assert abs(dominant_hz(samples) - hz) <= 1
        assert hears(samples, hz, share=0.99)
        assert not hears(samples, hz + 50)
        assert not hears(noise, hz)
        assert not hears((samples / 200).astype(np.int16), hz)
        assert not hears(samples[:700], hz)
    assert dominant_hz(np.zeros(8000, np.int16)) == 0.0
    mixed = (tone(440).astype(int) + tone(1230)).astype(np.int16)
    assert hears(mixed, 440, share=0.4)
    assert not hears(mixed, 440, share=0.6)
