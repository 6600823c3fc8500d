"""What requests and answers of peers get that are not as they ought to be, by the RFCs' word."""

import pytest

from channels.sip.protocol.message import Request, make_headers
from tests.channels.sip.b2bua.test_crossings import talk
from tests.channels.sip.b2bua.world import DESK, Side, World


def asked(
    world: World,
    method: str,
    uri: str = "sip:+49305550101@192.0.2.1",
    headers: dict[str, str] | None = None,
    side: Side | None = None,
) -> list[int]:
    """A request as short as can be; returns what was answered."""
    side = side or world.caller
    before = len(side.statuses)
    known = {"Max-Forwards": "70", "From": "<sip:a@h>;tag=1", "To": "<sip:b@h>", "Call-ID": f"short {before}"}
    known |= {"CSeq": f"{100 + before} {method}", **(headers or {})}
    request = Request(method=method, uri=uri, headers=make_headers(*known.items()))
    side.layer.send_request(request, DESK, world.now_ms)
    world.run()
    return side.statuses[before:]


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "SUBSCRIBE"])
def test_a_required_extension_that_we_lack_is_named_in_any_request(world: World, method: str) -> None:
    assert asked(world, method, headers={"Require": "path, foo"}) == [420]
    assert world.caller.responses[-1].get("Unsupported") == "path, foo"


def test_so_it_is_within_a_call_which_goes_on(world: World) -> None:
    talk(world)
    leg = world.calls.legs["o1"]
    assert leg.record.dialog is not None
    dialog = leg.record.dialog
    tags = {"To": f"<sip:acd@192.0.2.1>;tag={dialog.local_tag}", "From": f"<sip:a@h>;tag={dialog.remote_tag}"}
    asked(world, "BYE", headers={"Require": "foo", **tags, "Call-ID": dialog.call_id}, side=world.phone)
    assert (world.phone.statuses[-1], "o1" in world.calls.legs) == (420, True)
    asked(world, "BYE", headers={**tags, "Call-ID": dialog.call_id}, side=world.phone)
    assert (world.phone.statuses[-1], "o1" in world.calls.legs) == (200, False)


@pytest.mark.parametrize("uri", ["mailto:info@acd.example", "http://acd.example/"])
@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_uri_of_another_kind_is_not_taken_for_an_unknown_number(
    world: World, method: str, uri: str
) -> None:
    assert asked(world, method, uri=uri) == [416]
    assert world.host.events == []


@pytest.mark.parametrize("contact", [{}, {"Contact": "*"}, {"Contact": "<tel:+49305550199>"}])
def test_an_invite_without_a_contact_of_use_never_becomes_a_contact_of_the_desk(
    world: World, contact: dict[str, str]
) -> None:
    assert asked(world, "INVITE", headers=contact) == [400]
    assert (world.host.events, world.calls.legs, len(world.layer)) == ([], {}, 0)
