"""Agents' phones: they register, ring a moment, answer, send a tone and say what they heard."""

import argparse
import asyncio
import os
import secrets
from dataclasses import dataclass

from channels.demo.station import Station, report
from channels.media.errors import MediaError
from channels.media.negotiation import AudioSession
from channels.media.rtp import Address, Codec
from channels.media.sound.tone import ToneEndpoint, dominant_hz
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, uas_dialog
from channels.sip.protocol.digest import answer_challenge, parse_challenges
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Request, Response, make_headers
from channels.sip.protocol.outputs import (
    Cancelled,
    ClientKey,
    NewRequest,
    Output,
    ResponseReceived,
    ServerKey,
)

EXPIRES_S = 120
HEARD_S = 0.6
"""How much of the end of a call is looked at."""


@dataclass(slots=True)
class Ringing:
    """A call to this phone, from its INVITE to its BYE."""

    dialog: Dialog
    tone: ToneEndpoint
    contact: str
    timer: asyncio.TimerHandle | None = None
    answered: bool = False


class AgentPhone:
    """One agent with one phone that answers by itself after `ring_s`."""

    def __init__(self, server: Endpoint, user: str, password: str, hz: int, ring_s: float) -> None:
        self._server, self._user, self._password = server, user, password
        self._hz, self._ring_s = hz, ring_s
        self._station = Station()
        self._station.serve(self)
        self._cseq = 0
        self._call_id = secrets.token_hex(8)
        self._calls: dict[str, Ringing] = {}
        self._open: dict[ServerKey, Ringing] = {}
        self._registering: dict[ClientKey, bool] = {}
        """REGISTER → whether it carried credentials."""

    def register(self, authorization: str | None = None) -> None:
        """Register, or answer the challenge to it."""
        self._cseq += 1
        aor = f"sip:{self._user}@{self._server.host}"
        headers = make_headers(
            ("Max-Forwards", "70"),
            ("From", f"<{aor}>;tag={self._call_id}"),
            ("To", f"<{aor}>"),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} REGISTER"),
            ("Contact", f"<sip:{self._user}@{self._station.address}>"),
            ("Expires", str(EXPIRES_S)),
            ("Authorization", authorization),
        )
        request = Request(method="REGISTER", uri=f"sip:{self._server.host}", headers=headers)
        key = self._station.layer.send_request(request, self._server, self._station.now_ms())
        self._registering[key] = authorization is not None
        self._station.flush()

    def handle(self, out: Output) -> None:
        """See channels.demo.station.Phone."""
        match out:
            case ResponseReceived():
                self._registered(out)
            case NewRequest() if out.request.method == "INVITE":
                self._invited(out)
            case NewRequest() if out.request.method == "BYE":
                self._reply(out.key, 200)
                self._over(self._calls.pop(out.request.call_id, None))
            case NewRequest():
                self._reply(out.key, 200)
            case Cancelled():
                self._cancelled(out.key)

    def _reply(self, key: ServerKey, status: int, body: bytes = b"") -> None:
        sdp = [("Content-Type", "application/sdp")] if body else []
        headers = [("Contact", f"<sip:{self._user}@{self._station.address}>"), *sdp]
        self._station.layer.reply(key, status, self._station.now_ms(), headers=headers, body=body)

    def _registered(self, out: ResponseReceived) -> None:
        tried = self._registering.pop(out.key, None)
        if out.response.status == 200:
            report({"role": "agent", "agent": self._user, "registered": True})
            asyncio.get_running_loop().call_later(EXPIRES_S / 2, self.register)
        elif out.response.status == 401 and tried is False:
            self.register(self._credentials(out.response))
        elif out.response.status >= 300:
            report({"role": "agent", "agent": self._user, "error": f"REGISTER: {out.response.status}"})

    def _credentials(self, response: Response) -> str:
        answer = answer_challenge(
            parse_challenges(response.get_all("WWW-Authenticate")),
            user=self._user,
            password=self._password,
            method="REGISTER",
            uri=f"sip:{self._server.host}",
            cnonce=secrets.token_hex(8),
        )
        return str(answer)

    def _invited(self, out: NewRequest) -> None:
        tone = ToneEndpoint.open(self._hz)
        session = AudioSession(1, tone.address.ip, tone.address.port)
        try:
            body = session.answer(out.request.body)
            dialog = uas_dialog(out.request, out.to_tag, f"<sip:{self._user}@{self._station.address}>")
        except (SipError, MediaError):
            tone.close()
            self._reply(out.key, 488)
            return
        call = Ringing(dialog, tone, out.request.get("X-ACD-Contact") or "")
        self._open[out.key] = self._calls[out.request.call_id] = call
        self._reply(out.key, 180)
        loop = asyncio.get_running_loop()
        call.timer = loop.call_later(self._ring_s, self._answer, out.key, call, session, body)

    def _answer(self, key: ServerKey, call: Ringing, session: AudioSession, body: bytes) -> None:
        self._open.pop(key, None)
        call.answered = True
        self._reply(key, 200, body)
        remote = session.remote
        if remote is not None:
            codec = session.codec if session.codec is not None else Codec.PCMA
            call.tone.talk_to(Address(remote.host, remote.port), codec)
        self._station.flush()

    def _cancelled(self, key: ServerKey) -> None:
        call = self._open.pop(key, None)
        self._reply(key, 487)
        if call is not None:
            if call.timer is not None:
                call.timer.cancel()
            call.tone.close()

    def _over(self, call: Ringing | None) -> None:
        if call is not None:
            heard = round(dominant_hz(call.tone.heard(HEARD_S)))
            record = {"role": "agent", "agent": self._user, "contact": call.contact}
            report({**record, "hz": self._hz, "heard_hz": heard})
            call.tone.close()


async def run(server: Endpoint, users: list[str], hz: int, ring_s: float) -> None:
    """Phones of all users, until the process is told to stop. Passwords: ACD_DEMO_USER."""
    for index, user in enumerate(users):
        password = os.environ[f"ACD_DEMO_{user.upper()}"]
        AgentPhone(server, user, password, hz + 150 * index, ring_s + 0.1 * index).register()
    await asyncio.Event().wait()


def main() -> None:
    """`python -m channels.demo.agents --server HOST:PORT anna bert …`"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--hz", type=int, default=1800)
    parser.add_argument("--ring-s", type=float, default=0.4)
    parser.add_argument("users", nargs="+")
    args = parser.parse_args()
    host, _, port = args.server.rpartition(":")
    asyncio.run(run(Endpoint(host, int(port)), args.users, args.hz, args.ring_s))


if __name__ == "__main__":
    main()
