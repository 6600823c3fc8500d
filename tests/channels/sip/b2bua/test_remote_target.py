"""Requests inside a call go to where the peer is now, and through its NAT only if the site says so."""

import pytest

from acd.core.effects import ConnectContact, ReleaseAgent, ReleaseContact
from acd.core.events import ContactId, OfferId
from agents.devices import Carrier
from agents.skills import AgentId
from channels.sip.b2bua import probing, restart
from channels.sip.b2bua.leg import Leg, LegRecord
from channels.sip.b2bua.targets import by_source
from channels.sip.protocol.address import Endpoint
from config.schema import Nat
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.world import CALLER, DESK, PHONE, TABLE, TRUNK, World

CONTACT, OFFER, ANNA = ContactId(1), OfferId(1), AgentId("anna")
ELSEWHERE = Endpoint("192.0.2.44", 40_044)
GATEWAY = Endpoint("192.0.2.45", 5080)
PRIVATE = "<sip:carla@10.0.0.7:5066>"


def trunk(nat: str) -> World:
    """A desk whose trunk is treated so."""
    return World(trunks=[TABLE["trunks"][0] | {"nat": nat}, TABLE["trunks"][1]])


def called(world: World, **invite: str) -> Leg:
    """A caller who was answered."""
    world.invite(**invite)  # type: ignore[arg-type]
    world.admit()
    leg = world.calls.caller_of(1)
    assert leg is not None
    return leg


def talk(world: World) -> Leg:
    """He is connected with anna; her leg."""
    called(world)
    world.offer()
    world.phone_answers()
    world.carry_out(ConnectContact(OFFER, CONTACT, ANNA, carrier=Carrier("sip", "anna")))
    leg = world.calls.agent_of(1)
    assert leg is not None
    return leg


def methods(world: World, at: Endpoint) -> list[str]:
    return [new.request.method for new in world.at(at).requests]


def reinvite(world: World, leg: Leg, source: Endpoint, contact: str, body: bytes = b"") -> int:
    """A re-INVITE of the peer from there; the status of our answer."""
    type_ = [("Content-Type", "application/sdp")] if body else []
    request = request_of(leg, "INVITE", 2, ("Contact", contact), *type_, body=body)
    world.at(source).layer.send_request(request, DESK, world.now_ms)
    world.run()
    return world.at(source).statuses[-1]


def hang_up(world: World) -> None:
    leg = world.calls.caller_of(1)
    assert leg is not None
    world.carry_out(ReleaseContact(CONTACT, "agent", carrier=Carrier("sip", leg.id)))


def release_agent(world: World) -> None:
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=Carrier("sip", "anna")))


def test_a_phone_that_has_roamed_is_hung_up_where_it_is_now(world: World) -> None:
    leg = talk(world)
    assert reinvite(world, leg, ELSEWHERE, "<sip:anna@192.168.7.7:5060>") == 200
    release_agent(world)
    assert (methods(world, ELSEWHERE), methods(world, PHONE)) == (["BYE"], ["INVITE"])


def test_a_caller_whose_trunk_has_failed_over_is_hung_up_there(world: World) -> None:
    leg = called(world)
    assert reinvite(world, leg, ELSEWHERE, f"<sip:carla@{ELSEWHERE.host}:{ELSEWHERE.port}>") == 200
    hang_up(world)
    assert (methods(world, ELSEWHERE), methods(world, CALLER)) == (["BYE"], [])


def test_a_trunk_is_asked_and_released_at_its_contact_which_is_not_where_it_sends_from(world: World) -> None:
    leg = called(world, contact="<sip:gw@192.0.2.45:5080>")
    world.at(GATEWAY)
    probing.probe(world.calls, leg)
    world.run()
    hang_up(world)
    assert (methods(world, GATEWAY), methods(world, CALLER)) == (["OPTIONS", "BYE"], [])


@pytest.mark.parametrize("nat", ["auto", "always"])
def test_a_trunk_behind_nat_is_hung_up_where_it_sends_from(nat: str) -> None:
    world = trunk(nat)
    called(world, contact=PRIVATE)
    hang_up(world)
    assert methods(world, CALLER) == ["BYE"]


def test_a_contact_of_the_same_private_network_or_a_trunk_without_nat_counts_as_it_says() -> None:
    world = trunk("never")
    world.at(Endpoint("10.0.0.7", 5066))
    called(world, contact=PRIVATE)
    hang_up(world)
    assert methods(world, Endpoint("10.0.0.7", 5066)) == ["BYE"]


def test_a_phone_without_nat_is_hung_up_at_its_contact(world: World) -> None:
    world.nat = Nat.NEVER
    leg = talk(world)
    world.at(GATEWAY)
    assert reinvite(world, leg, ELSEWHERE, "<sip:anna@192.0.2.45:5080>") == 200
    release_agent(world)
    assert (methods(world, GATEWAY), methods(world, PHONE)) == (["BYE"], ["INVITE"])


def test_whom_we_called_is_hung_up_at_the_contact_of_his_answer(world: World) -> None:
    world.agent_waits()
    invite = next(new for new in world.trunk.requests if new.request.method == "INVITE")
    world.at(GATEWAY)
    world.answer(world.trunk, invite, 200, "<sip:out@192.0.2.45:5080>")
    world.admit_called()
    assert methods(world, TRUNK) == ["INVITE"]
    hang_up(world)
    assert methods(world, GATEWAY) == ["BYE"]


def test_where_a_peer_is_outlives_a_description_that_we_refuse(world: World) -> None:
    leg = called(world)
    assert reinvite(world, leg, ELSEWHERE, "<sip:carla@192.0.2.44:40044>", b"v=0\r\n") in (400, 488)
    record = LegRecord.from_record(world.host.records[leg.id])
    assert record.dialog is not None
    assert record.dialog.remote_target == "sip:carla@192.0.2.44:40044"


def test_after_a_restart_the_last_contact_counts_and_by_what_the_site_says_then(world: World) -> None:
    leg = talk(world)
    reinvite(world, leg, ELSEWHERE, "<sip:anna@192.0.2.45:5080>")
    caller = world.calls.caller_of(1)
    assert caller is not None
    assert caller.record.dialog is not None
    caller.record.dialog.peer = ELSEWHERE  # as every version before kept it
    world.calls.save(caller)
    world.at(GATEWAY)
    records = dict(world.host.records)
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    assert world.calls.legs[caller.id].record.dialog.destination() == CALLER  # type: ignore[union-attr]
    assert world.calls.legs["o1"].record.dialog.destination() == ELSEWHERE  # type: ignore[union-attr]
    world.nat = Nat.NEVER
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    restart.reconcile(world.calls, [])
    world.run()
    assert methods(world, GATEWAY) == ["BYE"]


@pytest.mark.parametrize(
    ("target", "source", "through"),
    [
        ("sip:a@192.168.1.5", "203.0.113.9", True),
        ("sip:a@192.168.1.5", "192.168.1.1", False),
        ("sip:a@192.168.1.5", "10.1.1.1", True),
        ("sip:a@127.0.0.1:5070", "127.0.0.1", False),
        ("sip:a@0.0.0.0", "203.0.113.9", True),
        ("sip:a@[fe80::1]", "2001:db8::9", True),
        ("sip:a@[2001:db8::1]", "2001:db8::9", False),
        ("sip:a@gw.example", "203.0.113.9", False),
        ("sip:a@203.0.113.8;transport=tcp", "203.0.113.9", True),
        ("sips:a@203.0.113.8", "203.0.113.9", True),
        ("sip:a@203.0.113.8", "203.0.113.9", False),
    ],
)
def test_auto_goes_by_the_source_when_the_contact_is_out_of_reach(
    target: str, source: str, through: bool
) -> None:
    seen = Endpoint(source, 1024)
    assert by_source(Nat.AUTO, target, seen) == (seen if through else None)
