"""The programs that bench/simulation.py compares: each plays the same days and tells every call's fate."""

import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from acd.core.facts import Abandoned, Answered, Arrived, Fact
from bench.peers import ciw_day, idiomatic
from bench.peers.workload import WORKLOADS, Table, Workload, save, scenario, table
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.runs.experiment import run_day
from simulation.scenario import Scenario
from simulation.world.model import play

Fates = list[list[int]]
"""Per day and call: the wait in ms when it was answered, else its complement."""

SOURCE = Path(__file__).with_name("heap.c")
C_TIMES = 50
"""A day is over so soon in C and in the kernel that it is played more often."""


class Case(NamedTuple):
    """What every program is given, with all variates drawn."""

    workload: Workload
    scenario: Scenario
    seed: int
    days: Sequence[Day]
    tables: Sequence[Table]

    @property
    def calls(self) -> int:
        return sum(len(day.arrival) for day in self.tables)


class Spent(NamedTuple):
    """What playing all days once took."""

    cpu_ns: int
    peak_kb: int


class Program(NamedTuple):
    """A row of the table."""

    title: str
    fates: Callable[[Case], Fates]
    """Run first and not timed: warms caches and compilers, and yields what must agree."""
    timed: Callable[[Case], Spent]
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    needs: str = ""
    """A module that may be missing."""

    def missing(self, workload: str) -> str:
        """Why it cannot run here, if so."""
        if workload not in self.workloads:
            return "cannot be said in it"
        return f"no {self.needs} here" if self.needs and find_spec(self.needs) is None else ""


def case(name: str, days: int, seed: int) -> Case:
    """The first `days` days of a workload under `seed`."""
    plan = scenario(name)
    drawn = [Day(plan, seed, replication) for replication in range(days)]
    return Case(WORKLOADS[name], plan, seed, drawn, [table(day) for day in drawn])


def peak_kb() -> int:
    """The peak of this process's memory. Not getrusage: that includes the process that started us."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _here(run: Callable[[Case], object]) -> Callable[[Case], Spent]:
    """Time it in this process."""

    def timed(of: Case) -> Spent:
        began_ns = time.process_time_ns()
        run(of)
        return Spent(time.process_time_ns() - began_ns, peak_kb())

    return timed


# ---- the engine


class FateOf:
    """Observes one day of the engine: the fate of every call from the facts."""

    def __init__(self, rows: Table) -> None:
        self._place = rows.place
        self._call: dict[int, int] = {}
        self.fate = [0] * len(rows.arrival)

    def take(self, found: Iterable[Fact]) -> None:
        for fact in found:
            if isinstance(fact, Arrived):
                self._call[fact.contact] = self._place[fact.ref.rpartition("/")[0]]
            elif isinstance(fact, Answered):
                self.fate[self._call[fact.contact]] = fact.wait_ms
            elif isinstance(fact, Abandoned):
                self.fate[self._call[fact.contact]] = ~fact.wait_ms


Driver = type[LoopDriver] | type[SimDriver]


def _engine_fates(driver: Driver) -> Callable[[Case], Fates]:
    def fates(of: Case) -> Fates:
        seen = [FateOf(rows) for rows in of.tables]
        for day, observer in zip(of.days, seen, strict=True):
            play(of.scenario, day, observer.take, driver=driver)
        return [observer.fate for observer in seen]

    return fates


def _ignore(_: Iterable[Fact]) -> None:
    """The facts are made and handed over; nobody counts them."""


def _engine(title: str, driver: Driver) -> Program:
    def run(of: Case) -> None:
        for day in of.days:
            play(of.scenario, day, _ignore, driver=driver)

    return Program(title, _engine_fates(driver), _here(run))


def _simulate(of: Case) -> None:
    """As an experiment does it: draw the variates, play, fold all KPIs."""
    for replication in range(len(of.days)):
        run_day(of.scenario, of.seed, replication)


# ---- the kernel, in a module of its own because numba may be missing


def _kernel_fates(of: Case) -> Fates:
    kernel = import_module("bench.peers.kernel_day")
    return [kernel.fates(of.scenario, day) for day in of.days]


def _kernel(of: Case) -> Spent:
    """On tables that are ready, a day again and again, as the C program has them."""
    kernel = import_module("bench.peers.kernel_day")
    cpu_ns = sum(kernel.run_ns(of.scenario, day, C_TIMES) for day in of.days)
    return Spent(cpu_ns // C_TIMES, peak_kb())


def _kernel_play(of: Case) -> Spent:
    """From the drawn variates: checks the scenario and makes the tables."""
    kernel = import_module("bench.peers.kernel_day")
    return _here(lambda _: [kernel.play(of.scenario, day) for day in of.days])(of)


# ---- the peers


def _python(title: str, day: Callable[[Workload, Table], list[int]], *only: str) -> Program:
    def fates(of: Case) -> Fates:
        return [day(of.workload, rows) for rows in of.tables]

    return Program(title, fates, _here(fates), only or tuple(WORKLOADS))


def _c(of: Case, times: int) -> tuple[Fates, Spent]:
    with tempfile.TemporaryDirectory(prefix="acd-bench-") as folder:
        program, days, out = (Path(folder) / name for name in ("heap", "days", "out"))
        subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
        save(days, of.workload, of.tables)
        command = [str(program), str(days), str(times), str(out)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        fates = array("q", out.read_bytes())
    cpu_ns, kb = map(int, printed.split())
    calls = iter(fates)
    return [list(islice(calls, len(rows.arrival))) for rows in of.tables], Spent(cpu_ns // times, kb)


PROGRAMS = {
    "loop": _engine("engine in a loop", LoopDriver),
    "loop-kpi": Program("the same, drawn, all KPIs", _engine_fates(LoopDriver), _here(_simulate)),
    "simpy-driver": _engine("engine in SimPy", SimDriver),
    "kernel": Program("kernel, tables ready", _kernel_fates, _kernel, needs="numba"),
    "kernel-play": Program("kernel, from variates", _kernel_fates, _kernel_play, needs="numba"),
    "idiomatic": _python("idiomatic SimPy", idiomatic.play),
    "ciw": _python("Ciw", ciw_day.play, "W1"),
    "c": Program("C, event heap", lambda of: _c(of, 1)[0], lambda of: _c(of, C_TIMES)[1]),
}
"""The rows in the order of the table; `c` is the reference of all fates."""
