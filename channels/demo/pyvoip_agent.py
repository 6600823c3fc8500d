"""An agent's phone made of pyVoIP, a library that we did not write: it answers, sends a tone, listens.

pyVoIP needs `audioop`, which Python 3.13 no longer has; it speaks UDP only and PCMU/PCMA as 8-bit samples.
"""

import argparse
import os
import signal
import sys
import threading
import time
from typing import Any

import numpy as np

from channels.demo.station import report
from channels.media.sound.tone import dominant_hz

FRAME = 160
KEPT_FRAMES = 30
"""0.6 s, in which a tone can be told from another."""


class PyVoipAgent:
    """One agent. pyVoIP calls `answer` on a thread of its own for every INVITE."""

    def __init__(self, user: str, hz: int, ring_s: float) -> None:
        self._user, self._hz, self._ring_s = user, hz, ring_s
        wave = np.sin(2 * np.pi * hz * np.arange(8000) / 8000)
        self._tone = np.rint(128 + 60 * wave).astype(np.uint8).tobytes()

    def answer(self, call: Any) -> None:
        """Ring, answer, talk until the other side hangs up."""
        from pyVoIP.VoIP import CallState, InvalidStateError  # noqa: PLC0415

        time.sleep(self._ring_s)
        try:
            call.answer()
        except InvalidStateError:
            return
        heard: list[bytes] = []
        sent = 0
        while call.state == CallState.ANSWERED:
            at = sent % 8000
            call.write_audio(self._tone[at : at + FRAME])
            sent += FRAME
            heard = [*heard[1 - KEPT_FRAMES :], call.read_audio(FRAME, blocking=True)]
        samples = (np.frombuffer(b"".join(heard), np.uint8).astype(np.int16) - 128) * 256
        record = {"role": "agent", "agent": self._user, "contact": "", "phone": "pyVoIP"}
        report({**record, "hz": self._hz, "heard_hz": round(dominant_hz(samples))})


def mend_pcma() -> None:
    """pyVoIP 1.6.8 encodes PCMA with the table of PCMU; what it sends then is a distorted tone."""
    from pyVoIP.RTP import PayloadType, RTPClient  # noqa: PLC0415

    def encode(self: Any, payload: bytes) -> Any:
        pcma = self.preference == PayloadType.PCMA
        return self.encode_pcma(payload) if pcma else self.encode_pcmu(payload)

    RTPClient.encode_packet = encode  # type: ignore[method-assign]


def main() -> None:
    """`python -m channels.demo.pyvoip_agent --server HOST:PORT --port N --hz N USER`"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rtp-port", type=int, required=True)
    parser.add_argument("--hz", type=int, default=2900)
    parser.add_argument("user")
    args = parser.parse_args()
    try:
        from pyVoIP.VoIP import VoIPPhone  # noqa: PLC0415
    except ImportError as error:
        report({"role": "agent", "agent": args.user, "left_out": f"pyVoIP cannot be used: {error}"})
        sys.exit(3)
    mend_pcma()
    host, _, port = args.server.rpartition(":")
    password = os.environ[f"ACD_DEMO_{args.user.upper()}"]
    agent = PyVoipAgent(args.user, args.hz, 0.3)
    ports = {"sipPort": args.port, "rtpPortLow": args.rtp_port, "rtpPortHigh": args.rtp_port + 200}
    phone = VoIPPhone(
        host, int(port), args.user, password, myIP="127.0.0.1", callCallback=agent.answer, **ports
    )
    phone.start()
    report({"role": "agent", "agent": args.user, "registered": True, "phone": "pyVoIP"})
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    done.wait()
    os._exit(0)  # its threads do not end by themselves while a call is open


if __name__ == "__main__":
    main()
