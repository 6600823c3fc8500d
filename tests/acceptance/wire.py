"""A caller of bare sockets, for races that sipp cannot run: two packets at a chosen distance in time."""

import contextlib
import re
import socket
import time
from typing import Self

from tests.acceptance import scenario as s
from tests.acceptance.desk import PATIENCE_S


class Wire:
    """One call over one UDP socket; every packet is sent `copies` times. A context manager."""

    def __init__(self, desk_port: int, number: str, name: str, copies: int = 1) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))  # and not connected: it must hear whoever speaks to it
        self._desk = ("127.0.0.1", desk_port)
        self._socket.settimeout(PATIENCE_S)
        self.port = self._socket.getsockname()[1]
        self._number, self._name, self._copies = number, name, copies
        self.to_tag = ""

    def send(self, method: str, cseq: int, branch: str, body: str = "") -> None:
        to = f";tag={self.to_tag}" if self.to_tag else ""
        lines = [
            f"{method} sip:{self._number}@127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{self._name}-{branch}",
            f"From: <sip:+493055502@127.0.0.1>;tag={self._name}",
            f"To: <sip:{self._number}@127.0.0.1>{to}",
            f"Call-ID: {self._name}@127.0.0.1",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:caller@127.0.0.1:{self.port}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
        for _ in range(self._copies):
            self._socket.sendto("\r\n".join(lines).encode(), self._desk)

    def final(self, method: str) -> int:
        """The status of the next final response to `method`; others are passed over. Raises TimeoutError."""
        while True:
            answer = self._socket.recv(65_535).decode()
            status = re.match(r"SIP/2\.0 ([2-6]\d\d) ", answer)
            if status and re.search(rf"^CSeq: \d+ {method}\b", answer, re.MULTILINE):
                if status[1] == "200" and method == "INVITE":
                    self.to_tag = s.tag(answer, "To")
                return int(status[1])

    def receive(self, wanted: str) -> str:
        """The next message that begins so; others are passed over. Raises TimeoutError."""
        while not (message := self._socket.recv(65_535).decode()).startswith(wanted):
            pass
        return message

    def all_received(self, for_s: float) -> list[str]:
        """Everything that comes within this time."""
        found, until_s = [], time.monotonic() + for_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            with contextlib.suppress(TimeoutError):
                found.append(self._socket.recv(65_535).decode())
        self._socket.settimeout(PATIENCE_S)
        return found

    def invite(self) -> None:
        body = s.sdp().replace("[local_ip]", "127.0.0.1").replace("[media_ip]", "127.0.0.1")
        self.send("INVITE", 1, "invite", body.replace("[media_port]", "9000").replace("\n", "\r\n") + "\r\n")

    def invite_and_cancel(self, after_s: float) -> int:
        """INVITE, then CANCEL; whoever wins, the call is ended properly. The INVITE's final status."""
        self.invite()
        time.sleep(after_s)
        self.send("CANCEL", 1, "invite")
        status = self.final("INVITE")
        if status == 200:
            self.send("ACK", 1, "ack")
            self.send("BYE", 2, "bye")
            assert self.final("BYE") == 200
        else:
            self.send("ACK", 1, "invite")
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
