"""What people who look cost those who call: loop lag and call latency with many clients of the API.

    python bench/feed.py [--clients 220] [--calls 20] [--seconds 20] [--every 2] [--json]

A server in a process of its own plays calls on a scripted channel (an agent answers at once, speaks for
0.2 s, hangs up) while the clients, in another process, each ask for the status every so many seconds over a
connection of their own. Per call: from the moment it was due until an agent is rung, and from his answer
until the two are connected; both as differences of stamps that the channel's process records. Loop lag is
how late a sleep of 10 ms ends in that process. First a run without clients, then one with them.
"""

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact
from acd.observe import logs
from acd.server.app import App
from acd.server.followers import URL_FILE
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_line, small_site
from acd.web.token_file import TOKEN_FILE
from queues.desk import LineId

TALK_S = 0.2
AGENTS = 220
WARM_UP_S = 4.0
LAG_EVERY_S = 0.01
DEADLINE_S = 120


@dataclass(frozen=True, slots=True)
class Run:
    """One run; milliseconds. `cpu_share` is the server process's own CPU time over the run's length."""

    clients: int
    calls: int
    to_ring_p50: float
    to_ring_p99: float
    to_connect_p99: float
    lag_p50: float
    lag_p99: float
    lag_max: float
    cpu_share: float
    answers: int
    refused: int
    answer_p50: float
    answer_p99: float


class Calls:
    """Plays calls on the channel and keeps the stamps (nanoseconds of the monotonic clock)."""

    def __init__(self, channel: ScriptedChannel) -> None:
        self.channel = channel
        self.to_ring: list[int] = []
        self.to_connect: list[int] = []
        self.counting = False
        self._due: dict[str, int] = {}
        self._call: dict[int, str] = {}
        self._answered: dict[int, int] = {}
        channel.on_effect = self.on_effect

    def arrive(self, due_ns: int) -> None:
        """A call that was due then."""
        self._due[f"{self.channel.name}-{self.channel._calls + 1}"] = due_ns
        self.channel.arrive(NUMBER)

    def on_effect(self, effect: Effect) -> None:
        now_ns = time.monotonic_ns()
        self.channel.carried.clear()
        if isinstance(effect, AdmitContact):
            self._call[effect.contact] = effect.carrier.ref
        elif isinstance(effect, OfferContact):
            due_ns = self._due.pop(self._call.pop(effect.contact))
            if self.counting:
                self.to_ring.append(now_ns - due_ns)
            self._answered[effect.contact] = time.monotonic_ns()
            asyncio.get_running_loop().call_soon(self.channel.accept, effect)
        elif isinstance(effect, ConnectContact):
            if self.counting:
                self.to_connect.append(now_ns - self._answered.pop(effect.contact))
            asyncio.get_running_loop().call_later(TALK_S, self.channel.leave, effect.contact)


async def lag(found: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        found.append((loop.time() - due_s) * 1000)


async def play(directory: Path, rate: float, seconds: float) -> dict[str, object]:
    """The server's process: its calls at `rate` a second."""
    logs.configure("error")
    desk = small_desk(
        [f"agent-{number}" for number in range(AGENTS)],
        lines=[small_line(), *(small_line(LineId(f"line-{number}")) for number in range(9))],
    )
    channel = ScriptedChannel()
    app = App(small_site(directory, desk), [channel])
    await app.start()
    calls, lags = Calls(channel), list[float]()
    channel.sign_in(*(agent.id for agent in desk.agents))
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    measuring = None
    cpu_s = 0.0
    for number in range(int(rate * (WARM_UP_S + seconds))):
        due_s = begin_s + number / rate
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        if measuring is None and due_s >= begin_s + WARM_UP_S:
            calls.counting, cpu_s = True, time.process_time()
            measuring = loop.create_task(lag(lags))
        calls.arrive(int(due_s * 1e9))
    cpu_s = time.process_time() - cpu_s
    assert measuring is not None
    measuring.cancel()
    await asyncio.sleep(TALK_S + 0.5)
    await app.stop()
    return {
        "to_ring": [ns / 1e6 for ns in calls.to_ring],
        "to_connect": [ns / 1e6 for ns in calls.to_connect],
        "lag": lags,
        "cpu_share": cpu_s / seconds,
    }


async def ask(directory: Path, count: int, every_s: float, seconds: float) -> dict[str, object]:
    """The clients' process: `count` of them, spread over `every_s`."""
    url = (directory / URL_FILE).read_text().strip()
    token = (directory / TOKEN_FILE).read_text().strip()
    host, _, port = url.removeprefix("http://").partition(":")
    request = (
        f"GET /api/v1/status?contacts=20 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    statuses: Counter[str] = Counter()
    times: list[float] = []
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds

    async def client(number: int) -> None:
        await asyncio.sleep(number * every_s / count)
        reader, writer = await asyncio.open_connection(host, int(port))
        while loop.time() < end_s:
            began_s = loop.time()
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
            statuses[head.split()[1].decode()] += 1
            times.append((loop.time() - began_s) * 1000)
            if b"connection: close" in head:
                writer.close()
                reader, writer = await asyncio.open_connection(host, int(port))
            await asyncio.sleep(max(0.0, began_s + every_s - loop.time()))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(count)), return_exceptions=True)
    return {"statuses": statuses, "times": times}


def one_run(clients: int, rate: float, seconds: float, every_s: float) -> Run:
    """Both processes, once."""
    with tempfile.TemporaryDirectory(prefix="acd-bench-") as name:
        directory = Path(name)
        command = [sys.executable, __file__, "--seconds", str(seconds), "--directory", name]
        server = subprocess.Popen(
            [*command, "--role", "server", "--calls", str(rate)], stdout=subprocess.PIPE, text=True
        )
        while not (directory / URL_FILE).exists():
            if server.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.05)
        asked: dict[str, object] = {"statuses": {}, "times": []}
        if clients:
            extra = ["--role", "clients", "--clients", str(clients), "--every", str(every_s)]
            done = subprocess.run(
                [*command, *extra], stdout=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=True
            )
            asked = json.loads(done.stdout)
        played = json.loads(server.communicate(timeout=DEADLINE_S)[0])
    return _run(clients, played, asked)


def _run(clients: int, played: dict[str, list[float]], asked: dict[str, object]) -> Run:
    statuses, times = asked["statuses"], asked["times"]
    assert isinstance(statuses, dict)
    assert isinstance(times, list)
    return Run(
        clients=clients,
        calls=len(played["to_ring"]),
        to_ring_p50=_share(played["to_ring"], 50),
        to_ring_p99=_share(played["to_ring"], 99),
        to_connect_p99=_share(played["to_connect"], 99),
        lag_p50=_share(played["lag"], 50),
        lag_p99=_share(played["lag"], 99),
        lag_max=round(max(played["lag"]), 2),
        cpu_share=round(float(played["cpu_share"]), 3),  # type: ignore[arg-type]
        answers=statuses.get("200", 0),
        refused=sum(statuses.values()) - statuses.get("200", 0),
        answer_p50=_share(times, 50),
        answer_p99=_share(times, 99),
    )


def _share(values: list[float], percent: int) -> float:
    return round(quantiles(values, n=100)[percent - 1], 2) if len(values) > 1 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=220)
    parser.add_argument("--calls", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--role", choices=("server", "clients"), help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "server":
        print(json.dumps(asyncio.run(play(given.directory, given.calls, given.seconds))))
    elif given.role == "clients":
        asked = ask(given.directory, given.clients, given.every, given.seconds + WARM_UP_S)
        print(json.dumps(asyncio.run(asked)))
    else:
        runs = [one_run(count, given.calls, given.seconds, given.every) for count in (0, given.clients)]
        _show(runs, as_json=given.json)


def _show(runs: list[Run], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(run) for run in runs]))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}; milliseconds")
    for name in asdict(runs[0]):
        print(f"{name:16}" + "".join(f"{getattr(run, name):>12}" for run in runs))


if __name__ == "__main__":
    main()
