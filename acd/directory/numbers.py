"""Telephone numbers in one form, and what it means to dial them. Pure, given the data of `phonenumbers`."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_SHORT_REGIONS,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberType,
    ShortNumberCost,
)

from acd.ports import DialClass

MAX_CHARACTERS = 64
"""Of a number as written; E.164 has 15 digits at most."""

_SHORT = re.compile(r"[0-9]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_DIGITS = re.compile(r"\+[1-9][0-9]{2,14}|[0-9]{3,15}", re.ASCII)
"""Of a number in nobody's plan; no country's code begins with 0."""
_SEPARATORS = re.compile(r"[ \-/().\t]")
_LONGEST_SHORT = 6
"""Digits of a number without an area, such as 116117."""
_HELP = frozenset(("112", "911"))
"""Networks put these through to help wherever they are dialled (3GPP TS 22.101 §10.1)."""

_KNOWN_TO_BE_CHEAP = (ShortNumberCost.TOLL_FREE, ShortNumberCost.STANDARD_RATE)

_NO_REGION = "001"
"""Country codes that belong to no country: satellites, international premium and freephone numbers."""

_BY_TYPE = {
    PhoneNumberType.MOBILE: DialClass.MOBILE,
    PhoneNumberType.TOLL_FREE: DialClass.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: DialClass.PREMIUM,
    # Shared cost (0180 in Germany) is billed above a local call, and abused like a premium number.
    PhoneNumberType.SHARED_COST: DialClass.PREMIUM,
    # Numbers that follow a person (070 in Britain) and pagers are what fraud is after where they are dear.
    PhoneNumberType.PERSONAL_NUMBER: DialClass.PREMIUM,
    PhoneNumberType.PAGER: DialClass.PREMIUM,
    PhoneNumberType.UAN: DialClass.UNKNOWN,
    PhoneNumberType.VOICEMAIL: DialClass.UNKNOWN,
    PhoneNumberType.UNKNOWN: DialClass.UNKNOWN,
}


class Numbering(NamedTuple):
    """How a client's side writes numbers."""

    region: str = ""
    """Country whose national numbers are meant when no country code is given (`DE`); "" takes none."""
    internal_digits: int = 5
    """A bare number of so many digits at most is an extension."""
    network: str = ""
    """Country of the network in which it was written or will be dialled; "": that of the client."""


class Number(NamedTuple):
    """`normal`: `+` and digits (E.164), or the bare digits of an extension or short code."""

    normal: str
    dial_class: DialClass


def read_number(text: str, numbering: Numbering) -> Number | None:
    """The number that `text` writes; None if it is none (`anonymous`, a name, too long).

    `030 …`, `0049 30 …`, `49 30 …` and `+49 30 …` are one number in Germany. What looks like a number but is
    in nobody's plan keeps its digits and has class *unknown*.
    """
    if numbering.network not in ("", numbering.region):
        return _read_elsewhere(text, numbering)
    text = text.partition(";")[0].strip()
    if not text or len(text) > MAX_CHARACTERS:
        return None
    if _E164.fullmatch(text):
        for end in (2, 3, 4):  # where a country's code may end; none begins with another
            usual = _usual(int(text[1:end]))
            if usual is not None and (found := usual.numbers.fullmatch(text)) is not None:
                at_home = DialClass.MOBILE if found["mobile"] else DialClass.LOCAL
                return Number(text, at_home if usual.region == numbering.region else DialClass.FOREIGN)
    return number_of_any_form(text, numbering)


def _read_elsewhere(text: str, numbering: Numbering) -> Number | None:
    """Digits mean what they mean in that network; what a call there costs is asked from the client's country.

    A short code of the one is none of the other, or another one: it has class *unknown*, so nobody dials it.
    """
    at_home = numbering._replace(network="")
    there = read_number(text, at_home._replace(region=numbering.network))
    if there is None or there.normal.startswith("+"):
        return None if there is None else read_number(there.normal, at_home)
    return there if read_number(text, at_home) == there else Number(there.normal, DialClass.UNKNOWN)


def number_of_any_form(text: str, numbering: Numbering) -> Number | None:
    """The same, by the whole of the numbering plans. It decides on all that is not of the usual form."""
    bare = _SEPARATORS.sub("", text)
    if _SHORT.fullmatch(bare) and (short := _short(bare, numbering)) is not None:
        return short
    try:
        number = phonenumbers.parse(text, numbering.region or None)
    except NumberParseException:
        return Number(bare, DialClass.UNKNOWN) if _DIGITS.fullmatch(bare) else None
    if number.extension:
        return None  # the number of a switchboard is not that of the person behind it
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Number(normal, _class_of(number, numbering.region))


class _Usual(NamedTuple):
    """The E.164 form of a country's numbers, landline or `mobile` and nothing dearer."""

    region: str
    numbers: re.Pattern[str]


@cache
def _usual(code: int) -> _Usual | None:
    """Callers come in this form; it takes a hundredth of the work.

    None for what is no country's code, where countries share one (+1, +7, +44), and where the plan does not
    tell mobile numbers from others.
    """
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    plan = PhoneMetadata.metadata_for_region(regions[0]) if len(regions) == 1 else None
    if plan is None or regions[0] == _NO_REGION or plan.same_mobile_and_fixed_line_pattern:
        return None
    dearer = (plan.premium_rate, plan.toll_free, plan.shared_cost, plan.voip, plan.personal_number,
              plan.pager, plan.uan, plan.voicemail)  # fmt: skip
    # A national prefix in the number ("+49 0 30 ...") is left out when dialling, so that is another form.
    prefixed = f"0|{plan.national_prefix_for_parsing or '0'}"
    numbers = re.compile(
        rf"\+{code}(?!{prefixed})(?={_pattern(plan.general_desc)}\Z)"
        rf"(?!(?:{'|'.join(map(_pattern, dearer))})\Z)"
        rf"(?:{_pattern(plan.fixed_line)}|(?P<mobile>{_pattern(plan.mobile)}))",
        re.ASCII,
    )
    return _Usual(regions[0], numbers)


def _pattern(kind: PhoneNumberDesc | None) -> str:
    """Of numbers of a kind, with their lengths; of a kind that the country lacks: what nothing matches."""
    if kind is None or not kind.national_number_pattern:
        return "(?!)"
    lengths = "|".join(f"[0-9]{{{length}}}" for length in kind.possible_length if length > 0)
    ahead = rf"(?=(?:{lengths})\Z)" if kind.possible_length else ""
    return f"{ahead}(?:{kind.national_number_pattern})"


def _short(digits: str, numbering: Numbering) -> Number | None:
    """Emergency numbers, short codes and extensions, in this order; None: an ordinary number.

    A short code goes before an extension of the same digits: it may cost (118 33), an extension does not.
    """
    region = numbering.region
    if _is_emergency(digits, region):
        return Number(digits, DialClass.EMERGENCY)
    if region and len(digits) <= _LONGEST_SHORT:
        code = PhoneNumber(
            country_code=phonenumbers.country_code_for_region(region), national_number=int(digits)
        )
        if digits[0] != "0" and phonenumbers.is_valid_short_number_for_region(code, region):
            cost = phonenumbers.expected_cost_for_region(code, region)
            return Number(digits, DialClass.SHORT if cost in _KNOWN_TO_BE_CHEAP else DialClass.PREMIUM)
    if len(digits) > numbering.internal_digits:
        return None
    return Number(digits, DialClass.UNKNOWN if _leads_outside(digits, region) else DialClass.INTERNAL)


def _leads_outside(digits: str, region: str) -> bool:
    """Whether an exchange may take it for a number outside: 0 or 9 gets a line, and 0110 the police."""
    return digits.startswith("0") or _is_emergency(digits.removeprefix("9"), region)


@lru_cache(maxsize=4096)
def _is_emergency(digits: str, region: str) -> bool:
    """Whether it calls for help in this country; without one, anywhere."""
    if len(digits) > _LONGEST_SHORT:
        return False
    regions = (region,) if region else SUPPORTED_SHORT_REGIONS
    return digits in _HELP or any(phonenumbers.is_emergency_number(digits, one) for one in regions)


def _class_of(number: PhoneNumber, region: str) -> DialClass:
    """Premium goes before foreign: whoever allows calls abroad has not allowed those."""
    found = _BY_TYPE.get(phonenumbers.number_type(number), DialClass.LOCAL)
    if found is DialClass.PREMIUM:
        return found
    if phonenumbers.region_code_for_country_code(number.country_code or 0) == _NO_REGION:
        # What is not free there are satellites: several euros a minute.
        return found if found is DialClass.TOLL_FREE else DialClass.PREMIUM
    # Not by the code alone: +1 876 is Jamaica, +44 7624 the Isle of Man, and both are dear from next door.
    abroad = phonenumbers.region_code_for_number(number) != region
    return DialClass.FOREIGN if abroad and found is not DialClass.UNKNOWN else found
