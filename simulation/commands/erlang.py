"""`acd erlang b|c|a|x|agents`: the classical formulas, for one group of agents in steady state."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from acd.commands.shell import BAD_INPUT, DONE, NO, JsonOption
from simulation import erlang
from simulation.erlang import HOUR_S, ErlangError, NotReached, ServiceLevel
from simulation.theory.birth_death import Unstable

app = typer.Typer(
    name="erlang",
    help="Erlang B, C, A and X for one group of agents; how many agents a service level needs.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Calls = Annotated[float, typer.Option("--calls-per-hour", help="Calls that come in an hour.")]
Aht = Annotated[float, typer.Option("--aht", help="Mean handling time, wrap-up included, in seconds.")]
Agents = Annotated[int, typer.Option("--agents", help="Agents.")]
Patience = Annotated[float, typer.Option("--patience", help="Mean patience in seconds; inf: endless.")]
Target = Annotated[float, typer.Option("--target", help="Target of the service level in seconds.")]
Level = Annotated[ServiceLevel, typer.Option("--sl", help="Definition of the service level.")]
Lines = Annotated[int | None, typer.Option("--lines", help="Calls at most, served and waiting.")]


@app.command("b")
def loss(
    agents: Agents,
    load: Annotated[float | None, typer.Option("--load", help="Offered load in Erlang.")] = None,
    calls_per_hour: Annotated[
        float | None, typer.Option("--calls-per-hour", help="Instead of --load …")
    ] = None,
    aht: Annotated[float | None, typer.Option("--aht", help="… with the handling time in seconds.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Nobody can wait: the share of calls that is blocked."""

    def figures() -> dict[str, Any]:
        offered = load
        if offered is None:
            if calls_per_hour is None or aht is None:
                raise ErlangError("give --load, or --calls-per-hour and --aht")
            offered = calls_per_hour * aht / HOUR_S
        blocked = erlang.erlang_b(offered, agents)
        occupancy = offered * (1 - blocked) / agents if agents else 0.0
        return {"load": offered, "p_block": blocked, "occupancy": occupancy}

    return _answer("Erlang B", figures, as_json=as_json)


@app.command("c")
def delay(
    calls_per_hour: Calls,
    aht: Aht,
    agents: Agents,
    *,
    target: Target,
    sl: Annotated[
        ServiceLevel | None, typer.Option("--sl", help="Any: they are all one when nobody gives up.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Everybody waits until served."""

    def figures() -> dict[str, Any]:
        found = erlang.erlang_c(calls_per_hour, aht, agents, target)
        return asdict(found) | {"definition": sl or "all", "p90_wait_s": found.wait_quantile(0.9)}

    return _answer("Erlang C", figures, as_json=as_json)


@app.command("a")
def impatient(
    calls_per_hour: Calls,
    aht: Aht,
    agents: Agents,
    *,
    patience: Patience,
    target: Target,
    sl: Level,
    lines: Lines = None,
    as_json: JsonOption = False,
) -> int:
    """Callers give up when their patience is over."""

    def figures() -> dict[str, Any]:
        return asdict(erlang.erlang_a(calls_per_hour, aht, agents, patience, target, sl, lines))

    return _answer("Erlang A", figures, as_json=as_json)


@app.command("x")
def extended(
    calls_per_hour: Calls,
    aht: Aht,
    agents: Agents,
    *,
    patience: Patience,
    target: Target,
    sl: Level,
    redial: Annotated[float, typer.Option("--redial", help="Share of the lost who call again.")] = 0.0,
    forecast_cv: Annotated[
        float, typer.Option("--forecast-cv", help="Standard deviation of the forecast, over its mean.")
    ] = 0.0,
    lines: Lines = None,
    as_json: JsonOption = False,
) -> int:
    """Erlang A with redials, an uncertain forecast and finitely many lines."""

    def figures() -> dict[str, Any]:
        found = erlang.erlang_x(
            calls_per_hour,
            aht,
            agents,
            patience,
            target,
            sl,
            p_redial=redial,
            forecast_cv=forecast_cv,
            lines=lines,
        )
        return asdict(found)

    return _answer("Erlang X", figures, as_json=as_json)


@app.command("agents")
def needed(
    calls_per_hour: Calls,
    aht: Aht,
    *,
    target: Target,
    share: Annotated[float, typer.Option("--share", help="Service level to reach, 0 to 1.")],
    sl: Level,
    patience: Patience = inf,
    lines: Lines = None,
    max_occupancy: Annotated[
        float, typer.Option("--max-occupancy", help="Nor may agents be busier than this.")
    ] = 1.0,
    as_json: JsonOption = False,
) -> int:
    """The fewest agents that reach a service level; exit 1 when no number does."""

    def figures() -> dict[str, Any]:
        agents = erlang.agents_needed(
            calls_per_hour,
            aht,
            share=share,
            target_s=target,
            sl=sl,
            patience_s=patience,
            lines=lines,
            max_occupancy=max_occupancy,
        )
        return {"agents": agents} | asdict(
            erlang.erlang_a(calls_per_hour, aht, agents, patience, target, sl, lines)
        )

    return _answer("Agents needed", figures, as_json=as_json)


def _answer(model: str, figures: Callable[[], dict[str, Any]], *, as_json: bool) -> int:
    try:
        found = {"model": model} | figures()
    except (ErlangError, Unstable) as mistake:
        sys.stderr.write(f"acd erlang: {mistake}\n")
        return NO if isinstance(mistake, NotReached) else BAD_INPUT
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        table = Table("figure", "value", title=model)
        for name, value in list(found.items())[1:]:
            table.add_row(name, f"{value:.10g}" if isinstance(value, float) else str(value))
        Console().print(table)
    return DONE
