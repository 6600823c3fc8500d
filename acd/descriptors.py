"""Open files of a process: as many as it may have, and a short word in the log when they run out."""

import asyncio
import resource
from typing import Any

import structlog

_log = structlog.get_logger("acd.descriptors")

TELL_EVERY_S = 60.0
_ACCEPTING = "socket.accept() out of system resource"


def all_there_are() -> int:
    """Raise our limit to the hardest that we may have; how many that is. A shell's 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # the kernel allows less than it says
        return soft
    return hard


class Scarce:
    """A loop's exception handler: that a socket could not be accepted is told once a minute, in one line.

    asyncio tells of each that waits, with its stack: megabytes a second that tell nothing.
    """

    def __init__(self) -> None:
        self._count = 0
        self._next_s = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if context.get("message") != _ACCEPTING:
            loop.default_exception_handler(context)
            return
        self._count += 1
        if loop.time() >= self._next_s:
            _log.error(
                "no more descriptors: connections wait", error=str(context["exception"]), count=self._count
            )
            self._count, self._next_s = 0, loop.time() + TELL_EVERY_S
