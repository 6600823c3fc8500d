"""sipp scenarios, put together from steps: what a caller or an agent's phone sends and expects."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

SDP = """v=0
o=phone 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}"""

VIA = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch={branch}"


def sdp(direction: str = "sendrecv", version: int = 1) -> str:
    """A session description with the two laws and telephone events."""
    return SDP.format(direction=direction, version=version)


def send(message: str, *, body: str = "", retransmit: bool = False, options: str = "") -> str:
    """Send this; `retransmit` as RFC 3261 wants it for requests over UDP."""
    tail = (
        f"Content-Type: application/sdp\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n\n"
    )
    attributes = ('retrans="500" ' if retransmit else "") + options
    return f"<send {attributes}><![CDATA[\n{message.strip()}\n{tail}\n]]></send>"


def recv(what: str | int, *, optional: bool = False, action: str = "", options: str = "") -> str:
    """Expect a request (a method) or a response (a status)."""
    kind = "response" if isinstance(what, int) else "request"
    attributes = f'{kind}="{what}" rrs="true" {options}' + (' optional="true"' if optional else "")
    return f"<recv {attributes}>{action}</recv>"


def pause(ms: int) -> str:
    return f'<pause milliseconds="{ms}"/>'


Steps = str | Sequence[Any]
"""A step, or steps in lists, as deep as one likes."""


def scenario(*steps: Steps) -> str:
    """The whole XML; steps may be lists of steps."""
    text = "\n".join(_flat(steps)).replace('"leave"', '"1"').replace('"end"', '"2"')
    head = '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE scenario SYSTEM "sipp.dtd">'
    return f'{head}\n<scenario name="test">\n{text}\n</scenario>\n'


def _flat(steps: Steps) -> Iterator[str]:
    if isinstance(steps, str):
        yield steps
    else:
        for step in steps:
            yield from _flat(step)


# The caller's side


def _caller(line: str, cseq: int, method: str, *more: str, branch: str = "[branch]", to: str = "") -> str:
    return "\n".join(
        [
            f"{line} SIP/2.0",
            VIA.format(branch=branch),
            "Max-Forwards: 70",
            'From: "Caller [call_number]" <sip:+49305550[call_number]@127.0.0.1>;tag=c[pid]x[call_number]',
            f"To: <sip:[service]@127.0.0.1>{to}",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:caller@[local_ip]:[local_port]>",
            *more,
        ]
    )


TARGET = "sip:[service]@[remote_ip]:[remote_port]"


def invite(*more: str, body: str | None = None, retransmit: bool = True, options: str = "") -> str:
    """The caller's first INVITE; `body` empty: a late offer."""
    text = _caller(f"INVITE {TARGET}", 1, "INVITE", *more)
    return send(text, body=sdp() if body is None else body, retransmit=retransmit, options=options)


def ack(cseq: int = 1, body: str = "", options: str = "") -> str:
    """The ACK of a 2xx."""
    text = _caller("ACK [next_url]", cseq, "ACK", "[routes]", to="[peer_tag_param]")
    return send(text, body=body, options=options)


def ack_of_failure(ago: int) -> str:
    """The ACK of a final response other than 2xx; the INVITE was sent so many steps ago."""
    return send(_caller(f"ACK {TARGET}", 1, "ACK", branch=f"[branch-{ago}]", to="[peer_tag_param]"))


def inside(method: str, cseq: int, *more: str, body: str = "", retransmit: bool = True) -> str:
    """A request of the caller in the dialog."""
    text = _caller(f"{method} [next_url]", cseq, method, "[routes]", *more, to="[peer_tag_param]")
    return send(text, body=body, retransmit=retransmit)


ANSWERED = [recv(100, optional=True), recv(200, options='rtd="true"'), ack()]
"""The desk answers at once."""


def hang_up(cseq: int = 2) -> list[str]:
    return [inside("BYE", cseq), recv(200)]


def calls(*steps: Steps) -> str:
    """A caller who is answered by the desk and then does this."""
    return scenario(invite(), ANSWERED, *steps)


def refused(status: int, *more: str) -> str:
    """A caller who is not taken."""
    return scenario(invite(*more), recv(100, optional=True), recv(status), ack_of_failure(3))


def tag(message: str, header: str) -> str:
    """The tag in From or To of a message."""
    found = re.search(rf"^{header}:.*;tag=([^;\s]+)", message, re.MULTILINE)
    return found[1] if found else ""


def call_id(message: str) -> str:
    """Its Call-ID."""
    found = re.search(r"^Call-ID: *(\S+)", message, re.MULTILINE)
    return found[1] if found else ""


OPTIONS = _caller(f"OPTIONS {TARGET}", 1, "OPTIONS")

_COMPACT = """INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
v: SIP/2.0/UDP [local_ip]:[local_port]
[tab];branch=[branch]
max-forwards:70
f: "Caller"
[tab]<sip:+493055501@127.0.0.1>;tag=c[pid]x[call_number]
t: <sip:[service]@127.0.0.1>
i: [call_id]
cseq: 1
[tab]INVITE
m: <sip:caller@[local_ip]:[local_port]>
s: short
[tab]and folded
c: application/sdp
l: [len]

"""


def compact() -> str:
    """A call whose INVITE has compact and folded headers; needs the option `-key tab TAB`."""
    head = _COMPACT + sdp()
    return scenario(f"<send><![CDATA[\n{head}\n]]></send>", ANSWERED, pause(400), hang_up())


# The agent's side

_KEEP = """<action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
</action>"""
_TAG = ";tag=a[pid]x[call_number]"
_LAST = "[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]"
_CONTACT = "Contact: <sip:agent@[local_ip]:[local_port]>"

RUNG = recv("INVITE", action=_KEEP)
_USES = """<nop><action>
<assignstr assign_to="from" value="[$from]"/><assignstr assign_to="to" value="[$to]"/>
</action></nop>"""
# sipp refuses variables that a scenario sets and never uses.


def reply(
    status: int, reason: str, *more: str, body: str = "", tag: bool = True, retransmit: bool = False
) -> str:
    """The phone's response to the last request."""
    head = f"SIP/2.0 {status} {reason}\n" + _LAST.format(tag=_TAG if tag else "")
    return send("\n".join([head, _CONTACT, *more]), body=body, retransmit=retransmit)


RINGS = reply(180, "Ringing")


def picks_up(direction: str = "sendrecv") -> list[str]:
    return [reply(200, "OK", body=sdp(direction), retransmit=True), recv("ACK", options='crlf="true"')]


def cancelled() -> list[str]:
    """After the CANCEL: 200 for it and 487 for the INVITE, whose headers differ in CSeq only."""
    gone = "SIP/2.0 487 Request Terminated\n" + _LAST.format(tag=_TAG).replace(
        "[last_CSeq:]", "CSeq: 1 INVITE"
    )
    return [reply(200, "OK"), send(gone, retransmit=False)]


HUNG_UP = [recv("BYE"), reply(200, "OK", tag=False)]
"""The other side ends the call."""


def phone_sends(method: str, cseq: int, *more: str, body: str = "") -> str:
    """A request of the phone in the dialog."""
    lines = [
        f"{method} [next_url] SIP/2.0",
        VIA.format(branch="[branch]"),
        "Max-Forwards: 70",
        "[routes]",
        f"From:[$to]{_TAG}",
        "To:[$from]",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        _CONTACT,
        *more,
    ]
    return send("\n".join(lines), body=body, retransmit=method != "ACK")


def phone(*steps: Steps) -> str:
    """An agent's phone that is rung and then does this."""
    return scenario(RUNG, *steps, _USES)


TALK = [RINGS, picks_up(), HUNG_UP]
"""A phone that is answered and waits for the other side to end the call."""

LEAVES = [phone_sends("BYE", 1), recv(200)]

QUICK = [picks_up(), pause(30), LEAVES]
"""A phone that is answered and ends the call at once."""


IMPATIENT = scenario(
    invite(),
    recv(100, optional=True),
    recv(200, options='timeout="40000" ontimeout="end"'),
    ack(),
    recv("BYE", options='timeout="4000" ontimeout="leave"'),
    reply(200, "OK", tag=False),
    '<nop next="end"/>',
    '<label id="leave"/>',
    hang_up(),
    '<label id="end"/>',
)
"""A caller who hangs up after four seconds unless the other side was quicker.

Who got a 100 and then nothing more repeats no INVITE (RFC 3261 §17.1.1.2): he gives up some time.
"""


def refuses(status: int, reason: str) -> str:
    """A phone that answers the INVITE with a failure."""
    return phone(reply(status, reason), recv("ACK"))


REGISTER = """REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[service]@acd.invalid>;tag=r[pid]x[call_number]
To: <sip:[service]@acd.invalid>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:[service]@[local_ip]:[local_port]>
Expires: {expires}
{more}"""


def register(user: str, password: str, *, expires: int = 600, status: int = 200) -> str:
    """REGISTER, be challenged, answer, and get this status."""
    credentials = f"[authentication username={user} password={password}]"
    return scenario(
        send(REGISTER.format(cseq=1, expires=expires, more=""), retransmit=True),
        recv(401, options='auth="true"'),
        send(REGISTER.format(cseq=2, expires=expires, more=credentials), retransmit=True),
        recv(status),
    )


def register_without_password() -> str:
    """REGISTER twice without credentials: challenged twice."""
    return scenario(
        send(REGISTER.format(cseq=1, expires=600, more=""), retransmit=True),
        recv(401),
        send(REGISTER.format(cseq=2, expires=600, more=""), retransmit=True),
        recv(401),
    )
