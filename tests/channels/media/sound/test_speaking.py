"""The speech engine in its process: what fails or hangs there stops nobody, and the next text is spoken."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from channels.media.sound import speaking
from channels.media.sound.prompts import PromptTextError, Voice, speak
from channels.media.sound.sounds import SoundStore
from channels.media.sound.speaking import Speaker, SpeechError

Child = subprocess.Popen[bytes]
GERMAN = Voice.GERMAN.value


def test_texts_are_spoken_one_after_the_other_by_one_process() -> None:
    with Speaker() as speaker:
        first, child = speaker.speak(GERMAN, "Guten Tag"), speaker._child
        assert len(first) > 16_000
        assert speaker.speak(GERMAN, "Guten Tag") == first
        assert speaker._child is child
    assert child is not None
    assert child.returncode is not None, "it has ended"


def test_what_it_cannot_say_is_told_with_its_reason_and_the_next_text_is_spoken() -> None:
    with Speaker() as speaker:
        with pytest.raises(SpeechError, match="cannot say it"):
            speaker.speak("xx-XX", "Guten Tag")
        assert speaker.speak(GERMAN, "Guten Tag")


def test_one_that_died_between_two_texts_is_started_again() -> None:
    with Speaker() as speaker:
        speaker.speak(GERMAN, "eins")
        assert speaker._child is not None
        os.kill(speaker._child.pid, signal.SIGKILL)
        assert speaker.speak(GERMAN, "zwei")


def test_one_that_hangs_is_given_up_and_other_threads_run_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "PATIENCE_S", 0.3)
    ticks: list[float] = []
    with Speaker() as speaker:
        monkeypatch.setattr(speaking, "_started", stopped(speaking._started))

        def count() -> None:
            for _ in range(20):
                ticks.append(time.monotonic())
                time.sleep(0.01)

        counting = Thread(target=count)
        counting.start()
        with pytest.raises(SpeechError, match="has said nothing"):
            speaker.speak(GERMAN, "eins")
        counting.join()
    assert len(ticks) == 20


def stopped(start: Callable[[], Child]) -> Callable[[], Child]:
    """Each process hangs from its first moment on."""

    def started() -> Child:
        child = start()
        os.kill(child.pid, signal.SIGSTOP)
        return child

    return started


def test_it_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACD_VAULT_KEY", "secret")
    with Speaker() as speaker:
        speaker.speak(GERMAN, "eins")
        assert speaker._child is not None
        environment = Path(f"/proc/{speaker._child.pid}/environ").read_bytes()
    assert b"secret" not in environment


def test_a_text_that_cannot_be_spoken_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptTextError, match="漢字"):
        speak(SoundStore(tmp_path), "漢字", Voice.ENGLISH)
