"""CPU of the media process: per waiting caller with music, per bridged call, per call's commands.

    python bench/media.py --waiting 300 --bridged 100 --seconds 10 [--json]

The phones are a process of their own that sends and reads 50 packets a second each, so only the media process
is measured: its time on a processor (`/proc/PID/schedstat`) in percent of one core. Commands are measured as
what 100 calls a second add to this process and to a media process that serves 100 waiting callers.
Exit status 1: over a limit.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.media.commands import Accept, Answer, Close, Command, Join, LegId, Offer, Play, RoomId, SoundId
from channels.media.embedded.client import MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.negotiation import AudioSession
from channels.media.rtp import Address
from channels.media.sound.music import built_in_music
from channels.media.sound.sounds import SoundStore

WAITING_LIMIT = 0.05
"""Percent of a core for a waiting caller with music."""
BRIDGED_LIMIT = 0.15
"""Percent of a core for a call relayed both ways."""
COMMANDS_LIMIT_MS = 0.3
"""CPU of server and media process for all commands of a call."""
CALLS_PER_SECOND = 100
BACKGROUND = 100
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure beside its limit."""

    name: str
    value: float
    limit: float
    unit: str
    detail: dict[str, float]


def cpu_s(pid: int) -> float:
    """Seconds that a process has been on a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class Phones:
    """The generator process, from outside."""

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--phones", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: list[int] = self._read()["ports"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def run_phones(count: int) -> None:
    """The generator: every phone sends 50 packets a second to its target and reads what comes."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
    print(json.dumps({"ports": [sock.getsockname()[1] for sock in sockets]}), flush=True)
    talking = sockets[:0]
    for line in sys.stdin:
        command = json.loads(line)
        if "targets" in command:
            talking = sockets[: len(command["targets"])]
            for sock, port in zip(talking, command["targets"], strict=True):
                sock.connect(("127.0.0.1", port))
            print(json.dumps({}), flush=True)
        else:
            print(json.dumps(_talk(talking, command["seconds"])), flush=True)


def _talk(sockets: list[socket.socket], seconds: float) -> dict[str, int]:
    packet = bytearray(b"\x80\x08" + bytes(10) + b"\xd5" * 160)
    sent = received = sequence = 0
    due = time.monotonic()
    end = due + seconds
    while due < end:
        sequence += 1
        for quarter in range(4):
            packet[2:8] = (sequence & 0xFFFF).to_bytes(2, "big") + (sequence * 160).to_bytes(4, "big")
            for number in range(quarter, len(sockets), 4):
                packet[8:12] = (number + 1).to_bytes(4, "big")
                sent += _send(sockets[number], packet)
                received += _drain(sockets[number])
            due += 0.005
            time.sleep(max(0.0, due - time.monotonic()))
    return {"sent": sent, "received": received}


def _send(sock: socket.socket, packet: bytearray) -> int:
    try:
        return sock.send(packet) > 0
    except OSError:
        return 0


def _drain(sock: socket.socket) -> int:
    count = 0
    try:
        while sock.recv(2000):
            count += 1
    except OSError:
        pass
    return count


async def measure_legs(
    client: MediaClient, phones: Phones, legs: list[LegId], seconds: float
) -> dict[str, float]:
    """Let the phones talk to open legs; CPU of the process in percent of a core, and packets a second."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, lambda: phones.ask(seconds=SETTLE_S))
    before, start = cpu_s(client.welcome.pid), time.monotonic()
    counts = await loop.run_in_executor(None, lambda: phones.ask(seconds=seconds))
    span = time.monotonic() - start
    percent = 100 * (cpu_s(client.welcome.pid) - before) / span
    heard = counts["received"] / span / len(legs)
    return {"percent": percent, "sent_pps": counts["sent"] / span / len(legs), "heard_pps": heard}


def description(phone: Address) -> bytes:
    """What a phone at this address offers, or answers."""
    return AudioSession(1, phone.ip, phone.port).offer()


async def connect(client: MediaClient, phones: Phones, count: int) -> list[LegId]:
    """Open legs to the first phones."""
    legs = [LegId(f"leg{number}") for number in range(count)]
    for leg, port in zip(legs, phones.ports, strict=False):
        client.send(Answer(leg, description(Address("127.0.0.1", port))))
    await client.legs()
    local = {state.leg: state.local.port for state in await client.legs()}
    phones.ask(targets=[local[leg] for leg in legs])
    return legs


def memory_kb(pid: int) -> int:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def measure_waiting(client: MediaClient, store: SoundStore, count: int, seconds: float) -> Row:
    """Callers with music, their audio dropped by the kernel."""
    phones = Phones(count)
    before_kb = memory_kb(client.welcome.pid)
    legs = await connect(client, phones, count)
    for leg in legs:
        client.send(Play(leg, loop=built_in_music(store)))
    result = await measure_legs(client, phones, legs, seconds)
    result["packets_reaching_python"] = sum([(await client.stats(leg)).packets_in for leg in legs])
    result["kb_per_caller"] = (memory_kb(client.welcome.pid) - before_kb) / count
    result["process_kb"] = memory_kb(client.welcome.pid)
    await close(client, phones, legs)
    return Row("waiting caller with music", result["percent"] / count, WAITING_LIMIT, "% of a core", result)


async def measure_bridged(client: MediaClient, calls: int, seconds: float) -> Row:
    """Calls relayed both ways."""
    phones = Phones(2 * calls)
    legs = await connect(client, phones, 2 * calls)
    for leg, peer in zip(legs[::2], legs[1::2], strict=True):
        room = RoomId(f"with {leg}")
        client.send(Join(leg, room))
        client.send(Join(peer, room))
    result = await measure_legs(client, phones, legs, seconds)
    await close(client, phones, legs)
    return Row("bridged call relayed", result["percent"] / calls, BRIDGED_LIMIT, "% of a core", result)


async def close(client: MediaClient, phones: Phones, legs: list[LegId]) -> None:
    """Close the legs and their phones."""
    for leg in legs:
        client.send(Close(leg))
    await client.legs()
    phones.end()


async def one_call(client: MediaClient | None, number: int, phone: Address, sound: SoundId) -> None:
    """All commands of a call, with the pauses that signalling makes; None: the pauses only."""
    caller, agent, room = LegId(f"caller{number}"), LegId(f"agent{number}"), RoomId(f"room{number}")
    sdp = description(phone)
    steps: list[tuple[tuple[Command, ...], float]] = [
        ((Answer(caller, sdp), Play(caller, loop=sound)), 0.02),
        ((Offer(agent, caller),), 0.02),
        ((Accept(agent, sdp), Join(caller, room), Join(agent, room)), 0.1),
        ((Close(caller), Close(agent)), 0.0),
    ]
    for commands, pause_s in steps:
        if client:
            for command in commands:
                client.send(command)
                client.events.clear()
        await asyncio.sleep(pause_s)


async def paced_calls(
    client: MediaClient, count: int, phone: Address, sound: SoundId, *, real: bool
) -> tuple[float, float]:
    """Calls, or only their pauses; CPU of this process and of the media process in ms."""
    media, own = cpu_s(client.welcome.pid), time.process_time()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one_call(client if real else None, number, phone, sound))
            await asyncio.sleep(1 / CALLS_PER_SECOND)
    return 1000 * (time.process_time() - own), 1000 * (cpu_s(client.welcome.pid) - media)


async def measure_commands(client: MediaClient, store: SoundStore, seconds: float) -> Row:
    """What calls add to both processes while the media process serves `BACKGROUND` waiting callers."""
    sound = built_in_music(store)
    count = int(seconds * CALLS_PER_SECOND)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        phone = Address(*deaf.getsockname())
        for number in range(BACKGROUND):
            leg = LegId(f"background{number}")
            client.send(Answer(leg, description(phone)))
            client.send(Play(leg, loop=sound))
        without = await paced_calls(client, count, phone, sound, real=False)
        with_calls = await paced_calls(client, count, phone, sound, real=True)
    server_ms, media_ms = ((much - little) / count for much, little in zip(with_calls, without, strict=True))
    detail = {"server_ms": server_ms, "media_ms": media_ms}
    return Row("commands of a call", server_ms + media_ms, COMMANDS_LIMIT_MS, "ms", detail)


async def measure(options: argparse.Namespace) -> list[Row]:
    """All rows, on a media process of its own."""
    with tempfile.TemporaryDirectory(prefix="media-bench-") as name:
        folder = Path(name)
        store = SoundStore(folder / "sounds")
        built_in_music(store)
        settings = MediaSettings(
            folder / "sock",
            folder / "sounds",
            ports=(10_000, 29_999),
            orphan_s=60,
        )
        client = await attach_or_start(settings, lambda: None)
        try:
            return [
                await measure_waiting(client, store, options.waiting, options.seconds),
                await measure_bridged(client, options.bridged, options.seconds),
                await measure_commands(client, store, options.seconds),
            ]
        finally:
            await client.shutdown()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waiting", type=int, default=300)
    parser.add_argument("--bridged", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--phones", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phones:
        run_phones(options.phones)
        return 0
    rows = asyncio.run(measure(options))
    conditions = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "waiting": options.waiting,
        "bridged": options.bridged,
        "seconds": options.seconds,
    }
    if options.json:
        print(json.dumps({"conditions": conditions, "rows": [_as_dict(row) for row in rows]}))
    else:
        print(" ".join(f"{key}={value}" for key, value in conditions.items()))
        for row in rows:
            detail = " ".join(f"{key}={value:.3g}" for key, value in row.detail.items())
            print(f"{row.name:27} {row.value:8.4f} {row.unit:12} limit {row.limit:<5} {detail}")
    return int(any(row.value > row.limit for row in rows))


def _as_dict(row: Row) -> dict[str, Any]:
    return {"name": row.name, "value": row.value, "limit": row.limit, "unit": row.unit, **row.detail}


if __name__ == "__main__":
    sys.exit(main())
