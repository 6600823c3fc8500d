"""A phone diverts its calls to an outside number (302, RFC 3261 §8.1.3.4): one more branch, by the trunk."""

from typing import NamedTuple

from acd.core.effects import DivertOffer
from acd.core.events import OfferDiverted, OfferId
from acd.ports import PartyKind
from channels.sip.b2bua import inviting, placing
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegStage, Reach, Ringing
from channels.sip.protocol.address import make_uri
from channels.sip.protocol.message import Response
from queues.desk import EntryId


class Elsewhere(NamedTuple):
    """Where a phone sends its calls: what was asked of the engine, or ordered by it."""

    number: str
    sdp: bytes
    waits: bool = True
    """The engine has not ordered it yet."""


def followed(calls: Calls, leg: Leg, ringing: Ringing, response: Response) -> bool:
    """Ask whether the number may be called that a phone names instead of itself; False: it may not.

    Once: where that one diverts to, nobody is called. A number of ours would lead him round in a circle.
    """
    to, caller = calls.settings.outbound, leg.call.caller
    over = ringing.over or leg.gone or leg.record.stage is LegStage.UP or leg.elsewhere is not None
    if over or to is None or caller is None or not ringing.rung.phone or not response.contacts:
        return False
    entry = EntryId(caller.record.entry)
    number = calls.settings.diversions.number(response.contacts[0].uri.user, entry, to.region)
    if number is None or not placing.NUMBER.fullmatch(number.normal):
        return False
    if number.normal == to.caller_id or calls.entry_of(number.normal) is not None:
        return False
    party, _ = calls.host.identify(PartyKind.NUMBER, number.normal, entry, caller.id, to.region)
    leg.elsewhere = Elsewhere(number.normal, ringing.request.body)
    asked = OfferDiverted(OfferId(leg.record.offer), party, number.dial_class)
    if not calls.tell(asked, calls.saved(leg)):
        leg.elsewhere = None
        return False
    return True


def call(calls: Calls, leg: Leg, effect: DivertOffer) -> bool:
    """Call there; False: it is no number that the desk has allowed."""
    to, elsewhere = calls.settings.outbound, leg.elsewhere
    assert elsewhere is not None
    number, sdp, _ = leg.elsewhere = elsewhere._replace(waits=False)
    if to is None or number == effect.caller_id or not placing.begins_with(number, effect.prefixes):
        calls.count("number outside the allow-list")
        return False
    leg.reaches = [Reach("", str(placing.uri_of(number, to.trunk.host, to.trunk.port)), to.trunk)]
    leg.record.outside = True
    us = f"<{placing.uri_of(effect.caller_id or to.caller_id, calls.settings.advertise)}>"
    party = f"<{placing.uri_of(number, to.trunk.host)}>"
    by = f"<{make_uri(calls.phones.user_of(leg.record.agent), calls.settings.realm)}>;reason=unconditional"
    more = ("P-Asserted-Identity", us), ("Diversion", by)
    inviting.invite(calls, leg, us, party, sdp, *more)
    return True
