"""How long the texts of a site are: recordings as their files say, spoken ones by their characters, about."""

import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from config.schema import Passage, Site
from config.texts import plain
from queues.treatment import EXPECTED_WAIT, POSITION
from simulation.scenario import EXPECTED_WAIT_MS, POSITION_MS, Spoken


class Pace(NamedTuple):
    """Of the speech engine in one language: a start and an end, and so long per character."""

    ends_ms: int
    character_ms: float

    def length_ms(self, text: str) -> int:
        """Of a text, about."""
        return self.ends_ms + round(len(" ".join(text.split())) * self.character_ms)


PACES: Mapping[str, Pace] = {"de": Pace(530, 61.0), "en": Pace(600, 58.0)}
"""Fitted to twenty texts of 10 to 300 characters each by `python bench/speech.py`.

One of them is off by 9 % (de) and 7 % (en) as a rule, and at most by 20 % and 14 %.
"""

USUAL_PACE = PACES["en"]


def text_lengths(site: Site, faults: list[str]) -> dict[Spoken, int]:
    """Of each text, by language and in all of them; a recording that cannot be read is a fault."""
    found: dict[Spoken, int] = dict(_numbers(site))
    for name, passages in site.prompts.items():
        found[name, ""] = 0
        for passage in passages:
            length_ms = _length_ms(passage, faults)
            found[name, passage.language] = length_ms
            found[name, ""] += length_ms
    return found


def _numbers(site: Site) -> Iterator[tuple[Spoken, int]]:
    for text, length_ms in ((POSITION, POSITION_MS), (EXPECTED_WAIT, EXPECTED_WAIT_MS)):
        yield (text, ""), length_ms * len(site.languages)
        yield from (((text, language), length_ms) for language in site.languages)


def _length_ms(passage: Passage, faults: list[str]) -> int:
    if passage.recording is None:
        return PACES.get(plain(passage.language), USUAL_PACE).length_ms(passage.text)
    try:
        return recorded_ms(passage.recording)
    except (OSError, EOFError, wave.Error) as error:
        faults.append(f"{passage.recording}: cannot be read as a WAV file: {error}")
        return 0


def recorded_ms(path: Path) -> int:
    """By the header of a WAV file. Raises OSError, EOFError, wave.Error."""
    with wave.open(str(path), "rb") as file:
        return round(file.getnframes() * 1000 / file.getframerate())
