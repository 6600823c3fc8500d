"""A year of facts, one million contacts, folded into KPIs: CPU time, memory, microseconds per contact.

    python bench/kpi.py [--contacts 1000000] [--quick] [--json]

The engine decides some days of varied contacts once (three lines, calls, mails and faxes, transfers,
overflow, voicemail, no answers, pauses, wrap-up codes). They are written to a journal's archive file again
and again, each time some days later. Measured is what a report does: read the archive with its checksums,
decode, fold segments, contacts, percentiles, agents' time and customers. Writing the archive is not measured.
Memory is the peak of the whole process, writing included. Exit status 1: over a limit.
"""

import argparse
import heapq
import json
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

if not __package__:  # run as a file: only its own folder is on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from acd.core import effects, events
from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import Rejected
from acd.core.events import ContactId
from acd.core.facts import Fact
from acd.journal import database
from acd.journal.archive import Archive
from acd.journal.codec import decode_facts, encode_facts, facts_digest
from acd.journal.reading import JournalReader
from acd.journal.rows import insert
from acd.kpi.codes import Codes
from acd.kpi.contacts import Contacts
from acd.kpi.customers import Customers
from acd.kpi.intervals import Cells, Intervals
from acd.kpi.ledger import Ledger, Segment
from acd.kpi.occupancy import TimeSheet
from acd.kpi.percentiles import Waits, percentiles
from acd.kpi.service import Counts, Terms, count
from acd.ports import JournalEntry
from agents.capacity import FAX, MAIL, VOICE
from agents.skills import AgentId, SkillId
from queues.desk import (
    Agent,
    Desk,
    Entry,
    EntryId,
    Line,
    LineId,
    Overflow,
    Tenant,
    TenantId,
    Way,
    WrapUpRule,
)

LIMIT_S, LIMIT_MB = 60.0, 1_000.0
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_798_761_600_000
"""2027-01-01 00:00 UTC."""
AGENTS = 40
NORD = TenantId("nord")
DAYS = 7
"""Decided by the engine; every block of the year is made of them."""
CONTACTS_PER_DAY = 2_740


def desk() -> Desk:
    """Three lines of two levels; everybody knows the first, a third the second, a quarter the mails."""
    wrap_up = WrapUpRule(30_000, ("password", "printer", "other"), True, 60_000)
    first = Line(
        LineId("first"), NORD, (((SkillId("first"), 1),),), max_wait_ms=120_000,
        when_waited=Way(Overflow.LINE, LineId("second")), wrap_up=wrap_up, announce_every_ms=45_000,
    )  # fmt: skip
    second = Line(LineId("second"), NORD, (((SkillId("second"), 1),),), wrap_up=wrap_up, level=2)
    mail = Line(LineId("mail"), NORD, (((SkillId("mail"), 1),),), target_ms=4 * HOUR_MS)
    ways = ((VOICE, first), (VOICE, second), (MAIL, mail), (FAX, mail))
    return Desk(
        tenants=(Tenant(NORD),),
        lines=(first, second, mail),
        entries=tuple(Entry(EntryId(f"{medium}-{line.id}"), NORD, line.id, medium) for medium, line in ways),
        agents=tuple(_agent(number) for number in range(AGENTS)),
        interrupts=((VOICE, MAIL),),
    )


def _agent(number: int) -> Agent:
    skills = [
        ("first", 1),
        *([("second", 1)] if number % 3 == 0 else []),
        *([("mail", 1)] if number % 4 == 0 else []),
    ]
    return Agent(
        AgentId(f"a{number}"),
        tuple((SkillId(skill), level) for skill, level in skills),
        ((VOICE, 1), (MAIL, 2), (FAX, 1)),
    )


class Week:
    """Some days of a desk whose callers and agents do what random numbers say."""

    def __init__(self, contacts_per_day: int, days: int) -> None:
        self.engine = Engine()
        self.rng = Random(1)
        self.now_ms = START_MS
        self.batches: list[tuple[int, list[Fact]]] = []
        self.arrived = 0
        self._agenda: list[tuple[int, int, events.Event]] = []
        self._number = 0
        self.ask(0, events.DeskChanged(desk()))
        for day in range(days):
            self._plan(day * DAY_MS, contacts_per_day)

    def ask(self, after_ms: float, event: events.Event) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (self.now_ms + round(after_ms), self._number, event))

    def _plan(self, day_ms: int, contacts: int) -> None:
        opens, closes = day_ms + 8 * HOUR_MS, day_ms + 18 * HOUR_MS
        for number in range(AGENTS):
            agent = AgentId(f"a{number}")
            if day_ms == 0:
                for medium in Desk().medium_ids:
                    self.ask(0, events.AgentReachable(agent, medium))
            self.ask(opens + number * 1_000, events.AgentSignedIn(agent))
            self.ask(opens + 4 * HOUR_MS + number * 300_000, events.AgentPaused(agent, "break"))
            self.ask(opens + 4 * HOUR_MS + 1_800_000 + number * 300_000, events.AgentReady(agent))
            self.ask(closes + HOUR_MS, events.AgentSignedOut(agent))
        for _ in range(contacts):
            entry, medium = self.rng.choices(
                (("voice-first", VOICE), ("mail-mail", MAIL), ("fax-mail", FAX)),
                (88, 10, 2),
            )[0]
            self._number += 1
            party = f"p{self.rng.randrange(15_000)}"
            arrival = events.ContactArrived(f"ref-{self._number}", EntryId(entry), medium, party)
            self.ask(self.rng.uniform(opens, closes), arrival)

    def play(self) -> None:
        """Until nothing is left to do."""
        while self._agenda:
            due_ms = self.engine.next_deadline()
            if due_ms is not None and due_ms <= self._agenda[0][0]:
                self.now_ms = max(self.now_ms, due_ms)
                self._handle(events.Tick())
            else:
                self.now_ms, _, event = heapq.heappop(self._agenda)
                self._handle(event)

    def _handle(self, event: events.Event) -> None:
        try:
            decided = self.engine.handle(event, self.now_ms)
        except Rejected:
            return
        self.batches.append((self.now_ms, decided.facts))
        for effect in decided.effects:
            self._carry_out(effect)
        for fact in decided.facts:
            if fact.__class__.__name__ == "NotAnswered":
                self.ask(60_000, events.AgentReady(fact.agent))  # type: ignore[attr-defined]
            elif fact.__class__.__name__ == "WrapUpStarted":
                self._wrap_up(fact.contact, fact.agent)  # type: ignore[attr-defined]

    def _carry_out(self, effect: effects.Effect) -> None:
        rng = self.rng
        if isinstance(effect, effects.AdmitContact):
            self.arrived += 1
            if self.engine.state.contacts[effect.contact].medium == VOICE:
                self.ask(rng.expovariate(1 / 150_000), self._gives_up(effect.contact))
        elif isinstance(effect, effects.OfferContact) and rng.random() < 0.96:
            self.ask(rng.uniform(2_000, 9_000), events.OfferAccepted(effect.offer))
        elif isinstance(effect, effects.ConnectContact):
            self._talk(effect)

    def _gives_up(self, contact: ContactId) -> events.Event:
        if self.rng.random() < 0.1:
            return events.ContactDiverted(contact, "voicemail")
        return events.ContactLeft(contact)

    def _talk(self, effect: effects.ConnectContact) -> None:
        contact, agent = effect.contact, effect.agent
        length_ms = self.rng.lognormvariate(12, 0.7)
        if self.rng.random() < 0.2:
            self.ask(length_ms / 3, events.ContactHeld(contact, True))
            self.ask(length_ms / 2, events.ContactResumed(contact, True))
        if self.engine.state.contacts[contact].medium == VOICE and self.rng.random() < 0.08:
            self.ask(length_ms, events.ContactTransferred(contact, agent, LineId("second")))
        self.ask(length_ms + 1, events.ContactReleased(contact, agent))

    def _wrap_up(self, contact: ContactId, agent: AgentId) -> None:
        self.ask(5_000, events.WrapUpCoded(contact, agent, self.rng.choice(("password", "printer", "other"))))
        self.ask(self.rng.uniform(6_000, 29_000), events.WrapUpEnded(contact, agent))


class Year:
    """The report of a year by the day: everything that is folded, and what it cost."""

    def __init__(self, days: int) -> None:
        self.intervals = Intervals.even(START_MS, DAY_MS, days)
        self.lines = Cells(self.intervals, Terms())
        self.clients = Cells(self.intervals, Terms())
        self.waits = Waits()
        self.codes = Codes()
        self.customers = Customers()
        self.contacts = Contacts(self._contact)
        self.ledger = Ledger(self._segment)
        self.sheet = TimeSheet(self.intervals)
        self.entries = self.facts = self.bytes = 0

    def _segment(self, segment: Segment) -> None:
        self.lines.take(segment)
        self.codes.take(segment)
        self.contacts.take(segment)

    def _contact(self, contact: Segment) -> None:
        self.clients.take(contact)
        self.waits.take(contact)
        self.customers.take(contact)

    def read(self, journal: JournalReader) -> None:
        for entry in journal.entries():
            batch = decode_facts(entry.facts)
            self.ledger.take(batch)
            self.sheet.take(batch)
            self.entries += 1
            self.facts += len(batch)
            self.bytes += len(entry.facts)

    def close(self, now_ms: int) -> None:
        self.ledger.close(now_ms)
        self.sheet.close(now_ms)
        self.customers.count_into(self.clients, now_ms)
        percentiles(self.waits.answered)
        percentiles(self.waits.abandoned)
        self.clients.total()


def write(directory: Path, batches: list[tuple[int, list[Fact]]], shift_ms: int) -> None:
    """A journal whose archive holds these facts, later by `shift_ms`."""
    directory.mkdir()
    Archive(directory).close()
    connection = database.connect(directory / "archive.db", synchronous="OFF")
    connection.execute("BEGIN")
    for seq, (t_ms, batch) in enumerate(batches, 1):
        encoded = encode_facts([later(fact, shift_ms) for fact in batch] if shift_ms else batch)
        entry = JournalEntry(seq, t_ms + shift_ms, ENGINE_VERSION, b"", encoded, facts_digest(encoded))
        insert(connection, [(entry, None)])
    connection.execute("COMMIT")
    connection.close()


def later(fact: Fact, shift_ms: int) -> Fact:
    moments = {name: getattr(fact, name) + shift_ms for name in MOMENTS if hasattr(fact, name)}
    return replace(fact, **moments)


MOMENTS = ("t_ms", "until_ms", "anchor_ms")


def fold_alone(batches: list[tuple[int, list[Fact]]], contacts: int) -> dict[str, float]:
    """Microseconds of CPU per contact of single folds, facts at hand: as a simulation uses them."""
    facts = [batch for _, batch in batches]
    counts, terms = Counts(), Terms()

    def segments() -> None:
        ledger = Ledger(lambda segment: count(segment, terms, counts))
        for batch in facts:
            ledger.take(batch)

    def times() -> None:
        sheet = TimeSheet(Intervals.even(START_MS, HOUR_MS, DAYS * 24))
        for batch in facts:
            sheet.take(batch)

    def cpu_us(fold: Callable[[], None]) -> float:
        spent = []
        for _ in range(3):
            began = time.process_time()
            fold()
            spent.append(time.process_time() - began)
        return min(spent) * 1e6 / contacts

    return {"segments_and_counts_us": cpu_us(segments), "agents_time_us": cpu_us(times)}


def run(contacts: int, per_day: int) -> dict[str, object]:
    week = Week(per_day, DAYS)
    week.play()
    blocks = -(-contacts // week.arrived)
    year = Year(blocks * DAYS)
    alone = fold_alone(week.batches, week.arrived)
    cpu_s = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for block in range(blocks):
            directory = Path(scratch) / str(block)
            write(directory, week.batches, block * DAYS * DAY_MS)
            began = time.process_time()
            year.read(JournalReader(directory))
            cpu_s += time.process_time() - began
            (directory / "archive.db").unlink()
        began = time.process_time()
        year.close(START_MS + blocks * DAYS * DAY_MS)
        cpu_s += time.process_time() - began
    found = sum(counts.arrived for counts in year.clients.counts.values())
    if found != blocks * week.arrived or year.contacts.unfinished:
        raise RuntimeError(f"{found} contacts came out of {blocks * week.arrived}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "contacts": found,
        "entries": year.entries,
        "facts": year.facts,
        "facts_mb": year.bytes / 1e6,
        "cpu_s": cpu_s,
        "cpu_us_per_contact": cpu_s * 1e6 / found,
        "peak_mb": peak_mb,
        "of_limit": {"cpu": cpu_s / LIMIT_S * 1e6 / found, "memory": peak_mb / LIMIT_MB},
        "limits": {"cpu_s_per_million": LIMIT_S, "memory_mb": LIMIT_MB},
        "within_limits": cpu_s * 1e6 / found < LIMIT_S and peak_mb < LIMIT_MB,
        "alone": alone,
        "conditions": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "days": blocks * DAYS,
        },
    }


def show(result: dict[str, Any]) -> None:
    print(f"{result['contacts']:,} contacts, {result['entries']:,} entries, {result['facts']:,} facts")
    share = result["of_limit"]
    print(
        f"CPU {result['cpu_s']:.1f} s, {result['cpu_us_per_contact']:.1f} µs per contact: "
        f"{share['cpu']:.0%} of the limit"
    )
    print(f"memory {result['peak_mb']:.0f} MB: {share['memory']:.0%} of the limit")
    alone = result["alone"]
    print(
        f"facts at hand: segments and counts {alone['segments_and_counts_us']:.1f} µs per contact, ", end=""
    )
    print(f"agents' time {alone['agents_time_us']:.1f} µs")
    print(f"limits: {result['limits']}, kept: {result['within_limits']}; {result['conditions']}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="50,000 contacts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = run(50_000 if arguments.quick else arguments.contacts, CONTACTS_PER_DAY)
    print(json.dumps(result)) if arguments.json else show(result)
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
