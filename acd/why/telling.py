"""A timeline in sentences, in one of two languages and in a time zone."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from acd.why.otherwise import Otherwise
from acd.why.phrases import IFS, LOOKS, RULES, TRANSLATED, VALUES
from acd.why.score import Standing
from acd.why.timeline import Look, Note, Spell
from acd.why.verdict import NEVER_HIS, Bar, Rule, Verdict
from acd.why.words import LANGUAGES, MOMENTS, SENTENCES, Words

MOST_NAMES = 8
"""So many agents are named of those whom the same rule kept."""


class Teller:
    """Says things."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        """`language` is one of LANGUAGES."""
        self._at = LANGUAGES.index(language)
        self._zone = zone

    def say(self, table: Words, key: str, /, **said: Any) -> str:
        """The sentence `key` of the table with these fields."""
        fields: dict[str, Any] = defaultdict(str)
        fields.update({name: self._value(name, value) for name, value in said.items()})
        return table[key][self._at].format_map(fields)

    def note(self, note: Note) -> str:
        """One rule or fact."""
        if note.key == "Treated":
            return self.say(SENTENCES, "Treated", **self._heard(note.said))
        return self.say(SENTENCES, variant(note), **note.said)

    def look(self, look: Look) -> list[str]:
        """Who could have taken it and who could not, where it stood, and what made the difference."""
        lines = [self.standing(look.standing)]
        if look.outcome == "passed over":
            lines += [self.rival(look.rivals[0]), self.say(LOOKS, f"by {look.decided_by}")]
            return lines
        if look.choice:
            lines.append(self._choice(look))
            if look.choice == "contact chosen":
                lines += [self.rival(one) for one in look.rivals]
        if look.choice != "contact chosen":
            for one in look.idle:
                known = {"idle_since_ms": one.idle_since_ms, "fitness": one.fitness}
                lines.append(self.say(LOOKS, "idle", agent=one.agent, **known))
        return [*lines, *self._barred(look.verdicts)]

    def standing(self, one: Standing) -> str:
        """A contact's rank and its parts."""
        return self.say(
            LOOKS,
            "standing",
            priority_class=one.priority_class,
            class_of=self.say(LOOKS, one.class_of),
            percent=one.percent,
            waited_ms=one.waited_ms,
            head_start_ms=one.head_start_ms,
            target_ms=one.target_ms,
        )

    def rival(self, one: Standing) -> str:
        """Another contact's rank."""
        known = {"priority_class": one.priority_class, "percent": one.percent}
        return self.say(LOOKS, "rival", contact=one.contact, **known)

    def bars(self, bars: Sequence[Bar]) -> str:
        """Why somebody could not take it; nothing keeps who is free."""
        return " + ".join(map(self._bar, bars)) or self.say(LOOKS, "free")

    def spells(self, spells: Sequence[Spell]) -> list[tuple[str, list[str]]]:
        """Agent by agent: what kept him, from when to when."""
        found: dict[str, list[str]] = {}
        for one in sorted(spells, key=lambda spell: (spell.agent, spell.from_ms)):
            times = {"from_ms": self.clock(one.from_ms), "until_ms": self.clock(one.until_ms)}
            said = LOOKS["spell"][self._at].format(**times, why=self.bars(one.bars))
            found.setdefault(one.agent, []).append(said)
        return list(found.items())

    def otherwise(self, one: Otherwise) -> list[str]:
        """A change and what would have come of it; below it what had to be assumed."""
        change, was, would = one.change, one.was, one.would
        what = {"agent": change.agent, "contact": change.contact, "incident": change.incident}
        cause = self.say(IFS, change.kind, at_ms=change.t_ms, **what)
        end = {"agent": would.agent, "answered_ms": would.answered_ms, "over_ms": would.over_ms}
        result = self.say(IFS, outcome(one), **end, difference_ms=abs(would.answered_ms - was.answered_ms))
        lines = [f"{cause} {result}"]
        if one.busy:
            lines.append(self.say(IFS, "busy", agent=change.agent))
        if one.assumed or one.left_out:
            guessed = {name: one.assumed.get(name, 0) for name in ("rings", "talks", "texts")}
            lines.append(self.say(IFS, "assumed", **guessed, left_out=one.left_out))
        return lines

    def clock(self, t_ms: int) -> str:
        """A moment, as `10:04:02`; with thousandths only where there are any."""
        moment = datetime.fromtimestamp(t_ms / 1000, self._zone)
        return f"{moment:%H:%M:%S}" + (f".{t_ms % 1000:03}" if t_ms % 1000 else "")

    def length(self, ms: int) -> str:
        """`40 s`, `1 min 5 s`, `2 h 0 min`; thousandths below a minute only."""
        seconds = ms / 1000
        if abs(seconds) < 60:
            return f"{seconds:g} s"
        whole = round(seconds)
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        return (
            f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if rest else f"{minutes} min"
        )

    # ---- parts

    def _choice(self, look: Look) -> str:
        count = 1 + len(look.rivals) if look.choice == "contact chosen" else len(look.idle)
        if look.choice == "reserved":
            return self.say(LOOKS, "reserved", agent=look.agent)
        if not look.decided_by:
            return self.say(LOOKS, f"{look.choice}.only", agent=look.agent)
        chosen = self.say(LOOKS, look.choice, agent=look.agent, count=count)
        return f"{chosen}: {self.say(LOOKS, f'by {look.decided_by}')}"

    def _barred(self, found: Sequence[Verdict]) -> Iterator[str]:
        """Whom the same rules kept, in one line; those for whom it never was at the end."""
        alike: dict[str, list[str]] = {}
        for one in sorted(found, key=lambda verdict: not verdict.his):
            if one.bars:
                never = tuple(bar for bar in one.bars if bar.rule in NEVER_HIS)
                alike.setdefault(self.bars(never or one.bars), []).append(one.agent)
        for why, agents in alike.items():
            names = ", ".join(agents[:MOST_NAMES])
            if len(agents) > MOST_NAMES:
                names += " " + self.say(LOOKS, "more", count=len(agents) - MOST_NAMES)
            yield self.say(LOOKS, "barred", agents=names, why=why)

    def _bar(self, bar: Bar) -> str:
        key: str = bar.rule.value
        if bar.rule is Rule.SKILL:
            key = "skill.any" if not bar.what else "skill.level" if bar.has else "skill"
            key = "skill.later" if bar.until_ms else key
        elif bar.rule is Rule.WRAP_UP and not bar.until_ms:
            key = "wrap-up.open"
        said = {"contact": bar.contact, "since_ms": bar.since_ms, "until_ms": bar.until_ms}
        return self.say(RULES, key, what=bar.what, needs=bar.needs, has=bar.has, **said)

    def _heard(self, said: Mapping[str, Any]) -> dict[str, str]:
        texts = ", ".join(said["says"])
        parts = {"texts": self.say(LOOKS, "texts", names=texts) if texts else ""}
        if said["keys"]:
            parts["asks"] = self.say(LOOKS, "asks", keys=", ".join(said["keys"]))
        if said["music"]:
            parts["music"] = self.say(LOOKS, "music" if texts else "music.only", name=said["music"])
        elif not texts:
            parts["texts"] = self.say(LOOKS, "silence")
        return parts

    def _value(self, name: str, value: Any) -> Any:
        if name in MOMENTS:
            return self.clock(value) if value else ""
        if name.endswith("_ms") and isinstance(value, int):
            return self.length(value)
        if name in TRANSLATED and value in VALUES:
            return VALUES[value][self._at]
        return value


def outcome(one: Otherwise) -> str:
    """The key of what came of a change."""
    was, would = one.was, one.would
    if not one.complete:
        return "no time"
    if not would.answered_ms:
        return "unanswered" if would.over_ms else "open"
    if not was.answered_ms:
        return "answered"
    if would.answered_ms == was.answered_ms:
        return "same"
    return "earlier" if would.answered_ms < was.answered_ms else "later"


def variant(note: Note) -> str:
    """The key of its sentence, where there are several."""
    which = VARIANTS.get(note.key)
    one = which(note.said) if which is not None else ""
    return f"{note.key}.{one}" if one else note.key


VARIANTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "ConditionAsked": lambda said: "yes" if said["held"] else "no",
    "DialDecided": lambda said: "no" if said["reason"] else "yes",
    "CallbackOver": lambda said: "kept" if said["kept"] else "lost",
    "EscalationOver": lambda said: str(said["result"]),
    "Held": lambda said: "agent" if said["by_agent"] else "party",
    "PreferredHeld": lambda said: "last" if said.get("spoke_ms") else "",
    "WrapUpStarted": lambda said: "open" if said["until_ms"] <= said["t_ms"] else "",
    "LookedFor": lambda said: str(said["bar"]),
}
"""Which of several sentences; empty: the plain one."""
