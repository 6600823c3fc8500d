"""The composition root: a site file becomes a running desk, and stops cleanly."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog

from acd.core.engine import ENGINE_VERSION
from acd.core.errors import Rejected
from acd.core.events import Event
from acd.journal.database import ARCHIVE
from acd.journal.stamper import Stamper
from acd.observe.figures import Figures
from acd.observe.pauses import LoopLag
from acd.ports import Channel, Host, Journal, Recovered, Reporting, Snapshot
from acd.replay.replayer import Revived, revive
from acd.server import clock, identity, keys
from acd.server.allowed import NOTHING, Allowed
from acd.server.announcements import Announcements
from acd.server.calendars import DAY_MS, changes, configured
from acd.server.control import ServerControl
from acd.server.dialling import Dialling
from acd.server.dispatch import Dispatch
from acd.server.documents import Documents
from acd.server.driver import Driver
from acd.server.followers import Followers
from acd.server.garbage import Garbage
from acd.server.gate import Gate
from acd.server.host import ServerHost
from acd.server.keys import WriteKeys
from acd.server.lists import Lists
from acd.server.people import People
from acd.server.public_status import PublicStatusFiles
from acd.server.reload import SiteFile
from acd.server.snapshots import Snapshots
from acd.server.stores import JOURNAL, check_kept, open_content, open_directory, open_journal
from acd.server.unserved import STEPS
from config.schema import Site

_log = structlog.get_logger("acd.app")

BY_SITE = "site"
"""Who asked for a desk or for calendars, or took a channel away: the site file."""

START_S = 60.0
"""A channel that has not started by then never will; systemd waits 90 s for the whole server."""

STOP_S = 10.0
"""A channel that has not stopped by then is left: a service manager's patience is limited, too."""

_CANCEL_S = 1.0
"""A start that is given up gets so long to clean up."""


class StartGivenUp(Exception):
    """The server was told to stop while its channels were starting."""


class App:
    """One running desk. `start`, then wait, then `drain` and `stop`; all on one loop."""

    driver: Driver
    control: ServerControl
    snapshots: Snapshots

    def __init__(
        self,
        site: Site,
        channels: Sequence[Channel],
        *,
        read: Callable[[], Site] | None = None,
        journal: Journal | None = None,
        web: bool = True,
        allowed: Allowed = NOTHING,
    ) -> None:
        """`read` reads the site file again; without it the site stays as it is.

        `journal`: another one than the site names; without `web` there is no web process (tests).
        """
        site.server.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.channels = tuple(channels)
        self.journal = journal or open_journal(site, accept_loss=allowed.accept_loss)
        self.dispatch = Dispatch(channels, self._tell_soon, asyncio.get_running_loop().call_later)
        self.broken: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        """Done when the engine failed: the process must end without a snapshot."""
        self.gate = Gate(asyncio.get_running_loop(), self.dispatch.carry_out)
        self.lag = LoopLag()
        self.garbage = Garbage(lambda: self.driver.seq)
        self.followers = Followers(site, self.journal)
        self._web, self._allowed = web, allowed
        self.site_file = SiteFile(site, read, channels, self._take_site)
        self._exits = AsyncExitStack()
        self._channel_states: dict[str, str] = {channel.name: "starting" for channel in channels}
        self._stopping = False

    @property
    def site(self) -> Site:
        """The one in force."""
        return self.site_file.site

    async def start(self, stopping: "asyncio.Future[str] | None" = None) -> None:
        """Recover, apply the site, start channels and API.

        Raises RecoveryError, JournalError, VaultError, OSError (address taken; a channel that takes longer
        than START_S), ValueError (token unusable), StartGivenUp when `stopping` is done before the channels
        have started. What was started until then is stopped again.
        """
        try:
            recovered = await self._recover()
            self._apply_site()
            recovered = self._own(recovered)
            await self._open_content()
            await self._start_channels(recovered, stopping)
            self._start_chores()
            await self._start_followers(recovered)
        except BaseException:
            await self._exits.aclose()
            raise
        _log.info("serving", url=self.followers.url, seq=self.driver.seq, channels=dict(self._channel_states))

    async def drain(self) -> None:
        """Take no new contacts; returns when none is left, or after the patience of the site."""
        self._stopping = True
        drains = [asyncio.ensure_future(channel.drain()) for channel in self.channels]
        if not drains:
            return
        _, late = await asyncio.wait(drains, timeout=self.site.server.drain_ms / 1000)
        for drain in late:
            drain.cancel()
        for channel, result in zip(
            self.channels, await asyncio.gather(*drains, return_exceptions=True), strict=True
        ):
            if isinstance(result, Exception):
                _log.error("drain failed", channel=channel.name, error=str(result))

    async def stop(self) -> None:
        """Stop channels and API, take a last snapshot, flush and close the journal."""
        self._stopping = True
        await self._exits.aclose()
        _log.info("stopped", seq=self.driver.seq)

    async def _recover(self) -> Recovered:
        gate = self.gate
        began_s = time.process_time()
        if not self._allowed.trust_clock:  # before anything is written by it
            clock.check(self.site.server)
        recovered = await asyncio.to_thread(
            self.journal.open, self._on_written, gate.on_synced, gate.on_failure
        )
        self._exits.push_async_callback(asyncio.to_thread, self.journal.close)
        revived = revive(recovered)
        await self._check_kept(had_contacts=revived.engine.state.last_contact > 0)
        gate.start_from(revived.seq)
        gate.shut()
        self.followers.start_from(recovered, revived.seq, lambda: self.snapshots.last)
        since_ms = revived.engine.state.now_ms
        self.driver = self._make_driver(revived)
        if revived.seq:
            self.driver.restarted(since_ms)
        self.snapshots = Snapshots(self.journal, recovered.snapshot, lambda: gate.written)
        self._exits.callback(self._last_snapshot)
        took_ms = round(1000 * (time.process_time() - began_s))
        _log.info("recovered", seq=revived.seq, replayed=len(recovered.entries), cpu_ms=took_ms)
        return recovered

    async def _check_kept(self, *, had_contacts: bool) -> None:
        accept = self._allowed.accept_loss
        await asyncio.to_thread(check_kept, self.site, had_contacts=had_contacts, accept_loss=accept)

    def _on_written(self, seq: int) -> None:
        self.gate.on_written(seq)
        self.followers.ring.on_written(seq)

    def _make_driver(self, revived: Revived) -> Driver:
        stamper = Stamper(
            revived.engine.state.now_ms,
            time.time_ns() // 1_000_000,
            time.monotonic_ns() // 1_000_000,
            time.monotonic_ns,
        )
        if stamper.ahead_ms:
            _log.warning(
                "the clock was set back; time goes on from the last entry", ahead_ms=stamper.ahead_ms
            )
        return Driver(
            engine=revived.engine,
            journal=self.journal,
            gate=self.gate,
            stamp=stamper.now,
            seq=revived.seq,
            observe=self.followers.ring.offer,
            fail=self._broke,
        )

    def _apply_site(self) -> None:
        self._use_site(self.site, BY_SITE)

    def _take_site(self, site: Site, by: str) -> int:
        """As `_use_site`, while it runs."""
        seq = self._use_site(site, by)
        self.directory.use(site)
        return seq

    def _use_site(self, site: Site, by: str) -> int:
        """Make the engine's desk that of this site; returns the last entry. Raises Rejected."""
        wanted = configured(site, self.driver.now_ms())
        for event in list(changes(self.driver.engine.state.desk, wanted)):
            self.driver.submit(event, by=by)
        return self.driver.seq

    def _own(self, recovered: Recovered) -> Recovered:
        """What a channel that is gone has left is ended; of a copy all, and nobody there hears of it."""
        channels = {channel.name for channel in self.channels}
        here = identity.here(self.site.server.data_dir / JOURNAL / ARCHIVE)
        claim = identity.claim(recovered, here, channels, adopt=self._allowed.adopt)
        self._let_go_of_unserved(set() if claim.cold else channels)
        if claim.cold:
            self.gate.forget()
        if claim.news:
            self.journal.append(None, claim.news)
        return claim.recovered

    def _let_go_of_unserved(self, served: set[str]) -> None:
        state = self.driver.engine.state
        for step in STEPS:
            for event in list(step(state, served)):
                kind, contact = type(event).__name__, getattr(event, "contact", 0)
                _log.warning("left by a channel that is gone", kind=kind, contact=contact)
                self._tell(event, BY_SITE)

    def _tell_soon(self, event: Event, channel: str) -> None:
        # Not at once: the gate is letting effects out, and the channel may still be in the middle of it.
        asyncio.get_running_loop().call_soon(self._tell, event, f"channel:{channel}")

    def _tell(self, event: Event, by: str) -> None:
        try:
            self.driver.submit(event, by=by)
        except Rejected as refusal:
            _log.info("no longer true", kind=type(event).__name__, reason=str(refusal))

    async def _open_content(self) -> None:
        """Content and the directory; who waits is identified before anybody else comes."""
        accept = self._allowed.accept_loss
        self.content = await asyncio.to_thread(
            open_content, self.site, self.driver.now_ms, accept_loss=accept
        )
        self._exits.push_async_callback(asyncio.to_thread, self.content.close)
        self.directory = await asyncio.to_thread(open_directory, self.site, accept_loss=accept)
        self._exits.push_async_callback(asyncio.to_thread, self.directory.close)
        self.people = People(
            driver=self.driver,
            gate=self.gate,
            content=self.content,
            directory=self.directory,
            files=self.site.directory.files,
        )
        await self.people.start()

    async def _start_channels(self, recovered: Recovered, stopping: "asyncio.Future[str] | None") -> None:
        """Each is told what stands now; what is decided meanwhile leaves when all of them can hear it.

        So an effect may come that its channel was told already, but none comes too early and is lost.
        """
        self._announcements = Announcements(self.driver, self.channels)
        await self._announcements.begin()
        ends: list[asyncio.Future[Any]] = [self.broken] if stopping is None else [self.broken, stopping]
        for channel in self.channels:
            name = channel.name
            mine = [effect for effect in self.driver.engine.standing() if effect.carrier.channel == name]
            host: Host = ServerHost(name, self.driver, self.gate, self.content, self.directory)
            await _started(name, channel.start(host, recovered.of(name), mine), ends)
            self._channel_states[name] = "up"
            self._exits.push_async_callback(self._stop_channel, channel)
        self.gate.reopen()

    async def _start_followers(self, recovered: Recovered) -> None:
        self.control = ServerControl(
            driver=self.driver,
            gate=self.gate,
            journal=self.journal,
            content=self.content,
            people=self.people,
            lists=Lists(self.directory),
            dialling=Dialling(self.driver, self.content, self.directory),
            channels=self._states,
            stopping=lambda: self._stopping,
            keys=WriteKeys(recovered.of(keys.CHANNEL)),
            site=self.site_file,
            announcements=self._announcements,
            unwritten=lambda: self.followers.ring.unwritten,
        )
        self._exits.push_async_callback(self.control.stop)
        documents = Documents(self.content)
        self._exits.push_async_callback(asyncio.to_thread, documents.stop)
        self._exits.push_async_callback(self.followers.stop)
        await self.followers.start(self.control, documents, self.figures, web=self._web)

    def _states(self) -> dict[str, str]:
        """Channel → `up`, or why not, in its own words while it runs."""
        found = dict(self._channel_states)
        for channel in self.channels:
            if found[channel.name] == "up" and isinstance(channel, Reporting):
                found[channel.name] = channel.trouble() or "up"
        return found

    def figures(self) -> Figures:
        """What only this process knows of itself, for metrics."""
        socket = self.followers.socket
        return Figures(
            entries=self.driver.seq,
            written=self.gate.written,
            synced=self.gate.synced,
            failing=bool(self.gate.trouble),
            held=self.gate.held,
            rejected=self.driver.rejected,
            snapshots=self.snapshots.taken,
            snapshots_failed=self.snapshots.failed,
            content_unsynced=self.content.waiting_items,
            content_failing=bool(self.content.trouble),
            content_failures=self.content.failed,
            lists_refused=self.people.refused,
            followers=socket.followers,
            followers_cut=socket.cut,
            carried=dict(self.dispatch.carried),
            failed=dict(self.dispatch.failed),
            channel_counts={channel.name: dict(channel.counts()) for channel in self.channels},
            channel_states=self._states(),
            lag=self.lag.pauses,
            collections=self.garbage.pauses,
        )

    def _start_chores(self) -> None:
        self._exits.callback(self.snapshots.give_up)
        self._chore("snapshots", self.snapshots.run())
        self._chore("calendars", self._prolong_calendars())
        self._chore("alive", clock.keep_noting(self.site.server.data_dir, self.driver.now_ms))
        self._chore("people", self.people.run())
        self._chore("lists noted", self.people.note())
        self._chore("lag", self.lag.run())
        asyncio.get_running_loop().call_soon(self.driver.beat)  # not before what stands was stated
        self._chore("public status", PublicStatusFiles(lambda: self.site, self.driver).run())
        self._chore("garbage", self.garbage.run())
        self.garbage.take_over()
        self._exits.callback(self.garbage.give_back)

    def _chore(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(_tell_end)
        self._exits.callback(task.cancel)

    async def _prolong_calendars(self) -> None:
        while True:
            now_ms = self.driver.now_ms()
            await asyncio.sleep((DAY_MS - now_ms % DAY_MS) / 1000 + 1)
            self._apply_site()

    async def _stop_channel(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await channel.stop()
        except Exception:
            _log.exception("channel did not stop cleanly", channel=channel.name)
        self._channel_states[channel.name] = "stopped"

    def _last_snapshot(self) -> None:
        self.driver.close()
        if self.broken.done() or self.driver.seq == self.snapshots.last_seq:
            return
        self.journal.snapshot(Snapshot(self.driver.seq, ENGINE_VERSION, self.driver.engine.snapshot()))

    def _broke(self, bug: Exception) -> None:
        if not self.broken.done():
            self.broken.set_result(bug)


async def _started(
    name: str, start: Coroutine[Any, Any, None], ends: Sequence["asyncio.Future[Any]"]
) -> None:
    """Raises what the start raises, TimeoutError after START_S, StartGivenUp when one of `ends` is done."""
    task = asyncio.ensure_future(start)
    try:
        await asyncio.wait([task, *ends], timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_S)
            if any(end.done() for end in ends):
                raise StartGivenUp(f"channel {name} was still starting")
            raise TimeoutError(f"channel {name} did not start within {START_S:g} s")
    finally:
        task.cancel()
    task.result()


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (failure := task.exception()) is not None:
        _log.error("chore failed", chore=task.get_name(), error=str(failure), exc_info=failure)
