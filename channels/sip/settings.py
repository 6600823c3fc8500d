"""The `[sip]` table of the site file, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from channels.media.latch import Latch
from channels.sip.dialled import Dialled, titles
from channels.sip.diversions import Diversions
from channels.sip.meanings import Meaning, read_meanings
from channels.sip.prompts import Phrases
from channels.sip.protocol.address import make_uri
from channels.sip.protocol.digest import Algorithm
from channels.sip.protocol.errors import BadMessage
from channels.sip.trunks import Outbound, Trunk, read_address, read_outbound, read_trunks
from config.schema import Nat, Site
from config.table import Table

MAX_LEGS = 5000
LEAST_PROBE_MS = 1_000
SHOWN = ("client", "line", "name")
"""What an agent's phone may show beside the caller's number."""


class SignIn(StrEnum):
    """How an agent signs in."""

    API = "api"
    """By desktop or command only."""
    REGISTER = "register"
    """Also by registering his phone."""


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
    trunks: tuple[Trunk, ...]
    """Who may hand us calls."""
    outbound: Outbound | None
    """None: we call nobody but the agents."""
    digests: tuple[Algorithm, ...]
    """Algorithms that phones are challenged with; older phones give up when SHA-256 is among them."""
    sign_in: SignIn
    latch: Latch
    """Whose packets are taken for a peer's sound, if its trunk does not say."""
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
    dialled: Dialled
    """Entries, by the numbers that lead to them."""
    diversions: Diversions
    """What the numbers mean to which phones divert their calls."""
    titles: Mapping[str, str]
    """Entry → what an agent's phone shows of it before the caller's name."""
    shows_name: bool
    """It shows that, too."""
    max_legs: int
    min_expires_s: int
    max_expires_s: int
    runtime_dir: Path
    """Sockets, sounds and logs of the media process."""
    sounds: Phrases

    def trunk_of(self, host: str) -> Trunk | None:
        """The first trunk to which this IP address belongs."""
        return next((trunk for trunk in self.trunks if trunk.sends_from(host)), None)

    def latch_of(self, host: str) -> Latch:
        """Whose packets are taken for the sound of who signals from this address of a trunk."""
        trunk = self.trunk_of(host)
        if trunk is not None:
            return trunk.latch
        return self.latch if self.outbound is None else self.outbound.latch

    def nat_of(self, host: str) -> Nat:
        """How the trunk with this IP address is treated, also the one by which we call."""
        if (trunk := self.trunk_of(host)) is not None:
            return trunk.nat
        return Nat.AUTO if self.outbound is None else self.outbound.nat


def read_settings(site: Site) -> SipSettings:
    """Raises config.errors.ConfigError with file, key path and reason of all that is wrong."""
    table = site.channels["sip"].open()
    settings = read_table(site, table)
    table.finish()
    return settings


def read_table(site: Site, table: Table) -> SipSettings:
    """The settings; what is wrong is recorded in `table`, whose `finish` raises."""
    host, port = _listen(table)
    tables, shows = table.tables("trunks"), _shows(table)
    silent_ms = table.duration_ms("silent", 60_000)
    latch = table.choice("latch", Latch, Latch.ADDRESS)
    trunks = read_trunks(tables, latch)
    return SipSettings(
        site=table.text("site", "acd"),
        host=host,
        port=port,
        advertise=table.text("advertise", host),
        realm=_realm(table),
        media_host=table.text("media_host", host),
        media_ports=_ports(table),
        trunks=trunks,
        outbound=read_outbound(site, table, tables, trunks),
        digests=_digests(table),
        sign_in=table.choice("sign_in", SignIn, SignIn.API),
        latch=latch,
        phone_latch=table.choice("phone_latch", Latch, latch),
        silent_s=silent_ms // 1000,
        silent_limit_ms=_silent_limit_ms(table, silent_ms),
        phone_silence_ms=table.duration_ms("phone_silence", 5_000, least_ms=1_000),
        phone_probe_ms=_pace_ms(table, "phone_probe", 10_000),
        phone_qualify_ms=_pace_ms(table, "phone_qualify", 60_000),
        meanings=read_meanings(table.table("phone_answers")),
        pauses=_pauses(site, table),
        dialled=_dialled(site, table),
        diversions=Diversions(site),
        titles=titles(site, shows),
        shows_name="name" in shows,
        max_legs=table.integer("max_legs", MAX_LEGS, least=2),
        min_expires_s=table.duration_ms("min_expires", 60_000) // 1000,
        max_expires_s=table.duration_ms("max_expires", 3_600_000) // 1000,
        runtime_dir=site.server.data_dir,
        sounds=Phrases.silent(),
    )


def _listen(table: Table) -> tuple[str, int]:
    return read_address(table, "listen", table.text("listen", "127.0.0.1:5060"), least_port=0)


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


def _dialled(site: Site, table: Table) -> Dialled:
    found = Dialled(site)
    table.reading.errors += found.problems(table.file)
    return found


def _shows(table: Table) -> tuple[str, ...]:
    parts = table.list_of_text("phone_shows", SHOWN)
    return tuple(part for part in parts if table.known("phone_shows", "part", part, SHOWN))


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
