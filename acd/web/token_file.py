"""The operator's own token of the API, in its file."""

import os
import secrets
from pathlib import Path

TOKEN_FILE = "api-token"
TOKEN_BYTES = 32


def own_token(data_dir: Path) -> str:
    """The token in `data_dir`, made (mode 0600) if there is none yet.

    Raises OSError when it can neither be read nor made, ValueError when others may read it or it is empty.
    """
    path = data_dir / TOKEN_FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return read_token(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    return read_token(path)


def read_token(path: Path) -> str:
    """The token in a file that only its owner (and group) may read. Raises OSError and ValueError."""
    if path.stat().st_mode & 0o007:
        raise ValueError(f"{path} may be read by everybody (chmod o-rwx {path})")
    token = path.read_text(encoding="utf-8").strip()
    if not token:
        raise ValueError(f"{path} is empty")
    return token
