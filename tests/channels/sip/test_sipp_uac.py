"""sipp, which we did not write, completes its calls with a small callee and a small caller on our core."""

import asyncio
import os
import random
import socket
import time
from collections import Counter
from itertools import count
from pathlib import Path

from channels.media.negotiation import AudioSession
from channels.media.sdp import CONTENT_TYPE
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, DialogId, uac_dialog, uas_dialog
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request, make_headers, parse
from channels.sip.protocol.outputs import (
    AckReceived,
    Cancelled,
    ClientKey,
    NewRequest,
    Output,
    Refusal,
    ResponseReceived,
    SendTo,
)
from channels.sip.protocol.transactions import TransactionLayer

CALLS = 200


MOST_LOST = 3
"""Times that one and the same message is lost."""


class Wire:
    """Socket, timer and transactions of one side: the whole glue between core and network."""

    def __init__(self, *, lose_one_in: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        numbers = count()
        self.layer = TransactionLayer(f"127.0.0.1:{self.port}", lambda: f"id{next(numbers)}")
        self.contact = f"<sip:acd@127.0.0.1:{self.port}>"
        self.dialogs: dict[DialogId, Dialog] = {}
        self.seen: Counter[str] = Counter()
        # Not every n-th packet: the retransmissions of one call can fall into step with that count for ever.
        self._dice = random.Random(1)
        self._lose_one_in = lose_one_in
        self._losses: Counter[bytes] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def react(self, output: Output) -> None:
        """What the user of the core does about an output."""
        raise NotImplementedError

    def _lost(self, data: bytes) -> bool:
        """Not more than MOST_LOST times: else by chance some call is never told, and times out."""
        lost = self._lose_one_in > 0 and self._dice.randrange(self._lose_one_in) == 0
        if not lost or self._losses[data] >= MOST_LOST:
            return False
        self._losses[data] += 1
        return True

    def readable(self) -> None:
        """Everything that has arrived."""
        while True:
            try:
                data, (host, port) = self.socket.recvfrom(65536)
            except BlockingIOError:
                break
            if self._lost(data):
                continue
            try:
                message = parse(data)
            except BadMessage as error:
                self.layer.reject(error, Endpoint(host, port))
            else:
                self.carry_out(self.layer.receive(message, Endpoint(host, port), now_ms()))
        self._arm()

    def _expired(self) -> None:
        self.carry_out(self.layer.expire(now_ms()))
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self.layer.next_deadline()
        if deadline is not None:
            wait_s = max(0, deadline - now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._expired)

    def carry_out(self, outputs: list[Output]) -> None:
        """Send what is to be sent, react to the rest, and send what comes of that."""
        for output in outputs:
            if isinstance(output, SendTo):
                if not self._lost(output.data):
                    self.socket.sendto(output.data, output.destination[:2])
                continue
            self.seen[_name(output)] += 1
            self.react(output)
            self.carry_out(self.layer.take())
        self._arm()


class Callee(Wire):
    """Answers every INVITE at once with 180 and 200."""

    def react(self, output: Output) -> None:
        if isinstance(output, NewRequest):
            self._request(output)

    def _request(self, new: NewRequest) -> None:
        request = new.request
        dialog = self.dialogs.get((request.call_id, request.to.tag, request.from_.tag))
        unknown = Refusal(481) if request.to.tag else None
        refusal = unknown if dialog is None else dialog.receive(request)
        if refusal is not None:
            self.layer.reply(new.key, refusal.status, now_ms(), headers=refusal.headers)
        elif request.method == "INVITE" and dialog is None:
            self._answer(new)
        else:
            self.layer.reply(new.key, 200, now_ms())
            if dialog is not None and request.method == "BYE":
                del self.dialogs[dialog.id]

    def _answer(self, new: NewRequest) -> None:
        dialog = uas_dialog(new.request, new.to_tag, self.contact)
        self.dialogs[dialog.id] = dialog
        body = AudioSession(1, "127.0.0.1", 40000).answer(new.request.body)
        contact = ("Contact", self.contact)
        self.layer.reply(new.key, 180, now_ms(), headers=[contact])
        headers = [contact, ("Content-Type", CONTENT_TYPE)]
        self.layer.reply(new.key, 200, now_ms(), headers=headers, body=body)
        dialog.responded(new.request, 200)


class Caller(Wire):
    """Calls a port and hangs up as soon as it is answered; `done` is set after the last BYE's answer."""

    def __init__(self, calls: int, *, lose_one_in: int = 0) -> None:
        super().__init__(lose_one_in=lose_one_in)
        self._calls = calls
        self._invites: dict[ClientKey, tuple[Request, AudioSession]] = {}
        self.done = asyncio.Event()

    def call(self, number: int, port: int) -> None:
        """Start one call."""
        audio = AudioSession(number, "127.0.0.1", 40000)
        headers = make_headers(
            ("From", f"<sip:acd@127.0.0.1>;tag=t{number}"),
            ("To", f"<sip:bert@127.0.0.1:{port}>"),
            ("Call-ID", f"call-{number}"),
            ("CSeq", "1 INVITE"),
            ("Max-Forwards", "70"),
            ("Contact", self.contact),
            ("Content-Type", CONTENT_TYPE),
        )
        invite = Request(
            method="INVITE", uri=f"sip:bert@127.0.0.1:{port}", headers=headers, body=audio.offer()
        )
        self._invites[self.layer.send_request(invite, Endpoint("127.0.0.1", port), now_ms())] = invite, audio
        self.carry_out(self.layer.take())

    def react(self, output: Output) -> None:
        if not isinstance(output, ResponseReceived) or output.response.status < 200:
            return
        if output.response.cseq.method == "INVITE":
            self._answered(output)
        elif self.seen["200 BYE"] == self._calls:
            self.done.set()

    def _answered(self, output: ResponseReceived) -> None:
        invite, audio = self._invites.pop(output.key)
        audio.accept(output.response.body)
        dialog = uac_dialog(invite, output.response)
        self.layer.send_ack(output.key, dialog.ack(), dialog.destination())
        self.layer.send_request(dialog.request("BYE"), dialog.destination(), now_ms())


def _name(output: Output) -> str:
    if isinstance(output, NewRequest | AckReceived | Cancelled):
        return output.request.method
    if isinstance(output, ResponseReceived):
        return f"{output.response.status} {output.response.cseq.method}"
    return type(output).__name__


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def sipp(cwd: Path, *options: str) -> asyncio.subprocess.Process:
    """A running sipp."""
    return await asyncio.create_subprocess_exec(
        "sipp", *options, "-i", "127.0.0.1", "-nostdin", "-timeout", "60", "-timeout_error",
        cwd=cwd, env=os.environ | {"TERM": "dumb"}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def run_sipp(callee: Callee, cwd: Path, *options: str) -> tuple[int, str, float]:
    """Exit code and output of sipp calling the callee, and our CPU seconds meanwhile."""
    asyncio.get_running_loop().add_reader(callee.socket, callee.readable)
    started = time.process_time()
    target = f"127.0.0.1:{callee.port}"
    process = await sipp(cwd, "-sn", "uac", target, "-p", str(free_port()), "-d", "0", *options)
    text, _ = await process.communicate()
    asyncio.get_running_loop().remove_reader(callee.socket)
    callee.socket.close()
    assert process.returncode is not None
    return process.returncode, text.decode(errors="replace"), time.process_time() - started


async def run_caller(cwd: Path, calls: int, lose_one_in: int = 0) -> tuple[int | None, str, Counter[str]]:
    """Exit code and output of sipp being called, and what our caller noticed."""
    port = free_port()
    process = await sipp(cwd, "-sn", "uas", "-p", str(port), "-m", str(calls))
    caller = Caller(calls, lose_one_in=lose_one_in)
    asyncio.get_running_loop().add_reader(caller.socket, caller.readable)
    for number in range(calls):
        caller.call(number, port)
        await asyncio.sleep(0.005)
    text, _ = await process.communicate()
    async with asyncio.timeout(60):
        await caller.done.wait()
    asyncio.get_running_loop().remove_reader(caller.socket)
    caller.socket.close()
    return process.returncode, text.decode(errors="replace"), caller.seen


def test_sipp_completes_all_calls(tmp_path: Path) -> None:
    """All calls succeed, each is one INVITE, one ACK, one BYE to us, and no dialog is left."""
    callee = Callee()
    code, text, cpu_s = asyncio.run(run_sipp(callee, tmp_path, "-m", str(CALLS), "-r", "200"))
    print(f"{1000 * cpu_s / CALLS:.3f} ms of CPU per call")  # noqa: T201
    assert code == 0, text[-2000:]
    assert callee.seen == {"INVITE": CALLS, "ACK": CALLS, "BYE": CALLS}
    assert len(callee.dialogs) == 0
    assert cpu_s / CALLS < 0.005


def test_sipp_with_lost_packets(tmp_path: Path) -> None:
    """With every 7th packet lost either way all calls still succeed, and none is doubled.

    sipp may take a repeated 200 of the INVITE for that of a lost BYE, so BYEs are only compared.
    """
    callee = Callee(lose_one_in=7)
    code, text, _ = asyncio.run(run_sipp(callee, tmp_path, "-m", "60", "-r", "100"))
    assert code == 0, text[-2000:]
    assert callee.seen["INVITE"] == 60
    assert callee.seen["BYE"] == 60 - len(callee.dialogs) > 50


def test_we_call_sipp(tmp_path: Path) -> None:
    """sipp's callee accepts all our calls, ACKs and BYEs."""
    code, text, seen = asyncio.run(run_caller(tmp_path, 50))
    assert code == 0, text[-2000:]
    assert seen == {"180 INVITE": 50, "200 INVITE": 50, "200 BYE": 50}


def test_we_call_sipp_with_lost_packets(tmp_path: Path) -> None:
    """With every 9th packet lost either way sipp still sees complete calls."""
    code, text, seen = asyncio.run(run_caller(tmp_path, 20, lose_one_in=9))
    assert code == 0, text[-2000:]
    assert (seen["200 INVITE"], seen["200 BYE"], seen["TimedOut"]) == (20, 20, 0)
