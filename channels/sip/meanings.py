"""What it means when a phone says no: a table of final responses (RFC 3261 §21), which a site may change."""

from collections.abc import Mapping
from enum import StrEnum

from config.table import Table


class Meaning(StrEnum):
    """In the order in which they count when several phones have said no: the last one says most."""

    UNREACHABLE = "unreachable"
    """It is not there, or broken: nothing is known of its agent."""
    NO_ANSWER = "no answer"
    """It rang, and nobody took it: the agent is not at his desk."""
    BUSY = "busy"
    DO_NOT_DISTURB = "do not disturb"
    REFUSED = "refused"
    """He pressed the key."""


ORDER = {meaning: rank for rank, meaning in enumerate(Meaning)}

MEANINGS: Mapping[int, Meaning] = {
    **dict.fromkeys((300, 301, 302, 305, 380), Meaning.DO_NOT_DISTURB),
    480: Meaning.DO_NOT_DISTURB,
    486: Meaning.BUSY,
    487: Meaning.REFUSED,
    600: Meaning.BUSY,
    603: Meaning.REFUSED,
    607: Meaning.REFUSED,
    608: Meaning.REFUSED,
}
"""All others are `unreachable`.

A phone that diverts its calls (3xx) wants none here. 480 is what several makers send for do not disturb.
487 without a CANCEL of ours ends the ringing by hand. 607 is Unwanted (RFC 8197), 608 Rejected (RFC 8688).
"""


def read_meanings(table: Table) -> Mapping[int, Meaning]:
    """The table `[sip.phone_answers]`: `480 = "no answer"`."""
    found = dict(MEANINGS)
    table.allow(table.data)
    for status in table.data:
        if not (status.isascii() and status.isdigit() and 300 <= int(status) <= 699):
            table.error(status, "is no final response that says no (300 to 699)")
        else:
            found[int(status)] = table.choice(status, Meaning)
    return found
