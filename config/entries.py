"""Entries: the dialled numbers, mailboxes and fax numbers, and their lines."""

import re
from collections.abc import Collection, Mapping, Sequence

from agents.capacity import FAX, MAIL, VOICE
from config.documents import Document
from config.known import Known
from config.lines import MAX_CLASS
from config.table import Table
from queues.desk import Entry, EntryId, Line, Medium, TenantId

_SEPARATORS = re.compile(r"[ ()/.-]")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_MAILBOX = re.compile(r"[^@\s<>\"\\]{1,64}@[A-Za-z0-9.-]{1,253}")


_BLOCK = re.compile(r"(\+?[0-9]{1,20})\[([0-9]{1,6})-([0-9]{1,6})\]")


def block_of(identity: str) -> tuple[str, str] | None:
    """First and last number of a block of direct-dial numbers, `+49305550[00-49]`; None: it is none."""
    found = _BLOCK.fullmatch(identity)
    if found is None or len(found[2]) != len(found[3]) or found[2] > found[3]:
        return None
    return found[1] + found[2], found[1] + found[3]


def entry_id(medium: Medium, address: str) -> EntryId | None:
    """The id under which an entry is known, from its address as written or dialled; None: no such address.

    `+49 (30) 555-0101` becomes `+49305550101`, and `+49 30 5550 [00-49]` is a block of numbers; SIP users
    stay as they are; mailboxes lose their case. Of other media any name that would do as a SIP user is an
    address.
    """
    if medium == MAIL:
        return EntryId(address.lower()) if _MAILBOX.fullmatch(address) else None
    head, bracket, tail = address.partition("[")
    number = _SEPARATORS.sub("", head)
    if bracket:
        block = EntryId(number + bracket + tail.replace(" ", ""))
        return block if medium == VOICE and block_of(block) is not None else None
    if medium in (VOICE, FAX) and _NUMBER.fullmatch(number):
        return EntryId(number)
    return EntryId(address) if medium != FAX and _USER.fullmatch(address) else None


def read_entries(
    documents: Sequence[Document],
    defaults: Mapping[str, object],
    lines: Mapping[str, Line],
    known: Known,
    media: Collection[Medium],
) -> dict[EntryId, tuple[Entry, Table]]:
    """All entries by id, with the tables that they were read from. An entry belongs to one medium."""
    found: dict[EntryId, tuple[Entry, Table]] = {}
    for document in documents:
        outer = document.root.table("entries")
        for medium in media:
            for address, table in outer.by_id(medium, defaults).items():
                entry = _read_entry(medium, address, table, lines, known)
                if entry is None:
                    continue
                if entry.id in found:
                    first = found[entry.id][1]
                    table.error("", f"used twice: {first.path} in {first.file} is the same entry")
                else:
                    found[entry.id] = entry, table
    return found


def _read_entry(
    medium: Medium, address: str, table: Table, lines: Mapping[str, Line], known: Known
) -> Entry | None:
    identity = entry_id(medium, address)
    name = table.text("line")
    known.check_line(table, "line", name, f'write treatment = "{name}" beside the line')
    line = lines.get(name)
    tenant = table.text("tenant", line.tenant if line else "")
    if "tenant" in table:
        table.known("tenant", "tenant", tenant, known.tenants)
    priority_class = table.integer("class", most=MAX_CLASS) if "class" in table else None
    head_start_ms = table.duration_ms("head_start")
    treatment = known.treatment(table, "treatment", "")
    if identity is None:
        table.error("", f"not an address for {medium}")
    if identity is None or line is None:
        return None
    where = identity, TenantId(tenant), line.id, medium
    return Entry(*where, priority_class, head_start_ms, treatment)
