"""What callers hear, as sounds: texts, positions, music; spoken once, then kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from acd.core.estimates.expectation import MINUTES, MOST_MINUTES
from channels.media.commands import SoundId
from channels.media.sound.music import MUSIC, built_in_music
from channels.media.sound.prompts import VOICES, PromptTextError, from_wav, speak, write_samples
from channels.media.sound.sounds import SILENCE, SoundStore
from channels.media.sound.speaking import Speaker
from channels.media.sound.tone import tone
from config.schema import Passage, Site
from config.texts import plain
from queues.desk import Desk
from queues.treatment import EXPECTED_WAIT, POSITION, TONE, Phrase, SayExpectedWait, SayPosition, Step

FARTHEST = 20
"""Positions beyond this one are told as "more than"."""

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

WAITS = {
    "de": (
        "Die Wartezeit beträgt weniger als eine Minute.",
        "Die Wartezeit beträgt etwa eine Minute.",
        "Die Wartezeit beträgt etwa {minutes} Minuten.",
        "Die Wartezeit beträgt mehr als {minutes} Minuten.",
    ),
    "en": (
        "The wait is less than a minute.",
        "The wait is about one minute.",
        "The wait is about {minutes} minutes.",
        "The wait is more than {minutes} minutes.",
    ),
}
"""Below a minute, one minute, several, beyond MOST_MINUTES; per language."""

ONE_AHEAD = {"de": "Vor Ihnen wartet ein Anrufer.", "en": "There is one caller before you."}


Spoken = tuple[tuple[str, SoundId], ...]
"""A text in its languages, in their order."""

BEEP = SoundId("tone")

UNSPOKEN: Spoken = (("", SILENCE.id),)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Sound ids of everything that can be played."""

    texts: Mapping[str, Spoken]
    musics: Mapping[str, SoundId]
    positions: tuple[Spoken, ...]
    """Index 0: position 1; the last one: beyond FARTHEST. Empty: none are told."""
    waits: Mapping[int, Spoken] = field(default_factory=dict)
    """By minutes, as `acd.core.estimates.expectation.MINUTES`; empty: none are told."""
    tone: SoundId = SILENCE.id
    """After which a message is spoken."""

    @classmethod
    def silent(cls) -> "Phrases":
        """Before the sounds are made: nothing but silence."""
        return cls({}, {}, ())

    def say(self, phrases: Iterable[Phrase], language: str = "") -> tuple[SoundId, ...]:
        """All of them, each in this language if it has it, else in all of its own, one after the other.

        One that nobody has spoken is a moment of silence.
        """
        return tuple(sound for phrase in phrases for sound in _in(language, self._spoken(phrase)))

    def _spoken(self, phrase: Phrase) -> Spoken:
        if phrase.text == TONE:
            return (("", self.tone),)
        if phrase.text == POSITION and self.positions:
            return self.positions[min(phrase.number, len(self.positions)) - 1]
        if phrase.text == EXPECTED_WAIT:
            return self.waits.get(phrase.number, UNSPOKEN)
        return self.texts.get(phrase.text, UNSPOKEN)

    def music(self, name: str) -> SoundId:
        return self.musics.get(name, MUSIC)

    def with_texts(self, more: Mapping[str, Spoken]) -> "Phrases":
        """Also these."""
        return replace(self, texts={**self.texts, **more})


def make_phrases(site: Site, folder: Path) -> Phrases:
    """Speak all texts of the site into `folder`, unless they are there already.

    Takes some 5 ms per second of new speech. Raises PromptTextError, SoundFileError, OSError.
    """
    store = SoundStore(folder)
    built_in = built_in_music(store)
    with Speaker() as speaker:
        texts = {name: _text(store, name, spoken, speaker) for name, spoken in site.prompts.items()}
        positions, waits = _positions(store, site, speaker), _waits(store, site, speaker)
    musics = {name: from_wav(store, path) if path else built_in for name, path in site.music.items()}
    write_samples(store, BEEP, tone(1000, 0.4))
    return Phrases(texts, musics, positions, waits, BEEP)


def make_texts(texts: Mapping[str, Iterable[Passage]], folder: Path) -> dict[str, Spoken]:
    """Speak texts that are in no site file. Raises as `make_phrases`."""
    store = SoundStore(folder)
    with Speaker() as speaker:
        return {name: _text(store, name, spoken, speaker) for name, spoken in texts.items()}


def _text(store: SoundStore, name: str, passages: Iterable[Passage], speaker: Speaker) -> Spoken:
    try:
        return tuple((passage.language, _passage(store, passage, speaker)) for passage in passages)
    except PromptTextError as error:
        raise PromptTextError(f"text {name}: {error}") from error


def _positions(store: SoundStore, site: Site, speaker: Speaker) -> tuple[Spoken, ...]:
    languages = [language for language in site.languages if plain(language) in POSITIONS]
    places = range(1, FARTHEST + 2) if _tells_positions(site.desk) else ()
    return tuple(
        tuple((language, _position(store, plain(language), place, speaker)) for language in languages)
        for place in places
    )


def _tells_positions(desk: Desk) -> bool:
    return any(line.announce_every_ms for line in desk.lines) or _has(desk, SayPosition)


def _has(desk: Desk, kind: type[Step]) -> bool:
    return any(isinstance(step, kind) for treatment in desk.treatments for step in treatment.steps)


def _waits(store: SoundStore, site: Site, speaker: Speaker) -> dict[int, Spoken]:
    languages = [language for language in site.languages if plain(language) in WAITS]
    told = MINUTES if _has(site.desk, SayExpectedWait) else ()
    return {
        minutes: tuple(
            (language, speak(store, wait_text(plain(language), minutes), VOICES[plain(language)], speaker))
            for language in languages
        )
        for minutes in told
    }


def wait_text(language: str, minutes: int) -> str:
    """What is said of an expected wait."""
    less, one, several, more = WAITS[language]
    if minutes <= 1:
        return one if minutes else less
    return (several if minutes <= MOST_MINUTES else more).format(minutes=min(minutes, MOST_MINUTES))


def _passage(store: SoundStore, passage: Passage, speaker: Speaker) -> SoundId:
    if passage.recording is not None:
        return from_wav(store, passage.recording)
    voice = VOICES.get(plain(passage.language))
    if voice is None:
        raise PromptTextError(f'nobody speaks "{passage.language}": give a recording in place of the text')
    return speak(store, passage.text, voice, speaker)


def _in(language: str, spoken: Spoken) -> list[SoundId]:
    chosen = [sound for one, sound in spoken if plain(one) == plain(language)]
    return chosen or [sound for _, sound in spoken]


def _position(store: SoundStore, language: str, position: int, speaker: Speaker) -> SoundId:
    first, ahead, beyond = POSITIONS[language]
    if position == 1:
        text = first
    elif position == 2:
        text = ONE_AHEAD[language]
    else:
        text = ahead.format(ahead=position - 1) if position <= FARTHEST else beyond
    return speak(store, text, VOICES[language], speaker)
