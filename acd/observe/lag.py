"""How late the loop serves its timers: the first sign of overload."""

import asyncio

from acd.observe.metrics import Pauses

_EVERY_S = 0.1


class LoopLag:
    """Measures ten times a second."""

    def __init__(self) -> None:
        self.pauses = Pauses()

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            self.pauses.observe(max(0.0, (loop.time() - due_s) * 1000))
