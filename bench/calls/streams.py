"""RTP of both parties in a process of its own: callers stream, agents echo what they hear.

    python bench/calls/streams.py CALLERS

Prints the ports as JSON (`callers`: one each; `agents`: one for all). A caller begins to send 50 packets a
second when it hears the first packet. For each line on standard input it prints the counts so far; it ends
with the input.
"""

import json
import selectors
import socket
import sys
import time

Address = tuple[str, int]
STEP_S = 0.005
STEPS = 4
"""A quarter of the callers every 5 ms: each has its packet every 20 ms."""


class Streams:
    """All sockets and counts."""

    def __init__(self, callers: int) -> None:
        self.callers = [_bound(65_536) for _ in range(callers)]
        self.echo = _bound(8 * 1024 * 1024)
        self.targets: list[Address | None] = [None] * callers
        self.counts = {"sent": 0, "heard": 0, "echoed": 0}
        self._packet = bytearray(b"\x80\x08" + bytes(10) + b"\xd5" * 160)
        self._round = 0

    def step(self, quarter: int) -> None:
        """Send and read for a quarter of the callers, echo for all agents."""
        if quarter == 0:
            self._round += 1
            self._packet[2:8] = (self._round & 0xFFFF).to_bytes(2, "big") + (self._round * 160).to_bytes(
                4, "big"
            )
        for number in range(quarter, len(self.callers), STEPS):
            self._drain(number)
            target = self.targets[number]
            if target is not None:
                self._packet[8:12] = (number + 1).to_bytes(4, "big")
                self.counts["sent"] += _send(self.callers[number], self._packet, target)
        self._answer()

    def _drain(self, number: int) -> None:
        sock = self.callers[number]
        try:
            while True:
                _, source = sock.recvfrom(2048)
                self.targets[number] = source
                self.counts["heard"] += 1
        except OSError:
            pass

    def _answer(self) -> None:
        try:
            while True:
                data, source = self.echo.recvfrom(2048)
                self.counts["echoed"] += _send(self.echo, data, source)
        except OSError:
            pass


def _bound(buffer: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


def _send(sock: socket.socket, data: bytes | bytearray, target: Address) -> int:
    try:
        return int(sock.sendto(data, target) > 0)
    except OSError:
        return 0


def main() -> None:
    """Run until standard input ends."""
    streams = Streams(int(sys.argv[1]))
    ports = {"callers": [sock.getsockname()[1] for sock in streams.callers]}
    print(json.dumps({**ports, "agents": [streams.echo.getsockname()[1]]}), flush=True)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    due, quarter = time.monotonic(), 0
    while True:
        streams.step(quarter)
        quarter = (quarter + 1) % STEPS
        due += STEP_S
        if selector.select(max(0.0, due - time.monotonic())):
            if not sys.stdin.readline():
                return
            print(json.dumps({name: [count] for name, count in streams.counts.items()}), flush=True)


if __name__ == "__main__":
    main()
