"""Texts for callers, to be spoken or recorded, in each language of the line or treatment that says them."""

from config.schema import Passage
from config.table import Table


def read_languages(table: Table, site_languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of a line or a treatment, in order; those of the desk if it names none."""
    languages = table.list_of_text("languages", site_languages)
    for language in languages:
        table.known("languages", "language", language, site_languages)
    if not languages and "languages" in table:
        table.error("languages", "must not be empty")
    return languages


def read_passages(table: Table, key: str, languages: tuple[str, ...], speaker: str) -> tuple[Passage, ...]:
    """One passage for each language, from `KEY` and `KEY_files`; none at all if both are absent or empty."""
    texts, files = table.table(key), table.table(f"{key}_files")
    if not texts.data and not files.data:
        return ()
    texts.allow(languages)
    files.allow(languages)
    passages = []
    for language in languages:
        text = texts.text(language, "")
        recording = files.existing_file(language)
        if text and recording:
            files.error(language, "there is a text too, give one of them")
        elif text or recording:
            passages.append(Passage(language, text, recording))
        elif language not in files:
            texts.error(language, f"missing key (the {speaker} speaks this language)")
    return tuple(passages)
