"""Parties: one opaque id per number, a failing vault fails no call."""

from pathlib import Path

import pytest

from acd.server.parties import Parties
from acd.vault.errors import VaultUnknownError
from acd.vault.master import MasterKey
from acd.vault.parties import PartyId
from acd.vault.vault import Vault

NUMBER = "+49 30 555 0177"
KEY = bytes(32)


def opened(tmp_path: Path) -> Parties:
    return Parties(tmp_path / "vault.db", MasterKey(KEY), lambda: 1_000)


def test_the_same_number_has_one_id_and_can_be_read_back(tmp_path: Path) -> None:
    """However it is spelt; another number has another."""
    parties = opened(tmp_path)
    party = parties.put("number", NUMBER, "nordwind", "call-1")
    assert parties.put("number", "+49-30-5550177", "nordwind", "call-2") == party
    assert parties.put("number", "+49 30 555 0178", "nordwind", "call-3") != party
    parties.close()
    vault = Vault(tmp_path / "vault.db", MasterKey(KEY))
    assert vault.read_party(PartyId(party)) == "+49-30-5550177"
    assert vault.erase_person(NUMBER) == 2
    with pytest.raises(VaultUnknownError):
        vault.read_party(PartyId(party))
    vault.close()


def test_a_vault_that_fails_fails_no_call(tmp_path: Path) -> None:
    """The call gets an id that names nothing; what was not stored is counted."""
    parties = opened(tmp_path)
    parties._writer._file.connection.execute("DROP TABLE parties")
    party = parties.put("number", NUMBER, "nordwind", "call-4")
    assert party
    parties.close()
    assert parties.failed == 1


def test_an_id_is_the_same_before_and_after_it_is_stored(tmp_path: Path) -> None:
    """Many calls of one number at once, and again after a restart."""
    parties = opened(tmp_path)
    given = {parties.put("number", NUMBER, "nordwind", "call-5") for _ in range(50)}
    parties.close()
    again = opened(tmp_path)
    given.add(again.put("number", NUMBER, "nordwind", "call-6"))
    again.close()
    assert len(given) == 1


def test_a_kind_that_does_not_exist_is_the_channels_mistake(tmp_path: Path) -> None:
    """It raises."""
    parties = opened(tmp_path)
    with pytest.raises(ValueError, match="shoe size"):
        parties.put("shoe size", "44", "nordwind", "call-7")
    parties.close()


def test_the_same_number_has_another_id_with_another_tenant(tmp_path: Path) -> None:
    """Tenants cannot find out that they share a caller."""
    parties = opened(tmp_path)
    one = parties.put("number", NUMBER, "nordwind", "call-1")
    other = parties.put("number", NUMBER, "suedlicht", "call-2")
    parties.close()
    assert one != other
