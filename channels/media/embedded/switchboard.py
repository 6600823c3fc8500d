"""Carries out commands on legs: decides what every leg hears and which packets the kernel may let through."""

import contextlib
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final

from channels.media.commands import (
    Collect,
    EndRecord,
    Join,
    Leave,
    LegId,
    Play,
    Record,
    SoundId,
    Stop,
)
from channels.media.embedded import packet_filter, wire
from channels.media.embedded.leg import EVERYTHING, NO_SOURCE, Leg
from channels.media.embedded.listening import Listening
from channels.media.embedded.mixing import Mix
from channels.media.embedded.relay import Relay
from channels.media.embedded.rooms import Rooms
from channels.media.embedded.ticker import Ticker
from channels.media.errors import (
    BadCommandError,
    UnknownLegError,
    UnknownSoundError,
)
from channels.media.events import Ending, Failed, Played, Silent
from channels.media.latch import Latch
from channels.media.rtp import EVENTS, Address, Codec
from channels.media.sound.sounds import SILENCE, Sound, SoundStore

_TYPES: Final = range(128)
"""Of RTP. Telephone events have dynamic ones (from 96) by RFC 3551 §6, and others in the field."""
_CODECS: Final = frozenset(int(codec) for codec in Codec)
RELATCH_MS: Final = 1_000
"""Looked at once a second: who falls silent, since his NAT has forgotten him, is heard again within two."""
LIVELY_LOOKS: Final = 2
"""Whoever is heard at so many looks (one a second) sends a stream, and stays the peer in his pauses."""
_DRAIN: Final = 1000
"""A socket's buffer holds fewer datagrams; a flood must not hold us here."""
_AF_INET, _AF_INET6 = int(socket.AF_INET), int(socket.AF_INET6)
_STRAGGLERS: Final = 50
"""A second of packets that an abandoned address may still send after the new one was signalled."""


class Switchboard:
    """All legs of the process. Time is an argument; sockets are used, but never waited for."""

    def __init__(
        self, sounds: SoundStore, emit: Callable[[wire.Told], None], listen: Callable[[Leg], None]
    ) -> None:
        """`emit` takes events; `listen(leg)` starts to call `relay.receive` whenever the leg is readable."""
        self.legs: dict[LegId, Leg] = {}
        self.ticker = Ticker(self._sound_over)
        self.listening = Listening(emit, self._refilter)
        self.relay = Relay(self.listening.pressed, self._latched, self.listening.spoken)
        self._sounds = sounds
        self._emit = emit
        self._listen = listen
        self._rooms = Rooms()
        self._unfiltered: dict[Leg, None] = {}
        self._commands: dict[type, Callable[[Any, int], None]] = {
            wire.Connect: self._connect,
            Play: self._play,
            Stop: self._stop,
            Join: self._join,
            Leave: self._leave,
            Record: self._record,
            EndRecord: self._end_record,
            Collect: self._collect,
        }

    def add(self, leg: LegId, sock: socket.socket, local: Address, now_ms: int) -> None:
        """Make a leg of a bound, non-blocking socket."""
        self.legs[leg] = Leg(leg, sock, local, now_ms)

    def remove(self, leg: LegId, now_ms: int) -> Leg | None:
        """Take a leg out; the caller closes its socket. None when there is no such leg."""
        gone = self.legs.pop(leg, None)
        if gone is not None:
            self.listening.forget(gone)
            self._update_all(self._rooms.leave(gone), now_ms)
            self.ticker.remove(gone)
            self._unfiltered.pop(gone, None)
        return gone

    def carry_out(self, command: wire.Command, now_ms: int) -> None:
        """Carry out one command on legs. Raises `MediaError`, then nothing is changed."""
        self._commands[type(command)](command, now_ms)

    def _refilter(self, leg: Leg) -> None:
        self._unfiltered[leg] = None

    def settle(self) -> None:
        """Bring kernel filters up to date; once per batch: a leg that is bridged at once needs none."""
        for leg in self._unfiltered:
            _filter(leg)
        self._unfiltered.clear()

    def look_for_packets(self, now_ms: int) -> None:
        """Once a second: notice the packets that the kernel dropped, and legs from which none came.

        From where these send now is found out anew.
        """
        for leg in self.legs.values():
            if leg.remote is None:
                continue
            dropped = packet_filter.dropped(leg.sock)
            if dropped != leg.dropped:
                leg.dropped = dropped
                leg.last_in_ms = now_ms
            if leg.watch_ms:
                self._check_alive(leg, now_ms)
            leg.lively += leg.last_in_ms != leg.looked_ms
            leg.looked_ms = leg.last_in_ms
            if leg.latch is not Latch.NEVER and not leg.latching and now_ms - leg.last_in_ms >= RELATCH_MS:
                self._listen_around(leg)
            if leg.recording is not None and leg.recording.is_over(now_ms):
                self.listening.seal(leg, Ending.FULL)
        self.settle()

    def _check_alive(self, leg: Leg, now_ms: int) -> None:
        silent_ms = now_ms - max(leg.last_in_ms, leg.watched_from_ms)
        if silent_ms < leg.watch_ms:
            leg.silences = 0
        elif silent_ms >= leg.watch_ms * (leg.silences + 1):
            leg.silences += 1
            self._emit(Silent(leg.id, silent_ms))

    def _listen_around(self, leg: Leg) -> None:
        """Hear everybody again, and go on to send to where the last packets came from.

        Who came with a few packets and is gone again was not the peer: back to where that was before.
        """
        try:
            packet_filter.disconnect(leg.sock)
        except OSError:
            return
        if leg.before is not None and leg.lively < LIVELY_LOOKS:
            leg.remote = leg.before
        leg.latching, leg.before = True, None
        leg.send = _send_to(leg.sock, leg.remote)
        self._unfiltered[leg] = None

    def _leg(self, leg: LegId) -> Leg:
        try:
            return self.legs[leg]
        except KeyError:
            raise UnknownLegError(leg) from None

    # -- commands

    def _connect(self, command: wire.Connect, now_ms: int) -> None:
        leg = self._leg(command.leg)
        _check(command, leg)
        self._point_to(leg, command, now_ms)
        if (command.codec, command.payload_type) != (leg.codec, leg.payload_type):
            leg.sound = None
        leg.codec, leg.payload_type, leg.dtmf = command.codec, command.payload_type, command.dtmf
        leg.types, leg.deaf, leg.watch_ms = command.types, command.deaf, command.silent_s * 1000
        leg.session = command.session
        self._update_all(self._rooms.arrange(leg), now_ms)

    def _point_to(self, leg: Leg, command: wire.Connect, now_ms: int) -> None:
        """Raises `BadCommandError`."""
        remote, first = command.remote, leg.remote is None
        if remote is not None and (remote != leg.signalled or command.latch is not leg.latch):
            _point(leg, remote, latch=command.latch is not Latch.NEVER)
            if first:
                self._listen(leg)
                leg.watched_from_ms = now_ms
        leg.latch, leg.near = command.latch, command.near

    def _play(self, command: Play, now_ms: int) -> None:
        leg = self._leg(command.leg)
        if command.play and command.play == leg.last_play:
            if leg.play is None:
                self._emit(Played(leg.id, command.play))
            return
        if command.loop is not None:
            leg.loop = next(iter(self._known(leg, (command.loop,))), leg.loop)
        if command.sounds or command.play:
            self._replace(leg, command.play, self._known(leg, command.sounds))
        self._update(leg, now_ms)

    def _replace(self, leg: Leg, play: str, sounds: Iterable[Sound]) -> None:
        """A loop that goes on as it was is not begun anew."""
        leg.play = leg.last_play = play
        leg.prompts.clear()
        leg.prompts.extend(sounds)
        if leg.prompts:
            leg.sound = None
        else:
            self._end_play(leg)

    def _known(self, leg: Leg, names: Iterable[SoundId]) -> list[Sound]:
        """The sounds that exist; of the others the server is told."""
        sounds = []
        for name in names:
            try:
                sounds.append(self._sounds.get(name))
            except UnknownSoundError as error:
                self._emit(Failed(leg.id, "play", error.code, str(error)))
        return sounds

    def _stop(self, command: Stop, now_ms: int) -> None:
        leg = self._leg(command.leg)
        _silence(leg)
        self._update(leg, now_ms)

    def _join(self, command: Join, now_ms: int) -> None:
        leg = self._leg(command.leg)
        if leg.room != command.room:
            _silence(leg)
        elif (leg.agent, leg.heard_by) == (command.agent, command.heard_by):
            return
        self._update_all(self._rooms.join(leg, command), now_ms)

    def _leave(self, command: Leave, now_ms: int) -> None:
        leg = self._leg(command.leg)
        self._update_all(self._rooms.leave(leg) or [leg], now_ms)

    def _record(self, command: Record, now_ms: int) -> None:
        self.listening.record(self._leg(command.leg), command, now_ms)

    def _end_record(self, command: EndRecord, _now_ms: int) -> None:
        self.listening.seal(self._leg(command.leg), Ending.TOLD)

    def _collect(self, command: Collect, now_ms: int) -> None:
        self.listening.collect(self._leg(command.leg), command, now_ms)

    # -- what a leg hears

    def _update_all(self, legs: Iterable[Leg], now_ms: int) -> None:
        for leg in legs:
            self._update(leg, now_ms)

    def _update(self, leg: Leg, now_ms: int) -> None:
        """Let ticker, relay and filter follow the leg's state after any change of it."""
        sound = _sound_for(leg) if leg.remote is not None else None
        if sound is not leg.sound:
            leg.sound = sound
            leg.position = 0
            leg.resume_stream(now_ms)
        if sound is None:
            self.ticker.remove(leg)
        else:
            leg.frames = sound.frames(leg.codec)
            self.ticker.add(leg, now_ms)
        self._wire_up(leg)

    def _wire_up(self, leg: Leg) -> None:
        self._unfiltered[leg] = None
        peer = leg.peer
        if peer is None:
            leg.relay_to = None
            return
        self._unfiltered[peer] = None
        open_ = not leg.deaf and not peer.deaf
        _relay(leg, peer if open_ and peer.remote is not None and not peer.prompts else None)
        _relay(peer, leg if open_ and leg.remote is not None and not leg.prompts else None)

    def _sound_over(self, leg: Leg, now_ms: int) -> None:
        """The ticker sent a sound's last frame one frame ago."""
        if not leg.prompts:
            leg.position = 0
            return
        leg.prompts.popleft()
        leg.sound = None
        if not leg.prompts:
            self._end_play(leg)
        self._update(leg, now_ms)
        self.settle()

    def _end_play(self, leg: Leg) -> None:
        play, leg.play = leg.play, None
        self._emit(Played(leg.id, play or ""))

    def _latched(self, leg: Leg, sender: Address) -> None:
        leg.latching, leg.lively = False, 0
        elsewhere = leg.remote is not None and leg.remote != sender
        plausible = leg.first_ip or (leg.remote is not None and leg.remote.ip == sender.ip)
        leg.before = leg.remote if elsewhere and plausible else None
        leg.remote, leg.first_ip = sender, leg.first_ip or sender.ip
        leg.send = leg.sock.send
        with contextlib.suppress(OSError):
            leg.sock.connect(sender)
        _drain(leg.sock)
        self._unfiltered[leg] = None
        self.settle()


def _relay(leg: Leg, to: Leg | None) -> None:
    """Relay the leg's audio from now on; a listener that did not hear it before gets it as a new piece."""
    if to is not None and leg.relay_to is not to:
        to.source = NO_SOURCE
    leg.relay_to = to


def _sound_for(leg: Leg) -> Sound | Mix | None:
    if leg.prompts:
        return leg.prompts[0]
    if leg.deaf:
        return SILENCE
    if leg.mix is not None:
        return leg.mix
    return None if leg.peer is not None else leg.loop


def _silence(leg: Leg) -> None:
    leg.prompts.clear()
    leg.play = leg.loop = None


def _check(command: wire.Connect, leg: Leg) -> None:
    """Raises `BadCommandError` when the command is impossible."""
    remote = command.remote
    if command.codec not in _CODECS or not _CODECS | {EVENTS} >= set(command.types.values()):
        raise BadCommandError(
            f"codec {command.codec} or one of {command.types} is neither PCMU (0) nor PCMA (8)"
        )
    if not all(kind in _TYPES for kind in (command.payload_type, command.dtmf or 0, *command.types)):
        raise BadCommandError(
            f"payload type {command.payload_type}, {command.dtmf} or one of {command.types}"
        )
    if command.silent_s < 0:
        raise BadCommandError(f"a watch of {command.silent_s} s")
    if remote is None:
        return
    if not 0 < remote.port < 65_536:
        raise BadCommandError(f"port {remote.port}")
    try:
        socket.inet_pton(_AF_INET6 if ":" in leg.local.ip else _AF_INET, remote.ip)
    except (OSError, ValueError):
        raise BadCommandError(f"{remote.ip!r} is no address of the media process's family") from None


def _point(leg: Leg, remote: Address, *, latch: bool) -> None:
    """Point the socket to a new remote address. Raises `BadCommandError` when there is no way to it."""
    sock = leg.sock
    if latch:
        if leg.remote is not None:
            packet_filter.disconnect(sock)
            leg.former, leg.former_left = leg.remote, _STRAGGLERS if leg.remote != remote else 0
        leg.send = _send_to(sock, remote)
    else:
        try:
            sock.connect(remote)
        except OSError as error:
            raise BadCommandError(f"{remote.ip} port {remote.port}: {error.strerror}") from error
        _drain(sock)
        leg.send = sock.send
    leg.latching, leg.first_ip, leg.before = latch, "", None
    leg.signalled = leg.remote = remote


def _send_to(sock: socket.socket, remote: Address | None) -> Callable[[bytearray | memoryview], int]:
    assert remote is not None
    return lambda data: sock.sendto(data, remote)


def _drain(sock: socket.socket) -> None:
    """Drop what strangers sent before the socket was connected."""
    for _ in range(_DRAIN):
        if not packet_filter.queued_octets(sock):
            return
        with contextlib.suppress(OSError):
            sock.recv(1)


def _filter(leg: Leg) -> None:
    """Let the kernel pass what somebody takes: key presses always, audio while it is relayed or awaited."""
    keys = tuple(sorted(kind for kind, codec in leg.types.items() if codec == EVENTS))
    wanted: object = keys
    if leg.latching or leg.relay_to is not None or leg.recording is not None or leg.ears:
        wanted = EVERYTHING
    if leg.remote is None or wanted == leg.filter:
        return
    try:
        if wanted == EVERYTHING:
            packet_filter.pass_all(leg.sock)
        else:
            packet_filter.pass_only(leg.sock, keys)
    except OSError:  # without a filter the relay drops it; that only costs more
        return
    leg.filter = wanted
