"""`--listen`: what is to be said, as WAV files, before anybody else hears it."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from acd.commands.shell import BAD_INPUT, NO, Failure
from config.texts import standard_texts, unsaid
from queues.treatment import OFFER

GROUP = "acd.speech"
"""Entry points; the only one makes a WAV file of (text, language)."""

Sample = Callable[[str, str], bytes]


def listen(texts: Mapping[str, str], file: Path, *, offers: bool = False) -> list[Path]:
    """Write each text; of several languages each has its own file (`out.de.wav`). Returns the files.

    `offers`: what is asked after it as well. Raises Failure: it cannot be spoken, or written.
    """
    asked = dict(standard_texts(texts)[OFFER]) if offers else {}
    sample, written = _speech(), []
    for language, words in texts.items():
        if why := unsaid([(language, words)]):
            raise Failure(BAD_INPUT, f"--{why}")
        path = file if len(texts) == 1 else file.with_suffix(f".{language}{file.suffix}")
        _write(path, _said(sample, f"{words} {asked.get(language, '')}", language))
        written.append(path)
    return written


def _speech() -> Sample:
    found = sorted(entry_points(group=GROUP))
    if not found:
        raise Failure(NO, "nothing is installed that speaks texts")
    sample: Sample = found[0].load()
    return sample


def _said(sample: Sample, words: str, language: str) -> bytes:
    try:
        return sample(words, language)
    except (ValueError, OSError) as mistake:
        raise Failure(NO, f"the text in {language} cannot be spoken: {mistake}") from mistake


def _write(path: Path, sound: bytes) -> None:
    try:
        path.write_bytes(sound)
    except OSError as failure:
        raise Failure(BAD_INPUT, f"--listen {path}: {failure.strerror or failure}") from failure
