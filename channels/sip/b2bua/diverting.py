"""A phone diverts its calls to an outside number (302, RFC 3261 §8.1.3.4): one more branch, by the trunk."""

from channels.sip.b2bua import inviting, placing
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegStage, Reach, Ringing
from channels.sip.protocol.address import make_uri
from channels.sip.protocol.message import Response


def followed(calls: Calls, leg: Leg, ringing: Ringing, response: Response) -> bool:
    """Call whom a phone names instead of itself, if the desk's rules allow it; False: they do not.

    Once: where that one diverts to, nobody is called. A number of ours would lead him round in a circle.
    """
    to, caller = calls.settings.outbound, leg.call.caller
    over = ringing.over or leg.gone or leg.record.stage is LegStage.UP
    if over or to is None or caller is None or not ringing.rung.phone or not response.contacts:
        return False
    user = response.contacts[0].uri.user
    allowed = calls.settings.diversions.allowed(user, caller.record.entry, to.region)
    if allowed is None or allowed.number == to.caller_id or not placing.NUMBER.fullmatch(allowed.number):
        return False
    under_way = sum(one.record.outside for one in calls.legs.values())
    if calls.entry_of(allowed.number) is not None or under_way >= allowed.at_once:
        return False
    leg.reaches = [Reach("", str(placing.uri_of(allowed.number, to.trunk.host, to.trunk.port)), to.trunk)]
    leg.record.outside = True
    us = f"<{placing.uri_of(to.caller_id, calls.settings.advertise)}>"
    party = f"<{placing.uri_of(allowed.number, to.trunk.host)}>"
    by = f"<{make_uri(calls.phones.user_of(leg.record.agent), calls.settings.realm)}>;reason=unconditional"
    more = ("P-Asserted-Identity", us), ("Diversion", by)
    inviting.invite(calls, leg, us, party, ringing.request.body, *more)
    return True
