"""A journal goes through the drivers again: every assignment is the same, or the first other one is named."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace as changed

from acd.core import facts
from acd.core.engine import ENGINE_VERSION
from acd.core.events import OfferAccepted, OfferRefused, Restarted, Tick
from acd.core.facts import Answered, Fact, Offered
from acd.journal.codec import decode_event, decode_facts, encode_event, encode_facts, facts_digest
from acd.journal.losses import Loss, note_loss
from acd.marks import note_durably
from acd.ports import JournalEntry
from config.errors import ConfigError
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.past.record import JsonEntry, PastRecord
from simulation.past.replay import Replayed, replay
from simulation.runs.experiment import Driver
from tests.simulation.random_scenario import random_scenario
from tests.simulation.random_treatments import treated_scenario
from tests.simulation.recording import lived, played, stored, written
from tests.simulation.replay_command import run
from tests.simulation.test_simpy_driver import script

Assignment = tuple[str, int, str, int]
"""(offered or answered, contact, agent, moment)."""

both = pytest.mark.parametrize("driver", [LoopDriver, SimDriver])

STALLS = [(60_000 + 50_000 * number, 2_000 + 1_500 * number) for number in range(10)]
TICK = encode_event(Tick())


def assignments(told: Iterable[Fact]) -> list[Assignment]:
    return [
        (type(fact).__name__, fact.contact, fact.agent, fact.t_ms)
        for fact in told
        if isinstance(fact, Offered | Answered)
    ]


def of_record(entries: Iterable[JournalEntry]) -> list[Assignment]:
    return assignments(fact for entry in entries for fact in decode_facts(entry.facts))


def replayed(
    entries: Sequence[JournalEntry], driver: Driver, **more: Any
) -> tuple[Replayed, list[Assignment]]:
    decided: list[Fact] = []
    done = replay(iter(entries), driver=driver, told=lambda entry, told: decided.extend(told), **more)
    return done, assignments(decided)


@both
@pytest.mark.parametrize("seed", range(12))
def test_what_the_model_wrote_is_decided_again_assignment_by_assignment(driver: Driver, seed: int) -> None:
    scenario = random_scenario(seed)
    entries = played(scenario, Day(scenario, seed, 0))
    done, decided = replayed(entries, driver)
    assert done.divergence is None
    assert decided == of_record(entries)
    assert len(decided) > 150
    assert (done.entries, done.last_seq, done.late_ticks) == (len(entries), len(entries), 0)
    assert done.offered + done.answered == len(decided)


@both
@pytest.mark.parametrize("seed", [3, 7, 13])
def test_menus_keys_and_callbacks_are_decided_again(driver: Driver, seed: int) -> None:
    scenario = treated_scenario(seed)
    entries = played(scenario, Day(scenario, seed, 0))
    told = [fact for entry in entries for fact in decode_facts(entry.facts)]
    assert {facts.KeyChosen, facts.Parked, facts.CallOver} <= {type(fact) for fact in told}
    done, decided = replayed(entries, driver)
    assert done.divergence is None
    assert decided == assignments(told)


@both
@pytest.mark.parametrize("seed", range(3))
def test_a_journal_of_the_live_driver_is_decided_again_though_its_timer_came_late(
    driver: Driver, seed: int
) -> None:
    entries, snapshots = lived(script(seed), 700_000, STALLS)
    done, decided = replayed(entries, driver, snapshots=snapshots)
    assert done.divergence is None
    assert decided == of_record(entries)
    assert done.answered > 100
    assert done.late_ticks >= 5
    assert done.latest_ms > 5_000
    assert done.snapshots == len(snapshots) > 5


@both
def test_a_journal_with_an_outage_in_it_is_decided_again(driver: Driver) -> None:
    """No deadline fires while the server is down; what was due then fires once it is back."""
    entries, _ = lived(script(1), 700_000, STALLS)
    told = [(entry.t_ms, decode_event(entry.event)) for entry in entries if entry.event != TICK]
    since_ms, back_ms = told[len(told) // 2][0], told[len(told) // 2][0] + 40_000
    before = [(t_ms, event) for t_ms, event in told if t_ms <= since_ms]
    broken = written([*before, (back_ms, Restarted(since_ms))], back_ms + 100_000)
    number = next(entry.seq for entry in broken if isinstance(decode_event(entry.event), Restarted))
    assert broken[number].event == TICK, "something was due in the outage"
    assert broken[number].t_ms == back_ms
    done, decided = replayed(broken, driver)
    assert done.divergence is None
    assert decided == of_record(broken)


@both
def test_a_replay_may_begin_with_a_snapshot(driver: Driver) -> None:
    entries, snapshots = lived(script(1), 700_000, STALLS)
    begin = snapshots[2]
    done, decided = replayed(entries[begin.seq :], driver, begin=begin, snapshots=snapshots)
    assert done.divergence is None
    assert decided == of_record(entries[begin.seq :])
    assert (done.first_seq, done.snapshots) == (begin.seq + 1, len(snapshots) - 3)


def test_a_late_timer_changes_no_assignment() -> None:
    entries, _ = lived(script(2), 700_000, STALLS)
    told = [(entry.t_ms, decode_event(entry.event)) for entry in entries if entry.event != TICK]
    on_time = written(told, entries[-1].t_ms + 1)
    assert len(on_time) > len(entries)  # deadlines of one late tick fire one by one
    assert of_record(on_time) == of_record(entries)


# ---- what is not the same


def edited(entry: JournalEntry, edit: Callable[[list[Any]], list[Any]]) -> JournalEntry:
    """Other facts, with the digest that belongs to them."""
    data = encode_facts(edit(list(decode_facts(entry.facts))))
    return entry._replace(facts=data, digest=facts_digest(data))


def another_agent(told: list[Any]) -> list[Any]:
    return [changed(fact, agent="somebody") if isinstance(fact, Offered) else fact for fact in told]


def an_entry_with(entries: Sequence[JournalEntry], kind: type[Fact]) -> int:
    found = [
        number
        for number, entry in enumerate(entries)
        if any(isinstance(fact, kind) for fact in decode_facts(entry.facts))
    ]
    return found[len(found) // 2]


@both
def test_another_agent_in_one_old_assignment_is_found_and_named(driver: Driver) -> None:
    entries, _ = lived(script(0), 700_000)
    number = an_entry_with(entries, Offered)
    entries[number] = edited(entries[number], another_agent)
    found = replay(iter(entries), driver=driver).divergence
    assert found is not None
    assert found.seq == entries[number].seq
    assert found.why == "its facts are not those that were journalled"
    assert "agent='somebody'" in found.expected[0]
    assert "agent='somebody'" not in found.got[0]
    assert found.expected[0].startswith("Offered(")
    assert f"entry {found.seq}, " in str(found)


def without(number: int) -> Callable[[list[JournalEntry]], None]:
    def drop(entries: list[JournalEntry]) -> None:
        del entries[number]

    return drop


def a_tick(entries: Sequence[JournalEntry]) -> int:
    """One that is followed by something else: two in a row would be told by their facts."""
    pairs = enumerate(pairwise(entries))
    return next(n for n, (one, other) in pairs if n > 100 and one.event == TICK != other.event)


def an_offer_accepted(entries: Sequence[JournalEntry]) -> int:
    return an_entry_with(entries, Answered)


def refused(entry: JournalEntry) -> JournalEntry:
    event = decode_event(entry.event)
    assert isinstance(event, OfferAccepted)
    return entry._replace(event=encode_event(OfferRefused(event.offer)))


CORRUPTIONS: dict[
    str, tuple[Callable[[Sequence[JournalEntry]], int], Callable[[JournalEntry], JournalEntry | None], str]
] = {
    "a deadline is gone": (a_tick, lambda entry: None, "before a deadline that is due"),
    "an event is gone": (an_offer_accepted, lambda entry: None, ""),
    "a deadline fired too early": (
        a_tick,
        lambda entry: entry._replace(t_ms=entry.t_ms - 1),
        "not due before",
    ),
    "time goes back": (
        an_offer_accepted,
        lambda entry: entry._replace(t_ms=entry.t_ms - 600_000),
        "before that of the entry before it",
    ),
    "facts do not have their digest": (
        an_offer_accepted,
        lambda entry: entry._replace(digest=b"0" * 16),
        "not those that were digested",
    ),
    "an answer that was a refusal": (an_offer_accepted, refused, "not those that were journalled"),
    "an event of no known kind": (
        an_offer_accepted,
        lambda entry: entry._replace(event=b"\x81\xa4type\xa4Nope"),
        "cannot be read",
    ),
    "a tick that nothing is due for": (
        an_offer_accepted,
        lambda entry: entry._replace(event=TICK),
        "",
    ),
}


@both
@pytest.mark.parametrize("what", CORRUPTIONS)
def test_whatever_is_corrupted_the_first_entry_that_differs_is_named(driver: Driver, what: str) -> None:
    place, corrupt, why = CORRUPTIONS[what]
    entries, _ = lived(script(3), 700_000)
    number = place(entries)
    told = corrupt(entries[number])
    after = [told] if told is not None else []
    done = replay(iter([*entries[:number], *after, *entries[number + 1 :]]), driver=driver)
    found = done.divergence
    assert found is not None
    assert number + 1 <= found.seq <= number + 40  # a missing event may be missed only when it mattered
    assert why in found.why
    assert done.entries < len(entries)


def test_both_drivers_name_the_same_first_divergence() -> None:
    entries, _ = lived(script(4), 700_000)
    rng = Random(4)
    for number in rng.sample(range(50, len(entries)), 25):
        spoilt = [*entries[:number], *entries[number + 1 :]]
        one, two = (replay(iter(spoilt), driver=driver) for driver in (LoopDriver, SimDriver))
        assert one == two


# ---- where a record comes from


def test_a_journal_an_archive_and_json_lines_hold_the_same_record(tmp_path: Path) -> None:
    entries, snapshots = lived(script(0), 700_000)
    folder = stored(tmp_path / "data" / "journal", entries, snapshots)
    lines = tmp_path / "day.jsonl"
    lines.write_text("".join(f"{as_json(entry)}\n" for entry in entries))
    for path in (folder, tmp_path / "data", lines):
        record = PastRecord(path)
        assert list(record.entries()) == entries
        assert (record.last_seq, record.last_ms) == (entries[-1].seq, entries[-1].t_ms)
    archive = PastRecord(folder / "archive.db")
    assert list(archive.entries()) == entries[: archive.last_seq]
    assert [one.seq for one in PastRecord(folder).snapshots()] == [one.seq for one in snapshots[-2:]]
    assert 0 < archive.last_seq <= snapshots[-2].seq


def as_json(entry: JournalEntry) -> str:
    event, told = decode_event(entry.event), decode_facts(entry.facts)
    return msgspec.json.encode(JsonEntry(entry.seq, entry.t_ms, event, told, entry.version)).decode()


def test_a_missing_entry_and_a_broken_line_are_named(tmp_path: Path) -> None:
    entries, _ = lived(script(0), 60_000)
    lines = [as_json(entry) for entry in entries]
    gap = tmp_path / "gap.jsonl"
    gap.write_text("\n".join([*lines[:7], *lines[8:]]))
    with pytest.raises(ConfigError, match=r"gap\.jsonl: entry 8: is missing, but there is entry"):
        list(PastRecord(gap).entries())
    broken = tmp_path / "broken.jsonl"
    broken.write_text("\n".join([*lines[:2], '{"seq": 3}']))
    with pytest.raises(ConfigError, match=r"broken\.jsonl:3: is neither"):
        PastRecord(broken)


# ---- the command


def test_the_command_says_what_it_compared_and_lists_every_assignment(tmp_path: Path) -> None:
    entries, snapshots = lived(script(0), 700_000, STALLS)
    folder = stored(tmp_path / "journal", entries, snapshots)
    for driver in ("loop", "simpy"):
        told = run(folder, "--json", "--driver", driver, "--out", tmp_path / driver)
        assert told.exit_code == 0, told.stderr
        found = json.loads(told.stdout)
        assert found["divergence"] is None
        assert (found["entries"], found["snapshots"]) == (len(entries), 2)
        rows = (tmp_path / driver / "assignments.csv").read_text().splitlines()
        listed = [row.split(",") for row in rows[1:]]
        same = [(what.capitalize(), int(contact), agent, int(t)) for _, t, what, contact, agent, _ in listed]
        assert same == of_record(entries)
    assert run(folder, "--from-snapshot").exit_code == 0
    assert "every fact is the same" in run(folder).stdout


def test_the_command_ends_with_1_where_the_record_differs(tmp_path: Path) -> None:
    entries, _ = lived(script(0), 700_000)
    number = an_entry_with(entries, Offered)
    told = edited(entries[number], another_agent)._replace(version=ENGINE_VERSION - 1)
    folder = stored(tmp_path / "journal", [*entries[:number], told, *entries[number + 1 :]])
    answer = run(folder)
    assert answer.exit_code == 1
    assert f"DIVERGES: entry {number + 1}, " in answer.stdout
    assert f"written by engine version {ENGINE_VERSION - 1}, this is {ENGINE_VERSION}" in answer.stdout
    assert "expected: Offered(" in answer.stdout
    assert json.loads(run(folder, "--json").stdout)["divergence"]["seq"] == number + 1


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: None, "nothing: is no journal that can be read"),
        (lambda path: path.mkdir(), "there is no journal in"),
        (lambda path: path.write_bytes(b""), "has no entries"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + b"\0" * 200), "is not a journal file"),
        (lambda path: path.write_text("seq;what\n1;all\n"), "nothing:1: is neither a journal nor an entry"),
    ],
)
def test_a_record_that_cannot_be_read_is_bad_input(
    tmp_path: Path, made: Callable[[Path], object], said: str
) -> None:
    made(tmp_path / "nothing")
    answer = run(tmp_path / "nothing")
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_a_record_without_snapshots_cannot_begin_with_one(tmp_path: Path) -> None:
    folder = stored(tmp_path / "journal", lived(script(0), 60_000)[0])
    answer = run(folder, "--from-snapshot")
    assert answer.exit_code == 2
    assert "has no snapshot to begin with" in answer.stderr


def test_a_journal_that_lacks_an_entry_is_not_taken_for_a_shorter_one(tmp_path: Path) -> None:
    folder = stored(tmp_path / "journal", lived(script(0), 60_000)[0])
    (segment,) = folder.glob("segment-*.db")
    with contextlib.closing(sqlite3.connect(segment)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE seq = 20")
    answer = run(folder)
    assert answer.exit_code == 1
    assert "entries 20 to 20 are missing, the next is of " in answer.stderr


def test_a_journal_without_its_end_is_refused_and_an_accepted_loss_is_told(tmp_path: Path) -> None:
    folder = stored(tmp_path / "journal", lived(script(0), 60_000)[0])
    note_durably(folder / "synced", 99_999)
    answer = run(folder)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "to 99999 were synced, and are gone" in answer.stderr
    (folder / "synced").unlink()
    note_loss(folder, Loss(20, 30, 1, 2**42))
    assert "note: entries 20 to 30 were lost, which was accepted" in run(folder).stdout
    assert json.loads(run(folder, "--json").stdout)["losses"][0]["first"] == 20
    told = run(folder, "--what-if", "none", "--days", "2", "--jobs", "1")
    assert "note: entries 20 to 30 were lost" in told.stdout, told.stderr


def test_the_tests_compare_more_than_a_few_kinds_of_facts() -> None:
    entries, _ = lived(script(1), 700_000, STALLS)
    kinds = {type(fact) for entry in entries for fact in decode_facts(entry.facts)}
    assert {facts.NotAnswered, facts.Abandoned, facts.Relaxed, facts.Promoted, facts.Interrupted} <= kinds
