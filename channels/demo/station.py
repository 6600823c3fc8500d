"""A SIP station for the demonstration's phones: socket, transactions and timers around them."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import parse
from channels.sip.protocol.outputs import Output, SendTo
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.transports.udp import UdpTransport

HOST = "127.0.0.1"


class Phone(Protocol):
    def handle(self, out: Output) -> None:
        """Something came of a transaction."""


class Station:
    """One UDP port on loopback; everything that is not a packet goes to the phone."""

    def __init__(self, port: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = UdpTransport(HOST, port, self._received)
        self._timer: asyncio.TimerHandle | None = None
        self._phone: Phone | None = None
        self.address = f"{HOST}:{self._transport.port}"
        self.layer = TransactionLayer(self.address, lambda: secrets.token_hex(8))

    def serve(self, phone: Phone) -> None:
        self._phone = phone

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def flush(self) -> None:
        """To be called after everything that may have made the layer send something."""
        while outputs := self.layer.take():
            self._dispatch(outputs)
        due_ms = self.layer.next_deadline()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_ms is not None:
            delay_s = max(0, due_ms - self.now_ms()) / 1000
            self._timer = self._loop.call_later(delay_s, self._expire)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def _received(self, data: bytes, source: Endpoint) -> None:
        try:
            message = parse(data)
        except SipError:
            return
        self._dispatch(self.layer.receive(message, source, self.now_ms()))
        self.flush()

    def _expire(self) -> None:
        self._timer = None
        self._dispatch(self.layer.expire(self.now_ms()))
        self.flush()

    def _dispatch(self, outputs: Sequence[Output]) -> None:
        for out in outputs:
            if isinstance(out, SendTo):
                self._transport.send(out.data, out.destination)
            elif self._phone is not None:
                self._phone.handle(out)


def report(record: Mapping[str, object]) -> None:
    """Tell the demonstration what happened: one JSON object a line on standard output."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
