"""Mail addresses keep their local part; domains have one form; a fax id that is a number is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.directory.addresses import domain, fax_id, mail_address
from acd.directory.numbers import Numbering

GERMAN = Numbering("DE", 5)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Anna.B@Example.ORG ", "Anna.B@example.org"),
        ("anna@Bücher.example.", "anna@xn--bcher-kva.example"),
        ("anna+helpdesk@example.org", "anna+helpdesk@example.org"),
        ('"anna b"@example.org', '"anna b"@example.org'),
    ],
)
def test_the_local_part_stays_and_the_domain_is_one(written: str, normal: str) -> None:
    assert mail_address(written) == normal


@pytest.mark.parametrize(
    "written", ["", "anna", "@example.org", "anna@", "anna b@example.org", "a@b@example.org",
                "a\r\nb@example.org", "x" * 65 + "@example.org", "anna@" + "x" * 64 + ".org",
                "anna@exa mple.org", "anna@.org"],
)  # fmt: skip
def test_what_is_no_address_is_none(written: str) -> None:
    assert mail_address(written) is None


@given(st.text(max_size=300))
def test_a_domain_in_normal_form_is_its_own_normal_form(text: str) -> None:
    found = domain(text)
    assert found is None or (found == found.lower() and found.isascii() and domain(found) == found)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+49 30 555 0101", "+49305550101"),
        ("  Kanzlei   NORD ", "kanzlei nord"),
        ("", None),
        ("x" * 65, None),
    ],
)
def test_a_fax_id_that_is_a_number_is_that_number(written: str, normal: str | None) -> None:
    assert fax_id(written, GERMAN) == normal
