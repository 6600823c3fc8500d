"""Secrets: named in the site file, kept in the environment or in a file, never shown."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

_HANDED_ON = re.compile(r"PATH|HOME|LANG|TZ|TMPDIR|LC_\w+|PYTHON\w+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


def handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """What a process of ours gets of the environment: passwords and the vault's key may be among the rest."""
    return {name: value for name, value in environ.items() if _HANDED_ON.fullmatch(name)}


class Secret:
    """A password or token. Its text is shown by `reveal` alone: not by repr, str, format or pickling."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


class SecretError(Exception):
    """The secret is not where it should be; the text says why, without showing anything of it."""


def from_environment(name: str, environ: Mapping[str, str]) -> Secret:
    """The variable `name`. Raises SecretError when it is not set or empty, or no name."""
    if not _VARIABLE.fullmatch(name):
        # Perhaps it is the secret itself, so it is not repeated.
        raise SecretError("not the name of an environment variable")
    if not environ.get(name):
        raise SecretError(f"environment variable {name} is not set")
    return Secret(environ[name])


def from_file(path: Path) -> Secret:
    """The first line of a file that its owner (and group) alone may read. Raises SecretError.

    Group access is allowed, since services get their secrets by group; access by others is not.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SecretError(f"secret file {path} is not a regular file")
        if mode & stat.S_IRWXO:
            raise SecretError(f"secret file {path} may be read by everybody (chmod o-rwx {path})")
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SecretError(f"secret file {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SecretError(f"secret file {path!s:.80} cannot be read: it is not UTF-8 text") from error
    if not lines or not lines[0]:
        raise SecretError(f"secret file {path} is empty")
    return Secret(lines[0])
