"""Whose data these are: what a folder remembers of where it lies, so that a copy knows that it is one."""

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from acd.ports import ChannelRecord, Recovered

_log = structlog.get_logger("acd.identity")

CHANNEL = "instance"
"""Under which the journal keeps it."""

_KEY = "identity"
_PURPOSE = b"acd: whose data"
_CONTAINERS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
"""Made by those who run containers; the machine's id in there is the image's, or new with each of them."""


class Identity(msgspec.Struct, frozen=True):
    """What is empty could not be found out, and says nothing."""

    machine: str
    """A digest of the machine's id, which is not to be handed around (machine-id(5))."""
    file: int
    """The inode of the journal's archive: kept by restarts, other names, links and mounts, by no copy."""
    cards: tuple[str, ...]
    """Hardware addresses: a cloned machine gets others. Names and IP addresses may change any day."""


def here(file: Path, root: Path = Path("/")) -> Identity:
    """Of this machine, and of `file`, which need not exist; `root` is where /etc and /sys are looked for."""
    try:
        inode = file.stat().st_ino
    except OSError:
        inode = 0
    return Identity(_machine(root), inode, tuple(sorted(_cards(root))))


def difference(known: Identity, now: Identity) -> str:
    """Why `now` is not `known`, in words; empty if nothing says so."""
    found = []
    if known.file and now.file and known.file != now.file:
        found.append("the files are copies")
    if known.machine and now.machine and known.machine != now.machine:
        found.append("the machine is another")
    if known.cards and now.cards and not set(known.cards) & set(now.cards):
        found.append("the network cards are others")
    return ", ".join(found)


class Claim(NamedTuple):
    """What a start makes of the data that it finds."""

    cold: bool
    """They are another desk's: what they say of calls and phones is of that one, which may be running."""
    news: Sequence[ChannelRecord]
    """For the journal, in one append: whoever dies before it finds the same again."""
    recovered: Recovered
    """With the records that still hold."""


def claim(recovered: Recovered, now: Identity, channels: Collection[str], *, adopt: bool) -> Claim:
    """`adopt`: they were moved here on purpose. Data of before do not say whose they are: ours."""
    known = _stored(recovered.of(CHANNEL))
    why = difference(known, now) if known else ""
    news = [ChannelRecord(CHANNEL, _KEY, msgspec.msgpack.encode(now))] if known != now else []
    if not why or adopt:
        if why:
            _log.warning("these data are adopted, and their calls with them", why=why)
        return Claim(False, news, recovered)
    _log.error("these data were another desk's: nobody in its calls is spoken to", why=why, see="--adopt")
    left = [ChannelRecord(*key, None) for key in recovered.records if key[0] in channels]
    kept = {key: value for key, value in recovered.records.items() if key[0] not in channels}
    return Claim(True, [*left, *news], recovered._replace(records=kept))


def _stored(records: Mapping[str, bytes]) -> Identity | None:
    found = records.get(_KEY)
    return None if found is None else msgspec.msgpack.decode(found, type=Identity)


def _machine(root: Path) -> str:
    if any((root / path.lstrip("/")).exists() for path in _CONTAINERS):
        return ""
    try:
        found = (root / "etc/machine-id").read_bytes().strip()
    except OSError:
        return ""
    # 32 hex digits; an image that has not been started yet has "uninitialized" there, or nothing.
    return hmac.digest(found, _PURPOSE, "sha256").hex()[:32] if len(found) == 32 else ""


def _cards(root: Path) -> Iterator[str]:
    """Of cards with a device behind them: bridges and tunnels have the same addresses on many machines."""
    for card in (root / "sys/class/net").glob("*"):
        if (card / "device").exists():
            try:
                yield (card / "address").read_text(encoding="ascii").strip()
            except (OSError, UnicodeError):
                continue
