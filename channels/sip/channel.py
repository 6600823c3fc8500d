"""The SIP channel: sockets, timers and ids around the pure calls."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from acd.content.errors import VaultError, VaultUnknownError
from acd.core.effects import ConnectContact, Effect, PlaceCall
from acd.ports import Host, Words
from channels.media.commands import Close
from channels.media.embedded.client import MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.events import Event
from channels.sip.b2bua import entrance, inbound, placing, restart, speaking, targets, treating
from channels.sip.b2bua.calls import NAME, Calls, Typed
from channels.sip.b2bua.naming import SECRET, Naming
from channels.sip.b2bua.registration import Registrations
from channels.sip.b2bua.strangers import Strangers
from channels.sip.b2bua.telling import Telling
from channels.sip.backlog import Backlog
from channels.sip.boot import this_boot
from channels.sip.faults import Faults
from channels.sip.ids import Ids, kept_secret
from channels.sip.messages import Messages
from channels.sip.prompts import Spoken, make_phrases, make_texts
from channels.sip.protocol.address import Endpoint, host_port
from channels.sip.protocol.errors import BadMessage, SipError
from channels.sip.protocol.keepalive import LONGEST_KEEPALIVE, is_keepalive
from channels.sip.protocol.message import parse
from channels.sip.protocol.outputs import ClientKey, NewRequest, Output, SendTo, ServerKey
from channels.sip.protocol.state_machines import Timing
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.refusals import Refusals
from channels.sip.settings import SipSettings, read_settings
from channels.sip.transports.udp import UdpTransport, in_utf8
from config.schema import Passage, Site

_log = structlog.get_logger("acd.sip")

DRAIN_POLL_S = 0.1
MEDIA_RETRY_S = 1.0
MEDIA_RETRY_MOST_S = 30.0
"""The pause between two tries doubles up to this."""
NUMBER_PATIENCE_S = 5.0
"""The attempt has failed then, and comes again like one that was not answered."""

NEAREST_MS = Timing().t1_ms
"""No timer is ever set nearer than that (datagrams only); with one that close there is nothing to plan."""

SLACK_MS = 20
"""Timers fire so much late, and together: every transaction ends with one, and each wakes the process."""


class SipChannel:
    """Telephone calls. Made by the entry point `sip` of the group `acd.channels`.

    Raises config.errors.ConfigError when the `[sip]` table is wrong; opens nothing before `start`.
    """

    name = NAME

    def __init__(self, site: Site) -> None:
        self.settings: SipSettings = read_settings(site)
        self._site = site
        self._timer: asyncio.TimerHandle | None = None
        self._found_again = False
        self._armed_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults = Faults()
        self._handling: Output | Event | None = None
        self._learnt: dict[str, Spoken] = {}
        """Texts that are in no site file."""

    async def start(self, host: Host, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        """Bind the port, attach to the media process (or start it), find calls and phones again."""
        self._loop = asyncio.get_running_loop()
        folder = self.settings.runtime_dir / "sounds"
        phrases = await asyncio.to_thread(make_phrases, self._site, folder)
        self.settings = replace(self.settings, sounds=phrases.with_texts(self._learnt))
        self._media = await self._attach()
        backlog = Backlog()
        try:
            self._transport = self._listen(backlog)
        except OSError:
            await self._leave_media(bool(self._media.found))
            raise
        sent_by = host_port(self.settings.advertise, self._transport.port)
        make_id = Ids()
        layer = self._layer = TransactionLayer(sent_by, make_id)
        self._telling = Telling(host)
        self._telling.refused = self._refused
        self._refusals = Refusals()
        self._messages = Messages(self.settings.runtime_dir.absolute(), host)
        secret, phones = secrets.token_bytes(32), self._site.phones
        self.registrations = Registrations(
            self.settings, phones, self._telling, layer, secret=secret, boot=this_boot()
        )
        self.calls = Calls(
            settings=self.settings,
            telling=self._telling,
            layer=layer,
            media=self._media,
            phones=self.registrations,
            make_id=make_id,
            naming=Naming(kept_secret(host, records)),
        )
        self.calls.backlog, self.calls.errand_came = backlog, self._errand_came
        layer.screen = partial(entrance.screen, self.calls)
        layer.may_answer, layer.stands_in = Strangers(self.calls).may_answer, self._stands_in
        self.registrations.moved = partial(targets.moved, self.calls)
        for recording in self._messages.find(self._media.found):
            self.calls.leave_to_others(recording)
        self._find_again(records, standing)
        _log.info("sip listens", address=sent_by, legs=len(self.calls.legs))

    def _listen(self, backlog: Backlog) -> UdpTransport:
        """Raises OSError."""
        at = self.settings.host, self.settings.port
        return UdpTransport(*at, self._received, backlog, self._unreachable, faults=self._faults)

    def _stands_in(self, key: ClientKey | ServerKey, sent_to: Endpoint, source: Endpoint) -> bool:
        at_once = self._transport.is_at(sent_to, source.host)
        return at_once or targets.stands_in(self.calls, key, sent_to, source)

    def _find_again(self, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        self._set_time()
        legs = {key: value for key, value in records.items() if not self.registrations.owns(key)}
        legs.pop(SECRET, None)
        phones = {key: value for key, value in records.items() if self.registrations.owns(key)}
        self.registrations.restore(phones, self.calls.now_ms)
        restart.load_legs(self.calls, legs, self._media.found)
        restart.reconcile(self.calls, standing)
        self._read_numbers()
        for leg in self._media.found - set(self.calls.legs) - placing.expected(self.calls):
            self._media.send(Close(leg))
        self._found_again = True
        if self._media.attached:
            self._flush()
        else:
            self._media_lost()

    async def _attach(self) -> MediaClient:
        settings = self.settings
        media = MediaSettings(
            socket=settings.runtime_dir / "media.sock",
            sounds=settings.runtime_dir / "sounds",
            ip=settings.media_host,
            ports=settings.media_ports,
            log=settings.runtime_dir / "media.log",
            silent_s=settings.silent_s,
        )
        return await attach_or_start(media, self._media_ready, self._media_lost)

    async def prepare(self, site: Site) -> Callable[[], None]:
        """See acd.server.reload.Reloading: texts are spoken now, and heard with the phones of that site."""
        settings = read_settings(site)
        folder = self.settings.runtime_dir / "sounds"
        phrases = await asyncio.to_thread(make_phrases, site, folder)

        def commit() -> None:
            self.settings = replace(settings, sounds=phrases.with_texts(self._learnt))
            self.calls.take(self.settings)
            self._set_time()
            self.registrations.take(site.phones, self.calls.now_ms)
            treating.music_changed(self.calls)
            self._flush()

        return commit

    async def learn(self, texts: Mapping[str, Sequence[Words]]) -> None:
        """See acd.ports.Announcing."""
        passages = {name: [Passage(*one) for one in words] for name, words in texts.items()}
        self._learnt = await asyncio.to_thread(make_texts, passages, self.settings.runtime_dir / "sounds")
        if self._found_again:
            sounds = self.settings.sounds.with_texts(self._learnt)
            self.settings = self.calls.settings = replace(self.settings, sounds=sounds)

    # From the engine

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:  # noqa: ARG002 - ids are in the effect
        """See acd.ports.Channel."""
        self._set_time()
        entrance.carry_out(self.calls, effect)
        if self.calls.unread:
            self._read_numbers()
        self._flush()

    def counts(self) -> Mapping[str, int]:
        """See acd.ports.Channel."""
        counts = {f"fault in {what}": count for what, count in self._faults.counts.items()}
        counts["refused registrations"] = self.registrations.refused
        counts["packets not sent"] = self._transport.unsent
        counts["port read again"] = self._transport.watch.rescued
        return {**self._telling.counts, **counts}

    def trouble(self) -> str:
        """See acd.ports.Reporting."""
        if self.calls.without_media:
            return "no media process: calls are refused"
        return "the media process hangs" if self._media.silences else self._transport.watch.trouble

    async def drain(self) -> None:
        """Refuse new calls with 503; return when the last leg is gone."""
        self.calls.draining = True
        while self.calls.in_use:
            await asyncio.sleep(DRAIN_POLL_S)

    async def stop(self) -> None:
        """Close the port; without calls the media process ends too, with calls it plays on."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._transport.close()
        await self._leave_media(bool(self.calls.in_use))

    async def _leave_media(self, in_use: bool) -> None:
        if in_use:
            await self._media.detach()
        else:
            await self._media.shutdown()

    # From the network, the media and the clock

    def _received(self, data: bytes, source: Endpoint) -> None:
        if len(data) <= LONGEST_KEEPALIVE and is_keepalive(data):
            return
        now_ms = self.calls.now_ms = time.monotonic_ns() // 1_000_000
        try:
            message = parse(data if data.isascii() else in_utf8(data))
        except BadMessage as error:
            self.calls.count("unreadable message")
            self._layer.reject(error, source, len(data))
            self._flush()
        else:
            self._flush(self._layer.receive(message, source, now_ms, len(data)))

    def _unreachable(self, destination: Endpoint) -> None:
        self._set_time()
        self._layer.unreachable(destination, self.calls.now_ms)
        self._flush()

    def _refused(self, address: str, reason: str) -> None:
        self._refusals.note(address, reason, time.monotonic_ns() // 1_000_000)

    def _media_ready(self) -> None:
        """The process may have kept events for us: they wait until we know their legs."""
        if not self._found_again:
            return
        self._set_time()
        self._flush()

    def _media_lost(self) -> None:
        """All audio is gone: end the calls rather than leave callers in silence, and start anew."""
        if not self._found_again or self.calls.without_media:  # it is told by every connection to it
            return
        _log.critical("media process lost", legs=len(self.calls.legs))
        self.calls.count("media process lost")
        self.calls.without_media = True
        self._begin(self._attach_again())
        self._set_time()
        self._faults.guard("end of all calls", inbound.end_all, self.calls)
        self._flush()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attach_again(self) -> None:
        pause_s = MEDIA_RETRY_S
        while self.calls.without_media:
            try:
                self._media = self.calls.media = await self._attach()
            except Exception as error:  # whatever keeps it from starting may pass: descriptors, memory, disk
                _log.error("the media process does not start", reason=str(error), again_in_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, MEDIA_RETRY_MOST_S)
            else:
                self.calls.without_media = False
                _log.info("media process started again")

    def _read_numbers(self) -> None:
        while self.calls.unread:
            self._begin(self._read_number(self.calls.unread.popleft()))

    def _errand_came(self) -> None:
        self._loop.call_soon(self._do_errand)

    def _do_errand(self) -> None:
        errand = self.calls.errands.popleft()
        if isinstance(errand, Typed):
            self._begin(self._messages.keep_digits(errand))
        elif isinstance(errand, Path):
            self._begin(self._messages.keep(errand))
        elif isinstance(errand, ConnectContact):
            self._begin(self._hear(errand))
        else:
            self._messages.forget(errand)

    async def _hear(self, effect: ConnectContact) -> None:
        """Let an agent hear a message."""
        sound = await self._messages.sound_of(effect)
        if sound is None:
            self.calls.count("message not read")
            return
        self._set_time()
        speaking.play(self.calls, effect, sound)
        self._flush()

    async def _read_number(self, effect: PlaceCall) -> None:
        """Ask the vault for the number of a call that is to be placed, then place it."""
        to = self.calls.settings.outbound
        region = "" if to is None else to.region
        try:
            number = await self._telling.host.number(effect.party, effect.tenant, NUMBER_PATIENCE_S, region)
        except (VaultError, TimeoutError) as error:
            erased = isinstance(error, VaultUnknownError)
            _log.warning("number not read", call=effect.call, reason=str(error) or "not in time")
            self._set_time()
            placing.not_read(self.calls, effect, "refused" if erased else "failed")
        else:
            self._set_time()
            placing.dial(self.calls, effect, *number)
        self._flush()

    def _expire(self) -> None:
        self._timer = None
        self._set_time()
        now_ms, guard = self.calls.now_ms, self._faults.guard
        outputs = guard("timer", self._layer.expire, now_ms) or ()
        guard("timer", self.registrations.expire, now_ms)
        guard("timer", entrance.expire, self.calls)
        self._flush(outputs)

    def _flush(self, outputs: Sequence[Output] = ()) -> None:
        """Send what has collected, take what the media say; both may collect more. Re-arm the one timer.

        One that cannot be handled takes none of the others with it, nor the timer.
        """
        layer, calls, waiting, events = self._layer, self.calls, deque(outputs), self.calls.media.events
        while waiting or layer.out or events:
            try:
                while waiting:
                    out = self._handling = waiting.popleft()
                    if isinstance(out, SendTo):
                        self._transport.send(out.data, out.destination)
                    elif isinstance(out, NewRequest) and out.request.method == "REGISTER":
                        self.registrations.register(out, calls.now_ms)
                    else:
                        entrance.ON_OUTPUT[type(out)](calls, out)
                while events:
                    self._handling = event = events.popleft()
                    entrance.heard(calls, event)
                waiting.extend(layer.out)
                layer.out.clear()
            except Exception as fault:
                self._not_handled(fault)
        if self._timer is None or self._armed_ms > calls.now_ms + NEAREST_MS:
            self._arm()

    def _not_handled(self, fault: Exception) -> None:
        """A request that nobody answers would stay for ever, with us and with whoever sent it."""
        what = self._handling
        self._faults.note(fault, type(what).__name__, getattr(what, "source", ""))
        if isinstance(what, NewRequest):
            with suppress(SipError):
                self._layer.reply(what.key, 500, self.calls.now_ms)

    def _arm(self) -> None:
        """Plan to wake for the earliest deadline."""
        due_ms = self._layer.next_deadline()
        for other_ms in (self.registrations.next_deadline(), entrance.next_deadline(self.calls)):
            if due_ms is None or (other_ms is not None and other_ms < due_ms):
                due_ms = other_ms
        if due_ms is None or (self._timer is not None and self._armed_ms <= due_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_ms = due_ms
        delay_ms = max(0, due_ms - self.calls.now_ms) + SLACK_MS
        self._timer = self._loop.call_later(delay_ms / 1000, self._expire)

    def _set_time(self) -> None:
        self.calls.now_ms = time.monotonic_ns() // 1_000_000
