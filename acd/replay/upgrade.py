"""`acd upgrade`: take over a journal that another engine version wrote, if this one decides the same."""

from acd.core.engine import ENGINE_VERSION
from acd.journal.errors import JournalError
from acd.ports import Journal, Snapshot
from acd.replay.divergence import RecoveryError
from acd.replay.replayer import revive


class CannotUpgrade(Exception):
    """Nothing was changed; the text says why and what to do."""


def take_over(journal: Journal) -> str:
    """Open the journal, replay its tail, compare every digest, store a snapshot of this version, close it.

    Returns what was done, in a sentence. Raises CannotUpgrade: the journal is in use or
    damaged, or this version would have decided otherwise.
    """
    try:
        recovered = journal.open(_ignore, _ignore, _ignore_failure)
    except JournalError as failure:
        raise CannotUpgrade(str(failure)) from failure
    try:
        if all(entry.version == ENGINE_VERSION for entry in recovered.entries):
            return f"nothing to do: {len(recovered.entries)} entries to replay, all of this engine version"
        revived = revive(recovered, any_version=True)
        journal.snapshot(Snapshot(revived.seq, ENGINE_VERSION, revived.engine.snapshot()))
        return f"taken over at entry {revived.seq}: {len(recovered.entries)} entries replayed alike"
    except RecoveryError as failure:
        raise CannotUpgrade(str(failure)) from failure
    finally:
        journal.close()


def _ignore(_seq: int) -> None:
    pass


def _ignore_failure(_failure: Exception) -> None:
    pass
