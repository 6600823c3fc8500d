"""What the terminal shows of the API's answers."""

import pytest
from rich.console import Console

from acd.commands import terminal


def shown(silent_ms: int) -> str:
    status = {"now_ms": 1_700_000_000_000, "lines": [], "agents": [], "contacts": []}
    console = Console(width=120)
    with console.capture() as text:
        console.print(terminal.status(status | {"heard_ms": 1_700_000_000_000 - silent_ms}))
    return text.get()


def test_a_server_that_does_not_answer_is_told_before_its_numbers() -> None:
    """With the moment of which they are; two seconds of silence are usual."""
    assert "the server has not answered since 22:13:10.000 UTC; this was so then" in shown(10_000)
    assert "answered" not in shown(2_100)


def test_what_could_not_be_written_is_told_before_the_numbers() -> None:
    """A table that shows nobody while calls are taken is worse than none."""
    late = {"unwritten": 5, "unwritten_since_ms": 1_700_000_000_000 - 10_000}
    status = {"now_ms": 1_700_000_000_000, "lines": [], "agents": [], "contacts": [], "heard_ms": 0} | late
    console = Console(width=300)
    with console.capture() as text:
        console.print(terminal.status(status))
    assert (
        "the journal cannot be written since 22:13:10.000 UTC; this was so then, and 5 entries" in text.get()
    )


def test_what_people_wrote_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets are no markup: a ticket such as [/x] ended the command."""
    incident = {
        "id": "a:one:b", "mode": "inform", "tenants": [], "lines": [], "entries": [], "expires_ms": 60_000,
        "ticket": "[/x] [red]", "texts": [["en", "[bold]down[/bold]"]],
    }  # fmt: skip
    terminal.console().print(terminal.incidents([incident], 0))
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("a:one:b", "[/x] [red]", "[bold]down[/bold]"))
