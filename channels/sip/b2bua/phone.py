"""The agent's leg: rung by an offer, joined with the caller, ended."""

from acd.core.effects import ConnectContact, OfferContact, ReleaseAgent, WithdrawOffer
from acd.core.errors import Rejected
from acd.core.events import ContactId, ContactReleased, OfferAccepted, OfferFailed, OfferId, OfferRefused
from agents.skills import AgentId
from channels.media.errors import MediaError
from channels.media.negotiation import BOTH, AudioSession
from channels.media.port import LegId
from channels.media.rtp import Address, Codec
from channels.sip.b2bua.exchange import ALLOW, SDP, Exchange
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import uac_dialog
from channels.sip.protocol.errors import BadMessage, SipError
from channels.sip.protocol.message import Header, Request, Response, make_headers
from channels.sip.protocol.outputs import ResponseReceived

REFUSALS = frozenset({486, 600, 603})
"""Busy and decline: the agent said no. Any other failure means that he was not reached."""

ELSEWHERE: Header = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')


def ring(exchange: Exchange, effect: OfferContact) -> None:
    """INVITE the phone. Branch, Call-ID and tag come from the offer, so a repetition is the same INVITE."""
    if effect.offer in exchange.rung:
        return
    where = exchange.phones.where(effect.agent)
    if where is None:
        _failed(exchange, effect.offer)
        return
    uri, destination = where
    record = LegRecord(f"o{effect.offer}", effect.agent, effect.contact, effect.offer)
    record.host, record.port = destination.host, destination.port
    leg = exchange.add(Leg(record))
    exchange.rung[effect.offer] = leg

    def opened(address: Address | None) -> None:
        if address is None:
            _failed(exchange, effect.offer, leg)
        elif not leg.gone:
            _invite(exchange, leg, uri, address)

    exchange.ports.want(LegId(leg.id), opened)


def _invite(exchange: Exchange, leg: Leg, uri: str, address: Address) -> None:
    record = leg.record
    session = record.session = AudioSession(record.offer, address.ip, address.port)
    caller = exchange.callers.get(record.contact)
    record.show_as = caller.record.show_as if caller else f"<sip:anonymous@{exchange.settings.realm}>"
    request = _request(exchange, leg, uri, session.offer(codecs=_codecs(caller)))
    record.invite = request.to_bytes()
    exchange.host.remember([exchange.saved(leg)])
    send_invite(exchange, leg, request)


def send_invite(exchange: Exchange, leg: Leg, request: Request) -> None:
    """Send the leg's INVITE; after a restart the phone takes it for a retransmission."""
    branch = f"z9hG4bK-{exchange.settings.site}-o{leg.record.offer}"
    destination = Endpoint(leg.record.host, leg.record.port)
    leg.request = request
    key = leg.our_invite = exchange.layer.send_request(request, destination, exchange.now_ms, branch)
    exchange.ours[key] = leg


def _codecs(caller: Leg | None) -> tuple[Codec, ...]:
    """The caller's codec first: what needs no conversion is preferred."""
    session = caller.record.session if caller else None
    if session is None or session.codec is None:
        return BOTH
    return (session.codec, *(codec for codec in BOTH if codec is not session.codec))


def _request(exchange: Exchange, leg: Leg, uri: str, body: bytes) -> Request:
    record, settings = leg.record, exchange.settings
    user = exchange.phones.user_of(record.agent)
    headers = make_headers(
        ("Max-Forwards", "70"),
        ("From", f"{record.show_as};tag=o{record.offer}"),
        ("To", f"<sip:{user}@{settings.realm}>"),
        ("Call-ID", f"o{record.offer}@{settings.site}"),
        ("CSeq", "1 INVITE"),
        ("Contact", exchange.contact_header),
        ("X-ACD-Contact", str(record.contact)),
        more=[ALLOW, SDP],
    )
    return Request(method="INVITE", uri=uri, headers=headers, body=body)


def answered(exchange: Exchange, leg: Leg, out: ResponseReceived) -> None:
    """A response to the INVITE of an agent's leg."""
    status = out.response.status
    if status < 200:
        return
    if status >= 300:
        _not_taken(exchange, leg, status)
        return
    if leg.record.stage is LegStage.UP:
        return
    try:
        _take_answer(exchange, leg, out.response)
    except (SipError, MediaError):
        exchange.count("unusable answer of a phone")
        _hang_up(exchange, leg)
        _failed(exchange, OfferId(leg.record.offer), leg)
        return
    _accept(exchange, leg)


def _take_answer(exchange: Exchange, leg: Leg, response: Response) -> None:
    """Dialog, ACK and media of a 2xx. Raises SipError, MediaError; a dialog is acknowledged even then."""
    assert leg.request is not None
    assert leg.our_invite is not None
    peer = None if response.record_routes else Endpoint(leg.record.host, leg.record.port)
    dialog = uac_dialog(leg.request, response, peer)
    exchange.adopt(leg, dialog)
    leg.record.stage, leg.record.invite = LegStage.UP, b""
    exchange.layer.send_ack(leg.our_invite, dialog.ack(), dialog.destination())
    if leg.record.session is None:
        raise BadMessage(500, "no session")
    leg.record.session.accept(response.body)
    exchange.set_remote(leg)


def _accept(exchange: Exchange, leg: Leg) -> None:
    if leg.gone:  # the withdrawal crossed the 200
        _hang_up(exchange, leg)
        return
    try:
        exchange.submit(OfferAccepted(OfferId(leg.record.offer)), [exchange.saved(leg)])
    except Rejected:
        _hang_up(exchange, leg)


def _hang_up(exchange: Exchange, leg: Leg) -> None:
    exchange.bye(leg)
    exchange.host.remember([exchange.forget(leg)])


def _not_taken(exchange: Exchange, leg: Leg, status: int) -> None:
    exchange.count(f"phone answered {status}")
    record = exchange.forget(leg)
    refused = status in REFUSALS
    offer = OfferId(leg.record.offer)
    try:
        exchange.submit(OfferRefused(offer) if refused else OfferFailed(offer), [record])
    except Rejected:  # withdrawn meanwhile: 487 is the expected answer then
        exchange.host.remember([record])


def _failed(exchange: Exchange, offer: OfferId, leg: Leg | None = None) -> None:
    records = [exchange.forget(leg)] if leg is not None else []
    try:
        exchange.submit(OfferFailed(offer), records)
    except Rejected:
        exchange.host.remember(records)


def timed_out(exchange: Exchange, leg: Leg) -> None:
    """The phone never answered the INVITE."""
    exchange.count("phone timed out")
    _failed(exchange, OfferId(leg.record.offer), leg)


def withdrawn(exchange: Exchange, effect: WithdrawOffer) -> None:
    """Stop ringing: CANCEL, or BYE when the phone was quicker. The final answer closes the leg."""
    leg = exchange.rung.get(effect.offer)
    if leg is None:
        return
    if leg.record.stage is LegStage.UP:
        _hang_up(exchange, leg)
    else:
        cancel(exchange, leg, effect.cause)


def accept_again(exchange: Exchange, leg: Leg) -> None:
    """After a restart: the phone had answered, but the engine was not told."""
    exchange.set_remote(leg)
    _accept(exchange, leg)


def cancel(exchange: Exchange, leg: Leg, cause: str) -> None:
    """Cancel the leg's INVITE; the final answer closes the leg."""
    leg.gone = True
    headers = [ELSEWHERE] if cause == "answered elsewhere" else []
    if leg.our_invite is None or not exchange.layer.cancel(leg.our_invite, exchange.now_ms, headers):
        exchange.host.remember([exchange.forget(leg)])


def connected(exchange: Exchange, effect: ConnectContact) -> None:
    """Join the two legs."""
    leg, caller = exchange.rung.get(effect.offer), exchange.callers.get(effect.contact)
    if leg is None or caller is None:
        return  # one of them hung up while the entry was being written; its event follows
    exchange.handling[effect.contact] = leg
    exchange.media.stop(LegId(caller.id))  # a greeting would be heard to its end over the agent
    exchange.media.bridge(LegId(caller.id), LegId(leg.id))
    exchange.media.watch(LegId(leg.id), exchange.settings.silent_s)


def hung_up(exchange: Exchange, leg: Leg) -> None:
    """BYE from the agent's phone."""
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    record = exchange.forget(leg)
    try:
        exchange.submit(ContactReleased(contact, agent), [record])
    except Rejected:
        exchange.host.remember([record])


def released(exchange: Exchange, effect: ReleaseAgent) -> None:
    """The engine took the contact away from the agent."""
    leg = exchange.handling.get(effect.contact)
    if leg is not None and leg.record.agent == effect.agent:
        _hang_up(exchange, leg)
