"""Long seeded runs: the invariants, replay under two hash seeds, replay from a snapshot."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from acd.core import events, facts
from acd.core.engine import Engine
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk

ROOT = Path(__file__).parents[3]


class Census:
    """Counts what the runs were made of, so that a run that proves nothing fails."""

    def __init__(self) -> None:
        self.events = self.rejected = self.decisions = self.arrived = self.most_waiting = 0
        self.kinds: Counter[str] = Counter()

    def add(self, play: Play) -> None:
        self.events += len(play.journal)
        self.rejected += play.rejected
        self.decisions += play.oracle.decisions
        self.arrived += play.oracle.arrived
        self.kinds.update(type(event).__name__ for _, event in play.journal)
        self.kinds.update(play.oracle.kinds)

    def __str__(self) -> str:
        return (
            f"{self.events} events, {self.rejected} more rejected, {self.arrived} contacts,"
            f" {self.decisions} decisions checked, at most {self.most_waiting} contacts alive"
        )


def run(seed: int, length: int, census: Census, every: int) -> Play:
    """At least `length` events on one random desk; all invariants are checked at every `every`th move."""
    rng = Random(seed)
    play = Play(random_desk(seed), thorough=False)
    moves = 0
    while len(play.journal) < length:
        random_move(play, rng)
        moves += 1
        if moves % every == 0:
            play.oracle.check(play.now_ms)
            census.most_waiting = max(census.most_waiting, len(play.engine.state.contacts))
    play.oracle.check(play.now_ms)
    census.add(play)
    return play


def test_20000_random_events_keep_every_invariant() -> None:
    census = Census()
    for seed in range(16):
        run(seed, 2_000, census, 30)
    assert census.events >= 20_000
    assert census.decisions > 2_000
    missing = {kind.__name__ for kind in (*get_args(facts.AnyFact), *events.Event.__subclasses__())}
    missing -= {"Announced"}  # told by 0.1.0 only
    missing.add("a lease that ended")
    assert missing - set(census.kinds) == set(), "the run must contain everything there is"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_million_random_events_keep_every_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    census, began_s = Census(), time.process_time()
    for seed in range(1_000, 1_040):
        run(seed, 25_000, census, 100)
    assert census.events >= 1_000_000
    with capsys.disabled():
        print(f"\n{census}, {time.process_time() - began_s:.0f} s of CPU")  # noqa: T201


REPLAY = """
import sys
sys.path.insert(0, sys.argv[1])
from hashlib import sha256
from tests.acd.core.test_random_run import Census, run
play = run(int(sys.argv[2]), 3000, Census(), 10_000)
print(hash("a string") % 1000, sha256(play.engine.snapshot()).hexdigest(), len(play.journal))
"""


def test_two_hash_seeds_give_byte_equal_snapshots() -> None:
    def snapshot(hash_seed: str) -> list[str]:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", REPLAY, str(ROOT), "7"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.split()

    one, two = snapshot("1"), snapshot("2")
    assert one[0] != two[0], "the hash seeds must differ"
    assert one[1:] == two[1:]


def test_replaying_the_journal_gives_the_same_snapshot() -> None:
    play = run(11, 3_000, Census(), 10_000)
    engine = Engine()
    for t_ms, event in play.journal:
        engine.handle(event, t_ms)
    assert engine.snapshot() == play.engine.snapshot()


@pytest.mark.parametrize("seed", range(20, 30))
def test_replay_from_any_snapshot_in_the_middle_gives_equal_facts_and_effects(seed: int) -> None:
    play = run(seed, 600, Census(), 10_000)
    original = Engine()
    outcomes, saved = [], []
    for t_ms, event in play.journal:
        saved.append(original.snapshot())
        outcomes.append(original.handle(event, t_ms))
    for start in range(0, len(saved), 75):
        engine = Engine.restore(saved[start])
        for index in range(start, len(saved)):
            t_ms, event = play.journal[index]
            assert engine.handle(event, t_ms) == outcomes[index]
        assert engine.snapshot() == original.snapshot()
