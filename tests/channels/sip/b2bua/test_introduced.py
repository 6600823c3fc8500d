"""What the INVITE of a trunk says: who calls, what was dialled, who sent him here; and what phones show."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.core.events import ContactArrived
from acd.testing.story import desk, entry, line
from channels.sip.dialled import Dialled
from queues.desk import LineId
from tests.channels.sip.b2bua.world import TABLE, World

HOTLINE, BLOCK, VIP = "+49305550101", "+493055510[00-49]", "+49305551007"
OPENED = desk(
    line(),
    line("vip"),
    entry(HOTLINE, "help"),
    entry(BLOCK, "help"),
    entry(VIP, "vip"),
    entry("welcome", "help"),
    entry("030 555 0177".replace(" ", ""), "help"),
)
DIALLED = World(OPENED).calls.settings.dialled
ASSERTED = '"Acme Berlin" <sip:+493012345@192.0.2.7>'


def trunk(**keys: Any) -> World:
    """A desk whose trunk is in Germany, and has these keys."""
    return World(OPENED, trunks=[TABLE["trunks"][0] | {"region": "DE"} | keys, TABLE["trunks"][1]])


def arrived(world: World) -> ContactArrived:
    (event,) = world.host.events
    assert isinstance(event, ContactArrived)
    return event


def dialled(world: World, uri: str = "sip:account@192.0.2.1", **invite: Any) -> str:
    """The entry of a call; To says the same as the Request-URI unless the test has it otherwise."""
    world.invite(uri=uri, **{"to": f"<{uri}>"} | invite)
    return arrived(world).entry


@pytest.mark.parametrize(
    "written",
    [
        "+49305550101",
        "0305550101",
        "030-555%200101",
        "0049305550101",
        "49305550101",
        "+49305550101;npdi;rn=+4930555",
        "+49%2030%20555%200101",
        "5550101;phone-context=+4930",
        "5550101;npdi;phone-context=+49-30",
    ],
)
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    world = trunk()
    assert dialled(world, f"sip:{written}@192.0.2.1;user=phone") == HOTLINE
    assert dialled(trunk(), "tel:+49-30-555-0101") == HOTLINE


def test_an_entry_that_is_written_nationally_is_found_by_its_e164_number() -> None:
    assert dialled(trunk(), "sip:+49305550177@192.0.2.1") == "0305550177"


def test_a_user_name_is_found_as_it_is_and_what_nobody_has_is_passed_on() -> None:
    assert dialled(trunk(), "sip:welcome@192.0.2.1") == "welcome"
    assert dialled(trunk(), "sip:+4930999@192.0.2.1") == "+4930999"
    assert dialled(trunk(), "sip:+49305550101@192.0.2.1") == HOTLINE


def test_the_country_is_that_of_the_client_unless_the_trunk_has_its_own() -> None:
    assert dialled(trunk(region=""), "sip:0305550101@192.0.2.1") == HOTLINE
    assert dialled(trunk(region="AT"), "sip:0305550101@192.0.2.1") == "0305550101"
    assert dialled(trunk(region="AT"), "sip:0049305550101@192.0.2.1") == HOTLINE


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("+4930555104", "+4930555104"),
        ("+49305551000", BLOCK),
        ("03055510 49".replace(" ", ""), BLOCK),
        ("+49305551049", BLOCK),
        ("+49305551050", "+49305551050"),
        ("+493055510490", "+493055510490"),
        ("+49305551007", VIP),
        ("0305551007", VIP),
    ],
)
def test_a_block_takes_its_numbers_and_a_single_one_of_them_goes_before_it(written: str, found: str) -> None:
    assert dialled(trunk(), f"sip:{written}@192.0.2.1") == found


def test_the_number_may_stand_in_other_headers_in_the_order_of_the_trunk() -> None:
    assert dialled(trunk(), to=f"<sip:{HOTLINE}@192.0.2.1>") == HOTLINE
    called = {"P-Called-Party-ID": f"<sip:{VIP}@192.0.2.1>"}
    assert dialled(trunk(), headers=called, to=f"<sip:{HOTLINE}@192.0.2.1>") == VIP
    first = trunk(called=["To", "Request-URI"])
    assert dialled(first, f"sip:{VIP}@192.0.2.1", to=f"<sip:{HOTLINE}@192.0.2.1>") == HOTLINE
    assert dialled(trunk(called=["Request-URI"]), to=f"<sip:{HOTLINE}@192.0.2.1>") == "account"


def test_whose_calls_are_diverted_to_us_names_the_entry_only_where_the_trunk_says_so() -> None:
    diversion = {"Diversion": f"<sip:{HOTLINE}@192.0.2.7>;reason=unconditional"}
    assert dialled(trunk(), headers=diversion) == "account"
    assert dialled(trunk(called=["Request-URI", "Diversion"]), headers=diversion) == HOTLINE


def test_a_header_that_cannot_be_read_costs_no_call() -> None:
    broken = {"P-Called-Party-ID": "<<>", "P-Asserted-Identity": '"', "Diversion": "?", "History-Info": "<"}
    world = trunk()
    assert dialled(world, "sip:+49305550101@192.0.2.1", headers=broken) == HOTLINE
    world.admit()
    world.offer()
    assert len(world.phone.requests) == 1


@pytest.mark.parametrize(
    ("entries", "twice"),
    [
        (["+49305551[00-49]", "+49305551[50-99]"], []),
        (["+49305551[00-49]", "+49305551[49-60]"], [("+49305551[00-49]", "+49305551[49-60]")]),
        (["+4930555[100-149]", "+49305551[20-29]"], [("+4930555[100-149]", "+49305551[20-29]")]),
        (["+49305551[00-49]", "0305551[40-59]"], [("+49305551[00-49]", "0305551[40-59]")]),
        (["+49305551[00-49]", "+49305551[000-499]"], []),
        (["+49305551[00-49]", "+49305551007"], []),
        (["+49305551007", "0305551007"], [("+49305551007", "0305551007")]),
        (["1[00-49]", "+491[00-49]"], []),
    ],
)
def test_entries_that_share_numbers_are_told(entries: list[str], twice: list[tuple[str, str]]) -> None:
    opened = desk(line(), *(entry(name, "help") for name in entries))
    world = World()
    world.desk = opened
    found = Dialled(world.site())
    assert found.twice == twice
    assert [str(problem) for problem in found.problems("site.toml")] == [
        f'site.toml: entries.voice."{later}": shares numbers with the entry "{first}"'
        for first, later in twice
    ]


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_dialled_leads_to_an_entry_or_to_none(text: str) -> None:
    assert DIALLED.entry_of(text) in (None, HOTLINE, BLOCK, VIP, "welcome", "0305550177", "help", "vip")


# Who calls


def shown(world: World, **invite: Any) -> str:
    """From, as an agent's phone gets it, without the tag."""
    world.invite(**invite)
    world.admit()
    world.offer()
    value = world.phone.requests[-1].request.get("From") or ""
    return value.partition(";tag=")[0]


def identified(world: World) -> list[str]:
    """The addresses that the vault and the lists were given."""
    return world.host.identified


def test_the_asserted_identity_is_stored_identified_and_shown() -> None:
    world = trunk()
    found = shown(world, from_="<sip:account@192.0.2.7>", headers={"P-Asserted-Identity": ASSERTED})
    assert found == '"acme help: Acme Berlin" <sip:+493012345@acd.invalid>'
    assert identified(world) == ["+493012345"]


def test_of_two_asserted_values_it_is_the_number() -> None:
    """One SIP and one telephone URI (RFC 3325 §9.1): lists know people by their numbers."""
    two = {"P-Asserted-Identity": "<sip:acct@provider.example>, <tel:+49-30-12345>"}
    world = trunk()
    assert shown(world, headers=two) == '"acme help" <sip:+493012345@acd.invalid>', (
        "to be dialled, without dashes"
    )
    assert identified(world) == ["+493012345"]
    world = trunk()
    shown(world, headers={"P-Asserted-Identity": "<sip:anonymous@anonymous.invalid>, <tel:+493012345>"})
    assert identified(world) == ["+493012345"]
    world = trunk()
    shown(world, headers={"P-Asserted-Identity": "<sip:acct@provider.example>"})
    assert identified(world) == ["acct"]


def test_a_trunk_whose_assertions_are_not_trusted_goes_by_from() -> None:
    world = trunk(caller=["From"])
    assert "Carla Muster" in shown(world, headers={"P-Asserted-Identity": ASSERTED})
    assert identified(world) == ["+49305550199"]


@pytest.mark.parametrize("privacy", ["id", "user;critical", "header; id"])
def test_who_wants_to_stay_private_is_neither_stored_nor_shown(privacy: str) -> None:
    world = trunk()
    headers = {"P-Asserted-Identity": ASSERTED, "Privacy": privacy}
    assert shown(world, headers=headers) == '"acme help" <sip:anonymous@acd.invalid>'
    assert identified(world) == ["anonymous"]


def test_privacy_none_and_parameters_of_the_number_change_nothing() -> None:
    world = trunk()
    headers = {"P-Asserted-Identity": "<tel:+493012345>", "Privacy": "none"}
    assert shown(world, headers=headers) == '"acme help" <sip:+493012345@acd.invalid>'
    world = trunk()
    shown(world, headers={"P-Asserted-Identity": "<sip:+493012345;cpn=x@192.0.2.7;user=phone>"})
    assert identified(world) == ["+493012345"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["client", "line", "name"], '"acme help: Carla Muster" '),
        (["line", "name"], '"help: Carla Muster" '),
        (["line"], '"help" '),
        (["name"], '"Carla Muster" '),
        ([], ""),
    ],
)
def test_a_site_says_what_its_phones_show(parts: list[str], expected: str) -> None:
    world = World(OPENED, phone_shows=parts)
    assert shown(world) == f"{expected}<sip:+49305550199@acd.invalid>"


def test_a_name_with_a_line_break_ends_no_header() -> None:
    world = World(OPENED)
    world.line_names[LineId("help")] = 'Help\r\nX-Evil: "1"'
    world.begin()
    assert shown(world).startswith('"acme Help X-Evil: \\"1\\": Carla Muster"')


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"Diversion": "<sip:+49305550123@192.0.2.7>;reason=no-answer, <sip:+4930111@192.0.2.7>"},
            "<sip:+49305550123@acd.invalid>;reason=no-answer",
        ),
        (
            {"History-Info": "<sip:+49305550123@192.0.2.7>;index=1, <sip:+49305550101@192.0.2.1>;index=1.1"},
            "<sip:+49305550123@acd.invalid>",
        ),
        ({"History-Info": "<sip:+49305550101@192.0.2.1>;index=1"}, None),
        ({"Diversion": "<sip:+49305550123@192.0.2.7>;privacy=full"}, None),
        ({"History-Info": "<sip:a@b?Privacy=history>;index=1, <sip:c@d>;index=1.1"}, None),
        ({}, None),
    ],
)
def test_a_phone_is_told_who_diverted_the_caller(headers: dict[str, str], expected: str | None) -> None:
    world = trunk()
    shown(world, headers=headers)
    assert world.phone.requests[-1].request.get("Diversion") == expected
