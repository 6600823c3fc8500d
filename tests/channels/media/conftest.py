"""A media engine of its own for every test, with phones that send tones and a sound folder with tones."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from channels.media.commands import Answer, Command, LegId, SoundId
from channels.media.embedded.client import MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.engine import MediaEngine
from channels.media.events import Answered, Event
from channels.media.rtp import Address, Codec
from channels.media.sdp import Media, media_lines, parse_sdp, write_sdp
from channels.media.sound.prompts import write_samples
from channels.media.sound.sounds import SoundStore
from channels.media.sound.tone import ToneEndpoint, tone

MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT, PROMPT_HZ = SoundId("prompt"), 940

NEGOTIATION = ("Offered", "Answered", "Accepted")

OneEvent = TypeVar("OneEvent", bound=Event)


def offer(
    address: Address, codec: Codec = Codec.PCMA, dtmf: int | None = 101, direction: str = "sendrecv"
) -> bytes:
    """What a phone at this address offers, or answers."""
    rtpmap = {str(int(codec)): f"{codec.name}/8000"}
    if dtmf is not None:
        rtpmap[str(dtmf)] = "telephone-event/8000"
    line = Media("audio", address.port, "RTP/AVP", tuple(rtpmap), None, None, rtpmap, (direction,))
    return write_sdp("1", "1", address.ip, media_lines(line))


def address_in(sdp: bytes) -> Address:
    """Where the first media line of a description wants its packets."""
    description = parse_sdp(sdp)
    return Address(description.host_of(description.media[0]), description.media[0].port)


@dataclass
class Studio:
    """An engine and the phones on it. Nothing here knows which engine it is."""

    engine: MediaEngine
    phones: list[ToneEndpoint] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    """Every event so far."""

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.engine.send(command)

    def _take(self) -> None:
        while self.engine.events:
            self.told.append(self.engine.events.popleft())

    @property
    def events(self) -> list[Event]:
        """What was told beside offers and answers."""
        self._take()
        return [event for event in self.told if type(event).__name__ not in NEGOTIATION]

    async def answer_to(self, command: Command, kind: type[OneEvent]) -> OneEvent:
        """Send it; the next event of this kind about its leg."""
        seen = len(self.told)
        self.send(command)
        async with asyncio.timeout(60):
            while True:
                self._take()
                for event in self.told[seen:]:
                    if isinstance(event, kind) and event.leg == command.leg:
                        return event
                await asyncio.sleep(0.005)

    async def connect(
        self, leg: str, phone: ToneEndpoint, codec: Codec = Codec.PCMA, dtmf: int | None = 101
    ) -> Address:
        """The phone offers itself; where it is to send to."""
        answered = await self.answer_to(Answer(LegId(leg), offer(phone.address, codec, dtmf)), Answered)
        return address_in(answered.sdp)

    async def phone(
        self, leg: str, hz: int, codec: Codec = Codec.PCMA, *, dtmf: int | None = 101, talks: bool = True
    ) -> ToneEndpoint:
        """A phone connected to a new leg."""
        phone = ToneEndpoint.open(hz, codec=codec, dtmf=dtmf or 101)
        self.phones.append(phone)
        local = await self.connect(leg, phone, codec, dtmf)
        if talks:
            phone.talk_to(local)
        return phone


@dataclass
class Desk(Studio):
    """A studio on the embedded engine, whose process can be asked."""

    client: MediaClient = field(kw_only=True)
    settings: MediaSettings = field(kw_only=True)

    async def settled(self) -> None:
        """Wait until the process carried out all commands so far."""
        await self.client.legs()


OpenStudio = Callable[[], contextlib.AbstractAsyncContextManager[Studio]]
OpenDesk = Callable[[], contextlib.AbstractAsyncContextManager[Desk]]


@pytest.fixture
def media_settings() -> Iterator[MediaSettings]:
    """Settings with a short socket path and two sounds; a process left behind is ended."""
    with tempfile.TemporaryDirectory(prefix="media-") as name:
        folder = Path(name)
        store = SoundStore(folder / "sounds")
        write_samples(store, MUSIC, tone(MUSIC_HZ, 1.0))
        write_samples(store, PROMPT, tone(PROMPT_HZ, 0.3))
        yield MediaSettings(
            socket=folder / "media.sock", sounds=folder / "sounds", ports=(11_000, 29_999), orphan_s=20
        )


@contextlib.asynccontextmanager
async def embedded(settings: MediaSettings) -> AsyncIterator[Desk]:
    """Start (or attach to) the test's media process; it ends with the block."""
    client = await attach_or_start(settings, lambda: None)
    desk = Desk(client, client=client, settings=settings)
    try:
        yield desk
    finally:
        for phone in desk.phones:
            phone.close()
        if client.attached:
            await client.shutdown()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(client.welcome.pid, signal.SIGKILL)


@pytest.fixture
def open_desk(media_settings: MediaSettings) -> OpenDesk:
    """The embedded engine."""
    return lambda: embedded(media_settings)


ENGINES = {"embedded": embedded}
"""Every engine runs the contract suite."""


@pytest.fixture(params=ENGINES)
def open_studio(request: pytest.FixtureRequest, media_settings: MediaSettings) -> OpenStudio:
    """Each engine in turn."""
    return lambda: ENGINES[request.param](media_settings)


Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Wait until something is so; fails (by `TimeoutError`) only when it never comes."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
