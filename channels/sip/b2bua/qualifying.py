"""Whether phones are there, by OPTIONS: slowly all of them, sooner those that did not take an offer.

The engine drops a device at OfferFailed until it is told AgentReachable. An agent is reachable while one of
his phones is there. If the failure was our own (the media had no sound for it), they are there all the time.
"""

from acd.core.events import AgentReachable, AgentUnreachable
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.sip.b2bua.absent import PhoneId
from channels.sip.b2bua.calls import ACCEPT, NAME, Calls
from channels.sip.b2bua.leg import Reach
from channels.sip.protocol.message import Request, make_headers
from channels.sip.protocol.outputs import ResponseReceived, TimedOut

AT_ONCE = 50
"""So many phones are asked at a time; after a failure of the network, thousands are absent."""

PAUSE_MS = 1_000
"""So long a phone rests that our own trouble kept from ringing: a lasting trouble must not spin."""


def lost(calls: Calls, phone: PhoneId) -> None:
    """It did not take an offer, or a question: it is not rung, and asked time and again."""
    probe_ms, absent = calls.settings.phone_probe_ms, calls.phones.absent
    if phone.key not in {reach.key for reach in calls.phones.all_of(phone.agent)}:
        return
    absent.lose(phone)
    if probe_ms:
        absent.ask(phone, calls.now_ms + probe_ms)


def failed(calls: Calls, agent: str, *, told: bool) -> None:
    """An offer did not reach him. If a phone of his is there, he is announced again after a pause.

    `told`: the engine knows; it does not if it had withdrawn the offer.
    """
    if not calls.phones.where(agent):
        if not told:
            calls.tell(AgentUnreachable(AgentId(agent), VOICE, _device(calls, agent)))
    elif told:
        calls.phones.absent.rest(agent, calls.now_ms + PAUSE_MS)


def expire(calls: Calls) -> None:
    """Do what is due: announce who has rested, ask who is to be asked."""
    absent = calls.phones.absent
    while (agent := absent.pop_rested(calls.now_ms)) is not None:
        _announce(calls, agent)
    while (phone := absent.pop_due(calls.now_ms)) is not None:
        reach = next((one for one in calls.phones.all_of(phone.agent) if one.key == phone.key), None)
        if reach is None:
            absent.forget([phone])
        elif len(absent.asked) >= AT_ONCE:
            absent.ask(phone, calls.now_ms + PAUSE_MS)
        else:
            key = calls.layer.send_request(_options(calls, phone.agent, reach), reach.at, calls.now_ms)
            absent.asked[key] = phone


def answered(calls: Calls, out: ResponseReceived) -> None:
    """Whatever it answers: it is there."""
    absent = calls.phones.absent
    if out.response.status < 200 or (phone := absent.asked.pop(out.key, None)) is None:
        return
    _ask_later(calls, phone)
    alone = not calls.phones.where(phone.agent)
    if absent.found(phone, answered=True) and alone:
        _announce(calls, phone.agent)


def timed_out(calls: Calls, out: TimedOut) -> None:
    """It is not there; or it answers no questions, as some do, or it has more to do: it talks."""
    absent = calls.phones.absent
    phone = absent.asked.pop(out.key, None)
    if phone is None:
        return
    busy = any(leg.record.agent == phone.agent for leg in calls.legs.values())
    if not absent.is_away(phone) and (busy or not absent.answers(phone)):
        _ask_later(calls, phone)
        return
    there = calls.phones.where(phone.agent)
    lost(calls, phone)
    if there and not calls.phones.where(phone.agent):
        calls.count("phone answers no question")
        calls.tell(AgentUnreachable(AgentId(phone.agent), VOICE, _device(calls, phone.agent)))


def _ask_later(calls: Calls, phone: PhoneId) -> None:
    if calls.settings.phone_qualify_ms:
        calls.phones.absent.ask(phone, calls.now_ms + calls.settings.phone_qualify_ms)


def _announce(calls: Calls, agent: str) -> None:
    calls.phones.absent.wake(agent)
    if calls.phones.where(agent):
        calls.tell(AgentReachable(AgentId(agent), VOICE, _device(calls, agent)))


def _device(calls: Calls, agent: str) -> Carrier:
    return Carrier(NAME, calls.phones.user_of(agent))


def _options(calls: Calls, agent: str, reach: Reach) -> Request:
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
    return Request(method="OPTIONS", uri=reach.uri, headers=headers)
