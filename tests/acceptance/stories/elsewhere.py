"""A channel whose legs and phones another machine keeps: they live on, whatever becomes of the desk's own.

Its callers come when the file `begin` is there, and do what the story wants. The story makes it an installed
channel by a folder `elsewhere-1.dist-info`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from acd.core.effects import Effect, OfferContact
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    IncidentDeclared,
    OfferAccepted,
)
from acd.ports import ChannelRecord, ContactRef, Host, NewPiece, PartyKind
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from config.schema import Site
from queues.desk import EntryId, Incident, IncidentId, IncidentMode, Medium

NAME = "elsewhere"
HOUR_MS = 3_600_000
RECORDING = bytes(range(256)) * 400

CALLS = (
    ("talks", "line.help", "+49 30 555 0101"),
    ("waits", "line.help", "+49 30 555 0102"),
    ("is a vip", "line.help", "+49 30 555 0103"),
    ("waits, too", "line.help", "+49 30 555 0104"),
    ("is called back", "line.back", "+49 30 555 0105"),
)
"""(ref, dialled, from)."""


class Elsewhere:
    """See `acd.ports.Channel`. What stands at a start is written into `stands`, one order a line."""

    name = NAME

    def __init__(self, site: Site) -> None:
        table = site.channels[NAME].open()
        table.finish()
        self._folder = Path(table.file).parent
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, host: Host, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        self._host = host
        (self._folder / "stands").write_text("".join(f"{effect}\n" for effect in standing))
        if not records:
            self._tasks.append(asyncio.get_running_loop().create_task(self._first()))

    async def _first(self) -> None:
        while not (self._folder / "begin").exists():
            await asyncio.sleep(0.02)
        anna = AgentId("help.1")
        self._host.submit(AgentReachable(anna, VOICE, Carrier(NAME, anna)))
        self._host.submit(AgentSignedIn(anna))
        for ref, dialled, caller in CALLS:
            self._arrives(ref, dialled, VOICE, PartyKind.NUMBER, caller)
        mail = "help@nordwind.example"
        self._arrives("a mail", mail, MAIL, PartyKind.ADDRESS, "mia@nordwind.example")
        recording = self._host.append([NewPiece(ContactRef("nordwind", "talks"), "recording", RECORDING)])
        expires_ms = HOUR_MS * 24 * 365 * 100  # in 2070
        down = Incident(
            id=IncidentId("vpn"), greeting="down", mode=IncidentMode.INFORM, expires_ms=expires_ms
        )
        seq = self._host.submit(IncidentDeclared(down))
        await self._host.kept(seq, [recording], 30)
        (self._folder / "recording").write_text(recording.ids[0])

    def _arrives(self, ref: str, dialled: str, medium: Medium, kind: PartyKind, address: str) -> None:
        entry = EntryId(dialled)
        party, who = self._host.identify(kind, address, entry, ref)
        arrived = ContactArrived(
            ref,
            entry,
            medium,
            party,
            who.priority_class,
            who.head_start_ms,
            channel=NAME,
            dial_class=str(who.dial_class),
            person=who.person,
        )
        self._host.submit(arrived, [ChannelRecord(NAME, ref, b"here")])

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        if isinstance(effect, OfferContact):
            self._host.submit(OfferAccepted(effect.offer))

    def counts(self) -> Mapping[str, int]:
        return {}

    async def drain(self) -> None:
        """Nobody is asked to hang up."""

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
