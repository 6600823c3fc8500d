"""A media process of its own for every test, with phones that send tones and a sound folder with tones."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from channels.media.embedded.client import MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.port import LegId, MediaEvent, SoundId
from channels.media.rtp import Codec
from channels.media.sound.prompts import write_samples
from channels.media.sound.sounds import SoundStore
from channels.media.sound.tone import ToneEndpoint, tone

MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT, PROMPT_HZ = SoundId("prompt"), 940


@dataclass
class Desk:
    """A client on a running media process and the phones on it."""

    client: MediaClient
    settings: MediaSettings
    events: list[MediaEvent]
    phones: list[ToneEndpoint] = field(default_factory=list)

    async def phone(
        self, leg: str, hz: int, codec: Codec = Codec.PCMA, *, dtmf: int | None = 101, talks: bool = True
    ) -> ToneEndpoint:
        """A phone connected to a new leg."""
        phone = ToneEndpoint.open(hz, codec=codec, dtmf=dtmf or 101)
        self.phones.append(phone)
        local = await self.client.open(LegId(leg))
        self.client.set_remote(LegId(leg), phone.address, int(codec), dtmf=dtmf)
        if talks:
            phone.talk_to(local)
        return phone

    async def settled(self) -> None:
        """Wait until the process carried out all commands so far."""
        await self.client.legs()


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


@pytest.fixture
def open_desk(media_settings: MediaSettings) -> OpenDesk:
    """Start (or attach to) the test's media process; it ends with the block."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Desk]:
        events: list[MediaEvent] = []
        client = await attach_or_start(media_settings, events.append)
        desk = Desk(client, media_settings, events)
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

    return opened


Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Wait until something is so; fails (by `TimeoutError`) only when it never comes."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
