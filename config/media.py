"""The tables `[media.*]`: media beside voice, mail and fax, and other traits of these three."""

from collections.abc import Collection, Mapping

from agents.capacity import VOICE
from config.durations import duration_text
from config.table import Table
from queues.desk import DEFAULT_MEDIA, Medium, MediumTraits

SIP = "sip"
SHORTEST_LEASE_MS = 10_000
"""Each renewal is an entry of the journal."""


def read_media(tables: Mapping[str, Table]) -> tuple[MediumTraits, ...]:
    """All media of the desk: the three built-in ones first, then the others as they stand in the files."""
    found = {traits.id: traits for traits in DEFAULT_MEDIA}
    for name, table in tables.items():
        medium = Medium(name)
        found[medium] = _read_traits(table, found.get(medium, MediumTraits(medium)))
    return tuple(found.values())


def refuse_leases(
    tables: Mapping[str, Table], media: Collection[MediumTraits], channels: Collection[str]
) -> None:
    """Record an error where a lease would end every call that our own SIP carries."""
    for traits in media:
        if traits.id == VOICE and traits.lease_ms and SIP in channels:
            reason = "calls by [sip] keep their legs themselves and renew no lease: each would end with it"
            tables[traits.id].error("lease", reason)


def _read_traits(table: Table, usual: MediumTraits) -> MediumTraits:
    read = MediumTraits(
        id=usual.id,
        hears=table.flag("hears_prompts", usual.hears),
        promise=table.flag("acceptance_is_a_promise", usual.promise),
        put_aside=table.flag("can_be_put_aside", usual.put_aside),
        keeps_leg=table.flag("party_keeps_a_leg", usual.keeps_leg),
        mixes=table.flag("more_than_two", usual.mixes),
        lease_ms=table.duration_ms("lease", usual.lease_ms),
        receive_ms=table.duration_ms("reception", usual.receive_ms, least_ms=1_000),
    )
    if read.hears and not read.keeps_leg:
        table.error("hears_prompts", "who holds no leg cannot be played anything (party_keeps_a_leg)")
    if read.receive_ms != usual.receive_ms and read.keeps_leg:
        table.error("reception", "who stays on the line sends nothing (party_keeps_a_leg)")
    if read.lease_ms and not read.keeps_leg:
        table.error("lease", "nobody keeps a leg that could be lost (party_keeps_a_leg)")
    if 0 < read.lease_ms < SHORTEST_LEASE_MS:
        table.error("lease", f"must be 0 or at least {duration_text(SHORTEST_LEASE_MS)}")
    return read
