"""`acd incident`: mass incidents on the running desk: declare, change and end one, see what became of it."""

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from acd.commands import terminal
from acd.commands.client import client_of
from acd.commands.desk import SiteOption, UrlOption, segment
from acd.commands.listening import listen
from acd.commands.shell import BAD_INPUT, DONE, Failure, JsonOption, print_json, say, tell
from acd.web import INCIDENT_ID, INCIDENT_LASTS_MS
from config.durations import duration_ms, duration_text

app = typer.Typer(name="incident", help="Mass incidents: what callers are told first.", no_args_is_help=True)

SPOKEN_WITHIN_S = 30.0
"""The text is spoken before the server answers."""


ListenOption = Annotated[
    Path | None,
    typer.Option(
        "--listen", help="Only speak the text into this WAV file, to hear it first; nothing changes."
    ),
]


@app.callback()
def _group() -> None:
    """Mass incidents: what callers are told first."""


@app.command()
def declare(
    incident: Annotated[str, typer.Argument(metavar="ID")],
    *,
    text: Annotated[list[str], typer.Option(help="What is said, by language: --text en='…'. Repeat it.")],
    lasts: Annotated[str, typer.Option("--for", help="It ends by itself after so long: 30m, 2h, 1d.")],
    end: Annotated[bool, typer.Option("--end", help="The call is over when the text was heard.")] = False,
    offer: Annotated[
        bool, typer.Option("--offer", help='"Press one to be told when it is solved": who does, is let go.')
    ] = False,
    client: Annotated[list[str], typer.Option(help="Only calls of this client. Repeat it.")] = [],  # noqa: B006
    line: Annotated[list[str], typer.Option(help="Only this line. Repeat it.")] = [],  # noqa: B006
    entry: Annotated[list[str], typer.Option(help="Only this entry, as in the site file. Repeat it.")] = [],  # noqa: B006
    medium: Annotated[list[str], typer.Option(help="Only contacts of this medium. Repeat it.")] = [],  # noqa: B006
    vip: Annotated[bool, typer.Option("--vip", help="VIPs hear it, too.")] = False,
    ticket: Annotated[str, typer.Option(help="Where you work on it.")] = "",
    agreed: Annotated[str, typer.Option(help="Who at the client agreed to it.")] = "",
    warn: Annotated[str, typer.Option(help="So long before its end a warning is given.")] = "10m",
    listen: ListenOption = None,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Tell callers of a mass incident: who waits hears it at once, who rings in hears it first."""
    _check_id(incident)
    for_ms = _lasts_ms(lasts)
    if listen is not None:
        return _heard_first(texts_of(text), listen, "declared", offers=offer, as_json=as_json)
    body = {
        "id": incident,
        "texts": texts_of(text),
        "mode": _mode(offer=offer, end=end),
        "for_ms": for_ms,
        "clients": client,
        "lines": line,
        "entries": entry,
        "media": medium,
        "vip_exempt": not vip,
        "ticket": ticket,
        "agreed": agreed,
        "warn_ms": _duration_ms("--warn", warn),
    }
    with client_of(site, url) as server:
        answer = server.post("/incidents", body, SPOKEN_WITHIN_S)
    return tell(answer, f"incident {incident}: on, for {duration_text(for_ms)}", as_json=as_json)


@app.command()
def change(
    incident: Annotated[str, typer.Argument(metavar="ID")],
    *,
    text: Annotated[list[str], typer.Option(help="What is said now, by language. Repeat it.")] = [],  # noqa: B006
    lasts: Annotated[str, typer.Option("--for", help="From now on it lasts so long: 30m, 2h, 1d.")] = "",
    vip: Annotated[bool | None, typer.Option("--vip/--no-vip", help="Whether VIPs hear it, too.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Where you work on it.")] = None,
    agreed: Annotated[str | None, typer.Option(help="Who at the client agreed to it.")] = None,
    listen: ListenOption = None,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Change an incident that is on: who waits hears the new text once more, and keeps his place."""
    if listen is not None:
        return _heard_first(texts_of(text), listen, "changed", as_json=as_json)
    wished: dict[str, object] = {"ticket": ticket, "agreed": agreed}
    wished["texts"] = texts_of(text) if text else None
    wished["for_ms"] = _lasts_ms(lasts) if lasts else None
    wished["vip_exempt"] = None if vip is None else not vip
    body = {key: value for key, value in wished.items() if value is not None}
    if not body:
        raise Failure(BAD_INPUT, "say what to change: --text, --for, --vip, --no-vip, --ticket or --agreed")
    with client_of(site, url) as server:
        answer = server.post(f"/incidents/{segment(incident)}/change", body, SPOKEN_WITHIN_S)
    return tell(answer, f"incident {incident}: changed", as_json=as_json)


@app.command()
def show(
    incident: Annotated[str, typer.Argument(metavar="ID")],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """One incident, also one that is over: all of it, and whom it reached."""
    with client_of(site, url) as server:
        found = server.get(f"/incidents/{segment(incident)}")
    if as_json:
        print_json(found)
    else:
        terminal.console().print(terminal.incident(found))
    return DONE


@app.command()
def link(
    incident: Annotated[str, typer.Argument(metavar="ID")],
    contact: Annotated[int, typer.Argument(metavar="CONTACT", min=1)],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Have the party of a contact told when the incident is solved; the contact goes on."""
    with client_of(site, url) as server:
        answer = server.post(f"/contacts/{contact}/link", {"incident": incident})
    return tell(answer, f"incident {incident}: contact {contact} will be told its end", as_json=as_json)


@app.command()
def clear(
    incident: Annotated[str, typer.Argument(metavar="ID")],
    *,
    text: Annotated[
        list[str], typer.Option(help="What who asked for it is called and told, by language. Repeat it.")
    ] = [],  # noqa: B006
    tell_nobody: Annotated[bool, typer.Option("--tell-nobody", help="Though some wait to be told.")] = False,
    listen: ListenOption = None,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """End an incident: nobody hears it any more, and who asked for it is called and told."""
    if listen is not None:
        return _heard_first(texts_of(text), listen, "cleared", as_json=as_json)
    body = {"texts": texts_of(text), "silent": tell_nobody}
    with client_of(site, url) as server:
        answer = server.post(f"/incidents/{segment(incident)}/clear", body, SPOKEN_WITHIN_S)
    return tell(answer, f"incident {incident}: over", as_json=as_json)


@app.command("list")
def list_(site: SiteOption = None, url: UrlOption = "", as_json: JsonOption = False) -> int:
    """The incidents that are on."""
    with client_of(site, url) as server:
        found = server.get("/incidents")
    if as_json:
        print_json(found)
        return DONE
    for one in found["to_clear"]:
        say(f"incident {one['id']} is over, and callers wait to be told: clear it with --text")
    if not found["incidents"]:
        say("no incident is on")
    else:
        terminal.console().print(terminal.incidents(found["incidents"], time.time_ns() // 1_000_000))
    return DONE


def _heard_first(
    texts: Mapping[str, str], file: Path, what: str, *, as_json: bool, offers: bool = False
) -> int:
    if not texts:
        raise Failure(BAD_INPUT, "--listen needs a --text")
    files = [str(path) for path in listen(texts, file, offers=offers)]
    if as_json:
        print_json({"files": files})
    else:
        say(f"listen to {', '.join(files)}; nothing is {what} yet: leave out --listen")
    return DONE


def _check_id(incident: str) -> None:
    if not re.fullmatch(INCIDENT_ID, incident):
        why = "must be up to 64 letters, digits and . _ - without blanks"
        raise Failure(BAD_INPUT, f"the ID {incident!r} {why}")


def _mode(*, offer: bool, end: bool) -> str:
    if offer and end:
        raise Failure(BAD_INPUT, "--offer and --end exclude each other: after --end nobody is there to ask")
    return "end" if end else "offer" if offer else "inform"


def texts_of(given: Sequence[str]) -> dict[str, str]:
    """By language, as options say them. Raises Failure."""
    texts: dict[str, str] = {}
    for one in given:
        language, equals, words = one.partition("=")
        if not equals or not words.strip():
            raise Failure(BAD_INPUT, f"--text must be LANGUAGE=WORDS, such as en='Mail is down', not {one!r}")
        if language in texts:
            raise Failure(BAD_INPUT, f"there are two texts in {language}")
        texts[language] = words
    return texts


def _duration_ms(option: str, given: str) -> int:
    try:
        return duration_ms(given)
    except ValueError as mistake:
        raise Failure(BAD_INPUT, f"{option} {mistake}") from mistake


def _lasts_ms(lasts: str) -> int:
    lasts_ms = _duration_ms("--for", lasts)
    shortest_ms, longest_ms = INCIDENT_LASTS_MS
    if not shortest_ms <= lasts_ms <= longest_ms:
        least, most = duration_text(shortest_ms), duration_text(longest_ms)
        raise Failure(BAD_INPUT, f"--for must be at least {least} and at most {most}")
    return lasts_ms
