"""Fuzz target for all that the server's socket reads: `python tests/acd/feed/fuzz_frames.py --count N`."""

import argparse
import random
from collections import Counter

from acd.feed.cursor import parse
from acd.feed.frames import FrameError, Splitter, framed
from acd.feed.messages import Follow, decode
from acd.web import protocol as p
from acd.web.control import WriteKey

LIMIT = 4_096
SEEDS = [
    framed(p.encode(message))
    for message in (
        Follow("0123456789abcdef.17"),
        p.Request(1, p.Hello()),
        p.Request(2, p.Ping(7, True)),
        p.Request(3, p.Submit(b"\x81\xa4type\xa4Tick", "api:x", WriteKey("x", "k", b"f" * 32))),
        p.Request(4, p.AskHistory(17)),
        p.Request(5, p.Erase("+49 30 555 0199", None)),
        p.Request(6, p.Read("0" * 32, 3)),
        p.Request(7, p.Append("north", "c1", "draft", b"Dear", "", True)),
    )
]


def mutated(luck: random.Random) -> bytes:
    """Some frames, cut, glued, flipped."""
    data = bytearray(b"".join(luck.choice(SEEDS) for _ in range(luck.randint(1, 3))))
    for _ in range(luck.randint(0, 6)):
        place = luck.randrange(len(data))
        match luck.randrange(4):
            case 0:
                data[place] = luck.randrange(256)
            case 1:
                del data[place : place + luck.randint(1, 8)]
            case 2:
                data[place:place] = luck.randbytes(luck.randint(1, 8))
            case _:
                data[place:place] = data[: luck.randint(1, 30)]
        if not data:
            break
    return bytes(data)


def once(data: bytes, luck: random.Random, seen: Counter[str]) -> None:
    """Feed it in pieces; only the errors that are promised may come, and memory stays bounded."""
    splitter = Splitter(LIMIT)
    try:
        while data:
            size = luck.randint(1, 64)
            piece, data = data[:size], data[size:]
            for body in splitter.feed(piece):
                assert len(body) <= LIMIT
                _decoded(body, seen)
            assert splitter.held <= LIMIT + 4 + 64
    except FrameError:
        seen["refused"] += 1


def _decoded(body: bytes, seen: Counter[str]) -> None:
    for what, read in (("opening", p.decode_opening), ("reply", p.decode_reply), ("delivery", decode)):
        try:
            found = read(body)
        except FrameError:
            seen[f"no {what}"] += 1
        else:
            seen[what] += 1
            if isinstance(found, Follow):
                try:
                    parse(found.cursor)
                except ValueError:
                    seen["no cursor"] += 1


def fuzz(count: int, seed: int) -> Counter[str]:
    """What happened how often."""
    luck, seen = random.Random(seed), Counter[str]()
    for _ in range(count):
        once(mutated(luck), luck, seen)
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(dict(fuzz(given.count, given.seed)))  # noqa: T201
