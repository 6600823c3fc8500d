"""The API's own token: made once, for nobody else's eyes."""

import os
import stat
from pathlib import Path

import pytest

from acd.web.token_file import TOKEN_FILE, own_token, read_token


def test_the_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """256 random bits, mode 0600 whatever the umask, the same at the next start."""
    before = os.umask(0)
    try:
        token = own_token(tmp_path)
    finally:
        os.umask(before)
    assert len(token) >= 43
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    assert own_token(tmp_path) == token


def test_two_servers_do_not_have_the_same_token(tmp_path: Path) -> None:
    """It is random."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert own_token(tmp_path / "one") != own_token(tmp_path / "two")


def test_a_token_that_everybody_may_read_or_that_is_empty_is_refused(tmp_path: Path) -> None:
    """Better no start than an open door."""
    path = tmp_path / TOKEN_FILE
    path.write_text("secret\n")
    path.chmod(0o644)
    with pytest.raises(ValueError, match="may be read by everybody"):
        own_token(tmp_path)
    path.chmod(0o600)
    assert read_token(path) == "secret"
    path.write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        own_token(tmp_path)
