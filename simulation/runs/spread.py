"""Where blocks of work are done: here, in other processes, or on a Dask cluster, through one interface.

All back-ends give the same results in the same order, provided that a block's result depends on it alone.
"""

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

B = TypeVar("B")
R = TypeVar("R")

AHEAD = 3
"""Blocks per worker that are handed out before the first result is asked for."""


class Map(Protocol):
    """Applies `work` to every block; gives the results in the order of the blocks, as they come.

    `work` is a function of a module; blocks and results can be pickled.
    """

    def __call__(self, work: Callable[[B], R], blocks: Iterable[B]) -> Iterator[R]: ...


class NoBackend(Exception):
    """The back-end asked for is not installed, or cannot be reached; the text says what to do."""


def serial(work: Callable[[B], R], blocks: Iterable[B]) -> Iterator[R]:
    """In this process, one after the other."""
    return map(work, blocks)


@contextmanager
def workers(jobs: int) -> Iterator[Map]:
    """What `-j` means: this process for 1, else as many others. Raises as `processes`."""
    if jobs == 1:
        yield serial
        return
    with processes(jobs) as spread:
        yield spread


@contextmanager
def processes(jobs: int) -> Iterator[Map]:
    """In `jobs` processes of this machine, started at once and ended with the context, on Ctrl-C too.

    Enter it before a progress bar: they are forked where no other thread runs, else started afresh, which
    takes a second. Raises ValueError for fewer than one; BrokenProcessPool when one was killed from outside.
    """
    if jobs < 1:
        raise ValueError(f"at least one process is needed, not {jobs}")
    context = multiprocessing.get_context(_start_method())
    pool = ProcessPoolExecutor(jobs, context, initializer=_leave_ctrl_c_to_the_parent)
    try:
        pool.submit(_nothing).result()
        yield _Handing(pool.submit, jobs)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def dask(address: str | None = None, *, jobs: int = 2) -> Iterator[Map]:
    """On the Dask cluster whose scheduler is at `address`; None: `jobs` processes, reached by loopback only.

    The workers of a cluster need this package in the same version. Raises NoBackend when Dask is not
    installed or nothing answers at the address.
    """
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise NoBackend('Dask is not installed; it comes with "acd-engine[dask]"') from error
    with ExitStack() as until_the_end:
        if address is None:
            address = _local_cluster(distributed, jobs, until_the_end)
        try:
            client = until_the_end.enter_context(distributed.Client(address, timeout=10))
        except (OSError, ValueError) as error:
            raise NoBackend(f"no Dask scheduler at {address}: {error}") from error
        cores = sum(client.ncores().values())
        yield _Handing(lambda work, block: client.submit(work, block, pure=False), cores)


def _local_cluster(distributed: Any, jobs: int, until_the_end: ExitStack) -> str:
    """Address of the scheduler of a cluster of `jobs` processes here."""
    cluster = distributed.LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=until_the_end.enter_context(TemporaryDirectory()),
    )
    return str(until_the_end.enter_context(cluster).scheduler_address)


class _Handing:
    """A map over anything that gives futures; few are open at a time, so stopping loses little."""

    def __init__(self, submit: Callable[[Any, Any], Any], jobs: int) -> None:
        self._submit = submit
        self._open = AHEAD * jobs

    def __call__(self, work: Callable[[B], R], blocks: Iterable[B]) -> Iterator[R]:
        coming = iter(blocks)
        open_ = deque(self._submit(work, block) for block in islice(coming, self._open))
        try:
            while open_:
                result: R = open_.popleft().result()
                open_.extend(self._submit(work, block) for block in islice(coming, 1))
                yield result
        finally:
            for future in open_:
                future.cancel()


def _start_method() -> str:
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    return "fork" if can_fork else "spawn"


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _nothing() -> None:
    """The first piece of work: makes the pool start its processes now."""
