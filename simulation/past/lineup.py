"""Who came on a recorded day: streams by entry, customers by their first try, tries one after the other."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from acd.core.events import ContactArrived
from acd.core.facts import Arrived
from queues.desk import Entry, EntryId, IncidentMode
from simulation.past.excerpt import Excerpt
from simulation.past.stories import Stories, Story, chains


class Try(Struct, frozen=True):
    """One arrival of the record, as the model counts it."""

    stream: int
    index: int
    attempt: int
    story: Story
    follows: Story | None = None
    """The next try of the same customer."""


class _Coming(NamedTuple):
    moment_ms: int
    stream: int
    who: str
    story: Story
    key: tuple[int, str]


class Lineup:
    """The streams of an excerpt, and every try with its place in them."""

    def __init__(self, excerpt: Excerpt, stories: Stories) -> None:
        self.entries: list[Entry] = []
        """The entry of each stream: an own one for each class and head start that a VIP list gave."""
        self.tries: list[Try] = []
        self.arrivals: list[tuple[int, int, int]] = []
        self.carried: dict[tuple[int, int], Story] = {}
        self.labels: dict[tuple[int, str], str] = {}
        """(moment of arrival, ref) → the model's ref."""
        self.counts: list[int] = []
        """Customers of each stream."""
        self.left_out = self.preferred = 0
        """Arrivals that no stream stands for; those that were held for one agent first."""
        self._known: Mapping[EntryId, Entry] = {entry.id: entry for entry in excerpt.desk.entries}
        self._streams: dict[Entry, int] = {}
        self._ended_by_text = {
            one.incident.id for one in excerpt.incidents if one.incident.mode is IncidentMode.END
        }
        carried = list(self._carried(excerpt, stories))
        comings = [*carried, *self._comings(excerpt, stories)]
        self._place(comings, len(carried))

    def _carried(self, excerpt: Excerpt, stories: Stories) -> Iterator[_Coming]:
        """Who was there already comes at the first moment: those who talked before those who waited."""
        found = []
        for told in excerpt.before:
            first = told[0]
            if not isinstance(first, Arrived) or first.entry not in self._known:
                continue
            story = stories.by_contact[first.contact]
            key = first.t_ms, first.ref
            stream = self._stream(self._known[first.entry])
            found.append(_Coming(excerpt.start_ms, stream, "", story, key))
        return iter(sorted(found, key=lambda one: not one.story.talked_at(excerpt.start_ms)))

    def _comings(self, excerpt: Excerpt, stories: Stories) -> Iterator[_Coming]:
        for coming in excerpt.comings:
            event, key = coming.event, (coming.t_ms, coming.event.ref)
            entry, story = self._entry(event), stories.by_ref.get(key)
            if entry is None or story is None or story.incident in self._ended_by_text:
                self.left_out += 1
                continue
            self.preferred += story.held
            stream = self._stream(entry)
            who = f"{stream} {event.party}" if event.party else ""
            yield _Coming(coming.t_ms, stream, who, story, key)

    def _place(self, comings: list[_Coming], carried: int) -> None:
        self.counts = [0] * len(self.entries)
        found = chains({number: (one.who, one.story) for number, one in enumerate(comings)})
        for chain in sorted(found):
            first = comings[chain[0]]
            stream, index = first.stream, self.counts[first.stream]
            self.counts[stream] += 1
            self.arrivals.append((first.moment_ms, stream, index))
            if chain[0] < carried:
                self.carried[stream, index] = first.story
            for attempt, number in enumerate(chain):
                following = chain[attempt + 1 : attempt + 2]
                follows = comings[following[0]].story if following else None
                self.labels[comings[number].key] = f"{stream}/{index}/{attempt}"
                self.tries.append(Try(stream, index, attempt, comings[number].story, follows))

    def _stream(self, entry: Entry) -> int:
        if entry not in self._streams:
            self._streams[entry] = len(self.entries)
            self.entries.append(entry)
        return self._streams[entry]

    def _entry(self, event: ContactArrived) -> Entry | None:
        """The entry of an arrival, with the class and head start that the event says; None: it is unknown."""
        entry = self._known.get(event.entry)
        if entry is None or entry.medium != event.medium:
            return None
        classes = [one for one in (entry.priority_class, event.priority_class) if one is not None]
        own, head_start_ms = min(classes, default=None), max(entry.head_start_ms, event.head_start_ms)
        if (own, head_start_ms) == (entry.priority_class, entry.head_start_ms):
            return entry
        name = EntryId(f"{entry.id}, class {own}, head start {head_start_ms} ms")
        return replace(entry, id=name, priority_class=own, head_start_ms=head_start_ms)
