"""What callers hear, as sounds: greetings, music, positions; spoken once, then kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from channels.media.commands import SoundId
from channels.media.sound.music import MUSIC, built_in_music
from channels.media.sound.prompts import Voice, from_wav, speak
from channels.media.sound.sounds import SILENCE, SoundStore
from config.schema import Passage, Site

FARTHEST = 20
"""Positions beyond this one are told as "more than"."""

VOICES = {"de": Voice.GERMAN, "en": Voice.ENGLISH}

POSITIONS = {
    "de": (
        "Sie sind der nächste Anrufer.",
        "Vor Ihnen warten {ahead} Anrufer.",
        "Vor Ihnen warten viele Anrufer.",
    ),
    "en": (
        "You are the next caller.",
        "There are {ahead} callers before you.",
        "There are many callers before you.",
    ),
}
"""First in line, at a position, beyond FARTHEST; per language."""

ONE_AHEAD = {"de": "Vor Ihnen wartet ein Anrufer.", "en": "There is one caller before you."}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Sound ids of everything that can be played."""

    greetings: Mapping[str, tuple[SoundId, ...]]
    musics: Mapping[str, SoundId]
    positions: tuple[tuple[SoundId, ...], ...]
    """Index 0: position 1; the last one: beyond FARTHEST. Empty: none are told."""

    @classmethod
    def silent(cls) -> "Phrases":
        """Before the sounds are made: nothing but silence."""
        return cls({}, {}, ())

    def greeting(self, name: str) -> tuple[SoundId, ...]:
        return self.greetings.get(name, (SILENCE.id,))

    def music(self, name: str) -> SoundId:
        return self.musics.get(name, MUSIC)

    def position(self, position: int) -> tuple[SoundId, ...]:
        if not self.positions:
            return ()
        return self.positions[min(position, len(self.positions)) - 1]


def make_phrases(site: Site, folder: Path) -> Phrases:
    """Speak all texts of the site into `folder`, unless they are there already.

    Takes some 5 ms per second of new speech. Raises PromptTextError, SoundFileError, OSError.
    """
    store = SoundStore(folder)
    built_in = built_in_music(store)
    greetings = {
        name: tuple(_passage(store, passage) for passage in passages)
        for name, passages in site.prompts.items()
    }
    musics = {name: from_wav(store, path) if path else built_in for name, path in site.music.items()}
    languages = [language for language in site.languages if language in POSITIONS]
    wanted = any(line.announce_every_ms for line in site.desk.lines)
    places = range(1, FARTHEST + 2) if wanted else ()
    positions = tuple(tuple(_position(store, language, place) for language in languages) for place in places)
    return Phrases(greetings, musics, positions)


def _passage(store: SoundStore, passage: Passage) -> SoundId:
    if passage.recording is not None:
        return from_wav(store, passage.recording)
    return speak(store, passage.text, VOICES[passage.language])


def _position(store: SoundStore, language: str, position: int) -> SoundId:
    first, ahead, beyond = POSITIONS[language]
    if position == 1:
        text = first
    elif position == 2:
        text = ONE_AHEAD[language]
    else:
        text = ahead.format(ahead=position - 1) if position <= FARTHEST else beyond
    return speak(store, text, VOICES[language])
