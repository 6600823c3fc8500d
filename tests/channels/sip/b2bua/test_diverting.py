"""A phone that diverts its calls: to a number outside by the trunk, when the engine has allowed it."""

from typing import Any

import pytest

from acd.core.effects import DivertOffer, ReleaseAgent, WithdrawOffer
from acd.core.events import ContactId, Event, OfferAccepted, OfferDiverted, OfferRefused
from acd.testing.story import desk, entry, line
from agents.skills import AgentId
from channels.sip.b2bua import restart
from tests.channels.sip.b2bua.test_several_phones import ANNA, CONTACT, HERS, HOME, OFFER, methods, says
from tests.channels.sip.b2bua.world import PHONE, World

MOBILE = "+4915112345678"
ASKED = OfferDiverted(OFFER, "party-1", "mobile")


def rung(phones: Any = (PHONE,), **table: Any) -> World:
    """Anna is offered a caller of the hotline."""
    world = World(desk(line(), entry("+49305550101", "help")), **table)
    world.phones = list(phones)
    for phone in phones:
        world.at(phone)
    world.invite()
    world.admit()
    world.offer()
    return world


def diverts(world: World, to: str = f"sip:{MOBILE}@phone.invalid", **allowed: Any) -> None:
    """Anna's phone sends the caller there, and the engine allows it."""
    asks(world, to)
    allow(world, **allowed)


def allow(world: World, **changes: Any) -> None:
    what = {"party": "party-1", "dial_class": "mobile", **changes}
    world.carry_out(DivertOffer(OFFER, CONTACT, ANNA, carrier=HERS, **what))


def asks(world: World, to: str = f"sip:{MOBILE}@phone.invalid", status: int = 302) -> None:
    invite = [new for new in world.phone.requests if new.request.method == "INVITE"][-1]
    world.phone.layer.reply(invite.key, status, world.now_ms, headers=[("Contact", f"<{to}>")])
    world.run()


def told(world: World) -> list[Event]:
    return world.host.events[1:]


def test_the_number_is_called_by_the_trunk_and_has_the_caller() -> None:
    world = rung()
    diverts(world, "sip:0151-12345678@phone.invalid;user=phone")
    (new,) = world.trunk.requests
    us = "<sip:+49305550100@192.0.2.1;user=phone>"
    assert new.request.uri == f"sip:{MOBILE}@192.0.2.8:5060;user=phone"
    assert (new.request.get("P-Asserted-Identity"), (new.request.get("From") or "").partition(";tag")[0]) == (
        us,
        us,
    )
    assert new.request.get("Diversion") == "<sip:anna@acd.invalid>;reason=unconditional"
    assert told(world) == [ASKED]
    assert world.host.identified[-1] == MOBILE
    world.party_answers()
    assert told(world) == [ASKED, OfferAccepted(OFFER)]
    world.connect()
    world.carry_out(ReleaseAgent(CONTACT, ANNA, OFFER, carrier=HERS))
    assert methods(world.trunk) == ["INVITE", "BYE"]


def test_it_is_hung_up_at_its_contact_also_after_a_restart() -> None:
    world = rung()
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
    world = rung()
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
    "to",
    [
        "sip:112@phone.invalid",
        "sip:+499001234567@phone.invalid",
        "sip:bert@phone.invalid",
        "tel:112;phone-context=+49",
        "sip:030-5550101@phone.invalid",
        "sip:+49305550100@phone.invalid",
    ],
)
def test_what_is_never_dialled_or_leads_back_to_the_desk_is_not_even_asked_for(to: str) -> None:
    world = rung()
    asks(world, to)
    assert (told(world), world.trunk.requests) == ([OfferRefused(OFFER)], [])


def test_what_the_engine_does_not_allow_is_not_called() -> None:
    world = rung()
    world.host.rejects.add(OfferDiverted)
    asks(world)
    allow(world)
    assert (told(world), world.trunk.requests) == ([OfferRefused(OFFER)], [])


def test_nobody_is_called_before_the_engine_has_said_so() -> None:
    """Its entry is not written yet: a restart would not know that this call was counted."""
    world = rung()
    asks(world)
    assert (told(world), world.trunk.requests) == ([ASKED], [])
    world.carry_out(WithdrawOffer(OFFER, CONTACT, ANNA, "contact ended", carrier=HERS))
    allow(world)
    assert world.trunk.requests == []
    assert not [leg for leg in world.calls.legs if leg.startswith("o")]


def test_a_restart_before_that_rings_the_next_one() -> None:
    """The order is not repeated: nobody knows whether it was carried out."""
    world = rung()
    asks(world)
    records = dict(world.host.records)
    world.begin()
    restart.load_legs(world.calls, records, frozenset(records))
    restart.reconcile(world.calls, [world.offered(1)])
    world.run()
    assert (told(world), world.trunk.requests) == ([ASKED, OfferRefused(OFFER)], [])


@pytest.mark.parametrize("prefixes", [("+4930",), ("+43", "+41")])
def test_a_number_outside_the_allow_list_is_not_dialled(prefixes: tuple[str, ...]) -> None:
    world = rung()
    diverts(world, prefixes=prefixes)
    assert (told(world), world.trunk.requests) == ([ASKED, OfferRefused(OFFER)], [])


def test_the_caller_id_is_that_of_the_client() -> None:
    world = rung()
    diverts(world, caller_id="+49895550200", prefixes=("+4915", "+4916"))
    (new,) = world.trunk.requests
    assert new.request.get("P-Asserted-Identity") == "<sip:+49895550200@192.0.2.1;user=phone>"


def test_a_second_phone_that_diverts_is_not_followed() -> None:
    world = rung(phones=(PHONE, HOME))
    diverts(world)
    said = [new for new in world.at(HOME).requests if new.request.method == "INVITE"][-1]
    world.at(HOME).layer.reply(
        said.key, 302, world.now_ms, headers=[("Contact", f"<sip:{MOBILE}@b.invalid>")]
    )
    world.run()
    assert (told(world), methods(world.trunk)) == ([ASKED], ["INVITE"])


@pytest.mark.parametrize("status", [404, 486, 500, 302])
def test_a_failure_there_leaves_the_phone_reachable(status: int) -> None:
    """He is not rung again a second later, to be diverted again."""
    world = rung()
    diverts(world)
    last = world.trunk.requests[-1]
    world.trunk.layer.reply(
        last.key, status, world.now_ms, headers=[("Contact", f"<sip:{MOBILE}@b.invalid>")]
    )
    world.run()
    assert (told(world), methods(world.trunk)) == ([ASKED, OfferRefused(OFFER)], ["INVITE"])
    assert len(world.where("anna")) == 1


def test_his_other_phones_ring_on_and_the_first_answer_wins() -> None:
    world = rung(phones=(PHONE, HOME))
    diverts(world)
    world.trunk.layer.reply(world.trunk.requests[-1].key, 180, world.now_ms)
    world.run()
    says(world, HOME, 200)
    assert told(world) == [ASKED, OfferAccepted(OFFER)]
    assert [type(out).__name__ for out in world.trunk.other] == ["Cancelled"]
    world.carry_out(ReleaseAgent(ContactId(1), AgentId("anna"), OFFER, carrier=HERS))
    assert methods(world.at(HOME)) == ["INVITE", "BYE"]
