"""What facts say about contacts and offers since the process started, for metrics."""

from collections import Counter
from collections.abc import Iterable, Sequence

from acd.core import facts as f
from acd.core.events import ContactId

_ENDINGS: dict[type[f.Fact], str] = {
    f.Abandoned: "abandoned",
    f.Released: "released",
    f.FlowedOut: "flowed_out",
    f.Deflected: "deflected",
}
_OFFERS: dict[type[f.Fact], str] = {
    f.Offered: "offered",
    f.Answered: "answered",
    f.Refused: "refused",
    f.NotAnswered: "not_answered",
    f.OfferLost: "failed",
    f.OfferWithdrawn: "withdrawn",
}


class FactCounts:
    """Counts contacts and offers by folding facts; one dictionary step per fact."""

    def __init__(self, live: Iterable[tuple[ContactId, str]] = ()) -> None:
        """`live`: (contact, medium) of contacts that arrived before the first facts it sees."""
        self.contacts: Counter[tuple[str, str]] = Counter()
        self.blocked: Counter[str] = Counter()
        self.offers: Counter[str] = Counter()
        self.overflowed: Counter[tuple[str, str]] = Counter()
        self.callbacks: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._promised: set[ContactId] = set()
        """Who is promised a callback that is neither kept nor lost."""
        self._our_own: set[ContactId] = set()
        """Contacts that no caller began: agents who ask somebody, and whom the desk calls itself."""
        self._medium: dict[ContactId, str] = dict(live)

    def observe(self, facts: Sequence[f.Fact]) -> None:
        """Count the facts of one entry."""
        for fact in facts:
            kind = type(fact)
            if (outcome := _OFFERS.get(kind)) is not None:
                self.offers[outcome] += 1
            if kind in _CONTACT_FACTS:
                self._contact(fact)
            elif kind in _CALL_FACTS:
                self._call(fact)

    def begin(self) -> None:
        """Count from here on; what was seen before only told the media of contacts."""
        for counts in (self.contacts, self.blocked, self.offers, self.overflowed, self.callbacks, self.calls):
            counts.clear()

    def _call(self, fact: f.Fact) -> None:
        match fact:
            case f.Parked() if fact.contact not in self._promised:
                self._promised.add(fact.contact)
                self.callbacks["promised"] += 1
            case f.CallbackOver():
                self._promised.discard(fact.contact)
                self.callbacks["kept" if fact.kept else "lost"] += 1
            case f.CallOver():
                self.calls[fact.result] += 1
            case _:
                pass

    def _contact(self, fact: f.Fact) -> None:
        if self._is_our_own(fact):
            return
        match fact:
            case f.Arrived():
                self._medium[fact.contact] = fact.medium
                self.contacts[fact.medium, "arrived"] += 1
            case f.Answered():
                self.contacts[self._medium.get(fact.contact, "unknown"), "answered"] += 1
            case f.Abandoned() | f.Released() | f.FlowedOut() | f.Deflected():
                medium = self._medium.pop(fact.contact, "unknown")
                self.contacts[medium, _ENDINGS[type(fact)]] += 1
            case f.Overflowed():
                self.overflowed[fact.from_line, fact.reason] += 1
            case f.Blocked():
                self.blocked[fact.reason] += 1
            case _:
                pass

    def _is_our_own(self, fact: f.Fact) -> bool:
        """Whether it is about a contact that no caller began: none of his was answered, or ended, by it."""
        match fact:
            case f.Consulted():
                self._our_own.add(fact.consult)
                return True
            case f.CalledOut():
                self._our_own.add(fact.contact)
                return True
            case f.ConsultOver():
                self._our_own.discard(fact.consult)
                return True
        contact = getattr(fact, "contact", None)
        if contact not in self._our_own:
            return False
        if type(fact) in _ENDINGS:
            self._our_own.discard(contact)
        return True


_CONTACT_FACTS = frozenset(
    (f.Arrived, f.Answered, *_ENDINGS, f.Overflowed, f.Blocked, f.Consulted, f.ConsultOver, f.CalledOut)
)
_CALL_FACTS = frozenset((f.Parked, f.CallbackOver, f.CallOver))
