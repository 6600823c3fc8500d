"""Messages as content: recordings are kept when they are sealed, and made a sound again for an agent."""

import asyncio
from collections.abc import Container
from pathlib import Path

import numpy as np
import structlog

from acd.content.errors import NotSyncedError, TooLargeError, VaultError
from acd.content.intake import MAX_PIECE_BYTES
from acd.core.effects import ConnectContact
from acd.core.errors import Rejected
from acd.core.events import DigitsCollected, MessageRecorded
from acd.core.messages import SHORTEST_MS
from acd.ports import Appended, ContactRef, ContentId, Host, NewPiece
from channels.media.commands import SoundId
from channels.media.embedded.recording import PART
from channels.media.sound.g711 import RATE
from channels.media.sound.prompts import write_samples
from channels.media.sound.sounds import ONCE, SoundStore
from channels.media.sound.tone import tone
from channels.sip.b2bua.calls import Typed
from channels.sip.b2bua.speaking import FOLDER, SUFFIX, Spoken, spoken

_log = structlog.get_logger("acd.sip")

KIND = "voicemail"

DIGITS = "digits"

KEPT_WITHIN_S = 10.0
"""The engine waits three times as long; a disk that is slower than this is in trouble."""

READ_WITHIN_S = 5.0

HEADER = 44
"""Octets of a WAV file before its samples, as the media write it."""

MARK = tone(1000, 0.4), np.zeros(RATE // 2, np.int16)
"""Before a message: it is heard again and again, and nobody is to wonder where it begins."""


class Messages:
    """Recordings lie in `FOLDER` until they are kept; sounds for agents as long as they are heard."""

    def __init__(self, runtime_dir: Path, host: Host) -> None:
        self._folder = runtime_dir / FOLDER
        self._sounds = runtime_dir / "sounds"
        self._host = host
        self._under_way: set[Path] = set()

    def find(self, legs: Container[str]) -> list[Path]:
        """Make the folder; what an earlier server left sealed, and did not keep. Nobody hears a sound yet.

        Of what a killed media process left, which has no leg there any more, nothing can be told.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in self._folder.glob(f"*{SUFFIX}{PART}"):
            if spoken(part.with_suffix("")).ref not in legs:
                part.unlink(missing_ok=True)
        for sound in self._sounds.glob(f"{ONCE}*"):
            sound.unlink(missing_ok=True)
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    async def keep(self, path: Path) -> None:
        """Keep what was said, tell the engine when it is safe, and remove the file."""
        if path in self._under_way or not path.exists():
            return
        self._under_way.add(path)
        try:
            await self._keep(path, spoken(path))
        except (OSError, ValueError) as error:
            _log.error("recording not read", file=path.name, reason=str(error))
        finally:
            self._under_way.discard(path)

    async def _keep(self, path: Path, of: Spoken) -> None:
        data = await asyncio.to_thread(path.read_bytes)
        length_ms = max(0, len(data) - HEADER) * 1000 // (2 * RATE)
        appended: list[Appended] = []
        try:
            sound = await self._append(of, data, appended) if length_ms >= SHORTEST_MS else ContentId("")
        except (VaultError, TooLargeError, TimeoutError) as error:
            _log.error("message lost", contact=of.contact, reason=str(error) or "not kept in time")
            sound = ContentId("")
        try:
            seq = self._host.submit(MessageRecorded(of.contact, of.visit, sound, length_ms))
            await self._host.kept(seq, appended if sound else (), KEPT_WITHIN_S)
        except Rejected:  # an agent answered, or nobody waited any longer
            _log.info("message not wanted", contact=of.contact)
        except (NotSyncedError, VaultError) as error:  # the next server tries again
            _log.error("message not safe", contact=of.contact, reason=str(error))
            return
        path.unlink(missing_ok=True)

    async def _append(
        self, of: Spoken | Typed, data: bytes, appended: list[Appended], kind: str = KIND
    ) -> ContentId:
        """Raises VaultError, TooLargeError, TimeoutError."""
        contact, document = ContactRef(of.tenant, of.ref), ContentId("")
        for at in range(0, len(data), MAX_PIECE_BYTES):
            last = at + MAX_PIECE_BYTES >= len(data)
            piece = NewPiece(contact, kind, data[at : at + MAX_PIECE_BYTES], document, last)
            appended.append(self._host.append([piece]))
            document = document or appended[0].ids[0]
        async with asyncio.timeout(KEPT_WITHIN_S):
            for one in appended:
                await asyncio.wrap_future(one.synced)
        return document

    async def keep_digits(self, typed: Typed) -> None:
        """Keep what a caller has typed, and tell the engine where it is when it is safe."""
        appended: list[Appended] = []
        digits = ContentId("")
        try:
            digits = await self._append(typed, typed.digits.encode(), appended, DIGITS)
        except (VaultError, TooLargeError, TimeoutError) as error:
            _log.error("digits lost", contact=typed.contact, reason=str(error) or "not kept in time")
        try:
            self._host.submit(DigitsCollected(typed.contact, typed.visit, digits))
        except Rejected:
            _log.info("digits not wanted", contact=typed.contact)

    async def sound_of(self, effect: ConnectContact) -> SoundId | None:
        """The message as a sound that can be played; None: it cannot be read (any more)."""
        name = SoundId(f"{ONCE}{effect.offer}-{effect.recording[:32]}")
        try:
            data = await self._host.document(effect.recording, READ_WITHIN_S)
            samples = np.frombuffer(data[HEADER:][: (len(data) - HEADER) // 2 * 2], "<i2")
            whole = np.concatenate([*MARK, samples, MARK[1]])
            await asyncio.to_thread(write_samples, SoundStore(self._sounds), name, whole)
        except (VaultError, TimeoutError, OSError, ValueError) as error:
            _log.error("message not read", contact=effect.contact, reason=str(error) or "not in time")
            return None
        return name

    def forget(self, sound: SoundId) -> None:
        """Nobody hears it any more."""
        for file in self._sounds.glob(f"{sound}.*"):
            file.unlink(missing_ok=True)
