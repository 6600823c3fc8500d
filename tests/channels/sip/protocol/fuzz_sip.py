"""Fuzz target for all that reads SIP from the network: `python …/fuzz_sip.py --count N`."""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count

from channels.media.errors import BadSdpError, NotAcceptableError
from channels.media.negotiation import AudioSession
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.digest import parse_challenges, parse_credentials
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request, Response, parse
from channels.sip.protocol.outputs import NewRequest, SendTo
from channels.sip.protocol.registrar import Registrar
from channels.sip.protocol.transactions import TransactionLayer

SOURCE = Endpoint("192.0.2.7", 5060)
_SDP = (
    b"v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)
_MIXED = (
    b"a preamble\r\n--edge\r\nContent-Type: application/ISUP;version=x\r\n\r\n\1\0\r\n--edge\r\n"
    b"Content-Type: application/sdp\r\n\r\n" + _SDP + b"\r\n--edge--\r\n"
)
_HEAD = (
    b"Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1]\r\n"
    b'From: "Anna, \\"A\\"" <sip:anna@pbx.example;user=phone>;tag=a1\r\n'
    b"To: <sip:hotline@acd.example>%s\r\nCall-ID: c1@192.0.2.7\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
)
SEEDS = (
    b"INVITE sip:hotline@acd.example SIP/2.0\r\n" + _HEAD % (b"", b"INVITE")
    + b"Contact: <sip:anna@192.0.2.7>\r\nRecord-Route: <sip:p1.example;lr>,\r\n <sip:p2.example;lr>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(_SDP) + _SDP,
    b"INVITE sip:hotline@acd.example SIP/2.0\r\n" + _HEAD % (b"", b"INVITE")
    + b"m: <sip:anna@192.0.2.7>\r\nc: multipart/mixed;boundary=edge\r\n\r\n" + _MIXED,
    b"REGISTER sip:acd.example SIP/2.0\r\n" + _HEAD % (b"", b"REGISTER")
    + b'Contact: <sip:a@192.0.2.7>;expires=60, "b" <sip:b@192.0.2.8>;q=0.1\r\nExpires: 300\r\n'
    b'Authorization: Digest username="anna", realm="acd.example", nonce="0.ab.cd", uri="sip:acd.example",'
    b' response="00", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"\r\nl: 0\r\n\r\n',
    b"REGISTER sip:acd.example SIP/2.0\r\n" + _HEAD % (b"", b"REGISTER") + b"m: *\r\nExpires: 0\r\n\r\n",
    b"BYE sip:hotline@192.0.2.1 SIP/2.0\r\n" + _HEAD % (b";tag=b1", b"BYE") + b"\r\n",
    b"ACK sip:hotline@192.0.2.1 SIP/2.0\r\n" + _HEAD % (b";tag=b1", b"ACK") + b"\r\n",
    b"CANCEL sip:hotline@acd.example SIP/2.0\r\n" + _HEAD % (b"", b"CANCEL") + b"\r\n",
    b"SIP/2.0 200 OK\r\n" + _HEAD % (b";tag=b1", b"INVITE") + b"Contact: <sip:bert@192.0.2.9>\r\n\r\n",
    b"SIP/2.0 401 Unauthorized\r\n" + _HEAD % (b";tag=b1", b"REGISTER")
    + b'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth,auth-int", algorithm=MD5\r\n\r\n',
)  # fmt: skip
WORDS = (
    b"\r\n", b"\r\n ", b"\r\n\r\n", b"\n", b"\r", b"\0", b",", b";", b":", b"<", b">", b'"', b"\\",
    b"@", b"%", b"%00", b"[", b"]", b"*", b"=", b";tag=", b";branch=", b"z9hG4bK", b";lr", b";rport",
    b"sip:", b"sips:", b"tel:+49305550101", b"SIP/2.0", b"SIP/9.9", b" ", b"\t", b"-1", b"0",
    b"4294967296", b"99999999999999999999", b"Content-Length: 5\r\n", b"l:", b"Via: x\r\n",
    b"Contact: *\r\n", b"CSeq: 1 INVITE\r\n", b"\xff\xfe", b"\xc3", "é大".encode(), b"(" * 40,
    b"--edge\r\n", b"multipart/related;", b"boundary=", b"Content-Transfer-Encoding: base64",
    b'"' * 41, b"<" * 40, b" " * 200, b"a" * 300, b";a" * 100, b"," * 100,
)  # fmt: skip


def mutate(chance: random.Random) -> bytes:
    """A seed with one to four small injuries."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            data[at:at] = chance.choice(WORDS)
        elif kind == 1:
            del data[at : at + chance.randint(1, 20)]
        elif kind == 2:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 3:
            word = chance.choice(WORDS)
            data[at : at + len(word)] = word
        else:
            other = chance.choice(SEEDS)
            data[at:] = other[chance.randrange(len(other)) :]
    return bytes(data)


class Target:
    """Feeds packets to all readers; anything but their typed errors escapes and is a finding."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._numbers = count()
        self._fresh()

    def _fresh(self) -> None:
        self.layer = TransactionLayer("192.0.2.1:5060", lambda: f"id{next(self._numbers)}")
        self.registrar = Registrar()

    def feed(self, data: bytes) -> None:
        """One packet."""
        try:
            message = parse(data)
        except BadMessage as error:
            self.layer.reject(error, SOURCE)
            self.seen["unreadable"] += 1
        else:
            self._feed(message)
        if len(self.layer) > 50:
            self.layer.expire(10**9)
            self._fresh()

    def _feed(self, message: Request | Response) -> None:
        try:
            message.checked()
        except BadMessage:
            self.seen["refused"] += 1
        else:
            self.seen["accepted"] += 1
            self._read_more(message)
        for output in self.layer.receive(message, SOURCE, 0):
            if isinstance(output, NewRequest):
                self._answer(output)
            elif isinstance(output, SendTo):
                parse(output.data).checked()

    def _read_more(self, message: Request | Response) -> None:
        again = parse(message.to_bytes())
        assert again.body == message.body
        assert [pair for pair in again.headers if pair[0] != "Content-Length"] == [
            pair for pair in message.headers if pair[0] != "Content-Length"
        ]
        for value in message.get_all("Authorization"):
            self._quietly(partial(parse_credentials, value))
        self._quietly(lambda: parse_challenges(message.get_all("WWW-Authenticate")))
        self._quietly(lambda: AudioSession(1, "192.0.2.1", 4000).answer(message.body))

    def _answer(self, new: NewRequest) -> None:
        status = 200
        if new.request.method == "REGISTER":
            status = self.registrar.register(new.request.to.uri.user, new.request, SOURCE, 0).status
        self.layer.reply(new.key, status, 0)
        for output in self.layer.take():
            if isinstance(output, SendTo):
                parse(output.data).checked()

    def _quietly(self, read: Callable[[], object]) -> None:
        try:
            read()
        except (BadMessage, BadSdpError, NotAcceptableError):
            self.seen["part refused"] += 1


def run(number: int, seed: int = 1) -> Counter[str]:
    """Feed `number` mutated packets; what came of them. Raises what a reader must not raise."""
    chance = random.Random(seed)
    target = Target()
    for index in range(number):
        data = mutate(chance)
        try:
            target.feed(data)
        except Exception:
            sys.stderr.write(f"packet {index} of seed {seed}: {data!r}\n")
            raise
    return target.seen


def main() -> None:
    """Command line: --count, --seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seen = run(arguments.count, arguments.seed)
    sys.stdout.write(" ".join(f"{name}={number}" for name, number in sorted(seen.items())) + "\n")


if __name__ == "__main__":
    main()
