"""An agent hands his caller to another number of the desk, by REFER from his phone."""

import pytest

from acd.core.effects import ReleaseAgent
from acd.core.events import ContactId, ContactTransferred, OfferId
from agents.devices import Carrier
from agents.skills import AgentId
from channels.sip.protocol.message import Header
from queues.desk import EntryId, LineId
from queues.treatment import Playlist
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.test_media_answers import talk
from tests.channels.sip.b2bua.world import DESK, World

TO = "<sip:+49305550102@192.0.2.1>"
ENTRY = EntryId("+49305550102")


def refer(world: World, *headers: Header, by_caller: bool = False, cseq: int = 2) -> None:
    agent = world.calls.agent_of(OfferId(1))
    leg = world.calls.legs[world.caller_leg] if by_caller else agent
    assert leg is not None
    side = world.caller if by_caller else world.phone
    side.layer.send_request(request_of(leg, "REFER", cseq, *headers), DESK, world.now_ms)
    world.run()


def transferred(world: World) -> list[ContactTransferred]:
    return [event for event in world.host.events if isinstance(event, ContactTransferred)]


def test_the_caller_is_handed_on_and_the_phone_is_told_and_released(world: World) -> None:
    talk(world)
    refer(world, ("Refer-To", TO))
    assert world.phone.statuses[-1] == 202
    (told,) = transferred(world)
    assert told == ContactTransferred(ContactId(1), AgentId("anna"), LineId(""), ENTRY)
    news = world.phone.requests[-1].request
    assert (news.method, news.get("Event"), news.body) == ("NOTIFY", "refer", b"SIP/2.0 200 OK\r\n")
    assert news.get("Subscription-State") == "terminated;reason=noresource"
    assert news.get("Content-Type") == "message/sipfrag;version=2.0"
    world.phone.layer.reply(world.phone.requests[-1].key, 200, world.now_ms)
    world.carry_out(ReleaseAgent(ContactId(1), AgentId("anna"), OfferId(1), carrier=Carrier("sip", "anna")))
    world.treat(Playlist(music="default"))
    assert world.phone.requests[-1].request.method == "BYE"


def test_a_phone_that_wants_no_news_gets_none(world: World) -> None:
    talk(world)
    refer(world, ("Refer-To", TO), ("Refer-Sub", "false"))
    assert (world.phone.statuses[-1], world.phone.responses[-1].get("Refer-Sub")) == (202, "false")
    assert world.phone.requests[-1].request.method == "INVITE"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 400),
        ((("Refer-To", TO), ("Refer-To", TO)), 400),
        ((("Refer-To", f"{TO}, {TO}"),), 400),
        ((("Refer-To", "<sip:[broken>"),), 400),
        ((("Refer-To", "<sip:carla@192.0.2.7?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"),), 603),
    ],
)
def test_what_is_no_blind_transfer_is_refused_and_the_call_goes_on(
    world: World, headers: tuple[Header, ...], status: int
) -> None:
    talk(world)
    refer(world, *headers)
    assert world.phone.statuses[-1] == status
    assert not transferred(world)
    assert world.calls.agent_of(OfferId(1)) is not None


def test_a_number_that_the_desk_does_not_have_is_not_found(world: World) -> None:
    talk(world)
    world.host.rejects.add(ContactTransferred)
    refer(world, ("Refer-To", "<sip:999@192.0.2.1>"))
    assert world.phone.statuses[-1] == 404
    assert world.telling.counts["transfer refused 404"] == 1


def test_nobody_but_an_agent_in_a_conversation_hands_a_caller_on(world: World) -> None:
    talk(world)
    refer(world, ("Refer-To", TO), by_caller=True)
    assert world.caller.statuses[-1] == 403
    assert not transferred(world)


def test_a_phone_that_knows_no_news_of_a_transfer_stays_in_the_call(world: World) -> None:
    talk(world)
    refer(world, ("Refer-To", TO))
    world.phone.layer.reply(world.phone.requests[-1].key, 405, world.now_ms)
    world.run()
    assert world.calls.agent_of(OfferId(1)) is not None
