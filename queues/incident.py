"""The course of a mass incident: what became of it, and of those whom it concerned."""

from msgspec import Struct

from agents.roster import ContactId
from queues.desk import EntryId, Incident


class Link(Struct):
    """Somebody who is to be told the end; the contact by which he came may be over long since."""

    contact: ContactId
    entry: EntryId
    dial_class: str
    language: str


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

    @property
    def stayed(self) -> int:
        """Who was told, and went on."""
        return self.heard - self.ended
