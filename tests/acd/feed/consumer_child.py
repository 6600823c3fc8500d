"""A consumer as a process: notes each entry in a file, and after its death goes on behind its last line.

python tests/acd/feed/consumer_child.py SOCKET FILE
"""

import asyncio
import sys
from pathlib import Path

from acd.feed.consumer import Consumer
from acd.feed.messages import Entries


async def follow(path: Path, file: Path) -> None:
    """A line is `cursor digest`; one that was cut off when we died does not count."""
    text = file.read_text() if file.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    file.write_text(whole)
    cursor = whole.splitlines()[-1].split()[0] if whole else ""
    with file.open("a") as notes:
        async for delivery in Consumer(path, cursor).deliveries():
            if isinstance(delivery, Entries):
                epoch = delivery.cursor.partition(".")[0]
                notes.write("".join(f"{epoch}.{one.seq} {one.digest.hex()}\n" for one in delivery.entries))
                notes.flush()


if __name__ == "__main__":
    asyncio.run(follow(Path(sys.argv[1]), Path(sys.argv[2])))
