"""What can go wrong with a journal, each with a text that says what to do."""

from pathlib import Path


class JournalError(Exception):
    """Any fault of a journal; the text is fit for an operator."""


class JournalOpenError(JournalError):
    """The journal's directory cannot be used: missing rights, read-only, not a directory, no space."""


class JournalLockedError(JournalError):
    """Another process (or another journal of this process) has the directory open."""


class JournalFormatError(JournalError):
    """A newer version of the program wrote the files; this one must not touch them."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has journal format {found}, but this program reads formats up to {known}: "
            "start the newer version that wrote it, or restore the backup made before the upgrade"
        )


class JournalDamagedError(JournalError):
    """Something that was safely stored cannot be read back; going on would lose contacts silently."""


class JournalOrderError(JournalError):
    """A sequence number is not the next one. The caller's mistake; the journal is unchanged."""

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"the next journal entry must have seq {expected}, got {got}")
        self.expected = expected
        self.got = got


class JournalWriteError(JournalError):
    """Writing or syncing failed; what was appended is kept in memory and tried again."""


class JournalFullError(JournalError):
    """The disk has refused writes for so long that no more can be kept in memory; the entry was not taken."""


class JournalClosedError(JournalError):
    """The journal is not open."""
