"""How the server is, in one word and in detail."""

from collections.abc import Mapping
from importlib.metadata import version

from msgspec import Struct

from acd.core.engine import ENGINE_VERSION


class Health(Struct, frozen=True):
    """`status` is `ok`, `degraded` (works, but not as promised), `stopping`, or `unreachable`.

    `unreachable`: the server's process did not answer the web process in time; the rest says so, too.
    """

    status: str
    journal: str
    """`ok`, or what is wrong with it."""
    content: str
    """The same of numbers, names and documents."""
    channels: dict[str, str]
    """Channel → `up` or why it is not."""
    version: str
    engine_version: int
    unwritten: int = 0
    """Entries that are decided but late to be written: nobody who looks is shown them."""
    unwritten_since_ms: int = 0
    """When the first of them was decided; 0: there are none."""


def health(
    journal: str,
    content: str,
    channels: Mapping[str, str],
    *,
    stopping: bool,
    unwritten: int = 0,
    unwritten_since_ms: int = 0,
) -> Health:
    """`journal`, `content`: what is wrong there, empty when all is well; the others as in Health."""
    if unwritten:
        journal = journal or "the disk does not take what is to be written"
    well = not journal and not content and all(state == "up" for state in channels.values())
    status = "stopping" if stopping else "ok" if well else "degraded"
    program = version("acd-engine"), ENGINE_VERSION
    said = journal or "ok", content or "ok", dict(channels)
    return Health(status, *said, *program, unwritten, unwritten_since_ms)
