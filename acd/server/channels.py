"""Which channels a site asks for, by the entry-point group `acd.channels`."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from acd.ports import Channel
from config.schema import Site

GROUP = "acd.channels"

MakeChannel = Callable[[Site], Channel]
"""An entry point of the group: makes the channel from the site (its own table is `site.channels[NAME]`).

Opens nothing yet. Raises config.errors.ConfigError when its table is wrong.
"""


def installed() -> Mapping[str, MakeChannel]:
    """Name → maker, of all that are installed; a site may have a table of each of these names."""
    return {point.name: _Lazy(point.load) for point in sorted(entry_points(group=GROUP))}


def make_channels(site: Site, makers: Mapping[str, MakeChannel]) -> list[Channel]:
    """The channels the site has a table for. Raises ConfigError."""
    return [makers[name](site) for name in site.channels]


class _Lazy:
    """Imports the channel only if a site asks for it."""

    def __init__(self, load: Callable[[], MakeChannel]) -> None:
        self._load = load

    def __call__(self, site: Site) -> Channel:
        return self._load()(site)
