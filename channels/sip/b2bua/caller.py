"""The caller's leg: from the INVITE to the 200, and its end while it waits."""

from acd.core.effects import AdmitContact, AnnouncePosition, RejectContact, ReleaseContact, ReturnToWaiting
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactId, ContactLeft, LegLost
from acd.ports import Record
from agents.capacity import VOICE
from channels.media.errors import BadSdpError, MediaError, NotAcceptableError
from channels.media.negotiation import AudioSession
from channels.media.port import LegId
from channels.media.rtp import Address
from channels.sip.b2bua.exchange import ALLOW, SDP, Exchange
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.address import Endpoint, make_uri, quoted
from channels.sip.protocol.dialog import uas_dialog
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import AckReceived, Cancelled, NewRequest, ServerKey
from channels.sip.protocol.replies import response_to
from queues.desk import EntryId

REJECTIONS = {"unknown entry": 404, "closed": 480, "full": 486}
"""What the caller's side is told when the engine does not take the call."""

BUSY: Header = ("Retry-After", "5")


def invited(exchange: Exchange, out: NewRequest) -> None:
    """A new INVITE from outside. `100 Trying` waits for nothing."""
    exchange.layer.reply(out.key, 100, exchange.now_ms)
    known = exchange.answered_before.get(
        (out.request.call_id, out.request.from_.tag, out.request.cseq.number)
    )
    if known is not None and not known.gone:  # our 200 was lost, and then this process was started
        known.invite_key = out.key
        _say_ok(exchange, known, out.request, out.key)
        return
    refused = _refusal(exchange, out.request, out.source)
    if refused is not None:
        status, headers = refused
        exchange.count(f"refused {status}")
        exchange.layer.reply(out.key, status, exchange.now_ms, headers=headers)
        return
    leg = exchange.add(Leg(LegRecord(f"c{exchange.make_id()}")))
    open_leg(exchange, leg, out)


def open_leg(exchange: Exchange, leg: Leg, out: NewRequest) -> None:
    """Also after a restart, for a leg whose INVITE had no final response yet."""
    leg.request, leg.invite_key = out.request, out.key
    leg.record.to_tag = leg.record.to_tag or out.to_tag
    leg.record.invite = out.request.to_bytes()
    leg.record.host, leg.record.port = out.source.host, out.source.port
    leg.record.show_as = shown_caller(out.request, exchange.settings.realm)
    exchange.opening[out.key] = leg
    exchange.ports.want(LegId(leg.id), lambda address: _media_ready(exchange, leg, address))


def _refusal(exchange: Exchange, request: Request, source: Endpoint) -> tuple[int, list[Header]] | None:
    if not exchange.settings.trusts(source.host):
        return 403, []
    if exchange.draining or exchange.without_media or len(exchange.legs) >= exchange.settings.max_legs:
        return 503, [BUSY]
    if request.max_forwards == 0:
        return 483, []
    required = request.values("Require")
    if required:
        return 420, [("Unsupported", ", ".join(required))]
    if request.body and request.content_type != "application/sdp":
        return 415, [("Accept", "application/sdp")]
    return None


def shown_caller(request: Request, realm: str) -> str:
    """Name and number for the agent's display; our own realm, so that no foreign address leaks inwards."""
    caller = request.from_
    user = caller.uri.user or "anonymous"
    display = f"{quoted(caller.display)} " if caller.display else ""
    return f"{display}<{make_uri(user, realm)}>"


def _media_ready(exchange: Exchange, leg: Leg, address: Address | None) -> None:
    if leg.gone or leg.invite_key is None or leg.request is None:
        return
    if address is None:
        _refuse(exchange, leg, 503)
        return
    session = leg.record.session = AudioSession(_session_id(leg), address.ip, address.port)
    try:
        if leg.request.body:
            leg.record.answer = session.answer(leg.request.body)
        else:
            leg.record.answer, leg.late_offer = session.offer(), True
    except (BadSdpError, NotAcceptableError) as error:
        _refuse(exchange, leg, 488 if isinstance(error, NotAcceptableError) else 400)
        return
    if not leg.record.contact:
        _arrive(exchange, leg, leg.request)


def _arrive(exchange: Exchange, leg: Leg, request: Request) -> None:
    entry = EntryId(exchange.settings.entry_of(request.target.user))
    caller = request.from_.uri.user or "anonymous"
    party = exchange.host.vault_party("number", caller, entry, leg.id)
    try:
        event = ContactArrived(leg.id, entry, VOICE, party)
        exchange.submit(event, [exchange.saved(leg)])
    except Rejected:
        _refuse(exchange, leg, 500)


def _session_id(leg: Leg) -> int:
    return int.from_bytes(leg.id.encode()[-7:], "big")


def _refuse(exchange: Exchange, leg: Leg, status: int) -> None:
    exchange.count(f"refused {status}")
    if leg.invite_key is not None:
        headers = [BUSY] if status == 503 else []
        exchange.layer.reply(leg.invite_key, status, exchange.now_ms, headers=headers)
    exchange.host.remember([exchange.forget(leg)])


def rejected(exchange: Exchange, effect: RejectContact) -> None:
    """The engine did not take it."""
    leg = exchange.legs.get(effect.ref)
    if leg is not None and leg.record.stage is LegStage.OPENING:
        _refuse(exchange, leg, REJECTIONS.get(effect.reason, 480))


def admitted(exchange: Exchange, effect: AdmitContact) -> None:
    """Answer, greet, play music."""
    leg = exchange.legs.get(effect.ref)
    if leg is None:  # it went while the entry was being written
        _left(exchange, effect.contact)
        return
    leg.record.contact, leg.record.music = effect.contact, effect.music
    exchange.callers[effect.contact] = leg
    if leg.record.stage is LegStage.OPENING and leg.invite_key is not None:
        _answer(exchange, leg, effect)


def _answer(exchange: Exchange, leg: Leg, effect: AdmitContact) -> None:
    request, key = leg.request, leg.invite_key
    assert request is not None
    assert key is not None
    source = Endpoint(leg.record.host, leg.record.port)
    peer = None if request.record_routes else source
    try:
        dialog = uas_dialog(request, leg.record.to_tag, exchange.contact_header, peer)
    except BadMessage as error:
        exchange.layer.reply(key, error.status, exchange.now_ms, reason=error.reason)
        lost(exchange, leg)
        return
    _say_ok(exchange, leg, request, key)
    dialog.responded(request, 200)
    exchange.adopt(leg, dialog)
    exchange.opening.pop(key, None)
    leg.record.stage, leg.record.invite, leg.request = LegStage.UP, b"", None
    exchange.host.remember([exchange.saved(leg)])
    start_sound(exchange, leg, effect)


def _say_ok(exchange: Exchange, leg: Leg, request: Request, key: ServerKey) -> None:
    headers = [("Contact", exchange.contact_header), ALLOW, SDP]
    record = leg.record
    answer = response_to(request, 200, to_tag=record.to_tag, headers=headers, body=record.answer)
    exchange.layer.respond(key, answer, exchange.now_ms)


def start_sound(exchange: Exchange, leg: Leg, effect: AdmitContact) -> None:
    """Music, with the greeting before it; the greeting never delays the match unless it is mandatory."""
    media, sounds = exchange.media, exchange.settings.sounds
    exchange.set_remote(leg)
    media.loop(LegId(leg.id), sounds.music(effect.music))
    if effect.greeting:
        play = f"greeting {effect.contact}" if effect.report_end else ""
        media.play(LegId(leg.id), sounds.greeting(effect.greeting), play=play)
    media.watch(LegId(leg.id), exchange.settings.silent_s)


def position_told(exchange: Exchange, effect: AnnouncePosition) -> None:
    leg = exchange.callers.get(effect.contact)
    if leg is not None:
        sounds = exchange.settings.sounds.position(effect.position)
        exchange.media.play(LegId(leg.id), sounds)


def waits_again(exchange: Exchange, effect: ReturnToWaiting) -> None:
    """Its agent is off: music again."""
    leg = exchange.callers.get(effect.contact)
    exchange.handling.pop(effect.contact, None)
    if leg is not None:
        leg.record.music = effect.music
        exchange.media.unbridge(LegId(leg.id))
        exchange.media.hold(LegId(leg.id), False)
        exchange.media.loop(LegId(leg.id), exchange.settings.sounds.music(effect.music))


def acknowledged(exchange: Exchange, out: AckReceived) -> None:
    """The ACK carries the answer when the offer was ours."""
    request = out.request
    leg = exchange.leg_of(request)
    if leg is None or not leg.late_offer or leg.record.session is None:
        return
    leg.late_offer = False
    try:
        leg.record.session.accept(request.body)
    except MediaError:
        exchange.count("unusable answer in ACK")
        exchange.bye(leg)
        lost(exchange, leg)
        return
    exchange.set_remote(leg)
    exchange.host.remember([exchange.saved(leg)])


def ack_missing(exchange: Exchange, key: ServerKey) -> None:
    """Nobody acknowledged our 200 in 64*T1: the caller is not there (RFC 3261 §13.3.1.4)."""
    leg = next((leg for leg in exchange.legs.values() if leg.invite_key == key), None)
    if leg is not None:
        exchange.bye(leg)
        lost(exchange, leg)


def cancelled(exchange: Exchange, out: Cancelled) -> None:
    """The caller gave up before our 200."""
    leg = exchange.opening.get(out.key)
    exchange.layer.reply(out.key, 487, exchange.now_ms)
    if leg is not None:
        record = exchange.forget(leg)
        if leg.record.contact:
            _left(exchange, ContactId(leg.record.contact), record)
        else:
            exchange.host.remember([record])


def hung_up(exchange: Exchange, leg: Leg) -> None:
    """BYE from the caller."""
    _left(exchange, ContactId(leg.record.contact), exchange.forget(leg))


def lost(exchange: Exchange, leg: Leg) -> None:
    """The leg is dead though nobody hung up."""
    record = exchange.forget(leg)
    try:
        exchange.submit(LegLost(ContactId(leg.record.contact)), [record])
    except Rejected:
        exchange.host.remember([record])


def _left(exchange: Exchange, contact: ContactId, *records: Record) -> None:
    try:
        exchange.submit(ContactLeft(contact), records)
    except Rejected:  # the engine ended it at the same moment
        exchange.host.remember(records)


def released(exchange: Exchange, effect: ReleaseContact) -> None:
    """The desk ends the call."""
    leg = exchange.callers.get(effect.contact)
    if leg is not None:
        exchange.bye(leg)
        exchange.host.remember([exchange.forget(leg)])


def end_all(exchange: Exchange) -> None:
    """End every call; the engine then takes the agents' legs away."""
    for leg in [leg for leg in exchange.legs.values() if leg.is_caller]:
        if leg.record.stage is LegStage.UP:
            exchange.bye(leg)
        elif leg.invite_key is not None:
            exchange.layer.reply(leg.invite_key, 503, exchange.now_ms, headers=[BUSY])
        lost(exchange, leg)
