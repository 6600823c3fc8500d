"""Where the work is done changes nothing but the time it takes; what was started is ended."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.runs import spread
from simulation.runs.experiment import experiment
from simulation.runs.spread import NoBackend, dask, processes, serial, workers
from tests.simulation.random_scenario import random_scenario

DAYS = 6


def square(number: int) -> int:
    return number * number


def fail(number: int) -> int:
    raise ValueError(f"no {number}")


def whoami(_: int) -> int:
    return os.getpid()


@pytest.fixture(scope="module")
def alone() -> str:
    """What the experiment finds in this process."""
    return experiment(random_scenario(5), seed=3, days=DAYS, map=serial, digest=True).digest()


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_any_number_of_processes_finds_the_same_bytes(
    jobs: int, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.runs.experiment.BLOCK_CONTACTS", 1)
    with processes(jobs) as spread_out:
        found = experiment(random_scenario(5), seed=3, days=DAYS, map=spread_out, digest=True)
    assert found.digest() == alone


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_of_two_workers_finds_the_same_bytes_and_is_gone_afterwards(
    alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.runs.experiment.BLOCK_CONTACTS", 1)
    with dask(jobs=2) as spread_out:
        found = experiment(random_scenario(5), seed=3, days=DAYS, map=spread_out, digest=True)
        pids = set(spread_out(whoami, range(20)))
    assert found.digest() == alone
    assert os.getpid() not in pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoBackend, match=r"acd-engine\[dask\]"), dask():
        pass


def test_results_come_in_the_order_of_the_blocks_and_blocks_are_taken_as_needed() -> None:
    taken = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with processes(2) as spread_out:
        results = spread_out(square, numbers())
        assert next(results) == 0
        assert len(taken) == spread.AHEAD * 2 + 1
        assert list(results) == [number * number for number in range(1, 100)]


def test_a_failure_in_a_worker_is_raised_here_and_the_workers_end() -> None:
    with processes(2) as spread_out, pytest.raises(ValueError, match="no 1"):
        list(spread_out(fail, [1, 2, 3]))
    assert multiprocessing.active_children() == []


def test_stopping_early_ends_the_workers() -> None:
    with processes(2) as spread_out:
        pids = {next(iter(spread_out(whoami, range(1_000)))) for _ in range(3)}
    assert os.getpid() not in pids
    assert multiprocessing.active_children() == []


def test_where_another_thread_runs_workers_are_not_forked() -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    try:
        with processes(1) as spread_out:
            assert list(spread_out(abs, [-3])) == [3]
            assert {type(child).__name__ for child in multiprocessing.active_children()} == {"SpawnProcess"}
    finally:
        release.set()
        thread.join()


def test_one_job_stays_in_this_process_and_none_is_refused() -> None:
    with workers(1) as spread_out:
        assert list(spread_out(whoami, [1])) == [os.getpid()]
    with workers(2) as spread_out:
        assert os.getpid() not in spread_out(whoami, [1, 2, 3])
    with pytest.raises(ValueError, match="at least one"), workers(0):
        pass


PROGRAM = """
import signal, sys, time
from simulation.runs.spread import processes

def nap(number):
    time.sleep(0.1)
    return number

if __name__ == "__main__":
    # A shell that runs the tests in the background lets its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with processes(2) as spread_out:
        for number in spread_out(nap, range(10_000)):
            print(number, flush=True)
"""


def test_ctrl_c_ends_the_workers_at_once_and_without_their_complaints(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    running = subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "0\n"
    os.killpg(running.pid, signal.SIGINT)
    _, complaints = running.communicate(timeout=60)
    assert running.returncode != 0
    assert complaints.count("Traceback") == 1
    assert complaints.rstrip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 60
    while _group_lives(running.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
