"""Secrets are found where they should be and shown nowhere."""

import pickle
from pathlib import Path

import pytest

from config.secret import Secret, SecretError, from_environment, from_file


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "phone.secret"
    file.write_text("invented\n")
    file.chmod(0o640)
    return file


def test_secret_file(secret_file: Path) -> None:
    """The first line counts, without its end; the group may read it."""
    assert from_file(secret_file) == Secret("invented")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601])
def test_open_secret_file(secret_file: Path, mode: int) -> None:
    """A file that everybody may touch is refused: it is no secret any more."""
    secret_file.chmod(mode)
    with pytest.raises(SecretError, match=r"may be read by everybody \(chmod o-rwx"):
        from_file(secret_file)


@pytest.mark.parametrize("content", [b"", b"\n", b"\nlater"])
def test_empty_secret_file(secret_file: Path, content: bytes) -> None:
    """An empty first line is no password."""
    secret_file.write_bytes(content)
    with pytest.raises(SecretError, match=r"is empty$"):
        from_file(secret_file)


def test_binary_secret_file(secret_file: Path) -> None:
    """A password is text."""
    secret_file.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match=r"it is not UTF-8 text$"):
        from_file(secret_file)


def test_no_secret_file(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    with pytest.raises(SecretError, match=r"cannot be read: No such file or directory$"):
        from_file(tmp_path / "none")
    with pytest.raises(SecretError, match=r"is not a regular file$"):
        from_file(tmp_path)


def test_null_in_the_name() -> None:
    """A name no file can have is refused like any other bad name."""
    with pytest.raises(SecretError, match="cannot be read"):
        from_file(Path("a\0b"))


@pytest.mark.parametrize("environ", [{}, {"ACD_X": ""}])
def test_no_variable(environ: dict[str, str]) -> None:
    """An empty variable is as good as none."""
    with pytest.raises(SecretError, match=r"^environment variable ACD_X is not set$"):
        from_environment("ACD_X", environ)


def test_nothing_shows_a_secret() -> None:
    """Neither printing, formatting nor pickling gives it away."""
    secret = Secret("invented")
    shown = f"{secret} {secret!r} {[secret]}" + "%s" % (secret,)  # noqa: UP031
    assert "invented" not in shown
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(secret)
