"""What only the server's process knows of itself, at one moment; metrics show it, whoever asked."""

from msgspec import Struct

from acd.observe.pauses import Pauses


class Figures(Struct, frozen=True, kw_only=True):
    """Numbers of the running server."""

    entries: int
    """Of the journal."""
    written: int
    """The last entry that would survive the death of the process …"""
    synced: int
    """… and that of the machine."""
    failing: bool
    """The journal is."""
    held: int
    """Effects that wait for the journal."""
    rejected: int
    """Events that the engine refused."""
    snapshots: int
    snapshots_failed: int
    content_unsynced: int
    """Items that wait for the disk."""
    content_failing: bool
    content_failures: int
    lists_refused: int
    """Files of people that could not be taken; their last good version holds."""
    followers: int
    """Connections that follow the feed."""
    followers_cut: int
    """Those that were too slow, since the start."""
    carried: dict[str, int]
    """Effects carried out, by their kind."""
    failed: dict[str, int]
    """Effects that a channel failed to carry out, by their kind."""
    channel_counts: dict[str, dict[str, int]]
    """Channel → what it counted."""
    channel_states: dict[str, str]
    """Channel → `up`, or why it is not."""
    lag: Pauses
    collections: Pauses
    """Of garbage."""
