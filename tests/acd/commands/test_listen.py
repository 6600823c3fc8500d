"""`--listen`: an incident's text as a WAV file before anybody else hears it; no server is asked."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from acd.commands.cli import main
from acd.commands.shell import BAD_INPUT, DONE

DECLARED = ["incident", "declare", "netz", "--for", "2h"]
GERMAN, ENGLISH = "--text=de=Das Netz ist gestört.", "--text=en=The network is down."


def acd(*words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["acd", *words])
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0)


def seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 1, 2)
        loud = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(loud).max() > 5_000, "nothing is to be heard"
    return len(loud) / 8_000


def test_each_language_has_its_file_and_an_offer_is_asked_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert acd(*DECLARED, GERMAN, ENGLISH, "--listen", str(tmp_path / "out.wav"), "--json") == DONE
    files = [Path(name) for name in json.loads(capsys.readouterr().out)["files"]]
    assert files == [tmp_path / "out.de.wav", tmp_path / "out.en.wav"]
    assert acd(*DECLARED, GERMAN, "--offer", "--listen", str(tmp_path / "asked.wav")) == DONE
    assert "nothing is declared yet" in capsys.readouterr().out
    assert seconds(tmp_path / "asked.wav") > seconds(files[0]) + 2


@pytest.mark.parametrize("command", [["change", "netz"], ["clear", "netz"]])
def test_other_texts_can_be_heard_first_too(command: list[str], tmp_path: Path) -> None:
    assert acd("incident", *command, ENGLISH, "--listen", str(tmp_path / "out.wav")) == DONE
    assert 0.5 < seconds(tmp_path / "out.wav") < 5


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((*DECLARED, "--text=fr=Le réseau est en panne."), "--text in fr: no voice speaks it"),
        ((*DECLARED, "--text=en=…"), "--text in en: there is nothing to say in it"),
        (("incident", "clear", "netz"), "--listen needs a --text"),
    ],
)
def test_what_cannot_be_spoken_is_refused(
    words: tuple[str, ...], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert acd(*words, "--listen", str(tmp_path / "out.wav")) == BAD_INPUT
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nowhere" / "out.wav"
    assert acd(*DECLARED, ENGLISH, "--listen", str(path)) == BAD_INPUT
    assert f"--listen {path}: No such file or directory" in capsys.readouterr().err
