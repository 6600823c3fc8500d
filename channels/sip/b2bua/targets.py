"""Where requests of a dialog go: to the peer's last Contact, or through its NAT (RFC 3261 §12.2)."""

from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address, ip_network

from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.address import Endpoint, parse_uri
from channels.sip.protocol.address import endpoint_of as said_by
from channels.sip.protocol.dialog import Dialog
from channels.sip.protocol.outputs import ClientKey, ServerKey
from config.schema import Nat

INSIDE = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Networks that exist many times: an address means something inside only (RFC 1918, 6598, 4193)."""

KNOWN = 1024


def follow(calls: Calls, leg: Leg, dialog: Dialog, source: Endpoint) -> None:
    """The peer's Contact is known anew, and came from `source`; with a route set both do not matter."""
    if dialog.route_set:
        dialog.peer = None
        return
    record, outbound = leg.record, calls.settings.outbound
    if record.outside and outbound is not None:
        nat = outbound.nat
    else:
        nat = calls.phones.nat_of(record.agent) if record.agent else calls.nat_of(record.host)
    dialog.peer = by_source(nat, dialog.remote_target, source)


def moved(calls: Calls, agent: str, old: Endpoint, new: Endpoint) -> None:
    """A phone has registered from another address: what went to the old one goes there, in calls too."""
    for leg in calls.legs.values():
        dialog = leg.record.dialog
        if leg.record.agent == agent and dialog is not None and dialog.peer == old:
            dialog.peer = new
            calls.save(leg)


def stands_in(calls: Calls, key: ClientKey | ServerKey, sent_to: Endpoint, source: Endpoint) -> bool:
    """Whether who answers from another host than we have sent to is the same peer.

    A phone that has registered from there meanwhile, or another address of the same trunk. Whoever else it is
    knows all names of our request: that is told.
    """
    leg = calls.by_transaction.get(key)
    agent = "" if leg is None else leg.record.agent
    if agent and any(one.at.host == source.host for one in calls.phones.all_of(agent)):
        return True
    trunk = calls.trunk_of(source.host)
    with suppress(ValueError):  # a name
        if trunk is not None and trunk.sends_from(sent_to.host):
            return True
    calls.count("answer from elsewhere")
    calls.telling.refused(source.host, f"answer to {key.method} from elsewhere")
    return False


@lru_cache(maxsize=KNOWN)
def by_source(nat: Nat, target: str, source: Endpoint) -> Endpoint | None:
    """`source` if requests must go there; None: they go to `target`, a SIP URI."""
    if nat is not Nat.AUTO:
        return source if nat is Nat.ALWAYS else None
    uri = parse_uri(target)
    if uri.host == source.host and uri.scheme == "sip" and not uri.params:  # nearly all of them
        return None
    return source if _is_out_of_reach(said_by(uri), source) else None


def _is_out_of_reach(said: Endpoint, source: Endpoint) -> bool:
    """It speaks what we do not, or its address is one inside a network that it does not send from."""
    if said.transport != source.transport:
        return True
    return said.host != source.host and not networks_of(said.host) <= networks_of(source.host)


@lru_cache(maxsize=KNOWN)
def networks_of(host: str) -> frozenset[int]:
    """In which of INSIDE it is; a name is known everywhere, as a public address is."""
    try:
        address = ip_address(host)
    except ValueError:
        return frozenset()
    return frozenset(number for number, network in enumerate(INSIDE) if address in network)
