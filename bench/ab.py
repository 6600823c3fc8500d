"""Two checkouts against each other: `python bench/ab.py BEFORE AFTER [--rounds 9] [--what W1]`.

Each checkout runs in a process of its own that lives through all rounds; they take turns with short runs, so
that whatever else the machine does hits both alike. Printed is the speed of AFTER as a multiple of
BEFORE's: the median over the rounds, with the quartiles. CPU time, not wall-clock.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import IO

WORKLOADS = ("core", "W1", "W2", "W1-kpi", "W2-kpi")


def workload(what: str) -> Callable[[], float]:
    """One short run in the present checkout: CPU nanoseconds per event or call."""
    if what == "core":
        from bench import core  # noqa: PLC0415 that of the checkout on trial

        floor = core.Floor(core.Size(1000, 100, 1000, 1, 20, 4000))
        floor.fill()

        def events() -> float:
            floor.run()
            return sum(floor.spent_ns) / len(floor.spent_ns)

        return events
    from bench.peers.programs import PROGRAMS, case  # noqa: PLC0415

    of = case(what[:2], 1, 1)
    program = PROGRAMS["loop-kpi" if what.endswith("kpi") else "loop"]
    return lambda: program.timed(of).cpu_ns / of.calls


class Side:
    """One checkout at work."""

    def __init__(self, tree: str, what: str) -> None:
        command = [sys.executable, os.path.abspath(__file__), "--serve", tree, what]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._ask: IO[str] = self._process.stdin
        self._answers: IO[str] = self._process.stdout
        self._answer()

    def run(self) -> float:
        print("run", file=self._ask, flush=True)
        return float(self._answer())

    def close(self) -> None:
        self._ask.close()
        self._process.wait(timeout=30)

    def _answer(self) -> str:
        line = self._answers.readline()
        if not line:
            raise SystemExit("the process of a checkout ended")
        return line


def serve(tree: str, what: str) -> None:
    """Run once for every line of the input; the first two runs warm up."""
    sys.path[0] = tree
    os.chdir(tree)
    run = workload(what)
    run()
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(run(), flush=True)


def compared(before: str, after: str, what: str, rounds: int) -> list[float]:
    """Speed of `after` as a multiple of that of `before`, a number per round, sorted."""
    sides = Side(before, what), Side(after, what)
    found = []
    for number in range(rounds):
        first = number % 2
        spent = {first: sides[first].run(), 1 - first: sides[1 - first].run()}
        found.append(spent[0] / spent[1])
    for side in sides:
        side.close()
    return sorted(found)


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--what", choices=WORKLOADS, action="append")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    for what in given.what or ("core", "W1", "W2"):
        found = compared(given.before, given.after, what, given.rounds)
        quarter = len(found) // 4
        spread = f"{found[quarter]:.2f} to {found[-1 - quarter]:.2f}"
        print(f"{what:8} x {statistics.median(found):.2f} ({spread}), {given.rounds} rounds")


if __name__ == "__main__":
    main()
