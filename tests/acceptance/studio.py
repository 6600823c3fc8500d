"""Softphones that play tones and record, and what can be found in their recordings."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from channels.media.sound.g711 import RATE, Samples
from channels.media.sound.tone import hears, tone
from tests.acceptance.desk import free_udp_port
from tests.acceptance.phones import Baresip, Pjsua
from tests.acceptance.sound import read_wav, write_wav


class Booth:
    """Makes phones; each plays a tone of its own and records what it hears."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hz: dict[str, int] = {}
        self.phones: list[Pjsua | Baresip] = []

    def pjsua(self, name: str, hz: int) -> Pjsua:
        """A pjsua2 phone, not registered."""
        phone = Pjsua(self.folder, name, free_udp_port())
        self.phones.append(phone)
        phone.tell("play", self._says(name, hz, 2))
        phone.tell("record", self.folder / f"{name}-heard.wav")
        return phone

    def baresip(self, name: str, hz: int, account: str) -> Baresip:
        """A baresip with this account; its tone ends after 30 s."""
        phone = Baresip(self.folder / name, account, self._says(name, hz, 30), free_udp_port())
        self.phones.append(phone)
        return phone

    def heard(self, name: str) -> Samples:
        """What the pjsua2 phone has recorded until now."""
        return read_wav(self.folder / f"{name}-heard.wav")

    def close(self) -> None:
        for phone in self.phones:
            phone.end()

    def _says(self, name: str, hz: int, seconds: int) -> Path:
        path = self.folder / f"{name}-says.wav"
        write_wav(path, np.tile(tone(hz), seconds))
        self.hz[name] = hz
        return path


def windows(samples: Samples, hz: float) -> Iterator[bool]:
    """For every half second: is this tone what one hears?"""
    half = RATE // 2
    for at in itertools.takewhile(lambda at: at + half <= len(samples), itertools.count(0, half)):
        yield hears(samples[at : at + half], hz)
