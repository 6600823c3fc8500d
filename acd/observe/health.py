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


def health(journal: str, content: str, channels: Mapping[str, str], *, stopping: bool) -> Health:
    """`journal`, `content`: what is wrong there, empty when all is well; `channels` as in Health."""
    well = not journal and not content and all(state == "up" for state in channels.values())
    status = "stopping" if stopping else "ok" if well else "degraded"
    program = version("acd-engine"), ENGINE_VERSION
    return Health(status, journal or "ok", content or "ok", dict(channels), *program)
