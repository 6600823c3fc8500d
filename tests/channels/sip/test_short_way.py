"""How far it is from a datagram to a decision, and how much Python a whole call costs: counts, no clock.

A profile of the loop's thread sees every Python frame. The way ends where the engine begins, so work that is
put off until after it (`call_soon`, a thread) is not on it, and is seen in the whole call.
"""

import asyncio
import contextlib
import inspect
import os
import selectors
import signal
import socket
import sys
from asyncio import base_events, events, futures, selector_events, tasks
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import cast

from acd.core.engine import Engine
from acd.server.app import App
from bench.calls import desk as bench
from bench.calls.phones import Agents, Caller, Outcome, call
from channels.sip.channel import SipChannel
from channels.sip.transports.udp import UdpTransport
from config.load import load

ROOT = f"{Path(__file__).resolve().parents[3]}/"

MOST_FRAMES_DEEP, MOST_CALLS, MOST_MODULES = 10, 85, 26
"""Of ours, from the datagram of an INVITE to `Engine.handle`. Aims: 10, 150, 15.

A third of the calls, and nine of the modules, keep the caller's number and look him up.
"""

MOST_FRAMES_OF_A_CALL = 900
"""Python frames of the loop's thread, without asyncio's own: how many turns the loop takes for a call depends
on how much comes at once, and so on the load of the machine.
"""

LOOP = tuple(
    inspect.getfile(module) for module in (base_events, events, futures, selector_events, selectors, tasks)
)

CALLS, CALLS_PER_S = 60, 60
AGENTS = 8

SDP = (
    "v=0\r\no=caller 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=sendrecv\r\n"
)


@dataclass
class Here:
    """A desk in this process, as the phones of the bench want to see it."""

    port: int
    agents: int = AGENTS

    def users(self) -> list[str]:
        return [f"agent{number}" for number in range(self.agents)]

    def await_signed_in(self, limit_s: float = 30.0) -> None:
        """They have registered; the loop that is to be asked is not this thread's."""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Here]:
    """The whole server with its SQLite journal, its vault and its media process."""
    site = bench.Desk(folder / "desk", AGENTS)._write()
    channel = SipChannel(load(site, os.environ))
    app = App(load(site, os.environ), [channel])
    await app.start()
    try:
        yield Here(channel._transport.port)
    finally:
        await app.stop()
        with contextlib.suppress(ProcessLookupError):  # with calls it would play on
            os.kill(channel._media.welcome.pid, signal.SIGTERM)


def invite(number: int, ours: int, port: int) -> bytes:
    head = (
        f"INVITE sip:100@127.0.0.1:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{ours};branch=z9hG4bK-short-{number};rport\r\nMax-Forwards: 70\r\n"
        f"From: <sip:+4930555{number:04}@pbx.invalid>;tag=c{number}\r\nTo: <sip:100@acd.invalid>\r\n"
        f"Call-ID: short-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:me@127.0.0.1:{ours}>\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n"
    )
    return (head + SDP).encode()


def is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(ROOT) and "/.venv/" not in code.co_filename


class Way:
    """A profile function that notes what is called between a reader's callback and the engine."""

    def __init__(self) -> None:
        self.chain: list[str] = []
        self.calls: list[CodeType] = []
        self._on_it = False

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or self.chain:
            return
        code = frame.f_code
        if code is UdpTransport._ready.__code__:
            self._on_it, self.calls = True, []
        elif self._on_it and code is Engine.handle.__code__:
            above: FrameType | None = frame
            while above is not None and above.f_code is not UdpTransport._ready.__code__:
                self.chain.append(above.f_code.co_qualname)
                above = above.f_back
        elif self._on_it and is_ours(code):
            self.calls.append(code)


def test_the_way_from_an_invite_to_the_engine_is_short(tmp_path: Path) -> None:
    async def story() -> Way:
        way = Way()
        async with served(tmp_path) as desk:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
                caller.bind(("127.0.0.1", 0))
                ours = caller.getsockname()[1]
                for number in range(3):  # what is made once and kept is no part of the way
                    if number == 2:
                        sys.setprofile(way)
                    caller.sendto(invite(number, ours, desk.port), ("127.0.0.1", desk.port))
                    await asyncio.sleep(0.3)
                sys.setprofile(None)
        return way

    way = asyncio.run(story())
    chain = " < ".join(way.chain)
    assert way.chain, "the engine was not reached in the turn of the datagram"
    assert len(way.chain) <= MOST_FRAMES_DEEP, chain
    assert len(way.calls) <= MOST_CALLS, Counter(code.co_qualname for code in way.calls)
    modules = {code.co_filename.removeprefix(ROOT) for code in way.calls}
    assert len(modules) <= MOST_MODULES, sorted(modules)


async def frames_of(work: Callable[[], Outcome | None]) -> tuple[Counter[CodeType], float]:
    """What this thread runs while `work` runs in another, and for how long that was (s)."""
    seen: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and not frame.f_code.co_filename.endswith(LOOP):
            seen[frame.f_code] += 1

    loop = asyncio.get_running_loop()
    began_s = loop.time()
    sys.setprofile(count)
    outcome = await asyncio.to_thread(work)
    await asyncio.sleep(2.0)
    sys.setprofile(None)
    assert outcome is None or (outcome.successful, outcome.failed) == (CALLS, 0)
    return seen, loop.time() - began_s


def test_a_call_that_is_routed_bridged_and_ended_costs_few_frames(tmp_path: Path) -> None:
    """With sipp as callers and agents; what an idle server runs in that time is taken off."""

    async def story() -> tuple[float, Counter[str]]:
        async with served(tmp_path) as desk:
            load_folder = tmp_path / "load"
            load_folder.mkdir()
            as_desk = cast(bench.Desk, desk)
            agents = Agents(as_desk, load_folder, talk_ms=100, rtp_port=bench.free_udp_port())
            await asyncio.to_thread(agents.sign_in)
            try:
                callers = [Caller(f"+4930555{n:04}", "100", bench.free_udp_port()) for n in range(CALLS)]

                def calls(number: int) -> Outcome:
                    return call(as_desk, load_folder, callers[:number], rate=CALLS_PER_S).wait(60)

                await asyncio.to_thread(calls, 3)  # what is made once and kept is no part of a call
                idle, idle_s = await frames_of(lambda: None)
                busy, busy_s = await frames_of(lambda: calls(CALLS))
            finally:
                agents.end()
        files: Counter[str] = Counter()
        for code, count in busy.items():
            files[code.co_filename.removeprefix(ROOT)] += count
        return (busy.total() - idle.total() * busy_s / idle_s) / CALLS, files

    frames, files = asyncio.run(story())
    assert frames <= MOST_FRAMES_OF_A_CALL, [(name, count / CALLS) for name, count in files.most_common(20)]
