"""Reading a site file: `load` gives the checked site or raises, `check` tells all that is wrong."""

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

from config.build import build_site
from config.documents import read_documents
from config.errors import ConfigError, Problem
from config.schema import Site
from config.table import Reading

CHANNELS = ("sip", "mail", "fax")
"""Tables that belong to channels."""

DEMO_SITE = Path(__file__).parent / "demo" / "site.toml"

_DEFAULTS = Path(__file__).parent / "defaults.toml"


def load(
    path: str | os.PathLike[str], environ: Mapping[str, str], *, channels: Collection[str] = CHANNELS
) -> Site:
    """The site of a TOML file and its includes; secrets come from `environ` and the files it names.

    Raises ConfigError with all problems that were found. Warnings are told by `check` only.
    """
    site, errors, _ = check(path, environ, channels=channels)
    if site is None:
        raise ConfigError.of(errors)
    return site


def check(
    path: str | os.PathLike[str],
    environ: Mapping[str, str],
    *,
    channels: Collection[str] = CHANNELS,
    secrets: bool = True,
) -> tuple[Site | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """The site (None if there are errors), the errors and the warnings. Never raises.

    With `secrets` False a missing secret is a warning: for a check on a machine that is not to have it.
    The channels' own tables are not checked here; each channel opens and finishes its own.
    """
    reading = Reading(environ, secrets=secrets)
    documents = read_documents(Path(path), reading)
    site = build_site(documents, reading, defaults(), channels) if documents else None
    return None if reading.errors else site, tuple(reading.errors), tuple(reading.warnings)


def defaults() -> Mapping[str, Mapping[str, object]]:
    """What defaults.toml says, by section."""
    return tomllib.loads(_DEFAULTS.read_text(encoding="utf-8"))
