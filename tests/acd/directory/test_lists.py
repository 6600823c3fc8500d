"""Who an address is at a moment: by number, mail address, domain or fax id; the best that any row gives."""

import pytest

from acd.directory.lists import HeldList, Lists, identify, next_bound, read_address
from acd.directory.numbers import Numbering
from acd.directory.rows import Key, Row
from acd.ports import DialClass, Identified, PartyKind

GERMAN = Numbering("DE", 5)
NUMBER, ADDRESS, FAX = PartyKind.NUMBER, PartyKind.ADDRESS, PartyKind.FAX
BERLIN = ("number", "+49305550101")


def row(*keys: Key, person: str = "p", **more: object) -> Row:
    return Row(2, keys, person=person, **more)  # type: ignore[arg-type]


def lists(vip: tuple[Row, ...] = (), users: tuple[Row, ...] = ()) -> Lists:
    return {("nord", "vip"): HeldList(1, vip), ("nord", "users"): HeldList(1, users)}


def who(held: Lists, text: str, kind: PartyKind = NUMBER, at_ms: int = 0, tenant: str = "nord") -> Identified:
    return identify(held, tenant, read_address(text, kind, GERMAN), at_ms)


def test_a_vip_is_known_however_his_number_is_written_and_with_his_own_client_only() -> None:
    held = lists(vip=(row(BERLIN, person="anna", priority_class=1, head_start_ms=60_000),))
    for written in ("030 5550101", "+49 30 5550101"):
        found = who(held, written)
        assert (found.person, found.priority_class, found.head_start_ms) == ("anna", 1, 60_000)
        assert (found.address, found.dial_class) == ("+49305550101", DialClass.LOCAL)
    assert who(held, "030 5550101", tenant="sued") == Identified("+49305550101", dial_class=DialClass.LOCAL)


def test_who_is_on_no_list_has_an_address_and_nothing_else() -> None:
    assert who(lists(), "anonymous") == Identified("anonymous")
    assert who(lists(), "Anna@Example.org", ADDRESS) == Identified("Anna@example.org")
    assert who({}, "4711") == Identified("4711", dial_class=DialClass.INTERNAL)


def test_a_mail_is_known_by_its_address_in_any_case_or_by_its_domain() -> None:
    held = lists(
        vip=(
            row(("address", "anna@board.example"), person="anna", head_start_ms=60_000),
            row(("domain", "board.example"), person="", priority_class=3),
        )
    )
    anna, other = who(held, "Anna@BOARD.example", ADDRESS), who(held, "bert@board.example", ADDRESS)
    assert (anna.person, anna.priority_class, anna.head_start_ms) == ("anna", 3, 60_000)
    assert (other.person, other.priority_class, other.head_start_ms) == ("", 3, 0)
    assert who(held, "anna@sub.board.example", ADDRESS).priority_class is None


@pytest.mark.parametrize("keys", [(("fax", "+49305550101"),), (BERLIN,), (("fax", "kanzlei nord"),)])
def test_a_fax_is_known_by_its_id_or_by_its_owner_s_number(keys: tuple[Key, ...]) -> None:
    text = "KANZLEI Nord" if keys[0][1].startswith("k") else "+49 30 5550101"
    assert who(lists(vip=(row(*keys, priority_class=2),)), text, FAX).priority_class == 2


def test_a_row_holds_from_its_first_moment_until_its_last() -> None:
    held = lists(vip=(row(BERLIN, priority_class=1, valid_from_ms=1_000, valid_until_ms=2_000),))
    given = [who(held, "030 5550101", at_ms=at).priority_class for at in (999, 1_000, 1_999, 2_000)]
    assert given == [None, 1, 1, None]
    assert [next_bound(held, after) for after in (0, 999, 1_000, 1_999, 2_000)] == [
        1_000, 1_000, 2_000, 2_000, None,
    ]  # fmt: skip


def test_several_rows_give_their_best_and_name_nobody_if_they_disagree() -> None:
    """The telephone of an office: whoever calls from it is served as the best of those who sit there."""
    anna, bert = (
        row(BERLIN, person="anna", priority_class=4),
        row(BERLIN, person="bert", priority_class=2),
    )
    found = who(lists(vip=(anna, bert)), "030 5550101")
    assert (found.person, found.priority_class) == ("", 2)


def test_the_user_list_says_who_it_is_and_the_vip_list_what_he_gets() -> None:
    vip = row(BERLIN, person="vip row", priority_class=1)
    user = row(BERLIN, person="anna", language="de")
    found = who(lists(vip=(vip,), users=(user,)), "030 5550101")
    assert (found.person, found.priority_class, found.language) == ("anna", 1, "de")
