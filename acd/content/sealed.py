"""A journal whose recovery records are encrypted: a SIP dialog names its caller."""

from collections.abc import Callable, Iterable, Mapping

from acd.content.errors import VaultDamagedError, VaultError, VaultKeyError
from acd.content.master import RESTORE, MasterKey, context
from acd.ports import ChannelRecord, Journal, JournalEntry, Progress, Recovered, Snapshot


class SealedJournal:
    """The journal inside, with every record's value sealed by `cipher` and bound to its channel and key.

    Events and facts pass as they are: they hold no personal data.
    """

    def __init__(self, inside: Journal, master: MasterKey) -> None:
        self.inside = inside
        self._master = master
        self._cipher = master.records

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        """As the port says. Raises VaultKeyError, VaultDamagedError, too: a record cannot be opened."""
        found = self.inside.open(on_written, on_synced, on_failure)
        try:
            records = opened(found.records, self._master)
        except VaultError:
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


def opened(records: Mapping[tuple[str, str], bytes], master: MasterKey) -> dict[tuple[str, str], bytes]:
    """The records as they were before they were sealed.

    Raises VaultKeyError (not one of them opens: another key sealed them), VaultDamagedError.
    """
    found, sealed = {}, set[str]()
    for key, value in records.items():
        try:
            found[key] = master.records.open(value, context(*key))
        except VaultDamagedError:
            sealed.add(key[0])
    if sealed and not found:
        raise VaultKeyError(
            f"the master key in {master.source} is not the one that this journal was written with, since "
            f"nothing of what channels noted opens: {RESTORE}"
        )
    if sealed:
        raise VaultDamagedError(
            f"what {', '.join(sorted(sealed))} noted in the journal does not pass its authentication: "
            "restore the journal from a backup"
        )
    return found
