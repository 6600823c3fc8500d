"""`[[sip.trunks]]`: who may hand us calls, how they write numbers, and by whom we call."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from channels.media.latch import Latch
from channels.sip.protocol.address import Endpoint
from config.directory_table import read_region
from config.outbound_table import E164
from config.schema import Nat, Site
from config.table import Table


class CalledBy(StrEnum):
    """Where an INVITE may say which number was dialled."""

    REQUEST_URI = "Request-URI"
    TO = "To"
    P_CALLED_PARTY_ID = "P-Called-Party-ID"
    """What was dialled before the network put its own name for us there (RFC 7315 §4.2)."""
    DIVERSION = "Diversion"
    """Whose calls are diverted to us (RFC 5806)."""


class CallerBy(StrEnum):
    """Where an INVITE may say who calls."""

    P_ASSERTED_IDENTITY = "P-Asserted-Identity"
    """What the network vouches for (RFC 3325)."""
    FROM = "From"


@dataclass(frozen=True, slots=True)
class Trunk:
    """One of those who may hand us calls."""

    name: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    region: str
    """Country whose national numbers it writes; "": those of the client who is called."""
    latch: Latch
    """Whose packets are its callers' sound."""
    nat: Nat
    called: tuple[str, ...]
    """Values of CalledBy: the first number that is one of ours counts."""
    caller: tuple[str, ...]
    """Values of CallerBy: the first that there is counts."""

    def sends_from(self, host: str) -> bool:
        """Whether this IP address is one of its own."""
        address = ip_address(host)
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Outbound:
    """The trunk by which we call, and the number (E.164) that is shown to whom we call."""

    trunk: Endpoint
    caller_id: str
    region: str = ""
    """Country of its short codes; "": that of the client."""
    latch: Latch = Latch.ADDRESS
    nat: Nat = Nat.AUTO


def read_trunks(tables: Sequence[Table], latch: Latch) -> tuple[Trunk, ...]:
    """All of them; the first to which an address belongs counts."""
    return tuple(
        Trunk(
            name=table.text("name"),
            networks=_networks(table),
            region=read_region(table),
            latch=table.choice("latch", Latch, latch),
            nat=table.choice("nat", Nat, Nat.AUTO),
            called=_headers(table, "called", CalledBy, ("Request-URI", "P-Called-Party-ID", "To")),
            caller=_headers(table, "caller", CallerBy, ("P-Asserted-Identity", "From")),
        )
        for table in tables
    )


def _headers(table: Table, key: str, kind: type[StrEnum], default: Sequence[str]) -> tuple[str, ...]:
    names = table.list_of_text(key, default)
    if not names:
        table.error(key, "name at least one header")
    return tuple(name for name in names if table.known(key, "header", name, [str(one) for one in kind]))


def _networks(trunk: Table) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = []
    for text in trunk.list_of_text("addresses"):
        try:
            networks.append(ip_network(text))
        except ValueError:
            trunk.error("addresses", f'"{text}" is no IP address or network')
    return tuple(networks)


def read_outbound(
    site: Site, table: Table, tables: Sequence[Table], trunks: Sequence[Trunk]
) -> Outbound | None:
    """The first trunk that takes calls of ours. All are checked."""
    both = zip(tables, trunks, strict=True)
    found = [outbound for one in both if (outbound := _outbound_of(*one)) is not None]
    if not found and any(rule.channel == "sip" for rule in site.desk.outbound):
        table.error("trunks", "none has the key outbound, and [[outbound]] allows calls by this channel")
    return found[0] if found else None


def _outbound_of(table: Table, trunk: Trunk) -> Outbound | None:
    address, number = table.text("outbound", ""), table.text("caller_id", "")
    if not address:
        if number:
            table.error("outbound", "missing key (there is a caller_id but nowhere to show it)")
        return None
    if not number:
        table.error("caller_id", "missing key (whom we call must see a number)")
    elif not E164.fullmatch(number):
        table.error("caller_id", f'"{number:.40}" is not "+" and digits, as in "+49305550100"')
    at = Endpoint(*read_address(table, "outbound", address, least_port=1))
    return Outbound(at, number, trunk.region, trunk.latch, trunk.nat)


def read_address(table: Table, key: str, text: str, least_port: int) -> tuple[str, int]:
    """`ADDRESS:PORT`; what is wrong is recorded."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    try:
        ip_address(host)
    except ValueError:
        table.error(key, f'"{text}" is not ADDRESS:PORT')
        return "127.0.0.1", 0
    if not (port.isascii() and port.isdigit() and least_port <= int(port) <= 65535):
        table.error(key, f'"{port}" is not a port')
        return host, 0
    return host, int(port)
