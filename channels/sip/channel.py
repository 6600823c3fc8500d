"""The SIP channel: sockets, timers and ids around the pure exchange."""

import asyncio
import secrets
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from acd.core.effects import Effect
from acd.ports import Host
from agents.capacity import VOICE
from channels.media.embedded.client import MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.errors import MediaError, MediaGoneError
from channels.media.port import LegId, MediaEvent
from channels.sip.b2bua import caller, restore, switch
from channels.sip.b2bua.enrol import Enrolment
from channels.sip.b2bua.exchange import NAME, Exchange, Opened
from channels.sip.phrases import make_phrases
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import is_keepalive, parse
from channels.sip.protocol.outputs import NewRequest, Output, SendTo
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import SipSettings, read_settings
from channels.sip.transports.udp import UdpTransport, in_utf8
from config.schema import Site

_log = structlog.get_logger("acd.sip")

DRAIN_POLL_S = 0.1
MEDIA_RETRY_S = 1.0
IDS_AT_ONCE = 64

SLACK_MS = 20
"""Timers fire so much late, and together: every transaction ends with one, and each wakes the process."""


class SipChannel:
    """Telephone calls. Made by the entry point `sip` of the group `acd.channels`.

    Raises config.errors.ConfigError when the `[sip]` table is wrong; opens nothing before `start`.
    """

    name = NAME
    media = frozenset({VOICE})

    def __init__(self, site: Site) -> None:
        self.settings: SipSettings = read_settings(site)
        self._site = site
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: Host, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        """Bind the port, attach to the media process (or start it), find calls and phones again."""
        self._loop = asyncio.get_running_loop()
        folder = self.settings.runtime_dir / "sounds"
        phrases = await asyncio.to_thread(make_phrases, self._site, folder)
        self.settings = replace(self.settings, sounds=phrases)
        self._media = await self._attach()
        self._transport = UdpTransport(self.settings.host, self.settings.port, self._received)
        sent_by = _host_port(self.settings.advertise, self._transport.port)
        make_id = _Ids()
        layer = self._layer = TransactionLayer(sent_by, make_id)
        secret = secrets.token_bytes(32)
        self.enrolment = Enrolment(self.settings, self._site.phones, host, layer, secret)
        self.exchange = Exchange(
            settings=self.settings,
            host=host,
            layer=layer,
            media=self._media,
            ports=self,
            phones=self.enrolment,
            make_id=make_id,
        )
        self._find_again(records, standing)
        _log.info("sip listens", address=sent_by, legs=len(self.exchange.legs))

    def _find_again(self, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        self._set_time()
        legs = {key: value for key, value in records.items() if not self.enrolment.owns(key)}
        phones = {key: value for key, value in records.items() if self.enrolment.owns(key)}
        heard = {state.leg for state in self._media.welcome.legs}
        self.enrolment.restore(phones, self.exchange.now_ms)
        restore.load_legs(self.exchange, legs, heard)
        restore.reconcile(self.exchange, standing)
        for leg in heard - set(self.exchange.legs):
            self._media.close(leg)
        self._flush()

    async def _attach(self) -> MediaClient:
        settings = self.settings
        media = MediaSettings(
            socket=settings.runtime_dir / "media.sock",
            sounds=settings.runtime_dir / "sounds",
            ip=settings.media_host,
            ports=settings.media_ports,
            log=settings.runtime_dir / "media.log",
        )
        return await attach_or_start(media, self._heard, self._media_lost)

    # From the engine

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:  # noqa: ARG002 - ids are in the effect
        """See acd.ports.Channel."""
        self._set_time()
        switch.carry_out(self.exchange, effect)
        self._flush()

    def counts(self) -> Mapping[str, int]:
        """See acd.ports.Channel."""
        refused = {"refused registrations": self.enrolment.refused}
        return {**self.exchange.counts, **refused, "packets not sent": self._transport.unsent}

    async def drain(self) -> None:
        """Refuse new calls with 503; return when the last leg is gone."""
        self.exchange.draining = True
        while self.exchange.in_use:
            await asyncio.sleep(DRAIN_POLL_S)

    async def stop(self) -> None:
        """Close the port; without calls the media process ends too, with calls it plays on."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._transport.close()
        if self.exchange.in_use:
            await self._media.detach()
        else:
            await self._media.shutdown()

    # From the network, the media and the clock

    def _received(self, data: bytes, source: Endpoint) -> None:
        if is_keepalive(data):
            return
        self._set_time()
        try:
            message = parse(in_utf8(data))
        except BadMessage as error:
            self.exchange.count("unreadable message")
            self._layer.reject(error, source)
        else:
            self._dispatch(self._layer.receive(message, source, self.exchange.now_ms))
        self._flush()

    def _dispatch(self, outputs: Sequence[Output]) -> None:
        for out in outputs:
            if isinstance(out, SendTo):
                self._transport.send(out.data, out.destination)
            elif isinstance(out, NewRequest) and out.request.method == "REGISTER":
                self.enrolment.register(out, self.exchange.now_ms)
            else:
                switch.handle(self.exchange, out)

    def _heard(self, event: MediaEvent) -> None:
        self._set_time()
        switch.heard(self.exchange, event)
        self._flush()

    def _media_lost(self) -> None:
        """All audio is gone: end the calls rather than leave callers in silence, and start anew."""
        _log.critical("media process lost", legs=len(self.exchange.legs))
        self.exchange.count("media process lost")
        self.exchange.without_media = True
        self._set_time()
        caller.end_all(self.exchange)
        self._flush()
        self._start_task(self._attach_again())

    async def _attach_again(self) -> None:
        while self.exchange.without_media:
            try:
                self._media = self.exchange.media = await self._attach()
            except MediaGoneError as error:
                _log.error("the media process does not start", reason=str(error))
                await asyncio.sleep(MEDIA_RETRY_S)
            else:
                self.exchange.without_media = False
                _log.info("media process started again")

    def _expire(self) -> None:
        self._timer = None
        self._set_time()
        self._dispatch(self._layer.expire(self.exchange.now_ms))
        self.enrolment.expire(self.exchange.now_ms)
        self._flush()

    def _flush(self) -> None:
        """Send what has collected; reporting it may collect more. Then re-arm the one timer."""
        while outputs := self._layer.take():
            self._dispatch(outputs)
        due_ms, other_ms = self._layer.next_deadline(), self.enrolment.next_deadline()
        if due_ms is None or (other_ms is not None and other_ms < due_ms):
            due_ms = other_ms
        if due_ms is None or (self._timer is not None and self._armed_ms <= due_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_ms = due_ms
        delay_ms = max(0, due_ms - self.exchange.now_ms) + SLACK_MS
        self._timer = self._loop.call_later(delay_ms / 1000, self._expire)

    def _set_time(self) -> None:
        self.exchange.now_ms = time.monotonic_ns() // 1_000_000

    # Ports of the exchange

    def want(self, leg: LegId, then: Opened) -> None:
        """See channels.sip.b2bua.exchange.Ports."""
        address = self._media.open_now(leg)
        if address is not None:
            then(address)
            return
        self._start_task(self._open(leg, then))

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, leg: LegId, then: Opened) -> None:
        try:
            address = await self._media.open(leg)
        except MediaError as error:
            _log.error("no media for a leg", reason=str(error))
            address = None
        self._set_time()
        then(address)
        self._flush()


class _Ids:
    """Random ids of 16 hex digits; the system is asked for many at a time, as every request needs one."""

    def __init__(self) -> None:
        self._stock = ""

    def __call__(self) -> str:
        if not self._stock:
            self._stock = secrets.token_hex(8 * IDS_AT_ONCE)
        taken, self._stock = self._stock[:16], self._stock[16:]
        return taken


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
