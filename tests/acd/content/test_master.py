"""The master key comes from the environment or a private file, and nothing else is accepted."""

import base64
import stat
from pathlib import Path

import pytest

from acd.content.errors import VaultKeyError
from acd.content.master import VARIABLE, MasterKey

SECRET = bytes(range(32))


def test_the_embedded_default_makes_a_private_key_file_once(tmp_path: Path) -> None:
    path = tmp_path / "data" / "vault.key"
    first = MasterKey.load_or_create(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_bytes())) == 32
    second = MasterKey.load_or_create(path, {})
    assert second.lookup("a") == first.lookup("a")
    assert second.wrapping.open(first.wrapping.seal(b"x", b""), b"") == b"x"


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    keys = [MasterKey.load_or_create(tmp_path / name, {}) for name in "ab"]
    assert keys[0].lookup("a") != keys[1].lookup("a")


def test_the_environment_comes_before_the_file_and_then_no_file_is_made(tmp_path: Path) -> None:
    environment = {VARIABLE: base64.b64encode(SECRET).decode()}
    key = MasterKey.load_or_create(tmp_path / "vault.key", environment)
    assert key.lookup("a") == MasterKey(SECRET).lookup("a")
    assert not (tmp_path / "vault.key").exists()


def test_without_a_key_the_message_names_both_places(tmp_path: Path) -> None:
    with pytest.raises(VaultKeyError, match="no master key: set ACD_VAULT_KEY, or provide .*vault.key"):  # noqa: RUF043
        MasterKey.load(tmp_path / "vault.key", {})


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    MasterKey.load_or_create(path, {})
    path.chmod(0o640)
    with pytest.raises(VaultKeyError, match="can be read by others .mode 0640.: chmod 600"):  # noqa: RUF043
        MasterKey.load(path, {})


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_malformed_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(VaultKeyError) as raised:
        MasterKey.load(tmp_path / "vault.key", {VARIABLE: text})
    assert text not in str(raised.value)


def test_lookups_of_parts_that_join_to_the_same_text_differ() -> None:
    key = MasterKey(SECRET)
    assert key.lookup("ab", "c") != key.lookup("a", "bc")
