"""Stateful property test: whatever happens to a random desk, every invariant of the engine holds."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.acd.core.play import MOVES, WEIGHTS, Play
from tests.acd.core.random_desk import random_desk

WHO = st.integers(0, 9_999)
WHAT = st.integers(0, 59)
HOW = st.integers(0, 999)

PREPARE = ("reachable", "sign in", "arrive", "accept", "advance")
"""Moves that lead somewhere are drawn twice, so that shrinking and exploring start from a busy desk."""


class DeskMachine(RuleBasedStateMachine):
    """Moves by name; `Play` carries them out and lets the oracle check after each."""

    play: Play

    @initialize(seed=st.integers(0, 2_000), staffed=st.booleans())
    def open_desk(self, seed: int, staffed: bool) -> None:
        self.play = Play(random_desk(seed))
        if staffed:
            for number in range(len(self.play.engine.state.seats)):
                for medium in range(3):
                    self.play.move("reachable", number, medium, 0)
                self.play.move("sign in", number, 0, 0)

    @rule(name=st.sampled_from([*WEIGHTS, *PREPARE]), x=WHO, y=WHAT, z=HOW)
    def move(self, name: str, x: int, y: int, z: int) -> None:
        self.play.move(name, x, y, z)

    @rule(entry=WHO, y=WHAT, z=HOW, times=st.integers(2, 6))
    def rush(self, entry: int, y: int, z: int, times: int) -> None:
        for _ in range(times):
            self.play.move("arrive", entry, y, z)

    @rule(name=st.sampled_from([name for name in MOVES if name not in WEIGHTS]), x=WHO, z=HOW)
    def upheaval(self, name: str, x: int, z: int) -> None:
        self.play.move(name, x, 0, z)

    @invariant()
    def all_is_well(self) -> None:
        self.play.oracle.check(self.play.now_ms)


TestDeskMachine = DeskMachine.TestCase
TestDeskMachine.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
