"""`[lines.*.talk_limit]`: how long an agent may talk before he is told, and before it is another line's."""

from config.known import Known
from config.schema import Passage
from config.table import Table
from config.texts import AGENT, plain, read_passages
from queues.desk import LineId, TalkLimit

WORDS = {
    "de": "Dieses Gespräch dauert schon lange. Bitte geben Sie es weiter.",
    "en": "This call has been going on for long. Please hand it over.",
}
"""What an agent is told where the site says nothing else."""


def read_talk_limit(
    line: str, table: Table, known: Known, languages: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[TalkLimit | None, tuple[Passage, ...]]:
    """The limit of a line, and what its agent is told; `languages`: those of the line and of the desk."""
    if "talk_limit" not in table:
        return None, ()
    inner, (own, all_of_them) = table.table("talk_limit"), languages
    prompt_ms, hand_over_ms = inner.duration_ms("prompt", 0), inner.duration_ms("hand_over", 0)
    to = inner.reference("to", "line", known.lines, "")
    if not prompt_ms and not hand_over_ms:
        inner.error("", "needs prompt, hand_over or both")
    if prompt_ms and hand_over_ms and prompt_ms >= hand_over_ms:
        inner.error("prompt", "must be before hand_over")
    if to and not hand_over_ms:
        inner.error("to", "needs hand_over")
    if to == line:
        inner.error("to", "is the line itself")
    again_ms = inner.duration_ms("again", 0)
    if again_ms and (not prompt_ms or again_ms < LEAST_AGAIN_MS):
        inner.error("again", "needs prompt, and is at least 10s")
    passages = read_passages(inner, "text", own[:1], all_of_them, AGENT)
    if prompt_ms and not passages:
        passages = _built_in(inner, own[0] if own else "")
    name = f"talk_limit:{line}" if prompt_ms else ""
    limit = TalkLimit(prompt_ms, name, again_ms, hand_over_ms, LineId(to) if to else None)
    return limit, passages if prompt_ms else ()


LEAST_AGAIN_MS = 10_000


def _built_in(table: Table, language: str) -> tuple[Passage, ...]:
    words = WORDS.get(plain(language))
    if words is None:
        table.error("text", f'missing key (the desk itself says nothing in "{language}")')
        return ()
    return (Passage(language, words),)
