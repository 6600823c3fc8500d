"""Calls that we place reach peers that others wrote; the test is the engine, and says what to do."""

import asyncio
import contextlib
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from msgspec.structs import replace

from acd.core.effects import AdmitContact, ConnectContact, Effect, EndCall, OfferContact, ReleaseContact
from acd.core.events import (
    AgentReachable,
    CallAnswered,
    CallFailed,
    ContactHeld,
    ContactId,
    ContactLeft,
    ContactResumed,
    Event,
    OfferAccepted,
    OfferId,
)
from acd.ports import DialClass
from acd.testing import small_site
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.sound.tone import tone
from channels.sip.b2bua.naming import SECRET
from channels.sip.channel import SipChannel
from config.schema import Phone, Site
from config.secret import Secret
from config.table import RawTable
from tests.acceptance import scenario as s
from tests.acceptance.desk import Desk, free_udp_port
from tests.acceptance.phones import Baresip, Pjsua
from tests.acceptance.sipp import Run, Sipp
from tests.acceptance.sound import write_wav
from tests.acceptance.studio import Booth, windows
from tests.channels.sip.b2bua.world import NUMBER, PLACE, ScriptedHost

CONTACT, ANNA = ContactId(1), AgentId("anna")
OURS = Carrier("sip", "c7")
MUSIC_HZ, PARTY_HZ, AGENT_HZ = 620, 850, 1100
PATIENCE_S = 20.0

ADMIT = AdmitContact(CONTACT, "default", carrier=OURS)
RELEASE = ReleaseContact(CONTACT, "agent", carrier=OURS)
END = EndCall(PLACE.call, CONTACT, carrier=Carrier("sip", ""))


class Line:
    """A channel on the loopback, whose trunk is the peer of the test; it may be started a second time."""

    def __init__(self, folder: Path, peer_port: int) -> None:
        self.port, self.peer_port = free_udp_port(), peer_port
        self.site = _site(folder, self.port, peer_port)
        self.host = ScriptedHost(numbers={"party-1": (NUMBER, DialClass.LOCAL)})
        self.channel = SipChannel(self.site)

    @property
    def as_desk(self) -> Desk:
        """As much of one as sipp wants to know."""
        return cast(Desk, SimpleNamespace(port=self.port))

    async def start(self, standing: Sequence[Effect] = ()) -> None:
        self.channel = SipChannel(self.site)
        await self.channel.start(self.host, dict(self.host.records), standing)

    def order(self, *effects: Effect) -> None:
        for effect in effects:
            self.channel.carry_out(effect, 1, 0)

    async def told(self, kind: type[Event]) -> Event:
        """The first event of this kind, waited for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for event in self.host.events:
                    if type(event) is kind:
                        return event
                await asyncio.sleep(0.01)

    async def until(self, look: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not look():
                await asyncio.sleep(0.05)


def _site(folder: Path, port: int, peer_port: int) -> Site:
    write_wav(folder / "music.wav", np.tile(tone(MUSIC_HZ), 3))
    sip = {
        "listen": f"127.0.0.1:{port}",
        "media_ports": "32000-32699",
        "trunks": [
            {
                "name": "pbx",
                "addresses": ["127.0.0.1"],
                "outbound": f"127.0.0.1:{peer_port}",
                "caller_id": "+49305550100",
                "region": "AT",
            }
        ],
    }
    return dataclasses.replace(
        small_site(folder / "var"),
        channels={"sip": RawTable("site.toml", "sip", sip)},
        music={"default": folder / "music.wav"},
        phones={"anna": Phone("anna", ANNA, Secret("invented"))},
    )


@asynccontextmanager
async def open_line(folder: Path, peer_port: int) -> AsyncIterator[Line]:
    line = Line(folder, peer_port)
    await line.start()
    try:
        yield line
    finally:
        media = line.channel._media.welcome.pid
        await line.channel.stop()
        with contextlib.suppress(ProcessLookupError):  # with calls it would play on
            os.kill(media, signal.SIGTERM)


def with_sipp(folder: Path, text: str, story: Callable[[Line, Run], Coroutine[Any, Any, None]]) -> Run:
    """A story with a party that behaves so; both must end well."""
    sipp = Sipp(folder)

    async def run() -> Run:
        port = free_udp_port()
        async with open_line(folder, port) as line:
            party = sipp.run(line.as_desk, text, "party", port=port)
            await line.until(lambda: _is_bound(port))
            await story(line, party)
            await asyncio.to_thread(party.succeeds, PATIENCE_S)
            await line.until(lambda: not line.channel.calls.legs)
        assert set(line.host.records) == {SECRET}
        return party

    try:
        return asyncio.run(run())
    finally:
        sipp.end_all()


def _is_bound(port: int) -> bool:
    """Whether somebody listens on this UDP port of the loopback."""
    return f"0100007F:{port:04X}" in Path("/proc/net/udp").read_text()


def test_a_busy_party(tmp_path: Path) -> None:
    async def story(line: Line, _: Run) -> None:
        line.order(PLACE)
        assert await line.told(CallFailed) == CallFailed(PLACE.call, "busy")
        assert line.host.networks == ["AT"], "the number is that of the trunk's network"

    party = with_sipp(tmp_path, s.refuses(486, "Busy Here"), story)
    (invite,) = party.received("INVITE")
    assert invite.startswith(f"INVITE sip:{NUMBER}@127.0.0.1:{party.port};user=phone SIP/2.0")
    assert "P-Asserted-Identity: <sip:+49305550100@127.0.0.1;user=phone>" in invite


def test_a_party_that_does_not_answer(tmp_path: Path) -> None:
    async def story(line: Line, party: Run) -> None:
        line.order(PLACE)
        await line.until(lambda: party.sent("SIP/2.0 180"))
        line.order(END)

    party = with_sipp(tmp_path, s.phone(s.RINGS, s.recv("CANCEL"), s.cancelled(), s.recv("ACK")), story)
    assert len(party.received("CANCEL")) == 1


def test_a_party_that_answers_is_talked_to_and_hung_up(tmp_path: Path) -> None:
    """The engine takes its time, so the 200 comes more than once; the first ACK is that of the admission."""

    async def story(line: Line, party: Run) -> None:
        line.order(PLACE)
        assert await line.told(CallAnswered) == CallAnswered(PLACE.call, "c7")
        await line.until(lambda: len(party.sent("SIP/2.0 200")) > 1)
        assert not party.received("ACK")
        line.order(ADMIT)
        await line.until(lambda: party.received("ACK"))
        line.order(RELEASE)

    with_sipp(tmp_path, s.phone(s.TALK), story)


def test_a_party_that_answers_holds_resumes_and_hangs_up(tmp_path: Path) -> None:
    async def story(line: Line, _: Run) -> None:
        line.order(PLACE)
        await line.told(CallAnswered)
        line.order(ADMIT)
        await line.told(ContactLeft)

    def reinvite(cseq: int, direction: str) -> list[str]:
        body = s.sdp(direction, version=cseq + 1)
        return [s.phone_sends("INVITE", cseq, body=body), s.recv(200), s.phone_sends("ACK", cseq)]

    steps = [reinvite(1, "sendonly"), s.pause(200), reinvite(2, "sendrecv"), s.pause(200)]
    with_sipp(tmp_path, s.phone(s.RINGS, s.picks_up(), steps, s.phone_sends("BYE", 3), s.recv(200)), story)


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_party_is_found_again_by_the_next_process(tmp_path: Path, answered: bool, recorded: bool) -> None:
    """It rings, or has answered and nobody wrote that down: the channel starts anew with its records.

    Without them, too: the INVITE may be quicker than its record.
    """

    async def story(line: Line, party: Run) -> None:
        line.order(PLACE)
        await line.until(lambda: party.sent("SIP/2.0 180"))
        kept = {SECRET, "c7"} if recorded else {SECRET}  # written at the first start, before any call
        records = {key: value for key, value in line.host.records.items() if key in kept}
        assert records.keys() == kept
        if answered:
            await line.told(CallAnswered)
        await line.channel.stop()
        line.host.events.clear()
        line.host.records = records
        await line.start([PLACE])
        await line.told(CallAnswered)
        line.order(ADMIT)
        await line.until(lambda: party.received("ACK"))
        line.order(RELEASE)

    waits = s.pause(500 if answered else 1500)
    party = with_sipp(tmp_path, s.phone(s.RINGS, waits, PICKS_UP_AGAIN, s.HUNG_UP), story)
    invites = party.received("INVITE")
    assert len(set(invites)) == 1, "\n".join(invites)


PICKS_UP_AGAIN = [
    s.reply(200, "OK", body=s.sdp(), retransmit=True),
    s.recv("INVITE", optional=True),
    s.recv("ACK", options='crlf="true"'),
]
"""A repeated INVITE is nothing new to it, and its 200 is repeated until the ACK comes."""


@pytest.mark.parametrize("phone", ["baresip", "pjsua"])
def test_a_phone_whose_answer_nobody_wrote_down_answers_the_next_process(tmp_path: Path, phone: str) -> None:
    booth = Booth(tmp_path)

    async def story() -> None:
        account = f"<sip:{NUMBER}@127.0.0.1>;regint=0;answermode=auto"
        make: Mapping[str, Callable[[], Pjsua | Baresip]] = {
            "baresip": lambda: booth.baresip("party", PARTY_HZ, account),
            "pjsua": lambda: booth.pjsua("party", PARTY_HZ),
        }
        party = await asyncio.to_thread(make[phone])
        async with open_line(tmp_path, party.port) as line:
            line.order(PLACE)
            await line.until(lambda: "c7" in line.host.records)
            records = dict(line.host.records)
            await line.told(CallAnswered)
            await line.channel.stop()
            line.host.events.clear()
            line.host.records = records
            await line.start([PLACE])
            await line.told(CallAnswered)
            line.order(ADMIT)
            heard = party.heard if isinstance(party, Baresip) else lambda: booth.heard("party")
            await line.until(lambda: any(windows(heard(), MUSIC_HZ)))
            line.order(RELEASE)

    try:
        asyncio.run(story())
    finally:
        booth.close()


def test_agent_first_hears_music_and_then_the_party_who_hears_him(tmp_path: Path) -> None:
    """The agent has pjsua2, the party baresip, which answers when he has heard music."""
    booth = Booth(tmp_path)

    async def story() -> None:
        account = f"<sip:{NUMBER}@127.0.0.1>;regint=0;answermode=manual"
        party = await asyncio.to_thread(booth.baresip, "party", PARTY_HZ, account)
        async with open_line(tmp_path, party.port) as line:
            anna = await asyncio.to_thread(booth.pjsua, "anna", AGENT_HZ)
            anna.tell("register", "anna", "invented", f"sip:127.0.0.1:{line.port}")
            await line.told(AgentReachable)
            line.order(OfferContact(OfferId(1), CONTACT, ANNA, 20_000, carrier=Carrier("sip", "anna")))
            await line.told(OfferAccepted)
            connect = ConnectContact(OfferId(1), CONTACT, ANNA, carrier=Carrier("sip", "anna"))
            line.order(connect, replace(PLACE, deadline_ms=60_000))
            await line.until(lambda: any(windows(booth.heard("anna"), MUSIC_HZ)))
            party.tell("accept")
            await line.told(CallAnswered)
            line.order(ADMIT)
            await line.until(lambda: any(windows(booth.heard("anna"), PARTY_HZ)))
            await line.until(lambda: any(windows(party.heard(), AGENT_HZ)))
            party.tell("hold")
            await line.told(ContactHeld)
            party.tell("resume")
            await line.told(ContactResumed)
            party.tell("hangup")
            await line.told(ContactLeft)
            assert list(line.channel.calls.legs) == ["o1"]

    try:
        asyncio.run(story())
    finally:
        booth.close()
