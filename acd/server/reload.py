"""The site file read again while the desk runs: checked as a whole, then in force at once, or not at all."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import structlog

from acd.core.errors import Rejected
from acd.ports import Channel
from acd.web.control import SiteApplied
from config import differences
from config.errors import ConfigError
from config.schema import Site

_log = structlog.get_logger("acd.reload")

READY_WITHIN_S = 120.0
"""So long the channels may take to make ready for it: new texts are spoken by then."""

Commit = Callable[[], None]


@runtime_checkable
class Reloading(Protocol):
    """A channel that reads more of the site than its own table, such as texts or phones.

    The others hear of a changed site by effects only. The channel's own table never changes while it runs.
    """

    async def prepare(self, site: Site) -> Commit:
        """Make ready for this site, without touching anything that runs; the result puts it in force.

        It is called when the engine has taken the new desk and none of its effects has left yet, must not
        fail, and may never be called. Raises config.errors.ConfigError, OSError or ValueError: the site
        cannot be carried out.
        """


class SiteFile:
    """Owns the way from the file to the desk. One reload at a time."""

    def __init__(
        self,
        site: Site,
        read: Callable[[], Site] | None,
        channels: Sequence[Channel],
        use: Callable[[Site, str], int],
    ) -> None:
        """`read` may block. `use(site, by)` makes it the desk's: the last entry; it raises Rejected."""
        self.site = site
        self._read = read
        self._channels = [channel for channel in channels if isinstance(channel, Reloading)]
        self._use = use
        self._one = asyncio.Lock()

    async def apply(self, by: str, *, look: bool = False) -> SiteApplied:
        """Read it again and put it in force; with `look` only say what it would change.

        What is wrong with it is in `refused`; then everything stays as it was.
        """
        async with self._one:
            try:
                found = await self._apply(by, look=look)
            except ConfigError as error:
                found = SiteApplied(refused=tuple(map(str, error.problems)))
            except (OSError, ValueError) as error:  # TimeoutError among them, with no text
                found = SiteApplied(refused=(str(error) or f"not ready within {READY_WITHIN_S:g} s",))
            except Rejected as refusal:
                found = SiteApplied(refused=(f"the desk does not take it: {refusal}",))
            except Exception as failure:  # of a channel: the next try must come to something
                _log.exception("site file not applied", by=by)
                found = SiteApplied(refused=(f"internal error; the server's log says more ({failure!r})",))
        _log.info("site file read", by=by, changed=len(found.changed), refused=list(found.refused), look=look)
        return found

    async def _apply(self, by: str, *, look: bool) -> SiteApplied:
        if self._read is None:
            raise ValueError("this server was started without a site file")
        site = await asyncio.to_thread(self._read)
        if restart := differences.fixed(self.site, site):
            return SiteApplied(refused=tuple(f"{key}: needs a restart" for key in restart))
        changed = tuple(differences.told(self.site, site))
        async with asyncio.timeout(READY_WITHIN_S):
            commits = [await channel.prepare(site) for channel in self._channels]
        if look:
            return SiteApplied(changed)
        seq, self.site = self._use(site, by), site
        for commit in commits:
            commit()
        return SiteApplied(changed, seq=seq)
