"""Recordings become content, and content becomes sound; with a disk that refuses, and a server that died."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from acd.content.errors import NotSyncedError, VaultError, VaultUnknownError
from acd.content.memory import MemoryContent
from acd.core.effects import ConnectContact
from acd.core.errors import Rejected
from acd.core.events import ContactId, DigitsCollected, Event, MessageRecorded, OfferId
from acd.ports import Appended, ChannelRecord, ContactRef, Host, NewParty, NewPiece
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media.errors import UnknownSoundError
from channels.media.rtp import Codec
from channels.media.sound.g711 import RATE, decode_pcma
from channels.media.sound.sounds import SoundStore
from channels.media.sound.tone import hears, tone
from channels.sip.b2bua.calls import Typed
from channels.sip.messages import MARK, Messages
from queues.desk import TenantId
from tests.acceptance.sound import write_wav

NAME = "7.3.cabc.acme.de.wav"
THREE_S = np.tile(tone(440), 3)
MINUTES = np.tile(tone(440), 150)
"""More than one piece."""


class KeepingHost:
    """Content in memory; a journal that takes everything, or refuses, or never says that it is safe."""

    def __init__(self) -> None:
        self.content = MemoryContent(lambda: 0)
        self.events: list[Event] = []
        self.stale = self.full = self.slow = False

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        appended = self.content.append(batch)
        if self.full:
            lost: Future[None] = Future()
            lost.set_exception(VaultError("no space left"))
            return Appended(appended.ids, lost)
        return appended

    def submit(self, event: Event, records: Iterable[ChannelRecord] = ()) -> int:
        if self.stale:
            raise Rejected("an agent has answered")
        self.events.append(event)
        return len(self.events)

    async def kept(self, seq: int, appended: Sequence[Appended], within_s: float) -> None:
        if self.slow:
            raise NotSyncedError("not synced")

    async def document(self, document: str, within_s: float) -> bytes:
        return b"".join(self.content.read(document))


@pytest.fixture
def host() -> KeepingHost:
    return KeepingHost()


@pytest.fixture
def messages(tmp_path: Path, host: KeepingHost) -> Messages:
    found = Messages(tmp_path, cast(Host, host))
    assert found.find(()) == []
    return found


def said(tmp_path: Path, samples: "np.typing.NDArray[np.int16]" = THREE_S) -> Path:
    path = tmp_path / "messages" / NAME
    write_wav(path, samples)
    return path


@pytest.mark.parametrize("samples", [THREE_S, MINUTES], ids=["short", "of several pieces"])
def test_what_was_said_is_kept_for_its_client_and_told_when_it_is_safe(
    tmp_path: Path, host: KeepingHost, messages: Messages, samples: "np.typing.NDArray[np.int16]"
) -> None:
    path = said(tmp_path, samples)
    octets = path.read_bytes()
    asyncio.run(messages.keep(path))
    (event,) = host.events
    assert isinstance(event, MessageRecorded)
    assert (event.contact, event.visit, event.length_ms) == (7, 3, len(samples) // 8)
    assert b"".join(host.content.read(event.recording)) == octets
    assert host.content.erase_contact(ContactRef("acme.de", "cabc")).result() == 1
    with pytest.raises(VaultUnknownError):
        list(host.content.read(event.recording))
    assert not path.exists()


def test_less_than_a_second_is_told_and_not_kept(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    path = said(tmp_path, tone(440, 0.5))
    asyncio.run(messages.keep(path))
    assert host.events == [MessageRecorded(ContactId(7), 3, "", 500)]
    assert not path.exists()


def test_a_vault_that_refuses_loses_the_message_and_says_so(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    host.full = True
    path = said(tmp_path)
    asyncio.run(messages.keep(path))
    assert host.events == [MessageRecorded(ContactId(7), 3, "", 3_000)]


def test_a_message_that_nobody_waits_for_is_removed(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    host.stale = True
    path = said(tmp_path)
    asyncio.run(messages.keep(path))
    assert not path.exists()


def test_what_a_killed_server_did_not_keep_is_found_by_the_next_and_kept_once(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    host.slow = True
    path = said(tmp_path)
    asyncio.run(messages.keep(path))
    assert path.exists(), "nobody said that it is safe"
    host.slow = False
    again = Messages(tmp_path, cast(Host, host))
    assert again.find(()) == [path]

    async def twice() -> None:
        await asyncio.gather(again.keep(path), again.keep(path))

    asyncio.run(twice())
    assert len(host.events) == 2, "one by each server"


def test_parts_of_recordings_go_with_the_media_process_that_made_them(
    tmp_path: Path, messages: Messages
) -> None:
    part = said(tmp_path).rename(tmp_path / "messages" / f"{NAME}.part")
    assert messages.find({"cabc"}) == []
    assert part.exists(), "it is being recorded"
    messages.find(())
    assert not part.exists()


def test_a_file_that_nobody_can_read_keeps_no_other_from_being_kept(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    strange = tmp_path / "messages" / "strange.wav"
    strange.write_bytes(b"RIFF")
    asyncio.run(messages.keep(strange))
    assert host.events == []


def test_a_message_is_a_sound_with_a_mark_before_it_until_nobody_hears_it(
    tmp_path: Path, host: KeepingHost, messages: Messages
) -> None:
    path = said(tmp_path)
    asyncio.run(messages.keep(path))
    (event,) = host.events
    assert isinstance(event, MessageRecorded)
    agent = AgentId("anna")
    effect = ConnectContact(
        OfferId(9), event.contact, agent, recording=event.recording, carrier=Carrier("sip", "anna")
    )
    name = asyncio.run(messages.sound_of(effect))
    assert name is not None
    store = SoundStore(tmp_path / "sounds")
    samples = decode_pcma(b"".join(store.get(name).frames(Codec.PCMA)))
    mark = sum(map(len, MARK))
    assert hears(samples[: len(MARK[0])], 1000)
    assert hears(samples[mark : mark + RATE], 440, share=0.9)
    messages.forget(name)
    assert list((tmp_path / "sounds").iterdir()) == []
    with pytest.raises(UnknownSoundError):
        store.get(name)  # it was not kept in memory either


def test_what_was_typed_is_kept_and_only_its_id_is_told(host: KeepingHost, messages: Messages) -> None:
    asyncio.run(messages.keep_digits(Typed(ContactId(7), 3, "cabc", TenantId("acme"), "4711")))
    (event,) = host.events
    assert isinstance(event, DigitsCollected)
    assert (event.contact, event.visit) == (7, 3)
    assert b"".join(host.content.read(event.digits)) == b"4711"


def test_digits_that_the_vault_refuses_are_lost_and_that_is_told(
    host: KeepingHost, messages: Messages
) -> None:
    host.full = True
    asyncio.run(messages.keep_digits(Typed(ContactId(7), 3, "cabc", TenantId("acme"), "4711")))
    assert host.events == [DigitsCollected(ContactId(7), 3)]


def test_an_erased_message_is_no_sound(host: KeepingHost, messages: Messages) -> None:
    effect = ConnectContact(
        OfferId(9), ContactId(7), AgentId("anna"), "erased", carrier=Carrier("sip", "anna")
    )
    assert asyncio.run(messages.sound_of(effect)) is None
