"""`acd replay` as `acd` runs it, in this process."""

import contextlib
import io
from typing import NamedTuple

import typer

from acd.commands.shell import Failure
from simulation.commands.replay import replay

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(replay)


class Answer(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


def run(*words: object) -> Answer:
    """Run it with these words."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = app([str(word) for word in words], standalone_mode=False)
        except Failure as failure:
            code = failure.code
            err.write(str(failure))
    return Answer(code, out.getvalue(), err.getvalue())
