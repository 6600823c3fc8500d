"""What documents that are read and brought cost those who call: loop lag and call latency of the server.

    python bench/documents.py [--readers 4] [--mib 50] [--calls 20] [--seconds 10] [--rounds 3]

A server in a process of its own plays calls as `bench/feed.py` does. In turns nobody asks for a document, or
so many clients at a time each read one of so many MiB over HTTP, again and again, and one more brings some.
"""

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

import httpx

from acd.observe import logs
from acd.server.app import App
from acd.server.followers import URL_FILE
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from acd.web import PREFIX
from acd.web.token_file import TOKEN_FILE
from agents.capacity import VOICE
from agents.skills import SkillId
from bench.feed import Calls, lag
from queues.desk import Desk, Entry, EntryId, LineId

AGENTS = tuple(f"agent-{number}" for number in range(50))
NOBODYS = EntryId("voice:+49 30 555 0199")
WITHIN_S = 60


def desk() -> Desk:
    """With a line that nobody serves: its contact stays."""
    waiting = small_line(LineId("nobody's"), skill=SkillId("none"))
    made = small_desk(AGENTS, lines=[small_line(), waiting])
    entries = (*made.entries, Entry(NOBODYS, waiting.tenant, waiting.id, VOICE))
    return Desk(tenants=made.tenants, lines=made.lines, entries=entries, agents=made.agents)


async def serve(directory: Path, rate: float) -> None:
    """Play; each line on standard input begins a turn, its end is the end."""
    logs.configure("error")
    channel = ScriptedChannel()
    app = App(small_site(directory, desk()), [channel])
    await app.start()
    channel.arrive(NOBODYS)
    calls, lags = Calls(channel), list[float]()
    calls.counting = True
    channel.sign_in(*AGENTS)
    tasks = [asyncio.ensure_future(_play(calls, rate)), asyncio.ensure_future(lag(lags))]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(json.dumps({"lag": lags, "ring": [ns / 1e6 for ns in calls.to_ring]}) + "\n")
        sys.stdout.flush()
        lags.clear()
        calls.to_ring.clear()
    for task in tasks:
        task.cancel()
    await app.stop()


async def _play(calls: Calls, rate: float) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    while True:
        due_s += 1 / rate
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        calls.arrive(int(due_s * 1e9))


async def ask(directory: Path, readers: int, size: int, seconds: float) -> float:
    """The clients' process: MiB a second that went over HTTP."""
    headers = {"Authorization": f"Bearer {(directory / TOKEN_FILE).read_text().strip()}"}
    url = (directory / URL_FILE).read_text().strip() + f"{PREFIX}/contacts/1/documents"
    body, moved, loop = b"x" * size, 0, asyncio.get_running_loop()
    end_s = loop.time() + seconds
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=WITHIN_S) as client:

        async def bring() -> str:
            nonlocal moved
            answer = await client.post(url, content=body, params={"kind": "draft"})
            moved += size
            return str(answer.raise_for_status().json()["document"])

        async def read(document: str) -> None:
            nonlocal moved
            while loop.time() < end_s:
                async with client.stream("GET", f"{url}/{document}") as answer:
                    answer.raise_for_status()
                    async for data in answer.aiter_raw():
                        moved += len(data)

        async def bring_on() -> None:
            while loop.time() < end_s:
                await bring()

        document = await bring()
        moved = 0
        end_s = loop.time() + seconds
        await asyncio.gather(*(read(document) for _ in range(readers)), bring_on())
        return moved / 2**20 / (loop.time() - end_s + seconds)


def compare(readers: int, size: int, rate: float, seconds: float, rounds: int) -> None:
    """Print both kinds of turns."""
    found: dict[bool, dict[str, list[float]]] = {kind: {"lag": [], "ring": []} for kind in (False, True)}
    speeds = []
    with tempfile.TemporaryDirectory(prefix="acd-bench-") as name:
        command = [sys.executable, __file__, "--directory", name, "--calls", str(rate)]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin is not None
        assert server.stdout is not None
        if server.stdout.readline() != "ready\n":
            raise SystemExit("the server did not start")
        for turn in range(2 * rounds):
            busy = bool(turn % 2)
            extra = ["--role", "clients", "--readers", str(readers if busy else 0)]
            extra += ["--mib", str(size), "--seconds", str(seconds)]
            _turn(server)
            if busy:
                done = subprocess.run([*command, *extra], stdout=subprocess.PIPE, text=True, check=True)
                speeds.append(float(done.stdout))
            else:
                subprocess.run(["sleep", str(seconds)], check=True)
            for kind, values in _turn(server).items():
                found[busy][kind] += values
        server.communicate(timeout=WITHIN_S)
    print(f"Python {platform.python_version()}; {len(speeds)} turns of {seconds:g} s; milliseconds")
    for busy, what in ((False, "nobody asks"), (True, f"{readers} read, one brings, {size} MiB each")):
        print(f"{what:34} loop lag {_of(found[busy]['lag'])}   until rung {_of(found[busy]['ring'])}")
    print(f"over HTTP: {min(speeds):.0f} to {max(speeds):.0f} MiB/s")


def _turn(server: "subprocess.Popen[str]") -> dict[str, list[float]]:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("next\n")
    server.stdin.flush()
    return dict(json.loads(server.stdout.readline()))


def _of(values: Sequence[float]) -> str:
    shares = quantiles(values, n=100)
    return f"p50 {shares[49]:.2f} p99 {shares[98]:.2f} max {max(values):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--mib", type=int, default=50)
    parser.add_argument("--calls", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--role", choices=("clients",), help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "clients":
        print(asyncio.run(ask(given.directory, given.readers, given.mib * 2**20, given.seconds)))
    elif given.directory is not None:
        asyncio.run(serve(given.directory, given.calls))
    else:
        compare(given.readers, given.mib, given.calls, given.seconds, given.rounds)


if __name__ == "__main__":
    main()
