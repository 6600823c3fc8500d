"""What callers of a recorded day heard and pressed: how long the texts are, and the answers to menus."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from statistics import median_low

from acd.core import facts
from acd.core.facts import Fact
from acd.core.treatments import steps_of
from acd.kpi.segment import BY_TREATMENT
from queues.desk import Desk
from queues.treatment import NO_TREATMENT, Menu, Music
from simulation.past.excerpt import Excerpt
from simulation.scenario import Spoken
from simulation.world.callers import Question

Answers = Mapping[Question, str | None]
"""What somebody was asked, in order, and the key that he pressed; "": none, None: he had no time to."""

Keys = tuple[tuple[str, float], ...]
"""Key → share of those who press it, as streams have them."""

_SENT_AWAY = (BY_TREATMENT, "closed", "full")
"""By what those were released who were told so; a few of them did not wait for the end of the text."""

_BREAKS_OFF = (facts.Answered, facts.Overflowed, facts.FlowedOut, facts.Abandoned, facts.Deflected)
"""After these it does not hear it to its end."""


class Heard:
    """A fold of the facts of an excerpt."""

    def __init__(self, desk: Desk) -> None:
        self.answers: dict[int, dict[Question, str | None]] = defaultdict(dict)
        self._steps = steps_of(desk.lines) | {one.id: one.steps for one in desk.treatments}
        self._hears: dict[int, facts.Treated] = {}
        self._took_ms: dict[tuple[str, ...], list[int]] = {}
        self._awaited: set[str] = set()
        """Texts whose length mattered to what came next."""

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of one event."""
        for fact in batch:
            match fact:
                case facts.Treated():
                    self._over(fact.contact, fact.t_ms, by_treatment=fact.treatment != NO_TREATMENT)
                    self._hear(fact)
                case facts.Announced():
                    says, first = (fact.greeting,), fact.mandatory
                    self._hear(
                        facts.Treated(fact.t_ms, fact.contact, 0, NO_TREATMENT, 0, says, "", "", "", first)
                    )
                case facts.Queued() | facts.Parked():
                    self._over(fact.contact, fact.t_ms)
                case facts.Released():
                    self._over(fact.contact, fact.t_ms, by_treatment=fact.by in _SENT_AWAY)
                case facts.KeyChosen():
                    self._press(fact)
                case _ if isinstance(fact, _BREAKS_OFF):
                    self._hears.pop(fact.contact, None)

    def text_ms(self) -> dict[Spoken, int]:
        """Of each text that was heard to its end: the median; of several at once what the others leave."""
        found: dict[Spoken, int] = {}
        for says in sorted(self._took_ms, key=len):
            unknown = [text for text in says if (text, "") not in found]
            known_ms = sum(found.get((text, ""), 0) for text in says)
            rest_ms = max(0, median_low(self._took_ms[says]) - known_ms)
            found |= {(text, ""): rest_ms // len(unknown) for text in unknown}
        return found

    def unknown(self) -> int:
        """How many texts nobody heard to their end, though something depended on it."""
        return len(self._awaited - {text for text, _ in self.text_ms()})

    def _hear(self, fact: facts.Treated) -> None:
        self._hears[fact.contact] = fact
        if self._music_ms(fact) is not None:
            self._awaited.update(fact.says)
        if fact.keys and fact.says:
            self.answers[fact.contact].setdefault(_question(fact), None)

    def _press(self, fact: facts.KeyChosen) -> None:
        heard = self._hears.pop(fact.contact, None)
        if heard is not None and heard.says:
            self.answers[fact.contact][_question(heard)] = fact.key

    def _over(self, contact: int, t_ms: int, *, by_treatment: bool = True) -> None:
        """What it heard has come to its end, unless something was put in between."""
        heard = self._hears.pop(contact, None)
        if heard is None or not heard.says or not by_treatment:
            return
        if heard.keys:
            answers, question = self.answers[contact], _question(heard)
            answers[question] = answers[question] or ""
        music_ms = self._music_ms(heard)
        if music_ms is not None and t_ms - heard.t_ms >= music_ms:
            self._took_ms.setdefault(heard.says, []).append(t_ms - heard.t_ms - music_ms)

    def _music_ms(self, heard: facts.Treated) -> int | None:
        """How long it waited after its texts until it went on; None: it did not wait for their end."""
        if heard.first:
            return 0
        steps = self._steps.get(heard.treatment, ())
        last = steps[heard.step] if heard.step < len(steps) else None
        return last.for_ms if isinstance(last, Menu | Music) and last.for_ms else None


def _question(heard: facts.Treated) -> Question:
    return heard.says[-1], heard.keys


def heard_of(excerpt: Excerpt) -> Heard:
    """By all contacts of the excerpt, those that were there before it too."""
    heard = Heard(excerpt.desk)
    for told in excerpt.told:
        heard.take(told)
    return heard


def keys_of(answers: Collection[Answers]) -> Keys:
    """The shares of all questions to which each key was the answer."""
    told = [key for one in answers for key in one.values() if key is not None]
    asked, pressed = len(told), Counter(filter(None, told))
    return tuple((key, count / asked) for key, count in sorted(pressed.items()))


def number_of(keys: Keys, key: str | None) -> float:
    """A number in [0, 1) by which the model chooses this key; 1: it chooses none."""
    before = 0.0
    for one, share in keys:
        if one == key:
            return before + share / 2
        before += share
    return 1.0
