"""A process that keeps one document after the other, and reports each when it is synced, until it is killed.

Arguments: directory, number of documents (0: endless). A report is `kept NUMBER ID`.
"""

import os
import sys
from itertools import count
from pathlib import Path

from acd.content import disk
from acd.content.disk import DiskContent
from acd.content.master import MasterKey
from acd.ports import ContactRef, NewPiece


def main(directory: Path, total: int) -> None:
    disk.PACE_S = 0.001
    content = DiskContent(directory / "vault.db", MasterKey(bytes(range(32))), lambda: 1)
    for number in count(1):
        contact = ContactRef("north", f"{os.getpid()}-{number}")
        begun = content.append([NewPiece(contact, "mail", b"%d " % number * 500, last=False)])
        ended = content.append([NewPiece(contact, "mail", b"end of %d" % number, begun.ids[0])])
        ended.synced.result(60)
        os.write(1, f"kept {number} {begun.ids[0]}\n".encode())
        if number == total:
            break
    content.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
