"""Texts for callers, to be spoken or recorded, in each language of the line or treatment that says them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from config.schema import Passage
from config.table import Table
from queues.treatment import OFFER, THANKS

SPOKEN = ("de", "en")
"""The languages that texts are spoken in, whatever the region; in any other they are recorded."""

AGENT = "agent"

LONGEST_TEXT = 2000
"""Characters of a text that is spoken: some two minutes."""

INSTEAD = ": give a recording instead"
"""Ends the reasons for which a recording helps; incidents have none."""

STANDARD: Mapping[str, Mapping[str, str]] = {
    OFFER: {
        "de": "Drücken Sie die Eins, wenn wir Sie anrufen sollen, sobald die Störung behoben ist.",
        "en": "Press one if you want us to call you as soon as this is solved.",
    },
    THANKS: {
        "de": "Vielen Dank. Wir rufen Sie an, sobald die Störung behoben ist. Auf Wiederhören.",
        "en": "Thank you. We will call you as soon as this is solved. Goodbye.",
    },
}
"""What the desk itself says about incidents, by the language without its region."""

_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def is_language(text: str) -> bool:
    """Whether it is written as a language such as `de` or `en-GB`."""
    return _LANGUAGE.fullmatch(text) is not None


def plain(language: str) -> str:
    """Without its region: `en` of `en-GB`."""
    return language.partition("-")[0]


def standard_texts(languages: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Name → (language, words) of STANDARD in these languages."""
    known = [(language, plain(language)) for language in sorted(languages) if plain(language) in SPOKEN]
    return {name: tuple((language, words[of]) for language, of in known) for name, words in STANDARD.items()}


def read_languages(table: Table, site_languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of a line or a treatment, in order; those of the desk if it names none."""
    languages = table.list_of_text("languages", site_languages)
    for language in languages:
        table.known("languages", "language", language, site_languages)
    if not languages and "languages" in table:
        table.error("languages", "must not be empty")
    return languages


def read_passages(
    table: Table, key: str, languages: Sequence[str], site_languages: Sequence[str], speaker: str
) -> tuple[Passage, ...]:
    """One passage for each language, from `KEY` and `KEY_files`; none at all if both are absent or empty.

    `speaker`: what has these languages, a `line` or a `treatment`, or who hears the one of them: AGENT.
    """
    if not _are_tables(table, key, languages):
        return ()
    texts, files = table.table(key), table.table(f"{key}_files")
    if not texts.data and not files.data:
        return ()
    others = [one for one in {**texts.data, **files.data} if one not in languages and is_language(one)]
    texts.allow((*languages, *others))
    files.allow((*languages, *others))
    whose = f"the {speaker} does not speak (its languages: {', '.join(languages)})"
    if speaker == AGENT:
        whose = f"no agent hears: he is told in the first language of the line, {languages[0]}"
    _refuse_languages(table, key, [one for one in others if one in site_languages], whose)
    whose = f"the desk does not speak ([desk] languages: {', '.join(site_languages)})"
    _refuse_languages(table, key, [one for one in others if one not in site_languages], whose)
    found = (_passage(texts, files, one, site_languages, speaker) for one in languages)
    return tuple(passage for passage in found if passage is not None)


def _are_tables(table: Table, key: str, languages: Sequence[str]) -> bool:
    """Whether texts and recordings are given by language, where they are given."""
    right = True
    for one, example in ((key, "…"), (f"{key}_files", "….wav")):
        if not isinstance(table.data.get(one, {}), dict):
            form = ", ".join(f'{language} = "{example}"' for language in languages)
            table.refuse(one, f"must be given by language: {{ {form} }}")
            right = False
    return right


def _refuse_languages(table: Table, key: str, languages: Sequence[str], whose: str) -> None:
    """Tell once that a text is in languages in which nobody will hear it."""
    if languages:
        given = key if key in table else f"{key}_files"
        table.error(given, f"there is a text in {', '.join(languages)}, which {whose}")


def unspeakable(text: str, language: str) -> str:
    """Why no voice can say it, so that the server would not start; empty: one can."""
    if plain(language) not in SPOKEN:
        return f"no voice speaks it ({' and '.join(SPOKEN)} are spoken){INSTEAD}"
    if not any(letter.isalnum() for letter in text):
        return "there is nothing to say in it"
    if len(" ".join(text.split())) > LONGEST_TEXT:
        return f"has {len(text)} characters, at most {LONGEST_TEXT} are spoken{INSTEAD}"
    return ""


def unsaid(texts: Iterable[tuple[str, str]], languages: Collection[str] | None = None) -> str:
    """Why one of these (language, words) cannot be heard, where nothing is recorded; empty: all can.

    `languages`: those that the desk speaks; None: that is not asked.
    """
    for language, words in texts:
        if languages is not None and language not in languages:
            return f'the desk does not speak "{language}" (its languages: {", ".join(languages)})'
        if why := unspeakable(words, language):
            return f"text in {language}: {why.removesuffix(INSTEAD)}"
    return ""


def _passage(
    texts: Table, files: Table, language: str, site_languages: Collection[str], speaker: str
) -> Passage | None:
    text, recording = texts.text(language, ""), files.existing_file(language)
    if text and recording:
        files.error(language, "there is a text too, give one of them")
    elif text:
        if why_not := unspeakable(text, language):
            texts.error(language, why_not)
        return Passage(language, text)
    elif recording:
        return Passage(language, "", recording)
    for given in (one for one in (texts, files) if one.data.get(language) == ""):
        given.error(language, "must not be empty")
    if language not in texts and language not in files and language in site_languages:
        texts.error(language, f"missing key (the {speaker} speaks this language)")
    return None
