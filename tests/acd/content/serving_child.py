"""A desk in a process of its own: a caller's number a line on stdin; `kept ID` when it is synced.

Argument: the folder, which has `site.toml`. SIGTERM and the end of stdin stop it cleanly.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from acd.core.events import ContactArrived
from acd.observe import logs
from acd.ports import ContactRef, NewParty, PartyKind
from acd.server.app import App
from acd.testing import NUMBER, TENANT, ScriptedChannel, small_site
from agents.capacity import VOICE


async def main(folder: Path) -> None:
    logs.configure("warning")
    channel = ScriptedChannel()
    app = App(small_site(folder), [channel])
    await app.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    os.write(1, b"serving\n")
    calls = asyncio.ensure_future(take_calls(channel, lines))
    await asyncio.wait({calls, asyncio.ensure_future(stopped.wait())}, return_when=asyncio.FIRST_COMPLETED)
    await app.stop()
    os.write(1, b"stopped\n")


async def take_calls(channel: ScriptedChannel, lines: asyncio.StreamReader) -> None:
    count = 0
    while line := (await lines.readline()).decode().strip():
        count += 1
        ref = f"call-{os.getpid()}-{count}"
        party = NewParty(ContactRef(TENANT, ref), PartyKind.NUMBER, line)
        appended = channel.host.append([party])
        seq = channel.host.submit(ContactArrived(ref, NUMBER, VOICE, appended.ids[0], channel=channel.name))
        await channel.host.kept(seq, [appended], 60)
        os.write(1, f"kept {appended.ids[0]}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
