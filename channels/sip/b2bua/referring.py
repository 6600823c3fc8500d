"""REFER from an agent's phone: blind transfer to a number of the desk (RFC 3515, RFC 5589 §6)."""

from acd.core.events import ContactId, ContactTransferred
from agents.skills import AgentId
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.address import parse_name_addr
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import NewRequest
from queues.desk import EntryId, LineId

QUIET: Header = ("Refer-Sub", "false")
"""The phone wants no news of it (RFC 4488)."""

NEWS: tuple[Header, ...] = (("Event", "refer"), ("Subscription-State", "terminated;reason=noresource"))
FRAGMENT = "message/sipfrag;version=2.0"


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def referred(calls: Calls, leg: Leg, out: NewRequest) -> None:
    """Hand the caller to the line of the number in Refer-To; the agent's leg is ended by the engine.

    400: not exactly one Refer-To, or none that can be read. 403: no agent in a conversation asks. 404: no
    number of the desk. 603: an attended transfer, which is not offered.
    """
    try:
        entry = _entry(calls, leg, out.request)
        contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
        if not calls.tell(ContactTransferred(contact, agent, LineId(""), entry)):
            raise _Refused(404)
    except _Refused as refusal:
        calls.count(f"transfer refused {refusal.status}")
        calls.layer.reply(out.key, refusal.status, calls.now_ms)
        return
    quiet = [word.lower() for word in out.request.values("Refer-Sub")] == ["false"]
    calls.layer.reply(out.key, 202, calls.now_ms, headers=[QUIET] if quiet else [])
    if not quiet:
        _tell_news(calls, leg)


def _entry(calls: Calls, leg: Leg, request: Request) -> EntryId:
    """Where the caller is to go. Raises _Refused."""
    if leg.is_caller or leg.aside is not None or leg not in leg.call.talking:
        raise _Refused(403)
    targets = request.values("Refer-To")
    if len(targets) != 1:
        raise _Refused(400)
    try:
        uri = parse_name_addr(targets[0]).uri
    except BadMessage as unreadable:
        raise _Refused(400) from unreadable
    if uri.headers:  # Replaces (RFC 3891): the caller shall take the place of another call
        raise _Refused(603)
    return calls.entry_of(uri.user) or EntryId(uri.user)


def _tell_news(calls: Calls, leg: Leg) -> None:
    """The one NOTIFY that the subscription is made of (RFC 3515 §2.4.4): he is taken over."""
    dialog = leg.record.dialog
    assert dialog is not None
    request = dialog.request("NOTIFY", NEWS, b"SIP/2.0 200 OK\r\n", FRAGMENT)
    key = calls.layer.send_request(request, dialog.destination(), calls.now_ms)
    calls.by_transaction[key] = leg
    calls.save(leg)
