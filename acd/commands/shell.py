"""What commands promise the shell: exit codes, one line on standard error, JSON where it is asked for."""

import json
import sys
from typing import Annotated

import typer

DONE, NO, BAD_INPUT = 0, 1, 2

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


class Failure(Exception):
    """Ends the command with `code` and one line on standard error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def say(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def print_json(found: object) -> None:
    """One object in one line on standard output."""
    say(json.dumps(found, ensure_ascii=False))


def tell(answer: object, text: str, *, as_json: bool) -> int:
    """What the server has done: its answer for programs, a line for people."""
    if as_json:
        print_json(answer)
    else:
        say(text)
    return DONE


def complain(text: str, code: int) -> int:
    """A line on standard error; returns `code`."""
    sys.stderr.write(f"acd: {text}\n")
    return code
