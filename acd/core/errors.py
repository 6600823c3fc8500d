"""What the engine says when it cannot accept an event. Nothing has changed then."""


class EngineError(Exception):
    """Base of all errors of the engine."""


class Rejected(EngineError):
    """The event is illegal in the present state: stale (an offer that is gone), unknown, or forbidden."""


class Overdue(EngineError):
    """The driver's fault: a deadline was due before this event and `Tick` did not fire it first."""


class TimeWentBack(EngineError):
    """The driver's fault: the event is older than the one before."""


class UnreadableSnapshot(EngineError):
    """The snapshot is damaged or was written by another engine version."""
