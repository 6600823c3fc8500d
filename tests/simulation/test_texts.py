"""A plan takes the lengths of its texts from the site: of recordings exactly, of spoken ones about."""

import json
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from config.errors import ConfigError
from simulation.plan.plan_file import load_plan
from simulation.plan.texts import PACES, recorded_ms
from simulation.scenario import EXPECTED_WAIT_MS, POSITION_MS
from tests.simulation.everything_plan import SITE, write_files

ROOT = Path(__file__).parents[2]


def recording(path: Path, samples: int, rate: int = 8_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * samples))
    return path


def spoken_in(folder: Path, *languages: str) -> str:
    """The site with a greeting of 18 letters in English, of 2.5 s in German."""
    recording(folder / "hello.wav", 20_000)
    said = 'greeting = { en = "Welcome to Example" }\ngreeting_files = { de = "hello.wav" }'
    spoken = SITE.replace("[lines.second]", f"{said}\n[lines.second]")
    return f"[desk]\nlanguages = {list(languages)}\n{spoken}"


@pytest.mark.parametrize(("samples", "rate", "expected_ms"), [(8_000, 8_000, 1_000), (24_008, 16_000, 1_500)])
def test_a_recording_is_as_long_as_its_header_says(
    tmp_path: Path, samples: int, rate: int, expected_ms: int
) -> None:
    assert recorded_ms(recording(tmp_path / "a.wav", samples, rate)) == expected_ms


def test_passages_in_several_languages_add_up_and_each_is_known_by_itself(tmp_path: Path) -> None:
    plan = load_plan(write_files(tmp_path, site=spoken_in(tmp_path, "de", "en")), {})
    english_ms = 600 + 18 * 58
    lengths = plan.scenario.text_ms
    assert lengths["greeting:help", "de"] == 2_500
    assert lengths["greeting:help", "en"] == english_ms
    assert lengths["greeting:help", ""] == 2_500 + english_ms


def test_a_position_is_told_in_every_language_of_the_site(tmp_path: Path) -> None:
    lengths = load_plan(write_files(tmp_path, site=spoken_in(tmp_path, "de", "en")), {}).scenario.text_ms
    assert lengths["position", "de"] == POSITION_MS
    assert lengths["position", ""] == 2 * POSITION_MS
    assert lengths["expected wait", "de"] == EXPECTED_WAIT_MS
    assert lengths["expected wait", ""] == 2 * EXPECTED_WAIT_MS


def test_a_recording_that_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    site = spoken_in(tmp_path, "de", "en")
    (tmp_path / "hello.wav").write_bytes(b"no sound")
    with pytest.raises(ConfigError, match=r"site: .*hello\.wav: cannot be read as a WAV file"):
        load_plan(write_files(tmp_path, site=site), {})


def test_the_paces_are_those_that_fit_and_off_by_a_fifth_at_most() -> None:
    """In a process of its own: in one that has done much else the speech engine ends its texts otherwise."""
    command = [sys.executable, str(ROOT / "bench" / "speech.py"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert found.keys() == PACES.keys()
    for language, pace in PACES.items():
        measured = found[language]
        assert pace == pytest.approx((measured["ends_ms"], measured["character_ms"]), rel=0.01)
        assert measured["worst"] <= 0.2
        assert measured["position_ms"] == pytest.approx(POSITION_MS, rel=0.05)
        assert measured["expected_wait_ms"] == pytest.approx(EXPECTED_WAIT_MS, abs=600)
