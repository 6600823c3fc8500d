"""Calls that sipp made with a real server: its journal is replayed beside it, after a kill, as a what-if."""

import json
from pathlib import Path

import pytest

from acd.core.facts import Answered, Fact, Offered
from acd.journal.codec import decode_facts
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.past.record import PastRecord
from simulation.past.replay import Replayed, replay
from simulation.runs.experiment import Driver
from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner
from tests.acceptance.desk import Desk, OpenDesk
from tests.acceptance.sipp import Sipp
from tests.simulation.replay_command import run

PROBED = "-aa"
CALLS = 12

Assignment = tuple[str, int, str, int]


def calls(desk: Desk, sipp: Sipp) -> None:
    """Callers come faster than two agents can serve them; some give up."""
    sipp.call(desk, "busy", s.IMPATIENT, PROBED, "-r", "10", calls=CALLS).ended(60)
    desk.until_idle("busy")


def assignments(told: list[Fact]) -> list[Assignment]:
    return [
        (type(fact).__name__, fact.contact, fact.agent, fact.t_ms)
        for fact in told
        if isinstance(fact, Offered | Answered)
    ]


def assert_replayed(journal: Path, at_least: int) -> None:
    record = PastRecord(journal)
    was = assignments([fact for entry in record.entries() for fact in decode_facts(entry.facts)])
    assert len(was) >= at_least
    for driver in (LoopDriver, SimDriver):
        done, decided = replayed(record, driver)
        assert done.divergence is None
        assert done.entries == record.last_seq
        assert decided == was


def replayed(record: PastRecord, driver: Driver) -> tuple[Replayed, list[Assignment]]:
    decided: list[Fact] = []
    done = replay(
        record.entries(),
        driver=driver,
        snapshots=record.snapshots(),
        told=lambda entry, told: decided.extend(told),
    )
    return done, assignments(decided)


def test_every_assignment_of_real_calls_is_decided_again(open_desk: OpenDesk, sipp: Sipp) -> None:
    desk = open_desk(Corner("busy", agents=2, ring="3s", wrap_up="1s"))
    journal = desk.folder / "var" / "journal"
    for agent in desk.corners["busy"].all_agents:
        sipp.phone(desk, agent, s.phone(s.picks_up(), s.pause(200), s.LEAVES), PROBED, calls=1000)
    calls(desk, sipp)
    assert_replayed(journal, CALLS)  # beside the running server
    desk.kill()
    desk.start()
    calls(desk, sipp)
    assert desk.stop() == 0
    assert_replayed(journal, 2 * CALLS)
    assert run(journal, "--from-snapshot").exit_code == 0
    told = run(journal, "--what-if", "staff+1", "--interval", "1m", "--days", 2, "-j", 1, "--json")
    assert told.exit_code == 0, told.stderr
    errors = {
        row["measure"]: row for row in json.loads(told.stdout)["model_against_record"] if not row["line"]
    }
    assert errors["contacts"]["model"] == errors["contacts"]["record"] == 2 * CALLS
    for measure in ("abandons_negative", "abandon_rate", "occupancy"):
        assert errors[measure]["model"] == pytest.approx(errors[measure]["record"], abs=0.1), measure
