"""The server's side of the media process: `MediaPort` over a Unix socket."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from channels.media.embedded import wire
from channels.media.errors import (
    BadCommandError,
    MediaError,
    MediaGoneError,
    NoPortsLeftError,
    UnknownLegError,
    UnknownSoundError,
)
from channels.media.port import LegId, LegState, LegStats, MediaEvent, SoundId
from channels.media.rtp import Address

LEASED_AHEAD: Final = 64
"""Ports bound ahead, so that 32 calls may begin between two turns of the loop without waiting."""

GATHER_S: Final = 0.004
"""Commands of this time leave together: each write wakes the other process. A fifth of an RTP packet."""

_ERRORS: Final = {
    error.code: error for error in (BadCommandError, NoPortsLeftError, UnknownLegError, UnknownSoundError)
}
_Answer = TypeVar("_Answer", wire.Leased, wire.Opened, wire.Legs, wire.Stats)


class MediaClient(asyncio.Protocol):
    """A `MediaPort`. Commands leave in one write per `GATHER_S`.

    Made by `attach`. Used from the event loop's thread only. After a loss of the connection commands are
    dropped and questions raise `MediaGoneError`; make a new client then.
    """

    def __init__(self, on_event: Callable[[MediaEvent], None], on_lost: Callable[[], None]) -> None:
        self._on_event = on_event
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pending = bytearray()
        self._out = bytearray()
        self._flush_planned = False
        self._last_request = 0
        self._waiting: dict[int, asyncio.Future[wire.Message]] = {}
        self._leased: deque[int] = deque()
        self._lease_request = 0
        self._known: dict[LegId, Address] = {}
        self._welcome: asyncio.Future[wire.Welcome] = self._loop.create_future()
        self.welcome = wire.Welcome(wire.VERSION, 0, "", "", ())
        """What the process said when we attached: its pid, its address, and the legs it had then."""

    @classmethod
    async def attach(
        cls,
        path: Path,
        on_event: Callable[[MediaEvent], None],
        on_lost: Callable[[], None] = lambda: None,
        *,
        leased_ahead: int = LEASED_AHEAD,
    ) -> "MediaClient":
        """Connect to the process that listens at `path` and learn its legs. Raises `MediaGoneError`.

        `on_event` gets every event, also those kept since the last server went, maybe before this returns.
        `on_lost` is called once when the process goes away without `detach` or `shutdown`.
        """
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_unix_connection(lambda: cls(on_event, on_lost), str(path))
        except OSError as error:
            raise MediaGoneError(f"{path}: {error.strerror}") from error
        client.welcome = await client._welcome
        if client.welcome.version != wire.VERSION:
            await client.detach()
            raise MediaGoneError(
                f"{path}: the process speaks version {client.welcome.version}, not {wire.VERSION}"
            )
        client._known = {state.leg: state.local for state in client.welcome.legs}
        if leased_ahead:
            await client._lease(leased_ahead)
        return client

    # -- MediaPort

    async def open(self, leg: LegId) -> Address:
        """See `MediaPort.open`."""
        address = self.open_now(leg)
        if address is None:
            request = self._next_request()
            opened = await self._ask(wire.Open(leg, 0, request), request, wire.Opened)
            address = self._known[leg] = opened.local
        return address

    def open_now(self, leg: LegId) -> Address | None:
        """See `MediaPort.open_now`."""
        address = self._known.get(leg)
        if address is None and self._leased:
            port = self._leased.popleft()
            address = self._known[leg] = Address(self.welcome.ip, port)
            self._send(wire.Open(leg, port))
            # Its port is in a message soon. A server that is killed after that must find the leg again.
            self._loop.call_soon(self._flush)
            if len(self._leased) < LEASED_AHEAD // 2 and not self._lease_request:
                self._lease_request = self._next_request()
                self._send(wire.Lease(self._lease_request, LEASED_AHEAD))
        return address

    def set_remote(
        self, leg: LegId, remote: Address, payload_type: int, *, dtmf: int | None = None, latch: bool = False
    ) -> None:
        """See `MediaPort.set_remote`."""
        self._send(wire.SetRemote(leg, remote, payload_type, dtmf, latch))

    def play(self, leg: LegId, sounds: Sequence[SoundId], *, play: str = "") -> None:
        """See `MediaPort.play`."""
        self._send(wire.Play(leg, tuple(sounds), play))

    def loop(self, leg: LegId, sound: SoundId) -> None:
        """See `MediaPort.loop`."""
        self._send(wire.Loop(leg, sound))

    def stop(self, leg: LegId) -> None:
        """See `MediaPort.stop`."""
        self._send(wire.Stop(leg))

    def bridge(self, leg: LegId, peer: LegId) -> None:
        """See `MediaPort.bridge`."""
        self._send(wire.Bridge(leg, peer))

    def unbridge(self, leg: LegId) -> None:
        """See `MediaPort.unbridge`."""
        self._send(wire.Unbridge(leg))

    def hold(self, leg: LegId, on: bool, *, sound: SoundId | None = None) -> None:
        """See `MediaPort.hold`."""
        self._send(wire.Hold(leg, on, sound))

    def watch(self, leg: LegId, silent_s: int) -> None:
        """See `MediaPort.watch`."""
        self._send(wire.Watch(leg, silent_s))

    def close(self, leg: LegId) -> None:
        """See `MediaPort.close`."""
        self._known.pop(leg, None)
        self._send(wire.Close(leg))

    async def legs(self) -> tuple[LegState, ...]:
        """See `MediaPort.legs`."""
        request = self._next_request()
        return (await self._ask(wire.ListLegs(request), request, wire.Legs)).legs

    async def stats(self, leg: LegId) -> LegStats:
        """See `MediaPort.stats`."""
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
        """End the process and every leg. No `on_lost`."""
        self._on_lost = lambda: None
        self._send(wire.Shutdown())
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
        assert isinstance(transport, asyncio.Transport)
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
        self._waiting.clear()
        self._leased.clear()
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        self._pending += data
        for frame in wire.take_frames(self._pending):
            self._take(wire.decode_message(frame))

    def _take(self, message: wire.Message) -> None:
        if isinstance(message, wire.Welcome):
            self._welcome.set_result(message)
        elif isinstance(message, wire.Leased) and message.request == self._lease_request:
            self._lease_request = 0
            self._leased.extend(message.ports)
        elif isinstance(message, wire.Leased | wire.Opened | wire.Legs | wire.Stats | wire.Refused):
            future = self._waiting.pop(message.request, None)
            if future is not None and not future.done():
                future.set_result(message)
        else:
            self._loop.call_soon(self._on_event, message)  # its faults are not the connection's

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
        self._send(command)
        self._flush()
        message = await future
        if isinstance(message, wire.Refused):
            raise _ERRORS.get(message.code, MediaError)(message.reason)
        assert isinstance(message, answer)
        return message

    def _send(self, command: wire.Command) -> None:
        wire.append_frame(self._out, command)
        if not self._flush_planned:
            self._flush_planned = True
            self._loop.call_later(GATHER_S, self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        if self._transport is not None and self._out:
            self._transport.write(bytes(self._out))
        self._out.clear()
