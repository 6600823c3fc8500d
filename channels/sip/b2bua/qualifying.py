"""Phones that an offer did not reach: the engine takes them back when they turn out to be there.

It drops a device at OfferFailed until it is told AgentReachable. A phone that failed is asked by OPTIONS; one
that failed nobody, since the media had no sound for it, is there all the time.
"""

from acd.core.events import AgentReachable
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.sip.b2bua.calls import ACCEPT, NAME, Calls
from channels.sip.protocol.message import Request, make_headers
from channels.sip.protocol.outputs import ResponseReceived, TimedOut

AT_ONCE = 50
"""So many phones are asked at a time; after a failure of the network, thousands are absent."""

PAUSE_MS = 1_000
"""So long a phone rests that our own trouble kept from ringing: a lasting trouble must not spin."""


def failed(calls: Calls, agent: str) -> None:
    """His phone did not take an offer: ask it, time and again, whether it is there."""
    probe_ms = calls.settings.phone_probe_ms
    if probe_ms and calls.phones.where(agent) is not None:
        calls.phones.absent.ask(agent, calls.now_ms + probe_ms)


def untried(calls: Calls, agent: str) -> None:
    """His phone is well, the offer failed before it: it is rung again after a pause."""
    if calls.phones.where(agent) is not None:
        calls.phones.absent.rest(agent, calls.now_ms + PAUSE_MS)


def expire(calls: Calls) -> None:
    """Do what is due: announce who has rested, ask who may be back."""
    absent = calls.phones.absent
    while (agent := absent.pop_due(calls.now_ms)) is not None:
        where = calls.phones.where(agent)
        if absent.rests(agent):
            _announce(calls, agent)
        elif where is None:
            absent.forget(agent)
        elif len(absent.asked) >= AT_ONCE:
            absent.ask(agent, calls.now_ms + PAUSE_MS)
        else:
            request = _options(calls, agent, where[0])
            absent.asked[calls.layer.send_request(request, where[1], calls.now_ms)] = agent


def answered(calls: Calls, out: ResponseReceived) -> None:
    """Whatever it answers: it is there."""
    absent = calls.phones.absent
    if out.response.status >= 200 and (agent := absent.asked.pop(out.key, None)) is not None:
        _announce(calls, agent)


def timed_out(calls: Calls, out: TimedOut) -> None:
    """It is not there yet."""
    agent = calls.phones.absent.asked.pop(out.key, None)
    if agent is not None:
        failed(calls, agent)


def _announce(calls: Calls, agent: str) -> None:
    calls.phones.absent.forget(agent)
    if calls.phones.where(agent) is not None:
        calls.tell(AgentReachable(AgentId(agent), VOICE, Carrier(NAME, calls.phones.user_of(agent))))


def _options(calls: Calls, agent: str, uri: str) -> Request:
    """A question outside of any dialog (RFC 3261 §11.1)."""
    settings = calls.settings
    headers = make_headers(
        ("Max-Forwards", "70"),
        ("From", f"<sip:acd@{settings.realm}>;tag={calls.make_id()}"),
        ("To", f"<sip:{calls.phones.user_of(agent)}@{settings.realm}>"),
        ("Call-ID", f"{calls.make_id()}@{settings.site}"),
        ("CSeq", "1 OPTIONS"),
        ("Contact", calls.contact_header),
        more=[ACCEPT],
    )
    return Request(method="OPTIONS", uri=uri, headers=headers)
