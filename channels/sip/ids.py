"""Names that nobody can guess."""

import secrets
from collections.abc import Mapping

from acd.ports import ChannelRecord, Host
from channels.sip.b2bua.calls import NAME
from channels.sip.b2bua.naming import SECRET

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


def kept_secret(host: Host, records: Mapping[str, bytes]) -> bytes:
    """What makes this desk's names its own; from now on, if there was none.

    It is written with the next entry at the latest, and so before any effect leaves that needs it.
    """
    kept = records.get(SECRET)
    if kept is None:
        kept = secrets.token_bytes(32)
        host.remember((ChannelRecord(NAME, SECRET, kept),))
    return kept
