"""The server's side of the media process: a `MediaEngine` over a Unix socket."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, TypeVar

from channels.media.commands import Accept, Answer, Close, Command, LegId, Offer
from channels.media.embedded import wire
from channels.media.embedded.sessions import Negotiate, Sessions
from channels.media.embedded.states import LegState, LegStats
from channels.media.engine import Trait
from channels.media.errors import (
    BadCommandError,
    MediaError,
    MediaGoneError,
    MediaHangsError,
    NoPortsLeftError,
    UnknownLegError,
    UnknownSoundError,
)
from channels.media.events import Event, Failed
from channels.media.latch import Latch
from channels.media.negotiation import refusal
from channels.media.rtp import Address

LEASED_AHEAD: Final = 64
"""Ports bound ahead, so that 32 calls may begin between two turns of the loop without waiting."""

CONFIRM_S: Final = 1.0
"""So often at most the process is asked whether it has done everything: each answer wakes the server."""

TAKEN_S: Final = 1.0
"""So long at least, and at most twice as long, the process keeps an event that we have.

If we are killed meanwhile, the next server is told. It may hear twice of what was written in time: stale.
"""

DEADLINE_S: Final = 5.0
"""A caller who hears nothing for so long has hung up, or should be told to call again."""

END_S, END_LOOK_S = 3.0, 0.02
"""It ends within a second; a server that stops has 10 s for each channel."""

OFFERS: Final = 256
"""Descriptions whose use is remembered: one that is repeated is not read again."""

_ERRORS: Final = {
    error.code: error for error in (BadCommandError, NoPortsLeftError, UnknownLegError, UnknownSoundError)
}
_Answer = TypeVar("_Answer", wire.Leased, wire.Legs, wire.Stats)


class MediaClient(asyncio.Protocol):
    """A `MediaEngine`. Commands of one turn of the loop leave in one write; sessions are negotiated here.

    Made by `attach`. Used from the event loop's thread only. After a loss of the connection every command
    fails; make a new client then.
    """

    traits = frozenset({Trait.TRANSCODES, Trait.RECORDS, Trait.MIXES})
    deadline_s = DEADLINE_S

    def __init__(
        self, on_ready: Callable[[], None], on_lost: Callable[[], None], latch: Latch, silent_s: int
    ) -> None:
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._pending = bytearray()
        self._out = bytearray()
        self._flush_planned = False
        self.events: deque[Event] = deque()
        """See `MediaEngine.events`."""
        self._sessions = Sessions(latch=latch, silent_s=silent_s)
        self._local: dict[LegId, Address] = {}
        self._leased: deque[int] = deque()
        self._lease_request = 0
        self._opening: dict[LegId, list[Negotiate]] = {}
        """Legs without a port yet, and what is to be done when it comes."""
        self._unconfirmed: list[wire.Command] = []
        self._confirming: asyncio.TimerHandle | None = None
        self._mark, self._marked = 0, 0
        """The `Mark` that has no answer yet (0: none), and how many commands lie before it."""
        self._told, self._planned = 0, 0
        """Events that we were told, and those that the process may forget when `_taking` is due."""
        self._taking: asyncio.TimerHandle | None = None
        self.silences = 0
        """So many deadlines have passed without a word of it."""
        self._last_request = 0
        self._waiting: dict[int, asyncio.Future[wire.Message]] = {}
        self._welcome: asyncio.Future[wire.Welcome] = self._loop.create_future()
        self.welcome = wire.Welcome(wire.VERSION, 0, "", "", ())
        """What the process said when we attached: its pid, its address, and the legs it had then."""
        self.found: frozenset[LegId] = frozenset()
        self.fallen_silent: frozenset[LegId] = frozenset()
        self.refuses: Callable[[bytes], str] = partial(refusal, ours="")
        """See `MediaEngine.refuses`."""

    @classmethod
    async def attach(
        cls,
        path: Path,
        on_ready: Callable[[], None],
        on_lost: Callable[[], None] = lambda: None,
        *,
        leased_ahead: int = LEASED_AHEAD,
        latch: Latch = Latch.NEVER,
        silent_s: int = 0,
    ) -> "MediaClient":
        """Connect to the process that listens at `path` and learn its legs. Raises `MediaGoneError`.

        `on_ready` may be called before this returns: the process kept what happened since the last server
        went. `on_lost` is called once when the process goes away without `detach` or `shutdown`.
        """
        loop = asyncio.get_running_loop()
        client: MediaClient | None = None
        try:
            _, client = await loop.create_unix_connection(
                lambda: cls(on_ready, on_lost, latch, silent_s), str(path)
            )
            async with asyncio.timeout(DEADLINE_S):
                client.welcome = await client._welcome
        except TimeoutError as error:
            if client is not None and client._transport is not None:
                client._on_lost = lambda: None
                client._transport.abort()
            raise MediaHangsError(f"{path}: no word within {DEADLINE_S} s") from error
        except OSError as error:
            raise MediaGoneError(f"{path}: {error.strerror}") from error
        if client.welcome.version != wire.VERSION:
            await client.detach()
            raise MediaGoneError(
                f"{path}: the process speaks version {client.welcome.version}, not {wire.VERSION}"
            )
        client.refuses = lru_cache(maxsize=OFFERS)(partial(refusal, ours=client.welcome.ip))
        client._confirm()
        client._local = {state.leg: state.local for state in client.welcome.legs}
        client._sessions.found(client.welcome.legs)
        client.found = frozenset(client._local)
        client.fallen_silent = frozenset(state.leg for state in client.welcome.legs if state.silent)
        if leased_ahead:
            await client._lease(leased_ahead)
        return client

    # -- MediaEngine

    def send(self, command: Command) -> None:
        """See `MediaEngine.send`."""
        if self._transport is None:
            self._fail(command, MediaGoneError.code, "the media process is not there")
        elif isinstance(command, Answer | Offer | Accept):
            self._describe(command)
        else:
            if isinstance(command, Close):
                self._local.pop(command.leg, None)
                self._opening.pop(command.leg, None)
                self._sessions.forget(command.leg)
            self._put(command)

    def _describe(self, command: Negotiate) -> None:
        leg = command.leg
        local = self._local.get(leg)
        if local is None and self._leased:
            local = self._open_leased(leg)
        if local is None:
            waiting = self._opening.setdefault(leg, [])
            waiting.append(command)
            if len(waiting) == 1:
                self._put(wire.Open(leg, 0, self._next_request()))
            return
        try:
            event = self._sessions.negotiate(command, local)
        except MediaError as error:
            self._fail(command, error.code, str(error))
        else:
            self._queue(self._sessions.connect(leg))
            self.events.append(event)
        # Not at the end of the turn: the address leaves in a message before that, and a server that is killed
        # in between must find the leg again.
        self._flush()

    def _open_leased(self, leg: LegId) -> Address:
        port = self._leased.popleft()
        address = self._local[leg] = Address(self.welcome.ip, port)
        self._queue(wire.Open(leg, port))
        if len(self._leased) < LEASED_AHEAD // 2 and not self._lease_request:
            self._lease_request = self._next_request()
            self._queue(wire.Lease(self._lease_request, LEASED_AHEAD))
        return address

    def _fail(self, command: Command | wire.Command, code: str, reason: str) -> None:
        """Tell that a command about a leg was not carried out; nobody misses what else was said."""
        leg = getattr(command, "leg", None)
        if leg is not None:
            tag = str(type(command).__struct_config__.tag)
            self.events.append(Failed(leg, tag, code, reason))

    # -- what only this engine has, for tests and measurements

    async def legs(self) -> tuple[LegState, ...]:
        """Every open leg, in the order of opening. Raises `MediaGoneError`."""
        request = self._next_request()
        return (await self._ask(wire.ListLegs(request), request, wire.Legs)).legs

    async def stats(self, leg: LegId) -> LegStats:
        """Counters of one leg. Raises `UnknownLegError`, `MediaGoneError`."""
        request = self._next_request()
        return (await self._ask(wire.AskStats(request, leg), request, wire.Stats)).stats

    # -- the connection

    @property
    def attached(self) -> bool:
        """Is the process there?"""
        return self._transport is not None

    async def detach(self) -> None:
        """Leave the process running; waiting callers keep their music. No `on_lost`."""
        self._on_lost = lambda: None
        await self._leave()

    async def shutdown(self) -> None:
        """End the process and every leg; one that does not end within END_S is killed. No `on_lost`."""
        self._on_lost = lambda: None
        self._put(wire.Shutdown())
        self._flush()
        until_s = self._loop.time() + END_S
        while self._transport is not None and self._loop.time() < until_s:
            await asyncio.sleep(END_LOOK_S)
        if self._transport is not None:  # it is there, so the number is its own
            with suppress(OSError):
                os.kill(self.welcome.pid, signal.SIGKILL)
        await self._leave()

    async def _leave(self) -> None:
        self._flush()
        transport = self._transport
        if transport is not None:
            transport.close()
            while self._transport is not None:
                await asyncio.sleep(0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of `asyncio.Protocol`."""
        self._transport = None
        gone = MediaGoneError(str(exc) if exc else "the media process closed the connection")
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(gone)
        if not self._welcome.done():
            self._welcome.set_exception(gone)
        if self._confirming is not None:
            self._confirming.cancel()
        if self._taking is not None:
            self._taking.cancel()
        self._waiting.clear()
        self._leased.clear()
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        self._pending += data
        for frame in wire.take_frames(self._pending):
            self._take(wire.decode_message(frame))
        if self._told > self._planned and self._taking is None:
            self._plan()
        if self.events:
            self._loop.call_soon(self._on_ready)  # its faults are not the connection's

    def _take(self, message: wire.Message) -> None:
        if isinstance(message, wire.Told):
            self.events.append(message)
            self._told += 1
        elif isinstance(message, wire.Marked):
            self._confirmed(message.number)
        elif isinstance(message, wire.Opened):
            self._opened(message.leg, message.local)
        elif isinstance(message, wire.Welcome):
            self._welcome.set_result(message)
        elif isinstance(message, wire.Leased) and message.request == self._lease_request:
            self._lease_request = 0
            self._leased.extend(message.ports)
        elif (future := self._waiting.pop(message.request, None)) is not None and not future.done():
            future.set_result(message)
        elif isinstance(message, wire.CommandRefused):
            self._refused(message)

    def _taken(self, count: int) -> None:
        """What came before this was planned is written by now, with what followed of it."""
        self._taking = None
        self._put(wire.Taken(count))
        if self._told > count:
            self._plan()

    def _plan(self) -> None:
        self._planned = self._told
        self._taking = self._loop.call_later(TAKEN_S, self._taken, self._told)

    def _opened(self, leg: LegId, local: Address) -> None:
        waiting = self._opening.pop(leg, None)
        if waiting is None:  # closed meanwhile, or told as late
            self._put(Close(leg))
            return
        self._local[leg] = local
        for command in waiting:
            self._describe(command)

    def _refused(self, message: wire.CommandRefused) -> None:
        """The answer to an `Open`: no port is left."""
        for command in self._opening.pop(message.leg, ()):
            self._fail(command, message.code, message.reason)

    def _next_request(self) -> int:
        self._last_request += 1
        return self._last_request

    async def _lease(self, count: int) -> None:
        request = self._next_request()
        self._leased.extend((await self._ask(wire.Lease(request, count), request, wire.Leased)).ports)

    async def _ask(self, command: wire.Command, request: int, answer: type[_Answer]) -> _Answer:
        if self._transport is None:
            raise MediaGoneError("the media process is not there")
        future: asyncio.Future[wire.Message] = self._loop.create_future()
        self._waiting[request] = future
        self._put(command)
        self._flush()
        message = await future
        if isinstance(message, wire.CommandRefused):
            raise _ERRORS.get(message.code, MediaError)(message.reason)
        assert isinstance(message, answer)
        return message

    def _queue(self, command: wire.Command) -> None:
        wire.append_frame(self._out, command)
        self._unconfirmed.append(command)

    def _put(self, command: wire.Command) -> None:
        wire.append_frame(self._out, command)  # as `_queue`, which would be a frame for each command
        self._unconfirmed.append(command)
        if not self._flush_planned:
            self._flush_planned = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        if self._transport is not None and self._out:
            self._transport.write(bytes(self._out))
        self._out.clear()

    # -- the deadline of commands that have no answer

    def _confirm(self) -> None:
        """Once a second; also of a process that has nothing to do, since it may hang."""
        self._confirming = None
        if self._mark:
            self._late()
        if self._transport is not None:
            self._mark, self._marked = self._next_request(), len(self._unconfirmed)
            wire.append_frame(self._out, wire.Mark(self._mark))
            self._confirming = self._loop.call_later(DEADLINE_S - CONFIRM_S, self._confirm)
            self._flush()

    def _confirmed(self, number: int) -> None:
        if number != self._mark:  # it was told as late
            return
        del self._unconfirmed[: self._marked]
        self._mark = self.silences = 0
        if self._confirming is not None:
            self._confirming.cancel()
        self._confirming = self._loop.call_later(CONFIRM_S, self._confirm)

    def _late(self) -> None:
        """The process hangs: what it was told since is not carried out, and nobody knows when it will be.

        The second time in a row it is killed: nobody hears anything by it, and a new one may do better.
        """
        self._mark = 0
        self.silences += 1
        if self.silences > 1:
            with suppress(OSError):
                os.kill(self.welcome.pid, signal.SIGKILL)
        waiting = [command for commands in self._opening.values() for command in commands]
        late, self._unconfirmed = [*waiting, *self._unconfirmed], []
        self._opening.clear()
        for command in late:
            self._fail(command, "late", f"the media process has not answered for {DEADLINE_S} s")
        self._loop.call_soon(self._on_ready)  # its faults must not end the questions
