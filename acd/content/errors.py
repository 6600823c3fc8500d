"""What can go wrong with content, each with a text that says what to do."""


class VaultError(Exception):
    """Any fault of the vault; the text is fit for an operator and holds no personal data."""


class VaultWriteError(VaultError):
    """The disk did not take it: full, read-only, broken. Worth another try."""


class NotErasedYetError(VaultError):
    """The erasure goes on: ask again for what came of it."""


class VaultKeyError(VaultError):
    """The master key is missing, malformed, readable by others, or not the one of this vault."""


class VaultFormatError(VaultError):
    """A newer version of the program wrote the file; this one must not touch it."""


class VaultInUseError(VaultError):
    """Another process owns the file: ask that one, or stop it first."""


class VaultUnknownError(VaultError):
    """No such party, document or contact: never stored, or erased."""


class VaultDamagedError(VaultError):
    """Stored bytes were changed: they do not pass their authentication."""


class VaultBusyError(VaultError):
    """The keys are deleted, but another reader keeps old bytes in the file: repeat the erasure."""


class TooLargeError(VaultError):
    """A piece, a document or what waits for the disk is over its cap; refuse it to whoever sent it."""


class NotSyncedError(VaultError):
    """What was appended is not synced in time; it may be later. Promise nothing."""
