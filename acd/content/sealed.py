"""A journal whose recovery records are encrypted: a SIP dialog names its caller."""

from collections.abc import Callable, Iterable

from acd.content.errors import VaultDamagedError
from acd.content.master import Cipher, context
from acd.ports import ChannelRecord, Journal, JournalEntry, Progress, Recovered, Snapshot


class SealedJournal:
    """The journal inside, with every record's value sealed by `cipher` and bound to its channel and key.

    Events and facts pass as they are: they hold no personal data.
    """

    def __init__(self, inside: Journal, cipher: Cipher) -> None:
        self.inside = inside
        self._cipher = cipher

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        """As the port says. Raises VaultDamagedError, too: a record was sealed with another master key."""
        found = self.inside.open(on_written, on_synced, on_failure)
        try:
            records = {key: self._cipher.open(value, context(*key)) for key, value in found.records.items()}
        except VaultDamagedError:
            self.inside.close()
            raise
        return found._replace(records=records)

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        """As the port says."""
        self.inside.append(entry, [self._sealed(record) for record in records])

    def snapshot(self, snapshot: Snapshot) -> None:
        """As the port says."""
        self.inside.snapshot(snapshot)

    def facts(self, after_seq: int = 0) -> Iterable[JournalEntry]:
        """As the port says."""
        return self.inside.facts(after_seq)

    def flush(self) -> None:
        """As the port says."""
        self.inside.flush()

    def close(self) -> None:
        """As the port says."""
        self.inside.close()

    def _sealed(self, record: ChannelRecord) -> ChannelRecord:
        channel, key, value = record
        if value is None:
            return record
        return ChannelRecord(channel, key, self._cipher.seal(value, context(channel, key)))
