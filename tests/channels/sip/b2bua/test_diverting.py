"""A phone that diverts its calls: to a number outside by the trunk, where the desk's rules allow it."""

from typing import Any

import pytest

from acd.core.effects import ReleaseAgent
from acd.core.events import ContactId, Event, OfferAccepted, OfferId, OfferRefused
from acd.testing.story import desk, entry, line
from agents.skills import AgentId
from channels.sip.b2bua import restart
from queues.desk import OutboundRule, TenantId
from tests.channels.sip.b2bua.test_several_phones import ANNA, CONTACT, HERS, HOME, OFFER, methods, says
from tests.channels.sip.b2bua.world import PHONE, World

MOBILE = "+4915112345678"
RULE = OutboundRule("divert", ("mobile",), "sip", at_once=1)


def rung(*rules: OutboundRule, phones: Any = (PHONE,), **table: Any) -> World:
    """Anna is offered a caller of the hotline."""
    world = World(desk(line(), entry("+49305550101", "help"), outbound=rules), **table)
    world.phones = list(phones)
    for phone in phones:
        world.at(phone)
    world.invite()
    world.admit()
    world.offer()
    return world


def diverts(world: World, to: str = f"sip:{MOBILE}@phone.invalid", status: int = 302) -> None:
    """Anna's phone sends the caller there."""
    invite = [new for new in world.phone.requests if new.request.method == "INVITE"][-1]
    world.phone.layer.reply(invite.key, status, world.now_ms, headers=[("Contact", f"<{to}>")])
    world.run()


def told(world: World) -> list[Event]:
    return world.host.events[1:]


def test_the_number_is_called_by_the_trunk_and_has_the_caller() -> None:
    world = rung(RULE)
    diverts(world, "sip:0151-12345678@phone.invalid;user=phone")
    (new,) = world.trunk.requests
    us = "<sip:+49305550100@192.0.2.1;user=phone>"
    assert new.request.uri == f"sip:{MOBILE}@192.0.2.8:5060;user=phone"
    assert (new.request.get("P-Asserted-Identity"), (new.request.get("From") or "").partition(";tag")[0]) == (
        us,
        us,
    )
    assert new.request.get("Diversion") == "<sip:anna@acd.invalid>;reason=unconditional"
    assert told(world) == []
    world.party_answers()
    assert told(world) == [OfferAccepted(OFFER)]
    world.connect()
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=HERS))
    assert methods(world.trunk) == ["INVITE", "BYE"]


def test_it_is_hung_up_at_its_contact_also_after_a_restart() -> None:
    world = rung(RULE)
    gateway = world.at(HOME)
    diverts(world)
    world.answer(world.trunk, world.trunk.requests[-1], 200, f"<sip:out@{HOME.host}>")
    records = dict(world.host.records)
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    restart.reconcile(world.calls, [])
    world.run()
    assert (methods(world.trunk), methods(gateway)) == (["INVITE"], ["BYE"])


def test_a_restart_while_it_rings_rings_the_same() -> None:
    world = rung(RULE)
    diverts(world)
    records = dict(world.host.records)
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    restart.reconcile(world.calls, [world.offered(1)])
    world.run()
    assert (methods(world.trunk), methods(world.phone)) == (["INVITE"], ["INVITE"])
    world.party_answers()
    assert told(world)[-1] == OfferAccepted(OFFER)


@pytest.mark.parametrize(
    ("rules", "to"),
    [
        ([], f"sip:{MOBILE}@phone.invalid"),
        ([OutboundRule("callback", ("mobile",), "sip")], f"sip:{MOBILE}@phone.invalid"),
        ([OutboundRule("divert", ("local",), "sip")], f"sip:{MOBILE}@phone.invalid"),
        ([OutboundRule("divert", ("mobile",), "isdn")], f"sip:{MOBILE}@phone.invalid"),
        ([OutboundRule("divert", ("mobile",), "sip", TenantId("other"))], f"sip:{MOBILE}@phone.invalid"),
        ([RULE], "sip:112@phone.invalid"),
        ([RULE], "sip:+499001234567@phone.invalid"),
        ([RULE], "sip:bert@phone.invalid"),
        ([RULE], "tel:112;phone-context=+49"),
        ([OutboundRule("divert", ("local",), "sip")], "sip:030-5550101@phone.invalid"),
        ([OutboundRule("divert", ("local",), "sip")], "sip:+49305550100@phone.invalid"),
    ],
)
def test_what_no_rule_allows_or_leads_back_to_the_desk_is_not_called(
    rules: list[OutboundRule], to: str
) -> None:
    world = rung(*rules)
    diverts(world, to)
    assert (told(world), world.trunk.requests) == ([OfferRefused(OFFER)], [])


def test_no_more_are_called_than_the_rule_says() -> None:
    world = rung(RULE)
    diverts(world)
    world.party_answers()
    world.offer(2, "bert")
    diverts(world)
    assert methods(world.trunk) == ["INVITE"]
    assert told(world) == [OfferAccepted(OFFER), OfferRefused(OfferId(2))]


@pytest.mark.parametrize("status", [404, 486, 500, 302])
def test_a_failure_there_leaves_the_phone_reachable(status: int) -> None:
    """He is not rung again a second later, to be diverted again."""
    world = rung(RULE)
    diverts(world)
    last = world.trunk.requests[-1]
    world.trunk.layer.reply(
        last.key, status, world.now_ms, headers=[("Contact", f"<sip:{MOBILE}@b.invalid>")]
    )
    world.run()
    assert (told(world), methods(world.trunk)) == ([OfferRefused(OFFER)], ["INVITE"])
    assert len(world.where("anna")) == 1


def test_his_other_phones_ring_on_and_the_first_answer_wins() -> None:
    world = rung(RULE, phones=(PHONE, HOME))
    diverts(world)
    world.trunk.layer.reply(world.trunk.requests[-1].key, 180, world.now_ms)
    world.run()
    says(world, HOME, 200)
    assert told(world) == [OfferAccepted(OFFER)]
    assert [type(out).__name__ for out in world.trunk.other] == ["Cancelled"]
    world.carry_out(ReleaseAgent(ContactId(1), AgentId("anna"), OFFER, carrier=HERS))
    assert methods(world.at(HOME)) == ["INVITE", "BYE"]
