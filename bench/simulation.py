"""A planner's day in the production engine beside its peers: calls per second of CPU, memory, same answers.

    python bench/simulation.py [--quick] [--json] [--days N] [--rounds N] [--seed N] [PROGRAM ...]

Every row plays the same days with the same variates: 12 hours, 24 half-hour rates, 10,000 calls expected,
lognormal talk of 240 s with cv 1, exponential patience of 180 s, 60 agents. W1: one line, first come first
served. W2: three types of calls, 50, 30 and 20 %, and groups of 22, 22 and 16 agents who take A, A and B,
B and C. The C program (bench/peers/heap.c, compiled here) says what is right: a row agrees when every single
call has the same fate and the same wait. CPU time of the process, median of the rounds, in which the rows
take turns; each measurement is a process of its own that played the days once before. Two more figures are
wall-clock time: `pair` is an experiment in one process over the same in two, `staff` is `acd staff` on the
demo plan (24 hours, 5 lines) with two processes. Exit status 1: an aim was missed, or a row does not agree.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:  # run as a file: only its own folder is on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # not bench/, whose simulation.py this is

from bench.peers.programs import PROGRAMS, case
from bench.peers.workload import WORKLOADS, scenario
from simulation.runs.experiment import experiment
from simulation.runs.spread import processes

ROOT = Path(__file__).resolve().parents[1]
PAIR, STAFF = "pair", "staff"
"""Not rows: they are measured in wall-clock time."""
PAIR_DAYS = 16
"""A few seconds in one process: what starting two costs is lost in it, as in every real experiment."""

EVERYTHING = [*PROGRAMS, PAIR, STAFF]

Samples = dict[tuple[str, str], list[dict[str, Any]]]
"""What the processes printed, by (workload, program)."""


class Row(NamedTuple):
    """A program on a workload."""

    workload: str
    program: str
    title: str
    calls_per_s: int
    ms_per_day: float
    of_c: float
    of_simpy: float
    peak_mb: float
    differing: int
    """Calls whose fate or wait is not that of the C program."""
    calls: int
    skipped: str = ""


class Aim(NamedTuple):
    """What is to be reached."""

    name: str
    value: float
    limit: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def main() -> int:
    options = _options()
    if options.child:
        print(json.dumps(measured(options.child[0], options.child[1], options.days, options.seed)))
        return 0
    samples = collect(options)
    rows = [row for workload in WORKLOADS for row in rows_of(workload, samples, options.programs)]
    aims = list(aims_of(rows, samples))
    found = {"conditions": conditions(options), "rows": [row._asdict() for row in rows]}
    if options.json:
        print(json.dumps(found | {"aims": [aim._asdict() | {"reached": aim.reached} for aim in aims]}))
    else:
        show(rows, aims, conditions(options))
    return int(any(row.differing for row in rows) or not all(aim.reached for aim in aims))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(EVERYTHING))
    parser.add_argument("--quick", action="store_true", help="one day, one round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.programs) - set(EVERYTHING):
        parser.error(f"no program {', '.join(sorted(unknown))}; there are {', '.join(EVERYTHING)}")
    if options.quick:
        options.days = options.rounds = 1
    return options


def measured(workload: str, program: str, days: int, seed: int) -> dict[str, object]:
    """One row in this process: its cost, and the fate of every call as hexadecimal."""
    if program == PAIR:
        return pair(workload, PAIR_DAYS, seed)
    if program == STAFF:
        return staff(seed)
    of = case(workload, days, seed)
    fates = PROGRAMS[program].fates(of)
    spent = PROGRAMS[program].timed(of)
    told = array("q", (fate for day in fates for fate in day)).tobytes().hex()
    return {**spent._asdict(), "days": days, "calls": of.calls, "fates": told}


def collect(options: argparse.Namespace) -> Samples:
    """Let every program run in every round, one after the other."""
    asked = options.programs or EVERYTHING
    turns = [(w, p) for w in WORKLOADS for p in PROGRAMS if p in asked and not PROGRAMS[p].missing(w)]
    turns += [("W1", PAIR)] if PAIR in asked else []
    turns += [("demo", STAFF)] if STAFF in asked else []
    samples: Samples = {turn: [] for turn in turns}
    for number in range(options.rounds):
        for workload, program in turns:
            if sys.stderr.isatty():
                print(f"round {number + 1}: {workload} {program}", end="\x1b[K\r", file=sys.stderr)
            command = [sys.executable, __file__, "--child", workload, program]
            command += ["--days", str(options.days), "--seed", str(options.seed)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            samples[workload, program].append(json.loads(printed))
    return samples


def pair(workload: str, days: int, seed: int) -> dict[str, object]:
    """Wall-clock seconds of an experiment here, and in two processes, their start included."""
    plan = scenario(workload)
    experiment(plan, seed=seed, days=1)
    began_s = time.perf_counter()
    alone = experiment(plan, seed=seed, days=days)
    between_s = time.perf_counter()
    with processes(2) as spread:
        together = experiment(plan, seed=seed, days=days, map=spread)
    ended_s = time.perf_counter()
    if [day.fingerprint() for day in alone.days] != [day.fingerprint() for day in together.days]:
        raise AssertionError("two processes found something else than one")
    return {"gain": (between_s - began_s) / (ended_s - between_s)}


def staff(seed: int) -> dict[str, object]:
    """Wall-clock seconds of `acd staff` as a planner starts it, its certificate by the engine included."""
    plan = ROOT / "simulation" / "demo" / "plan.toml"
    command = [sys.executable, "-m", "acd", "staff", str(plan), "--seed", str(seed), "-j", "2", "--json"]
    began_s = time.perf_counter()
    done = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    ended_s = time.perf_counter()
    return {"wall_s": ended_s - began_s, "days": json.loads(done.stdout)["days"]}


def rows_of(workload: str, samples: Samples, asked: Sequence[str]) -> Iterator[Row]:
    """The rows of one workload that were asked for; those that cannot run say why."""
    spent_s = {
        p: _median(s, "cpu_ns") / 1e9 for (w, p), s in samples.items() if w == workload and p in PROGRAMS
    }
    right = samples.get((workload, "c"), [{"fates": ""}])[0]["fates"]
    for name, program in PROGRAMS.items():
        if name not in spent_s:
            if name in (asked or PROGRAMS):
                yield Row(workload, name, program.title, 0, 0, 0, 0, 0, 0, 0, program.missing(workload))
            continue
        found = samples[workload, name]
        yield Row(
            workload,
            name,
            program.title,
            round(found[0]["calls"] / spent_s[name]),
            round(spent_s[name] * 1e3 / found[0]["days"], 2),
            round(spent_s["c"] / spent_s[name], 5) if "c" in spent_s else 0,
            round(spent_s["idiomatic"] / spent_s[name], 2) if "idiomatic" in spent_s else 0,
            round(_median(found, "peak_kb") / 1024, 1),
            differing(found[0]["fates"], right) if right else 0,
            found[0]["calls"],
        )


def _median(samples: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(statistics.median(sample[name] for sample in samples))


def differing(fates: str, right: str) -> int:
    """How many calls have another fate."""
    pairs = zip(bytes.fromhex(fates), bytes.fromhex(right), strict=True)
    return 0 if fates == right else len({index // 8 for index, (a, b) in enumerate(pairs) if a != b})


def aims_of(rows: Sequence[Row], samples: Samples) -> Iterator[Aim]:
    """What was to be reached, as far as the rows that ran tell."""
    by = {(row.workload, row.program): row for row in rows if not row.skipped}
    for workload in WORKLOADS:
        loop, kernel = by.get((workload, "loop")), by.get((workload, "kernel"))
        driver = by.get((workload, "simpy-driver"))
        if loop:
            yield Aim(f"{workload} engine in a loop, calls/s", loop.calls_per_s, 25_000)
        if loop and driver:
            share = round(driver.calls_per_s / loop.calls_per_s, 2)
            yield Aim(f"{workload} engine in SimPy, of the loop", share, 0.5)
        if kernel and kernel.of_c:
            yield Aim(f"{workload} kernel, of C", kernel.of_c, 0.5)
    if ("W1", PAIR) in samples:
        gain = round(_median(samples["W1", PAIR], "gain"), 2)
        yield Aim("W1 two processes, of one (wall-clock time)", gain, 1.7)
    if ("demo", STAFF) in samples:
        wall_s = round(_median(samples["demo", STAFF], "wall_s"), 1)
        yield Aim("acd staff, 24 h, 5 lines, s of wall-clock time", wall_s, 60, at_most=True)


def conditions(options: argparse.Namespace) -> dict[str, object]:
    """What it ran on, and what was run."""
    gcc = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout
    return {
        "python": f"{platform.python_version()} ({platform.python_compiler()})",
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "gcc": gcc.split("\n", 1)[0],
        **{name: _version(name) for name in ("numpy", "msgspec", "simpy", "ciw", "numba")},
        "days": options.days,
        "rounds": options.rounds,
        "seed": options.seed,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def show(rows: Sequence[Row], aims: Sequence[Aim], ran_on: Mapping[str, object]) -> None:
    print(f"{'':3} {'':26}{'calls/s':>11}{'ms/day':>9}{'of C':>9}{'× SimPy':>9}{'MB':>7}  same answers")
    for row in rows:
        name = f"{row.workload:3} {row.title:26}"
        if row.skipped:
            print(f"{name}{'–':>11}  {row.skipped}")
            continue
        same = "all" if not row.differing else f"{row.calls - row.differing} of {row.calls}"
        costs = f"{row.calls_per_s:11,}{row.ms_per_day:9.1f}{row.of_c:9.4f}{row.of_simpy:9.2f}"
        print(f"{name}{costs}{row.peak_mb:7.0f}  {same}")
    for aim in aims:
        least = f"at {'most' if aim.at_most else 'least'} {aim.limit:,}"
        print(f"{aim.name:49} {aim.value:>8,}  {least}: {'reached' if aim.reached else 'MISSED'}")
    print(", ".join(f"{name} {value}" for name, value in ran_on.items()))


if __name__ == "__main__":
    sys.exit(main())
