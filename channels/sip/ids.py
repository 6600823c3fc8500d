"""Names that nobody can guess."""

import secrets

IDS_AT_ONCE = 64
"""One system call for so many."""


class Ids:
    """Random ids of 16 hex digits; the system is asked for many at a time, as every request needs one."""

    def __init__(self) -> None:
        self._stock = ""

    def __call__(self) -> str:
        if not self._stock:
            self._stock = secrets.token_hex(8 * IDS_AT_ONCE)
        taken, self._stock = self._stock[:16], self._stock[16:]
        return taken
