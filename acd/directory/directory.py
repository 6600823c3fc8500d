"""The Directory: versions of lists are taken in, and whoever calls is looked up in memory."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import NamedTuple
from zoneinfo import ZoneInfo

from acd.content.master import MasterKey
from acd.content.parties import IDENTIFYING
from acd.directory.advice import advise, class_of_lines
from acd.directory.changes import difference
from acd.directory.lists import Address, HeldList, identify, read_address
from acd.directory.numbers import Numbering
from acd.directory.rows import MAX_BYTES, BadList, Flaw, Reader, Row, read_list
from acd.directory.store import Applied, Import, ListName, ListStore, Past, Version
from acd.ports import Identified, PartyKind
from config.errors import Problem
from config.schema import ListFile, Site
from queues.desk import TenantId


class Taken(NamedTuple):
    """A new version, ready to hold."""

    version: Version
    held: HeldList


class ListDirectory:
    """Implements acd.ports.Directory. `lists` belongs to the loop's thread; what blocks says so."""

    def __init__(
        self,
        path: Path,
        master: MasterKey,
        site: Site,
        *,
        patience_s: float = 0.0,
        accept_loss: bool = False,
    ) -> None:
        """Blocks. Raises VaultError."""
        self._site = site
        self._store = ListStore(path, master, patience_s=patience_s, accept_loss=accept_loss)
        self.lists: dict[ListName, HeldList] = {}
        """What holds now."""

    def load(self, versions: Mapping[ListName, int]) -> dict[ListName, HeldList]:
        """Blocks: these versions, from the file. Raises VaultDamagedError."""
        return {
            name: HeldList(version, self._store.rows(name, version)) for name, version in versions.items()
        }

    @property
    def named(self) -> list[ListName]:
        """The lists that the site has files of."""
        return [(str(file.tenant), str(file.kind)) for file in self._site.directory.files]

    def newest_versions(self) -> dict[ListName, Version]:
        """Blocks: the last version of each list, with who brought it."""
        return self._store.newest()

    def newest(self) -> dict[ListName, int]:
        """Blocks: the last version of each list of a client that the site still has."""
        found = self._store.newest().items()
        return {name: version.version for name, version in found if name[0] in self._site.directory.regions}

    def take_file(
        self, file: ListFile, by: str, at_ms: int, *, known: int, held: HeldList | None
    ) -> Taken | None:
        """Blocks: keep the file as a new version, if it is not the last one anyway (None).

        The version is greater than `known`, which the journal has: this file may come from an older backup.
        What it changes is counted against what is `held`.

        Raises BadList (nothing changes then), VaultWriteError.
        """
        content = read_file(file.path)
        digest = sha256(content).digest()
        name = str(file.tenant), str(file.kind)
        last = self._store.newest().get(name)
        if last is not None and last.digest == digest:
            return None
        rows = read_list(content, reader_of(self._site, file), _rest)
        counts = difference(() if held is None else held.rows, rows, _rest).counts
        version, people = self._store.add(name, rows, Import(digest, by, at_ms, known, counts))
        return Taken(version, HeldList(version.version, people))

    def identify(
        self, address: str, kind: PartyKind, tenant: str, at_ms: int, region: str = ""
    ) -> Identified:
        """As the port says."""
        return identify(self.lists, tenant, self.read(address, kind, tenant, region), at_ms)

    def use(self, site: Site) -> None:
        """The clients and their regions are those of this site from now on; its list files stay."""
        self._site = site

    def read(self, address: str, kind: PartyKind, tenant: str, region: str = "") -> Address:
        """The address as this client's people write it, or the network of that country does."""
        return read_address(address, kind, numbering_of(self._site, tenant, region))

    def spellings(self, value: str, tenant: str | None) -> set[str]:
        """The normal forms that a value, of whatever kind, has with one client or with all."""
        return {value} | {address.normal for address in self._read_all(value, tenant)}

    def erase(self, value: str, tenant: str | None) -> set[ListName]:
        """Blocks: delete the person from every version; from which lists. Raises VaultError."""
        keys = {
            key for address in self._read_all(value, tenant) for key in address.keys if key[0] != "domain"
        }

        def matches(row: Row) -> bool:
            return not keys.isdisjoint(row.keys)

        return self._store.erase(tenant, matches)

    def _read_all(self, value: str, tenant: str | None) -> Iterator[Address]:
        """As what anybody may have called himself, with one client or with all."""
        for name in self._site.directory.regions if tenant is None else (tenant,):
            for kind in IDENTIFYING:
                yield self.read(value, kind, name)

    def history(self, name: ListName) -> list[Past]:
        """Blocks: every version of a list, the newest first."""
        return self._store.history(name)

    def rows(self, name: ListName, version: int, start: int, most: int) -> list[Row]:
        """Blocks: as ListStore.rows."""
        return self._store.rows(name, version, start, most)

    def applied(self) -> Applied | None:
        """Blocks: up to where live contacts are identified."""
        return self._store.applied()

    def apply(self, applied: Applied) -> None:
        """Blocks: note it. Raises VaultWriteError."""
        self._store.apply(applied)

    def close(self) -> None:
        """Blocks: close the file."""
        self._store.close()


def _rest() -> None:
    """Lets the loop's thread go first."""
    sleep(0)


def check_files(site: Site, now_ms: int) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with the site's list files; and what is right, and perhaps not meant."""
    errors, warnings = list[Problem](), list[Problem]()
    for file in site.directory.files:
        try:
            rows = read_list(read_file(file.path), reader_of(site, file))
        except BadList as failure:
            errors += [Problem(str(file.path), flaw.place, flaw.reason) for flaw in failure.flaws]
        else:
            warnings += [Problem(str(file.path), "", one) for one in advice(site, file, rows, now_ms)]
    return errors, warnings


def advice(site: Site, file: ListFile, rows: Sequence[Row], now_ms: int) -> list[str]:
    """What whoever answers for this client's list should know of it."""
    zone = ZoneInfo(site.server.timezone)
    return list(advise(rows, class_of_lines(site.desk, str(file.tenant)), now_ms, zone))


def read_file(path: Path) -> bytes:
    """Raises BadList: it cannot be read, or is too large."""
    if path.is_fifo():  # opening it would wait for ever, and everybody else for us
        raise BadList([Flaw(0, "", "cannot be read: is a pipe")])
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadList([Flaw(0, "", f"cannot be read: {error.strerror}")]) from error


def reader_of(site: Site, file: ListFile) -> Reader:
    """How this client's list is read."""
    return Reader(file.kind, numbering_of(site, file.tenant), ZoneInfo(site.server.timezone))


def numbering_of(site: Site, tenant: str, network: str = "") -> Numbering:
    """How this client's people write numbers, or the network of that country does."""
    settings = site.directory
    return Numbering(settings.regions.get(TenantId(tenant), ""), settings.internal_digits, network)
