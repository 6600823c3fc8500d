"""`acd replay`: a recorded desk decides again, or decides what it would have done had something differed."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer
from rich.progress import TaskProgressColumn

from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption
from acd.core.errors import UnreadableSnapshot
from acd.core.facts import Answered, Fact, Offered
from acd.ports import JournalEntry
from config.durations import duration_ms
from config.errors import ConfigError
from simulation.commands.simulate import DRIVERS
from simulation.commands.terminal import (
    CORES,
    JobsOption,
    SeedOption,
    bar,
    print_table,
    spread_over,
)
from simulation.commands.terminal import progress as days_bar
from simulation.loop import LoopDriver
from simulation.past.excerpt import Excerpting
from simulation.past.reconstruction import reconstruct
from simulation.past.record import DamagedRecord, PastRecord
from simulation.past.recorded import Recorded, Replication, run_replications
from simulation.past.replay import Replayed
from simulation.past.replay import replay as replay_entries
from simulation.past.whatif import CHOICES, what_if
from simulation.report.files import csv_text
from simulation.report.retold import Retold
from simulation.runs.experiment import Driver
from simulation.runs.experiment import Progress as Days
from simulation.runs.outcome import DayResult
from simulation.runs.result import Result
from simulation.world.playable import Unplayable

LONGEST_MS = 36 * 3_600_000
"""A record longer than this has more than one day: then the day must be named."""
AFTER_MS = 4 * 3_600_000
"""So long after the day the record is still read: how what was open went on."""
BLOCK = 2
"""Replications in one piece of work."""

EVERY = 2_000
"""Entries between two looks at the bar."""


RecordArgument = Annotated[
    Path, typer.Argument(metavar="FACTS", help="A journal: its directory, one of its files, or JSON lines.")
]
WhatIfOption = Annotated[
    list[str] | None,
    typer.Option("--what-if", metavar="CHANGE", help=f"{', '.join(CHOICES)}; several together."),
]
SnapshotOption = Annotated[
    bool, typer.Option("--from-snapshot", help="Only what follows the oldest snapshot that is kept.")
]
DayOption = Annotated[str | None, typer.Option("--day", help="The day of the what-if: 2026-11-20.")]
ZoneOption = Annotated[str, typer.Option("--timezone", help="Whose day: Europe/Berlin.")]
IntervalOption = Annotated[str, typer.Option("--interval", help="Intervals of the what-if.")]
ReplicationsOption = Annotated[
    int, typer.Option("--days", min=2, help="Replications of the day, for what was not seen.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Directory for CSV: assignments, or the tables of a what-if.")
]


def replay(
    record: RecordArgument,
    *,
    what_ifs: WhatIfOption = None,
    driver: Annotated[str, typer.Option("--driver", help="loop or simpy: the same answer.")] = "loop",
    from_snapshot: SnapshotOption = False,
    day: DayOption = None,
    timezone: ZoneOption = "UTC",
    interval: IntervalOption = "30m",
    replications: ReplicationsOption = 20,
    seed: SeedOption = 1,
    jobs: JobsOption = CORES,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Replay a record: the engine must decide the same again. Exit 1 where it does not.

    So with a damaged record. With --what-if: the recorded day by the model, first as it was, then changed.
    """
    if driver not in DRIVERS:
        raise Failure(BAD_INPUT, f"--driver {driver}: choose loop or simpy")
    try:
        found = PastRecord(record)
        if not what_ifs:
            done = check(found, DRIVERS[driver], out, from_snapshot=from_snapshot)
            _tell_replayed(found, done, as_json=as_json)
            return DONE if done.divergence is None else NO
        bounds = stretch(found, day, timezone, _interval_ms(interval))
        told = retold(
            found, bounds, what_ifs, seed=seed, days=replications, jobs=jobs, driver=DRIVERS[driver]
        )
    except DamagedRecord as damage:
        raise Failure(NO, str(damage)) from damage
    except (ConfigError, Unplayable, ValueError, UnreadableSnapshot) as error:
        raise Failure(BAD_INPUT, str(error)) from error
    _tell_what_if(told, out, as_json=as_json)
    return DONE


# ---- the same again


def check(record: PastRecord, driver: Driver, out: Path | None, *, from_snapshot: bool = False) -> Replayed:
    """Replay the record; with `out`, list every assignment there. Raises ConfigError as `record` does."""
    snapshots = record.snapshots()
    begin = snapshots[0] if from_snapshot and snapshots else None
    if from_snapshot and begin is None:
        raise ConfigError(str(record.path), "", "has no snapshot to begin with")
    with ExitStack() as until_the_end:
        told = until_the_end.enter_context(entries_bar("replaying", record.last_seq))
        listed = until_the_end.enter_context(assignments(out)) if out is not None else None

        def each(entry: JournalEntry, facts: Sequence[Fact]) -> None:
            told(entry.seq)
            if listed is not None:
                listed(entry, facts)

        first = 0 if begin is None else begin.seq
        entries = record.entries(first)
        return replay_entries(entries, driver=driver, begin=begin, snapshots=snapshots, told=each)


@contextmanager
def assignments(folder: Path) -> Iterator[Callable[[JournalEntry, Sequence[Fact]], None]]:
    """Writes assignments.csv: which contact was offered to, and answered by, which agent when."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "assignments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("seq", "t_ms", "what", "contact", "agent", "line"))

        def write(entry: JournalEntry, facts: Sequence[Fact]) -> None:
            for fact in facts:
                if isinstance(fact, Offered | Answered):
                    what = type(fact).__name__.lower()
                    writer.writerow((entry.seq, fact.t_ms, what, fact.contact, fact.agent, fact.line))

        yield write


def _tell_replayed(record: PastRecord, done: Replayed, *, as_json: bool) -> None:
    losses = record.losses()
    if as_json:
        answer = {"record": str(record.given), "losses": losses, **msgspec.to_builtins(done)}
        typer.echo(json.dumps(msgspec.to_builtins(answer), ensure_ascii=False))
        return
    for loss in losses:
        typer.echo(f"note: {loss}")
    late = f", {done.late_ticks} of them late, by {done.latest_ms} ms at most" if done.late_ticks else ""
    typer.echo(
        f"{done.entries} entries replayed ({done.first_seq} to {done.last_seq}): {done.contacts} contacts, "
        f"{done.offered} offers, {done.answered} answers, {done.ticks} deadlines{late}; "
        f"{done.snapshots} snapshots met"
    )
    found = done.divergence
    if found is None:
        typer.echo("every fact is the same")
        return
    typer.echo(f"DIVERGES: {found}")
    for title, told in (("expected", found.expected), ("got", found.got)):
        for text in told or ("nothing more",):
            typer.echo(f"  {title}: {text}")


# ---- a day, and what if


class Stretch(NamedTuple):
    """What a what-if is about, in Unix milliseconds."""

    start_ms: int
    end_ms: int
    step_ms: int
    """Length of an interval."""


def retold(
    record: PastRecord,
    bounds: Stretch,
    what_ifs: Sequence[str],
    *,
    seed: int,
    days: int,
    jobs: int,
    driver: Driver = LoopDriver,
) -> Retold:
    """The stretch as it was, and with all the changes. Raises ConfigError, ValueError, Unplayable."""
    recorded, was = read_day(record, bounds)
    changed = reduce(what_if, what_ifs, recorded)
    before, after = (
        run(one, title, seed=seed, days=days, jobs=jobs, driver=driver)
        for one, title in ((recorded, "as it was"), (changed, ", ".join(what_ifs)))
    )
    as_it_was = Result(recorded.scenario, seed, 0, [was])
    notes = (*map(str, record.losses(bounds.start_ms, bounds.end_ms)), *recorded.notes)
    return Retold(tuple(what_ifs), notes, as_it_was, before, after)


def stretch(record: PastRecord, day: str | None, timezone: str, step_ms: int) -> Stretch:
    """The day, or all of a short record, as whole intervals.

    Raises ValueError when the record has nothing of that day, or has several and none was named.
    """
    first_ms, last_ms = next(record.entries()).t_ms, record.last_ms
    zone = _zone(timezone)
    span = " to ".join(
        f"{datetime.fromtimestamp(t_ms / 1000, zone):%Y-%m-%d %H:%M}" for t_ms in (first_ms, last_ms)
    )
    if day is None:
        if last_ms - first_ms > LONGEST_MS:
            raise ValueError(f"the record goes from {span}: choose a day with --day")
        start_ms, end_ms = first_ms // step_ms * step_ms, last_ms + 1
    else:
        start_ms, end_ms = _midnights(day, zone)
        if last_ms < start_ms or first_ms >= end_ms:
            raise ValueError(f"--day {day}: the record goes from {span}")
        end_ms = min(end_ms, last_ms + 1)
    return Stretch(start_ms, start_ms + -(-(end_ms - start_ms) // step_ms) * step_ms, step_ms)


def read_day(record: PastRecord, bounds: Stretch) -> tuple[Recorded, DayResult]:
    """The day for the model, and what the record itself says of it. Raises ConfigError, ValueError."""
    taping = Excerpting(bounds.start_ms, bounds.end_ms)
    with entries_bar("reading", record.last_seq) as told:
        for entry in record.entries():
            if entry.t_ms >= bounds.end_ms + AFTER_MS:
                break
            try:
                taping.take(entry)
            except msgspec.MsgspecError as error:
                reason = f"was written by engine version {entry.version} and cannot be read: {error}"
                raise ConfigError(str(record.path), f"entry {entry.seq}", reason) from error
            told(entry.seq)
    excerpt = taping.excerpt()
    if excerpt is None:
        raise ConfigError(str(record.path), "", "has no desk on that day")
    return reconstruct(excerpt, bounds.step_ms, record.path.name)


def run(recorded: Recorded, title: str, *, seed: int, days: int, jobs: int, driver: Driver) -> Result:
    """Replications of a recorded day. Raises Unplayable."""
    blocks = [Replication(recorded, seed, n, min(BLOCK, days - n), driver) for n in range(0, days, BLOCK)]
    done: list[DayResult] = []
    with spread_over(jobs, None) as spread, days_bar(title) as told:
        for results in spread(run_replications, blocks):
            done += results
            told(Days(len(done), days))
    return Result(recorded.scenario, seed, 0, done)


def _tell_what_if(found: Retold, out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in found.tables().items():
            (out / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.document(), ensure_ascii=False))
        return
    errors = found.errors()
    print_table(errors.title, errors.columns, errors.rows)
    for note in found.notes:
        typer.echo(f"note: {note}")
    if found.changed:
        changes = found.changes()
        print_table(f"what if {', '.join(found.what_ifs)}: the change", changes.columns, changes.rows)
    days, seed = len(found.before.days), found.before.seed
    typer.echo(f"{days} replications, seed {seed}; * the interval of 95 % leaves 0 out")


# ---- what was asked for


def _interval_ms(text: str) -> int:
    length_ms = duration_ms(text)
    if length_ms < 60_000:
        raise ValueError(f"--interval {text}: at least a minute")
    return length_ms


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"--timezone {name}: there is no such time zone") from None


def _midnights(day: str, zone: ZoneInfo) -> tuple[int, int]:
    """Unix ms of the beginning and the end of a day."""
    try:
        first = datetime.combine(date.fromisoformat(day), datetime.min.time())
        bounds = [one.replace(tzinfo=zone).astimezone(UTC) for one in (first, first + timedelta(days=1))]
    except (ValueError, OverflowError):
        raise ValueError(f"--day {day}: is no day such as 2026-11-20") from None
    start, end = (round(one.timestamp() * 1000) for one in bounds)
    return start, end


@contextmanager
def entries_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of entries; told each of them, it moves now and then."""
    with bar(title, TaskProgressColumn(), total) as moved:

        def told(seq: int) -> None:
            if seq % EVERY == 0:
                moved(seq)

        yield told
