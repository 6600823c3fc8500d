"""A desk under real calls beside its peers: CPU per call, latency, waiting and bridged calls, order, load.

    python bench/sip.py [--quick] [--json] [cpu] [route] [freed] [waiting] [bridged] [order] [overload]

Each row starts `acd serve` as a process on a generated site with a SQLite journal; sipp registers the agents
and makes the calls. CPU is that of all our processes (server with its threads, media process). Latencies come
from the kernel's timestamps on the loopback device (needs CAP_NET_RAW), otherwise from sipp's traces. The
peers' figures were measured by us with sipp on a machine of this kind with 2 cores; see
docs/background/performance.md. Exit status 1: an aim was missed.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

if not __package__:  # run as a file: only its own folder is on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.calls.rows import ROWS, Figure, Result, Scale

WIDTH = 44


def main() -> int:
    """Measure and print."""
    options = _options()
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="acd-bench-") as name:
        for row in options.rows or ROWS:
            results[row] = ROWS[row](Path(name) / row, Scale(options.quick))
            if not options.json:
                _show(row, results[row])
    if options.json:
        print(
            json.dumps(
                {"machine": machine(), "rows": {row: _as_dict(found) for row, found in results.items()}}
            )
        )
    else:
        print(_line(machine()))
    return int(not all(figure.reached for found in results.values() for figure in found.figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="row", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="short runs; their tails mean little")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def machine() -> dict[str, object]:
    """What it ran on."""
    return {
        "python": f"{platform.python_version()} ({platform.python_compiler()})",
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _show(row: str, result: Result) -> None:
    print(
        f"{row:{WIDTH}}{'ours':>9} {'unit':12}{'aim':>7}{'Asterisk 22':>13}{'OpenSIPS 3.6':>14}{'ratio':>8}"
    )
    for figure in result.figures:
        print(_figure(figure))
    print(f"  {_line(result.conditions)}\n", flush=True)


def _figure(figure: Figure) -> str:
    peers = "".join(
        f"{'–' if value is None else f'{value:g}':>{width}}"
        for value, width in ((figure.asterisk, 13), (figure.opensips, 14))
    )
    ratio = "–" if figure.ratio is None else f"{figure.ratio:.3f}"
    mark = "" if figure.reached else "  missed"
    name = f"  {figure.name}"
    return f"{name:{WIDTH}}{figure.value:9.3g} {figure.unit:12}{figure.aim:7g}{peers}{ratio:>8}{mark}"


def _line(conditions: Mapping[str, object]) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in conditions.items())


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return "(" + _line(value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace(" ", "_")


def _as_dict(result: Result) -> dict[str, object]:
    figures = [{**asdict(one), "ratio": one.ratio, "reached": one.reached} for one in result.figures]
    return {"figures": figures, "conditions": result.conditions}


if __name__ == "__main__":
    sys.exit(main())
