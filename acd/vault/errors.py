"""What can go wrong with the vault, each with a text that says what to do."""


class VaultError(Exception):
    """Any fault of the vault; the text is fit for an operator and holds no personal data."""


class VaultKeyError(VaultError):
    """The master key is missing, malformed, readable by others, or not the one of this vault."""


class VaultFormatError(VaultError):
    """A newer version of the program wrote the file; this one must not touch it."""


class VaultUnknownError(VaultError):
    """No such party, document or contact: never stored, or erased."""


class VaultDamagedError(VaultError):
    """Stored bytes were changed: they do not pass their authentication."""


class VaultBusyError(VaultError):
    """The keys are deleted, but another reader keeps old bytes in the file: repeat the erasure."""
