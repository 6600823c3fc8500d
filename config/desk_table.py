"""The table `[desk]` and the music: what holds for all lines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.documents import Document
from config.table import Table
from config.texts import is_language
from queues.desk import Medium


@dataclass(frozen=True, slots=True)
class DeskTable:
    """What `[desk]` says."""

    languages: tuple[str, ...]
    pause_reasons: tuple[str, ...]
    no_answer_reason: str
    interrupts: tuple[tuple[Medium, Medium], ...]
    device_grace_ms: int
    leg_grace_ms: int


def read_desk_table(table: Table, media: Collection[Medium]) -> DeskTable:
    """Languages, pause reasons, and which of the `media` may interrupt which."""
    languages = table.list_of_text("languages")
    for language in languages:
        if not is_language(language):
            table.error("languages", f'"{language:.40}" is not a language such as "de" or "en-GB"')
    if not languages and not table.data.get("languages", True):
        table.error("languages", "must not be empty")
    return DeskTable(
        languages=languages,
        pause_reasons=table.list_of_text("pause_reasons"),
        no_answer_reason=table.text("no_answer_reason"),
        interrupts=_read_interrupts(table.table("interrupts"), media),
        device_grace_ms=table.duration_ms("device_grace"),
        leg_grace_ms=table.duration_ms("leg_grace"),
    )


def read_music(documents: Sequence[Document]) -> dict[str, Path | None]:
    """`[music]`: name → recording. The built-in `default` is always there and may be replaced."""
    found: dict[str, Path | None] = {"default": None}
    origin: dict[str, str] = {}
    for document in documents:
        table = document.root.table("music")
        table.allow(table.data)
        for name in table.data:
            recording = table.existing_file(name)
            if name in origin:
                table.error(name, f"already defined in {origin[name]}")
            else:
                found[name] = recording
                origin[name] = document.file
    return found


def _read_interrupts(table: Table, media: Collection[Medium]) -> tuple[tuple[Medium, Medium], ...]:
    pairs: list[tuple[Medium, Medium]] = []
    for over in media:
        for under in table.list_of_text(over, []):
            if table.known(over, "medium", under, media):
                pairs.append((over, Medium(under)))
    return tuple(pairs)
