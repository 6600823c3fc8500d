"""How the server is, in one word and in detail."""

from collections.abc import Mapping
from importlib.metadata import version

from msgspec import Struct

from acd.core.engine import ENGINE_VERSION


class Health(Struct, frozen=True):
    """`status` is `ok`, `degraded` (works, but not as promised) or `stopping`."""

    status: str
    journal: str
    """`ok`, or what is wrong with it."""
    channels: dict[str, str]
    """Channel → `up` or why it is not."""
    version: str
    engine_version: int


def health(trouble: str, channels: Mapping[str, str], *, stopping: bool) -> Health:
    """`trouble`: what is wrong with the journal, empty when all is well; `channels` as in Health."""
    well = not trouble and all(state == "up" for state in channels.values())
    status = "stopping" if stopping else "ok" if well else "degraded"
    return Health(status, trouble or "ok", dict(channels), version("acd-engine"), ENGINE_VERSION)
