"""A server whose calls play themselves, in this process or, as a program, in one of its own.

python tests/acd/feed/played.py DIRECTORY [web]
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact
from acd.core.errors import Rejected
from acd.observe import logs
from acd.server.app import App
from acd.testing import ScriptedChannel, small_desk, small_site

AGENTS = tuple(f"agent-{number}" for number in range(8))
EVERY_S = 0.02
TALK_S = 0.05


class Player:
    """Calls come, are answered at once and end; it keeps the stamps of each in the loop's seconds."""

    def __init__(self, channel: ScriptedChannel) -> None:
        self.channel = channel
        self.came = 0
        self.ended = 0
        self.waits_s: list[float] = []
        """From a call's arrival until an agent is rung, of each call."""
        self._came_s: dict[str, float] = {}
        self._refs: dict[int, str] = {}
        channel.on_effect = self._answer

    def call(self) -> None:
        """One more."""
        self.came += 1
        came_s = asyncio.get_running_loop().time()
        self._came_s[self.channel.arrive()] = came_s

    async def play(self) -> None:
        """Until cancelled."""
        while True:
            self.call()
            await asyncio.sleep(EVERY_S)

    async def until_over(self) -> None:
        """Every call that came has ended."""
        async with asyncio.timeout(60):
            while self.ended < self.came:
                await asyncio.sleep(0.01)

    def _answer(self, effect: Effect) -> None:
        loop = asyncio.get_running_loop()
        self.channel.carried.clear()
        match effect:
            case AdmitContact():
                self._refs[effect.contact] = effect.carrier.ref
            case OfferContact():
                came_s = self._came_s.pop(self._refs.get(effect.contact, ""), None)
                if came_s is not None:
                    self.waits_s.append(loop.time() - came_s)
                loop.call_soon(self.channel.accept, effect)
            case ConnectContact():
                loop.call_later(TALK_S, self._leave, effect.contact)
            case _:
                pass

    def _leave(self, contact: int) -> None:
        self.channel.leave(contact)
        self.ended += 1


def made(directory: Path, *, web: bool) -> tuple[App, ScriptedChannel]:
    """The server, not started."""
    channel = ScriptedChannel()
    return App(small_site(directory, small_desk(AGENTS)), [channel], web=web), channel


async def serve(directory: Path, *, web: bool) -> None:
    """Play until killed. A start that follows a kill ends the calls that stood and goes on."""
    app, channel = made(directory, web=web)
    await app.start()
    for contact in list(app.driver.engine.state.contacts):
        channel.leave(contact)
    for agent in AGENTS:
        with suppress(Rejected):  # they are since before the kill
            channel.sign_in(agent)
    sys.stdout.write("playing\n")
    sys.stdout.flush()
    await Player(channel).play()


if __name__ == "__main__":
    logs.configure("error")
    asyncio.run(serve(Path(sys.argv[1]), web="web" in sys.argv[2:]))
