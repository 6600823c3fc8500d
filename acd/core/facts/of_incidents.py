"""Facts about mass incidents: what is declared, changed and over, and whom it concerns."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from queues.desk import EntryId, IncidentId, IncidentMode, LineId


class IncidentOn(Fact, frozen=True, tag="IncidentOn"):
    """An incident was declared; calls in its scope hear `greeting` from now on, waiting ones at once."""

    incident: IncidentId
    greeting: str
    mode: IncidentMode
    mandatory: bool
    expires_ms: int


class IncidentChange(Fact, frozen=True, tag="IncidentChange"):
    """An incident that is on was changed; if `greeting` is another one, who waits hears it once more."""

    incident: IncidentId
    greeting: str
    mandatory: bool
    expires_ms: int


class IncidentWarned(Fact, frozen=True, tag="IncidentWarned"):
    """An incident will soon be over by itself: whoever still needs it gives it more time."""

    incident: IncidentId
    expires_ms: int


class IncidentOff(Fact, frozen=True, tag="IncidentOff"):
    """An incident is over. `reason`: `by hand` or `expired`."""

    incident: IncidentId
    reason: str


class Concerned(Fact, frozen=True, tag="Concerned"):
    """It is within the scope of an incident that is on, whether it is told or not."""

    incident: IncidentId
    contact: ContactId
    """0: it was blocked."""
    entry: EntryId


class Linked(Fact, frozen=True, tag="Linked"):
    """Its party is to be told when the incident is solved. `by`: `key` (it asked for that) or `hand`."""

    incident: IncidentId
    contact: ContactId
    by: str


class Informed(Fact, frozen=True, tag="Informed"):
    """It is told of this incident; `line` is that of the entry."""

    contact: ContactId
    incident: IncidentId
    line: LineId


class LinkOver(Fact, frozen=True, tag="LinkOver"):
    """What became of somebody who was to be told that the incident is solved.

    `result`: `told`, `hung up` (he answered, and did not hear it to the end), `not reached`, or `dropped`:
    there is no all-clear for him.
    """

    incident: IncidentId
    contact: ContactId
    """By which he was linked."""
    call: ContactId
    """By which he was told; 0: by none."""
    result: str


class AllClear(Fact, frozen=True, tag="AllClear"):
    """Nobody is left who is to be told that the incident is solved."""

    incident: IncidentId
    told: int
    """Who answered."""
    others: int
