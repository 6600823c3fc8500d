"""A mass incident with real phones: declared while a caller waits, heard as it was written, ended."""

import json

import numpy as np
import pytest

from channels.media.sound.g711 import RATE, Samples, decode_pcma
from channels.media.sound.prompts import Voice, speak
from channels.media.sound.sounds import SoundStore
from tests.acceptance.corners import Corner
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.phones import Pjsua
from tests.acceptance.studio import Booth, windows

MUSIC_HZ = 620
TEXT = "Das Netz ist gestört. Wir arbeiten daran."
ANEW = "Die Störung dauert noch bis Mittag. Bitte rufen Sie später an."
SOLVED = "Die Störung ist behoben. Alle Dienste laufen wieder wie gewohnt."
LIKE_IT = 0.8
"""Correlation with half a second of the spoken text itself; music and other words stay below."""
HALF = RATE // 2


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The text as it is to sound."""
    return sound_of(tmp_path_factory, TEXT)


@pytest.fixture(scope="module")
def spoken_anew(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Another one."""
    return sound_of(tmp_path_factory, ANEW)


@pytest.fixture(scope="module")
def spoken_solved(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The all-clear."""
    return sound_of(tmp_path_factory, SOLVED)


def sound_of(tmp_path_factory: pytest.TempPathFactory, text: str) -> Samples:
    store = SoundStore(tmp_path_factory.mktemp("spoken"))
    return decode_pcma(b"".join(store.get(speak(store, text, Voice.GERMAN)).pcma))


def likeness(heard: Samples, wanted: Samples) -> float:
    """The best correlation with it, wherever it may be in what was heard: 1 is the same."""
    if len(heard) < len(wanted):
        return 0.0
    sound, like = heard.astype(float), wanted.astype(float)
    size = len(sound) + len(like)
    found = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(like, size)), size)
    energy = np.concatenate(([0.0], np.cumsum(sound**2)))
    stretch = energy[len(like) :] - energy[: -len(like)]
    strength = np.sqrt(np.maximum(stretch, 1.0)) * np.sqrt((like**2).sum())
    return float((found[: len(strength)] / strength).max())


def recognised(heard: Samples, text: Samples) -> int:
    """How many half seconds of the text were heard; a phone that is short of time drops a packet."""
    pieces = (text[at : at + HALF] for at in range(0, len(text) - HALF, HALF))
    return sum(likeness(heard, piece) > LIKE_IT for piece in pieces)


def calls(desk: Desk, booth: Booth, name: str) -> Pjsua:
    caller = booth.pjsua(name, 450)
    caller.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    return caller


def told(booth: Booth, name: str, spoken: Samples) -> bool:
    return recognised(booth.heard(name), spoken) >= len(spoken) // RATE


def test_who_waits_hears_it_and_his_music_again_and_after_a_kill_it_is_on_until_it_is_ended(
    open_desk: OpenDesk, booth: Booth, spoken: Samples
) -> None:
    desk = open_desk(Corner("line", music_hz=MUSIC_HZ))
    waits = calls(desk, booth, "waits")
    until(lambda: any(windows(booth.heard("waits"), MUSIC_HZ)), "music")
    place = desk.waiting("line")
    assert recognised(booth.heard("waits"), spoken) == 0, "music is not like the text"
    declared = desk.command("incident", "declare", "netz", "--text", f"de={TEXT}", "--for", "1h")
    assert (declared.returncode, declared.stdout) == (0, "incident netz: on, for 1h\n"), declared.stderr
    until(lambda: told(booth, "waits", spoken), "the text, to who waits")
    before = len(booth.heard("waits"))
    until(lambda: any(windows(booth.heard("waits")[before:], MUSIC_HZ)), "his music again")
    assert desk.waiting("line") == place
    desk.kill()
    desk.start()
    comes = calls(desk, booth, "comes")
    until(lambda: told(booth, "comes", spoken), "the text, first of all, after a kill")
    until(lambda: any(windows(booth.heard("comes"), MUSIC_HZ)), "music after it")
    assert "netz" in desk.command("incident", "list").stdout
    assert desk.command("incident", "clear", "netz").stdout == "incident netz: over\n"
    late = calls(desk, booth, "late")
    until(lambda: any(windows(booth.heard("late"), MUSIC_HZ)), "music at once")
    assert not told(booth, "late", spoken)
    facts = {number: [one["kind"] for one in facts] for number, facts in desk.histories("line").items()}
    assert [kinds.count("Informed") for kinds in facts.values()] == [1, 1, 0]
    for phone in (waits, comes, late):
        phone.tell("hang-up")
    desk.until_idle("line")


def test_who_waits_hears_a_changed_text_once_more(
    open_desk: OpenDesk, booth: Booth, spoken: Samples, spoken_anew: Samples
) -> None:
    desk = open_desk(Corner("line", music_hz=MUSIC_HZ))
    waits = calls(desk, booth, "waits")
    until(lambda: any(windows(booth.heard("waits"), MUSIC_HZ)), "music")
    place = desk.waiting("line")
    assert not desk.command("incident", "declare", "netz", "--text", f"de={TEXT}", "--for", "1h").returncode
    until(lambda: told(booth, "waits", spoken), "the text")
    assert not told(booth, "waits", spoken_anew), "the two are not alike"
    changed = desk.command("incident", "change", "netz", "--text", f"de={ANEW}", "--agreed", "Frau Nord")
    assert (changed.returncode, changed.stdout) == (0, "incident netz: changed\n"), changed.stderr
    until(lambda: told(booth, "waits", spoken_anew), "the new text")
    assert desk.waiting("line") == place
    shown = desk.command("incident", "show", "netz").stdout
    assert all(said in shown for said in ("Frau Nord", "bis Mittag", "heard", "on, ends in"))
    waits.tell("hang-up")
    desk.until_idle("line")


def test_press_1_and_be_called_as_soon_as_it_is_solved(
    open_desk: OpenDesk, booth: Booth, spoken: Samples, spoken_solved: Samples
) -> None:
    """Also when the desk is killed between the key and the all-clear, and in the middle of the call."""

    def reached() -> tuple[int, ...]:
        shown = json.loads(desk.command("incident", "show", "netz", "--json").stdout)
        return tuple(shown[count] for count in ("heard", "linked", "told", "open"))

    home = booth.pjsua("home", 1100)
    desk = open_desk(Corner("line", music_hz=MUSIC_HZ), calls_to=home.port)
    waits = booth.pjsua("waits", 450)
    waits.tell("call-from", "+49305550123")
    waits.tell("call", f"sip:line.line@127.0.0.1:{desk.port}")
    until(lambda: any(windows(booth.heard("waits"), MUSIC_HZ)), "music")
    declared = desk.command("incident", "declare", "netz", "--offer", "--text", f"de={TEXT}", "--for", "1h")
    assert declared.returncode == 0, declared.stderr
    until(lambda: told(booth, "waits", spoken), "the text")
    waits.tell("dtmf", "1")
    waits.until("state", state="DISCONNECTED", status=200)
    assert reached() == (1, 1, 0, 1)
    desk.kill()
    desk.start()
    refused = desk.command("incident", "clear", "netz")
    assert (refused.returncode, "one caller waits to be told" in refused.stderr) == (2, True)
    cleared = desk.command("incident", "clear", "netz", "--text", f"de={SOLVED}")
    assert (cleared.returncode, cleared.stdout) == (0, "incident netz: over\n"), cleared.stderr
    until(lambda: len(booth.heard("home")) > 0, "somebody answers at home")
    desk.kill()
    desk.start()
    until(lambda: told(booth, "home", spoken_solved), "the all-clear")
    until(lambda: reached() == (1, 1, 1, 0), "that it was told")
    desk.until_idle("line")
    assert len(home.events("rung")) == 1, "nobody is called twice"
    assert "no incident is on" in desk.command("incident", "list").stdout


def test_what_is_wrong_is_said_in_one_line(open_desk: OpenDesk) -> None:
    """By the command itself, or by the server."""
    desk = open_desk(Corner("line"))
    unchanged = desk.command("incident", "change", "netz")
    assert (unchanged.returncode, "say what to change" in unchanged.stderr) == (2, True)
    refused = {
        ("--text", "Netz gestört", "--for", "1h"): "--text must be LANGUAGE=WORDS",
        ("--text", "de=Netz gestört", "--for", "soon"): '--for "soon" is not a duration',
        ("--text", "de=Netz gestört", "--for", "5s"): "--for must be at least 1m and at most 30d",
        ("--text", "fr=Panne", "--for", "1h"): 'the desk does not speak "fr" (its languages: de)',
        ("--text", f"de={TEXT}", "--for", "1h", "--line", "other"): 'there is no line "other"',
    }
    for words, reason in refused.items():
        found = desk.command("incident", "declare", "netz", *words)
        assert (found.returncode, found.stdout) == (2, ""), words
        assert reason in found.stderr
    assert desk.command("incident", "list").stdout == "no incident is on\n"
    gone = desk.command("incident", "clear", "netz")
    assert (gone.returncode, gone.stderr) == (1, "acd: no incident netz is on\n")
