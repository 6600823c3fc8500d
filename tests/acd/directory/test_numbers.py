"""A telephone number has one form, however it is written, and a class that says what dialling it means."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acd.directory.numbers import MAX_CHARACTERS, Numbering, number_of_any_form, read_number
from acd.ports import DialClass

GERMAN = Numbering("DE", 5)
BERLIN = "+49305550101"


@pytest.mark.parametrize(
    "written",
    ["030 555 0101", "(030) 555-0101", "0049 30 5550101", "+49 (0) 30 555 0101", "49305550101",
     "+49/30/5550101", "tel:+49-30-5550101", "+49305550101;npdi"],
)  # fmt: skip
def test_all_ways_to_write_a_number_are_one(written: str) -> None:
    found = read_number(written, GERMAN)
    assert found == (BERLIN, DialClass.LOCAL)


@pytest.mark.parametrize(
    ("written", "dial_class"),
    [
        ("4711", DialClass.INTERNAL),
        ("0", DialClass.UNKNOWN),
        ("112", DialClass.EMERGENCY),
        ("110", DialClass.EMERGENCY),
        ("116117", DialClass.SHORT),
        ("11833", DialClass.PREMIUM),
        ("030 555 0101", DialClass.LOCAL),
        ("0171 1234567", DialClass.MOBILE),
        ("0800 1234567", DialClass.TOLL_FREE),
        ("0900 1 123456", DialClass.PREMIUM),
        ("0180 5 123456", DialClass.PREMIUM),
        ("+44 20 7946 0000", DialClass.FOREIGN),
        ("+1 900 555 0123", DialClass.PREMIUM),
        ("+881 6 1234 5678", DialClass.PREMIUM),
        ("+800 1234 5678", DialClass.TOLL_FREE),
        ("+999 123456", DialClass.UNKNOWN),
        ("+49 30 5", DialClass.UNKNOWN),
    ],
)
def test_what_it_means_to_dial_a_number_in_germany(written: str, dial_class: DialClass) -> None:
    found = read_number(written, GERMAN)
    assert found is not None
    assert found.dial_class is dial_class


@pytest.mark.parametrize(
    ("region", "written", "dial_class"),
    [
        ("", "112", DialClass.EMERGENCY),
        ("", "110", DialClass.EMERGENCY),
        ("", "911", DialClass.EMERGENCY),
        ("DE", "911", DialClass.EMERGENCY),
        ("DE", "0110", DialClass.UNKNOWN),
        ("DE", "00112", DialClass.UNKNOWN),
        ("DE", "9110", DialClass.UNKNOWN),
        ("DE", "0900", DialClass.UNKNOWN),
        ("DE", "0700 123456", DialClass.UNKNOWN),
        ("GB", "0999", DialClass.UNKNOWN),
        ("GB", "118118", DialClass.PREMIUM),
        ("GB", "070 1234 5678", DialClass.PREMIUM),
        ("GB", "07640 123456", DialClass.PREMIUM),
        ("GB", "07624 123456", DialClass.FOREIGN),
        ("US", "+1 876 555 1234", DialClass.FOREIGN),
        ("US", "+1 809 555 1234", DialClass.FOREIGN),
        ("CH", "0878 123456", DialClass.PREMIUM),
    ],
)
def test_what_fraud_is_after_is_neither_at_home_nor_an_extension(
    region: str, written: str, dial_class: DialClass
) -> None:
    """A few of the ways to have somebody else pay, or to have the police rung."""
    found = read_number(written, Numbering(region, 5))
    assert found is not None
    assert found.dial_class is dial_class


def test_a_national_number_without_a_country_stays_as_it_is() -> None:
    """Nobody knows whose it is; but the same digits are the same caller."""
    assert read_number("030 555-0101", Numbering("", 5)) == ("0305550101", DialClass.UNKNOWN)
    assert read_number("+49 30 5550101", Numbering("", 5)) == (BERLIN, DialClass.FOREIGN)


@pytest.mark.parametrize(
    "text", ["", " ", "anonymous", "anna", "030 555 0101 ext 5", "1" * (MAX_CHARACTERS + 1)]
)
def test_what_is_no_number_of_one_person_is_none(text: str) -> None:
    assert read_number(text, GERMAN) is None


REGIONS = st.sampled_from(["DE", "AT", "CH", "GB", "US", "FR", "PL", "IT"])
EXAMPLES = st.builds(
    phonenumbers.example_number_for_type,
    REGIONS,
    st.sampled_from([phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE]),
)


@given(EXAMPLES, REGIONS, st.sampled_from(list(range(4))))
def test_national_and_international_spelling_meet_in_the_number_s_own_country(
    number: phonenumbers.PhoneNumber, region: str, form: int
) -> None:
    """And abroad the international ones."""
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    home = phonenumbers.region_code_for_number(number) or ""
    found = read_number(phonenumbers.format_number(number, form), Numbering(home, 4))
    assert found is not None
    assert found.normal == e164
    abroad = read_number(e164, Numbering(region, 4))
    assert abroad is not None
    assert abroad.normal == e164


@given(st.text(max_size=100), st.sampled_from([GERMAN, Numbering("", 3), Numbering("US", 0)]))
def test_whatever_is_written_the_normal_form_is_short_and_normal_already(
    text: str, numbering: Numbering
) -> None:
    found = read_number(text, numbering)
    if found is None:
        return
    assert 0 < len(found.normal) <= MAX_CHARACTERS
    assert found.normal.lstrip("+").isdigit()
    if found.normal.startswith("+"):
        again = read_number(found.normal, numbering)
        assert again is not None
        assert again.normal == found.normal


def written_out(number: phonenumbers.PhoneNumber | None) -> str:
    """In E.164."""
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


AUSTRIAN_TRUNK = GERMAN._replace(network="AT")


@pytest.mark.parametrize(
    ("written", "normal", "dial_class"),
    [
        ("0664 1234567", "+436641234567", DialClass.FOREIGN),
        ("01 555 0101", "+4315550101", DialClass.FOREIGN),
        ("0900 123456", "+43900123456", DialClass.PREMIUM),
        ("+49 30 555 0101", BERLIN, DialClass.LOCAL),
        ("0049 30 555 0101", BERLIN, DialClass.LOCAL),
        ("4711", "4711", DialClass.INTERNAL),
        ("112", "112", DialClass.EMERGENCY),
        ("133", "133", DialClass.UNKNOWN),
        ("110", "110", DialClass.UNKNOWN),
        ("115", "115", DialClass.UNKNOWN),
        ("116117", "116117", DialClass.SHORT),
    ],
)
def test_a_number_from_a_trunk_abroad_is_one_of_that_country(
    written: str, normal: str, dial_class: DialClass
) -> None:
    """What is no E.164 number and another one there (the police, a code of the network) nobody may dial."""
    assert read_number(written, AUSTRIAN_TRUNK) == (normal, dial_class)


def test_a_trunk_of_the_client_s_own_country_changes_nothing() -> None:
    for written in ("030 555 0101", "116117", "0171 1234567", "110"):
        assert read_number(written, GERMAN._replace(network="DE")) == read_number(written, GERMAN)


REGIONS = st.sampled_from(["DE", "AT", "CH", "FR", "IT", "GB", "US", "HU", "BR", ""])


@given(st.text("0123456789+ -", max_size=16), REGIONS, REGIONS, REGIONS)
@example("+00100", "US", "US", "DE")
def test_a_stored_number_means_the_same_by_whatever_trunk_it_came_and_is_dialled(
    written: str, home: str, came_by: str, goes_by: str
) -> None:
    stored = read_number(written, Numbering(home, 5, came_by))
    if stored is None or not stored.normal.startswith("+"):
        return
    assert read_number(stored.normal, Numbering(home, 5, goes_by)) == stored
    assert read_number(stored.normal, Numbering(home, 5)) == stored


DIGITS = st.text("0123456789", min_size=1, max_size=13)


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(["DE", "AT", "CH", "FR", "PL", "IT", "GB", "US", "HU", "BR", "AR", "MX", ""]),
    EXAMPLES.filter(bool).map(written_out)
    | st.tuples(st.sampled_from(["+49", "+43", "+41", "+33", "+48", "+36", "+55", "+54", "+52"]), DIGITS).map(
        "".join
    )
    | st.tuples(
        st.sampled_from(["+4930", "+49171", "+49180", "+49800", "+49900", "+49700", "+49137", "+4932"]),
        DIGITS,
    ).map("".join),
)
@example("DE", "+49305550101")
@example("DE", "+4930555010\u0661")
@example("DE", "+490305550101")
def test_the_short_way_for_usual_numbers_says_what_the_numbering_plans_say(region: str, text: str) -> None:
    numbering = Numbering(region, 5)
    assert read_number(text, numbering) == number_of_any_form(text, numbering)


@given(st.text("0123456789", min_size=1, max_size=5))
def test_an_extension_is_never_taken_for_a_number_outside(digits: str) -> None:
    found = read_number(digits, GERMAN)
    assert found is not None
    assert found.normal == digits
    assert found.dial_class not in (DialClass.LOCAL, DialClass.MOBILE, DialClass.FOREIGN, DialClass.TOLL_FREE)
