"""The course of a mass incident: what became of it, and of those whom it concerned."""

from collections.abc import Collection

from msgspec import Struct

from agents.roster import ContactId
from queues.desk import Entry, EntryId, Incident


def is_for_alone(incident: Incident, client: str, lines: Collection[str], entries: Collection[str]) -> bool:
    """Whether it was declared for this client alone: by its name, for its `lines` or its `entries`.

    One that names anything of another client's, too, is that client's as well.
    """
    return (
        bool(incident.tenants or incident.lines or incident.entries)
        and {client}.issuperset(incident.tenants)
        and all(line in lines for line in incident.lines)
        and all(entry in entries for entry in incident.entries)
    )


def covers(incident: Incident, entry: Entry) -> bool:
    """Whether who comes by this entry is within its scope, in whatever line."""
    return (
        (not incident.tenants or entry.tenant in incident.tenants)
        and (not incident.entries or entry.id in incident.entries)
        and (not incident.media or entry.medium in incident.media)
    )


KEPT_MS = 7 * 86_400_000


class Link(Struct):
    """Somebody who is to be told the end; the contact by which he came may be over long since."""

    contact: ContactId
    entry: EntryId
    dial_class: str
    language: str
    attempts: int = 0
    again_ms: int = 0
    """It is not called again before."""
    call: int = 0
    """The contact by which it is being called, or told; 0: none."""
    answered: bool = False
    """Whoever was called is, or was, on the line."""
    refused: bool = False
    """Its number will never be dialled."""
    result: str = ""
    """`told`, `hung up` (and did not hear it to the end), `not reached` or `dropped`; empty: open."""


class Course(Struct):
    """Of one that is on, or was lately. Times are Unix milliseconds; 0: not yet, or not known."""

    incident: Incident
    declared_ms: int = 0
    changed_ms: int = 0
    over_ms: int = 0
    over_by: str = ""
    """`by hand` or `expired`."""
    gross: int = 0
    """Contacts within its scope: who came while it was on, and who was on the line when it was declared."""
    heard: int = 0
    """Of these, who was told; once each."""
    ended: int = 0
    """Of these, whose call ended by it: let go by it, or content with its text."""

    links: dict[str, Link] = {}
    """Party (its opaque id) → what there is to know for telling it that the incident is solved."""

    all_clear: str = ""
    """The name of the text that those who are linked are told; empty: none was given yet."""
    all_clear_texts: tuple[tuple[str, str], ...] = ()
    clear_ms: int = 0
    """When it was given."""
    calling: dict[int, str] = {}
    """Contact by which somebody is being called → its party."""

    @property
    def open(self) -> int:
        """How many links are still to be told."""
        return self.count("")

    @property
    def waits(self) -> bool:
        """It is over, and those who are linked wait for the all-clear."""
        return bool(self.over_ms) and not self.all_clear and self.open > 0

    @property
    def kept_until_ms(self) -> int:
        """So long links are kept after its end, or after the all-clear."""
        return max(self.over_ms, self.clear_ms) + KEPT_MS

    def count(self, result: str) -> int:
        """How many links ended like this."""
        return sum(link.result == result for link in self.links.values())

    @property
    def stayed(self) -> int:
        """Who was told, and went on."""
        return self.heard - self.ended
