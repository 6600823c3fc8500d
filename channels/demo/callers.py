"""Callers: they call at random moments, wait for an agent's tone, talk, hang up, and say what they heard.

Once many ring together. Who was promised to be called back is rung here, too, and answers.
"""

import argparse
import asyncio
import contextlib
import random
import secrets
from dataclasses import dataclass, field

from channels.demo.station import Station, report
from channels.media.errors import MediaError
from channels.media.negotiation import AudioSession
from channels.media.rtp import Address, Codec
from channels.media.sound.tone import ToneEndpoint, dominant_hz, hears
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, uac_dialog, uas_dialog
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Request, Response, make_headers
from channels.sip.protocol.outputs import (
    Cancelled,
    ClientKey,
    NewRequest,
    Output,
    ResponseReceived,
    ServerKey,
    TimedOut,
)

LISTEN_EVERY_S = 0.25
HEARD_S = 0.6
LOWEST_HZ, STEP_HZ, TONES = 400, 25, 44
"""Callers' tones end below those of agents; two calls at a time never share one."""
AGENTS_FROM_HZ = 1700
"""Above the tones of the callers, so that a tone says who is heard."""
RING_S = 0.5
RUSH_GAP_S = 0.05
CALLED_BACK_S = 15
"""Whoever has not been called back so long after the last call is waited for no longer."""


@dataclass(slots=True)
class Call:
    """One call. Times are seconds of the loop's clock."""

    number: int
    hz: int
    tone: ToneEndpoint
    session: AudioSession
    request: Request
    talk_s: float
    patience_s: float
    began_s: float
    called: bool = False
    """The desk has called."""
    dialog: Dialog | None = None
    connected_s: float | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Callers:
    """All callers behind one port, as a trunk would bring them."""

    def __init__(self, server: Endpoint, dice: random.Random, args: argparse.Namespace) -> None:
        self._server, self._dice = server, dice
        self._talk_s, self._patience_s = args.talk_s, args.patience_s
        self._station = Station(args.port)
        self.called_back = asyncio.Semaphore(0)
        """Free as often as a call to one of them is over."""
        self._station.serve(self)
        self._loop = asyncio.get_running_loop()
        self._calls: dict[ClientKey, Call] = {}
        self._by_dialog: dict[str, Call] = {}
        self._made = 0

    async def call(self, entry: str) -> None:
        """One call from INVITE to its end."""
        self._made += 1
        tone, session = self._sound()
        call = self._new(self._invite(entry, session.offer()), tone, session)
        key = self._station.layer.send_request(call.request, self._server, self._station.now_ms())
        self._calls[key] = self._by_dialog[call.request.call_id] = call
        self._station.flush()
        await call.done.wait()

    def _sound(self) -> tuple[ToneEndpoint, AudioSession]:
        tone = ToneEndpoint.open(self._hz(), codec=self._dice.choice(list(Codec)))
        return tone, AudioSession(self._made, tone.address.ip, tone.address.port)

    def _hz(self) -> int:
        return LOWEST_HZ + STEP_HZ * (self._made % TONES)

    def _new(self, request: Request, tone: ToneEndpoint, session: AudioSession) -> Call:
        talk_s = self._dice.uniform(0.6, 1.4) * self._talk_s
        patience_s = self._dice.expovariate(1 / self._patience_s) + 1
        return Call(self._made, self._hz(), tone, session, request, talk_s, patience_s, self._loop.time())

    def _rung(self, out: NewRequest) -> None:
        """The desk calls back."""
        self._made += 1
        tone, session = self._sound()
        call = self._new(out.request, tone, session)
        call.called = True
        try:
            body = session.answer(out.request.body)
            call.dialog = uas_dialog(out.request, out.to_tag, f"<sip:callers@{self._station.address}>")
        except (SipError, MediaError) as error:
            self._station.layer.reply(out.key, 488, self._station.now_ms())
            self._failed(call, str(error))
            return
        self._by_dialog[out.request.call_id] = call
        self._station.layer.reply(out.key, 180, self._station.now_ms())
        self._loop.call_later(RING_S, self._answer, call, out.key, body)

    def _answer(self, call: Call, key: ServerKey, body: bytes) -> None:
        if call.done.is_set():  # the desk has given it up
            return
        headers = [("Contact", f"<sip:callers@{self._station.address}>"), ("Content-Type", "application/sdp")]
        self._station.layer.reply(key, 200, self._station.now_ms(), headers=headers, body=body)
        self._station.flush()
        self._talk(call)

    def _invite(self, entry: str, body: bytes) -> Request:
        number = f"+4930555{self._made:04d}"
        headers = make_headers(
            ("Max-Forwards", "70"),
            ("From", f"<sip:{number}@{self._station.address}>;tag={secrets.token_hex(4)}"),
            ("To", f"<sip:{entry}@{self._server.host}>"),
            ("Call-ID", secrets.token_hex(8)),
            ("CSeq", "1 INVITE"),
            ("Contact", f"<sip:{number}@{self._station.address}>"),
            ("Content-Type", "application/sdp"),
        )
        uri = f"sip:{entry}@{self._server.host}:{self._server.port}"
        return Request(method="INVITE", uri=uri, headers=headers, body=body)

    def handle(self, out: Output) -> None:
        """See channels.demo.station.Phone."""
        match out:
            case ResponseReceived() if out.key.method == "INVITE":
                self._answered(out)
            case TimedOut() if out.key.method == "INVITE":
                self._failed(self._calls[out.key], "no response")
            case Cancelled():
                self._cancelled(out)
            case NewRequest():
                self._requested(out)

    def _cancelled(self, out: Cancelled) -> None:
        self._station.layer.reply(out.key, 487, self._station.now_ms())
        for call in self._by_dialog.values():
            if call.called and call.connected_s is None and not call.done.is_set():
                self._close(call)

    def _requested(self, out: NewRequest) -> None:
        if out.request.method == "INVITE" and out.request.call_id not in self._by_dialog:
            self._rung(out)
            return
        self._station.layer.reply(out.key, 200, self._station.now_ms())
        call = self._by_dialog.get(out.request.call_id)
        if out.request.method == "BYE" and call is not None and not call.done.is_set():
            self._over(call, "ended by the desk")

    def _answered(self, out: ResponseReceived) -> None:
        call, status = self._calls[out.key], out.response.status
        if status >= 300:
            self._failed(call, f"{status} {out.response.reason}")
        elif status >= 200 and call.dialog is None:
            try:
                self._begin(call, out.key, out.response)
            except (SipError, MediaError) as error:
                self._failed(call, str(error))

    def _begin(self, call: Call, key: ClientKey, response: Response) -> None:
        call.dialog = uac_dialog(call.request, response)
        self._station.layer.send_ack(key, call.dialog.ack(), call.dialog.destination())
        call.session.accept(response.body)
        self._talk(call)

    def _talk(self, call: Call) -> None:
        remote, codec = call.session.remote, call.session.codec
        if remote is not None and codec is not None:
            call.tone.talk_to(Address(remote.host, remote.port), codec)
        self._loop.call_later(LISTEN_EVERY_S, self._listen, call)

    def _listen(self, call: Call) -> None:
        """Is there an agent's tone? Then talk for a while; without one, patience ends."""
        if call.done.is_set():
            return
        now_s = self._loop.time()
        heard = call.tone.heard(LISTEN_EVERY_S)
        hz = dominant_hz(heard)
        if call.connected_s is None and hz >= AGENTS_FROM_HZ and hears(heard, hz):
            call.connected_s = now_s
        if call.connected_s is not None and now_s >= call.connected_s + call.talk_s:
            self._hang_up(call, "answered")
        elif call.connected_s is None and now_s >= call.began_s + call.patience_s:
            self._hang_up(call, "abandoned")
        else:
            self._loop.call_later(LISTEN_EVERY_S, self._listen, call)

    def _hang_up(self, call: Call, outcome: str) -> None:
        if call.dialog is not None:
            request = call.dialog.request("BYE")
            self._station.layer.send_request(request, call.dialog.destination(), self._station.now_ms())
            self._station.flush()
        self._over(call, outcome)

    def _over(self, call: Call, outcome: str) -> None:
        heard = round(dominant_hz(call.tone.heard(HEARD_S))) if call.connected_s is not None else 0
        report({"role": "caller", "hz": call.hz, "heard_hz": heard, "outcome": outcome})
        self._close(call)

    def _failed(self, call: Call, reason: str) -> None:
        report({"role": "caller", "error": f"call {call.number}: {reason}"})
        self._close(call)

    def _close(self, call: Call) -> None:
        call.tone.close()
        call.done.set()
        if call.called:
            self.called_back.release()


async def run(args: argparse.Namespace) -> None:
    """Calls at the given mean rate for the given time; returns when the last one is over."""
    dice = random.Random(args.seed)
    host, _, port = args.server.rpartition(":")
    callers = Callers(Endpoint(host, int(port)), dice, args)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + args.seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_rush(callers, group, args))
        while (pause_s := dice.expovariate(args.per_s)) + loop.time() < end_s:
            await asyncio.sleep(pause_s)
            group.create_task(callers.call(dice.choice(args.entries)))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CALLED_BACK_S):
            for _ in range(args.called_back):
                await callers.called_back.acquire()


async def _rush(callers: Callers, group: asyncio.TaskGroup, args: argparse.Namespace) -> None:
    """Something is down: a VIP calls, and at once everybody else."""
    await asyncio.sleep(args.rush_at_s)
    for number in range(args.rush):
        group.create_task(callers.call(args.entries[0] if number else args.vip_entry))
        await asyncio.sleep(RUSH_GAP_S)


def main() -> None:
    """`python -m channels.demo.callers --server HOST:PORT --seconds 40 ENTRY …`"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--port", type=int, default=0, help="of their own, to which the desk calls back")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--per-s", type=float, default=0.8)
    parser.add_argument("--talk-s", type=float, default=4)
    parser.add_argument("--patience-s", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rush", type=int, default=0, help="so many ring at once, a VIP first")
    parser.add_argument("--rush-at-s", type=float, default=5)
    parser.add_argument("--vip-entry", default="")
    parser.add_argument("--called-back", type=int, default=0, help="wait until so many of them were")
    parser.add_argument("entries", nargs="+")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
