"""Data whose master key is gone, or another one, are refused with the key's place; no new key is made."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from acd.content.master import MasterKey
from acd.server.checking import damages
from acd.server.serving import CannotStart, Exit, serve
from acd.testing import ScriptedChannel, small_site
from tests.acd.commands.test_cli import acd
from tests.acd.commands.test_erase import SITE
from tests.acd.server.test_losses import drop, one_run


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    asyncio.run(one_run(tmp_path / "desk", 3))
    return tmp_path / "desk"


def nothing_else(desk: Path) -> None:
    pass


def no_vault(desk: Path) -> None:
    drop(desk / "vault.db")


def only_the_journal(desk: Path) -> None:
    for name in ("vault.db", "directory.db"):
        drop(desk / name)


def only_the_directory(desk: Path) -> None:
    drop(desk / "vault.db")
    (desk / "journal").rename(desk / "aside")


BESIDES = [nothing_else, no_vault, only_the_journal, only_the_directory]


def refused(desk: Path) -> str:
    with pytest.raises(CannotStart) as refusal:
        serve(small_site(desk), [ScriptedChannel()])
    assert refusal.value.code == Exit.JOURNAL_UNUSABLE
    return str(refusal.value)


@pytest.mark.parametrize("besides", BESIDES)
def test_without_its_key_nothing_starts_and_no_new_key_is_made(
    desk: Path,
    besides: Callable[[Path], None],
) -> None:
    (desk / "vault-key").unlink()
    besides(desk)
    said = f"no master key: set ACD_VAULT_KEY, or provide {desk}/vault-key"
    for _ in range(2):
        assert refused(desk).startswith(said)
        assert not (desk / "vault-key").exists()
    assert (desk / "vault-key", said) in [
        (path, why[: len(said)]) for path, why in damages(small_site(desk), lambda done, total: None)
    ]


def flip_a_bit(path: Path) -> None:
    secret = bytearray(base64.b64decode(path.read_bytes()))
    secret[9] ^= 4
    path.write_bytes(base64.b64encode(secret))


def replace(path: Path) -> None:
    path.unlink()
    MasterKey.load_or_create(path, {})


def shorten(path: Path) -> None:
    path.write_bytes(base64.b64encode(base64.b64decode(path.read_bytes())[:-1]))


def spoil(path: Path) -> None:
    path.write_text("what?")


@pytest.mark.parametrize("harm", [flip_a_bit, replace, shorten, spoil])
@pytest.mark.parametrize("besides", BESIDES[:3])
def test_another_key_is_named_with_its_place_and_the_remedy(
    desk: Path,
    harm: Callable[[Path], None],
    besides: Callable[[Path], None],
) -> None:
    harm(desk / "vault-key")
    besides(desk)
    key = (desk / "vault-key").read_bytes()
    said = refused(desk)
    assert str(desk / "vault-key") in said
    assert "bring back the key" in said
    assert (desk / "vault-key").read_bytes() == key
    found = list(damages(small_site(desk), lambda done, total: None))
    assert any(f"{desk}/vault-key" in f"{path} {why}" for path, why in found), found


def test_upgrade_says_it_in_one_line(desk: Path) -> None:
    (desk / "site.toml").write_text(SITE)
    flip_a_bit(desk / "vault-key")
    done = acd("upgrade", desk / "site.toml")
    assert done.returncode == 1
    assert "bring back the key" in done.stderr
    assert "Traceback" not in done.stderr
