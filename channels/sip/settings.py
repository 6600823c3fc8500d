"""The `[sip]` table of the site file, checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from agents.capacity import VOICE
from channels.media.latch import Latch
from channels.sip.meanings import Meaning, read_meanings
from channels.sip.prompts import Phrases
from channels.sip.protocol.address import Endpoint, make_uri
from channels.sip.protocol.digest import Algorithm
from channels.sip.protocol.errors import BadMessage
from config.directory_table import read_region
from config.entries import entry_id
from config.schema import Nat, Site
from config.table import Table
from queues.desk import EntryId

MAX_LEGS = 5000
LEAST_PROBE_MS = 1_000

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""A number that is the same everywhere (RFC 3966 §5.1.4, E.164): nothing but `+` and digits."""


class SignIn(StrEnum):
    """How an agent signs in."""

    API = "api"
    """By desktop or command only."""
    REGISTER = "register"
    """Also by registering his phone."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """The trunk by which we call, and the number (E.164) that is shown to whom we call."""

    trunk: Endpoint
    caller_id: str
    region: str = ""
    """Country of its short codes; "": that of the client."""
    latch: Latch = Latch.ADDRESS
    nat: Nat = Nat.AUTO


@dataclass(frozen=True, slots=True)
class SipSettings:
    """`host` is an IP address; `port` 0 lets the system choose. Ports of media are UDP, first and last."""

    site: str
    """A token that makes our Call-IDs and branches different from those of other desks."""
    host: str
    port: int
    advertise: str
    """The address that others reach us by, for Via, Contact and media."""
    realm: str
    media_host: str
    media_ports: tuple[int, int]
    trunks: Mapping[str, tuple[IPv4Network | IPv6Network, ...]]
    """Who may hand us calls: name → networks."""
    regions: Mapping[str, str]
    """Trunk → country whose national numbers it writes; "": those of the client who is called."""
    nats: Mapping[str, Nat]
    """Trunk → whether it is behind NAT."""
    outbound: Outbound | None
    """None: we call nobody but the agents."""
    digests: tuple[Algorithm, ...]
    """Algorithms that phones are challenged with; older phones give up when SHA-256 is among them."""
    sign_in: SignIn
    latch: Latch
    """Whose packets are taken for a peer's sound, if its trunk does not say."""
    trunk_latches: Mapping[str, Latch]
    phone_latch: Latch
    silent_s: int
    """A leg without media for so long is asked whether it is still there; 0: never."""
    silent_limit_ms: int
    """Who waits and has sent no media for so long is hung up; 0: never."""
    phone_silence_ms: int
    """A phone that gives no sign for so long after an INVITE is not there."""
    phone_probe_ms: int
    """A phone that an offer did not reach is asked so often whether it is there; 0: never."""
    phone_qualify_ms: int
    """Every registered phone is asked so often whether it is there; 0: never."""
    meanings: Mapping[int, Meaning]
    """Final response of a phone → what it means; all others: unreachable."""
    pauses: Mapping[Meaning, str]
    """What pauses the agent, and by which reason."""
    max_legs: int
    min_expires_s: int
    max_expires_s: int
    runtime_dir: Path
    """Sockets, sounds and logs of the media process."""
    sounds: Phrases

    def trunk_of(self, host: str) -> str | None:
        """The first trunk to which this IP address belongs."""
        address = ip_address(host)
        found = (name for name, networks in self.trunks.items() if any(address in one for one in networks))
        return next(found, None)

    def trusts(self, host: str) -> bool:
        """Whether this IP address belongs to a trunk."""
        return self.trunk_of(host) is not None

    def region_of(self, host: str) -> str:
        """The country whose national numbers come from this IP address, as its trunk says."""
        trunk = self.trunk_of(host)
        return "" if trunk is None else self.regions[trunk]

    def latch_of(self, host: str) -> Latch:
        """Whose packets are taken for the sound of who signals from this address of a trunk."""
        trunk = self.trunk_of(host)
        if trunk is not None:
            return self.trunk_latches[trunk]
        return self.latch if self.outbound is None else self.outbound.latch

    def nat_of(self, host: str) -> Nat:
        """How the trunk with this IP address is treated, also the one by which we call."""
        if (trunk := self.trunk_of(host)) is not None:
            return self.nats[trunk]
        return Nat.AUTO if self.outbound is None else self.outbound.nat

    def entry_of(self, user: str) -> EntryId:
        """The entry that a caller dialled, as the desk knows it; what cannot be one is passed on as it is."""
        return EntryId(entry_id(VOICE, user) or user)


def read_settings(site: Site) -> SipSettings:
    """Raises config.errors.ConfigError with file, key path and reason of all that is wrong."""
    table = site.channels["sip"].open()
    settings = read_table(site, table)
    table.finish()
    return settings


def read_table(site: Site, table: Table) -> SipSettings:
    """The settings; what is wrong is recorded in `table`, whose `finish` raises."""
    host, port = _listen(table)
    trunks = table.tables("trunks")
    silent_ms = table.duration_ms("silent", 60_000)
    latch = table.choice("latch", Latch, Latch.ADDRESS)
    return SipSettings(
        site=table.text("site", "acd"),
        host=host,
        port=port,
        advertise=table.text("advertise", host),
        realm=_realm(table),
        media_host=table.text("media_host", host),
        media_ports=_ports(table),
        trunks={trunk.text("name"): _networks(trunk) for trunk in trunks},
        regions={trunk.text("name"): read_region(trunk) for trunk in trunks},
        nats={trunk.text("name"): trunk.choice("nat", Nat, Nat.AUTO) for trunk in trunks},
        outbound=_outbound(site, table, trunks, latch),
        digests=_digests(table),
        sign_in=table.choice("sign_in", SignIn, SignIn.API),
        latch=latch,
        trunk_latches={trunk.text("name"): trunk.choice("latch", Latch, latch) for trunk in trunks},
        phone_latch=table.choice("phone_latch", Latch, latch),
        silent_s=silent_ms // 1000,
        silent_limit_ms=_silent_limit_ms(table, silent_ms),
        phone_silence_ms=table.duration_ms("phone_silence", 5_000, least_ms=1_000),
        phone_probe_ms=_pace_ms(table, "phone_probe", 10_000),
        phone_qualify_ms=_pace_ms(table, "phone_qualify", 60_000),
        meanings=read_meanings(table.table("phone_answers")),
        pauses=_pauses(site, table),
        max_legs=table.integer("max_legs", MAX_LEGS, least=2),
        min_expires_s=table.duration_ms("min_expires", 60_000) // 1000,
        max_expires_s=table.duration_ms("max_expires", 3_600_000) // 1000,
        runtime_dir=site.server.data_dir,
        sounds=Phrases.silent(),
    )


def _listen(table: Table) -> tuple[str, int]:
    return _address(table, "listen", table.text("listen", "127.0.0.1:5060"), least_port=0)


def _address(table: Table, key: str, text: str, least_port: int) -> tuple[str, int]:
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


def _realm(table: Table) -> str:
    realm = table.text("realm", "acd.invalid")
    try:
        make_uri("acd", realm)
    except BadMessage:
        table.error("realm", f'"{realm}" is no domain')
    return realm


def _ports(table: Table) -> tuple[int, int]:
    text = table.text("media_ports", "20000-29999")
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and 1024 <= int(first) < int(last) <= 65535):
        table.error("media_ports", f'"{text}" is not FIRST-LAST with ports from 1024 to 65535')
        return 20_000, 29_999
    return int(first), int(last)


def _pace_ms(table: Table, key: str, default_ms: int) -> int:
    every_ms = table.duration_ms(key, default_ms)
    if 0 < every_ms < LEAST_PROBE_MS:
        table.error(key, "must be 0s (never) or at least 1s")
    return every_ms


def _pauses(site: Site, table: Table) -> Mapping[Meaning, str]:
    """Reasons that the desk knows; it always has one for who does not answer."""
    desk = site.desk
    pauses = {Meaning.NO_ANSWER: desk.no_answer_reason}
    known = (*desk.pause_reasons, desk.no_answer_reason)
    if reason := table.reference("do_not_disturb", "pause reason", known, ""):
        pauses[Meaning.DO_NOT_DISTURB] = reason
    return pauses


def _silent_limit_ms(table: Table, silent_ms: int) -> int:
    """Silence is told each time that `silent` has passed."""
    limit_ms = table.duration_ms("silent_limit", 3_600_000 if silent_ms else 0)
    if limit_ms and not 0 < silent_ms <= limit_ms:
        table.error("silent_limit", "must be 0s (never) or at least silent, which must not be 0s then")
    return limit_ms


def _digests(table: Table) -> tuple[Algorithm, ...]:
    known = {algorithm.value: algorithm for algorithm in Algorithm}
    names = table.list_of_text("digests", ["MD5"])
    if not names:
        table.error("digests", "name at least one algorithm")
    for name in names:
        table.known("digests", "algorithm", name, known)
    return tuple(known[name] for name in names if name in known)


def _networks(trunk: Table) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = []
    for text in trunk.list_of_text("addresses"):
        try:
            networks.append(ip_network(text))
        except ValueError:
            trunk.error("addresses", f'"{text}" is no IP address or network')
    return tuple(networks)


def _outbound(site: Site, table: Table, trunks: Sequence[Table], latch: Latch) -> Outbound | None:
    """The first trunk that takes calls of ours. All are checked."""
    found = [outbound for trunk in trunks if (outbound := _outbound_of(trunk, latch)) is not None]
    if not found and any(rule.channel == "sip" for rule in site.desk.outbound):
        table.error("trunks", "none has the key outbound, and [[outbound]] allows calls by this channel")
    return found[0] if found else None


def _outbound_of(trunk: Table, latch: Latch) -> Outbound | None:
    address, number = trunk.text("outbound", ""), trunk.text("caller_id", "")
    if not address:
        if number:
            trunk.error("outbound", "missing key (there is a caller_id but nowhere to show it)")
        return None
    if not number:
        trunk.error("caller_id", "missing key (whom we call must see a number)")
    elif not E164.fullmatch(number):
        trunk.error("caller_id", f'"{number:.40}" is not "+" and digits, as in "+49305550100"')
    at = Endpoint(*_address(trunk, "outbound", address, least_port=1))
    ways = trunk.choice("latch", Latch, latch), trunk.choice("nat", Nat, Nat.AUTO)
    return Outbound(at, number, trunk.text("region", ""), *ways)
