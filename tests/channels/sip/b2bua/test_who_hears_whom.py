"""After every event the media play to each leg what the participants of its contact say: no more, no less."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from random import Random

import pytest

from acd.core.errors import Rejected
from acd.core.events import (
    AgentReady,
    CallbackCancelled,
    CallbackPromised,
    ContactTransferred,
    KeyPressed,
    MessageRecorded,
    PromptEnded,
)
from acd.core.participants import Sound
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Play, Record
from channels.media.negotiation import AudioSession
from channels.media.sdp import Direction
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.errors import IllegalMoveError
from queues.desk import Order
from queues.states import ContactState
from tests.channels.sip.b2bua.asking import request_of
from tests.channels.sip.b2bua.live import AGENTS, TREATMENTS, Live
from tests.channels.sip.b2bua.world import CALLER, DESK, Side


def _side(live: Live, leg: Leg) -> Side:
    if leg.is_placed:
        return live.trunk
    return live.caller if leg.is_caller else live.phone


def _send(live: Live, leg: Leg, method: str, body: bytes = b"") -> None:
    """A request of the leg's party; its numbers only grow."""
    dialog = leg.record.dialog
    assert dialog is not None
    more = [("Contact", "<sip:party@192.0.2.7>"), ("Content-Type", "application/sdp")] if body else []
    request = request_of(leg, method, (dialog.remote_cseq or 1) + 1, *more, body=body)
    _side(live, leg).layer.send_request(request, DESK, live.now_ms)


def _call(live: Live, rng: Random) -> None:
    if len(live.contacts) < 4:
        live.callers += 1
        live.invite(CALLER, branch=f"b{live.callers}", call_id=f"call-{live.callers}")


def _answer(live: Live, side: Side, rng: Random) -> None:
    """One of the INVITEs that this side has not answered yet is answered, or refused."""
    ringing = {leg.id for leg in live.calls.legs.values() if leg.record.stage is LegStage.OPENING}
    for new in side.requests:
        if new.request.method == "INVITE" and new.request.call_id.partition("-")[0] in ringing:
            side.requests.remove(new)
            with suppress(IllegalMoveError):  # it was cancelled
                live.answer(side, new, rng.choice((200, 200, 200, 486)), f"<sip:party@{side.address.host}>")
            return


def _phone(live: Live, rng: Random) -> None:
    _answer(live, live.phone, rng)


def _party(live: Live, rng: Random) -> None:
    _answer(live, live.trunk, rng)


def _hold(live: Live, rng: Random) -> None:
    if legs := live.up():
        leg = rng.choice(legs)
        direction = rng.choice((Direction.SENDONLY, Direction.SENDRECV))
        sdp = AudioSession(1, "192.0.2.7", 30_000).offer().replace(b"sendrecv", direction.encode())
        _send(live, leg, "INVITE", sdp)


def _hang_up(live: Live, rng: Random) -> None:
    if legs := live.up():
        _send(live, rng.choice(legs), "BYE")


def _promise(live: Live, rng: Random) -> None:
    waiting = [one for one in live.contacts if one.state in (ContactState.WAITING, ContactState.OFFERED)]
    if waiting:
        contact = rng.choice(waiting)
        if not contact.parked:
            live.host.submit(CallbackPromised(contact.id, "party-1", "local"))


def _cancel(live: Live, rng: Random) -> None:
    if parked := [one for one in live.contacts if one.parked and one.state != ContactState.CONNECTED]:
        live.host.submit(CallbackCancelled(rng.choice(parked).id))


def _ready(live: Live, rng: Random) -> None:
    try:
        live.host.submit(AgentReady(AgentId(rng.choice(AGENTS))))
    except Rejected:
        return


def _transfer(live: Live, rng: Random) -> None:
    if talking := [leg for leg in live.up() if leg in leg.call.talking]:
        leg = rng.choice(talking)
        dialog = leg.record.dialog
        assert dialog is not None
        target = ("Refer-To", "<sip:+49305550101@192.0.2.1>")
        request = request_of(leg, "REFER", (dialog.remote_cseq or 1) + 1, target, ("Refer-Sub", "false"))
        live.phone.layer.send_request(request, DESK, live.now_ms)


def _wait(live: Live, rng: Random) -> None:
    live.wait(rng.choice((100, 2_000)))


def _text_ends(live: Live, rng: Random) -> None:
    """Also of lists that nobody plays any more."""
    if lists := [one for one in live.media.commands if isinstance(one, Play) and one.play]:
        last = rng.choice(lists[-4:])
        live.media.tell(media.Played(last.leg, last.play))


def _key(live: Live, rng: Random) -> None:
    if legs := live.up():
        leg = rng.choice(legs)
        lists = [one.play for one in live.media.commands if isinstance(one, Play) and one.leg == leg.id]
        live.media.tell(media.Digit(leg.id, rng.choice("1239#"), rng.choice(["", *lists[-3:]])))


def _spoken(live: Live, rng: Random) -> None:
    """A recording is sealed; also one that is told again."""
    if said := [one for one in live.media.commands if isinstance(one, Record)]:
        last = rng.choice(said[-3:])
        live.media.tell(media.Recorded(last.leg, last.path, 5_000, media.Ending.KEY))


def _restart(live: Live, rng: Random) -> None:
    live.restart()


MOVES: Mapping[Callable[[Live, Random], None], int] = {
    _call: 8, _phone: 12, _party: 8, _hold: 8, _hang_up: 4, _promise: 5, _cancel: 1, _ready: 4, _transfer: 2,
    _wait: 6,
}  # fmt: skip
OF_TREATMENTS: Mapping[Callable[[Live, Random], None], int] = {
    _text_ends: 12, _key: 12, _spoken: 6, _restart: 4,
}  # fmt: skip


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("seed", range(12))
def test_each_leg_hears_what_its_participant_is_to_hear(seed: int, order: Order) -> None:
    rng, live = Random(seed), Live(order)
    seen: Counter[tuple[bool, Sound]] = Counter()
    for _ in range(150):
        rng.choices(list(MOVES), list(MOVES.values()))[0](live, rng)
        live.settle()
        ought, heard = live.ought(), live.heard()
        known = {leg.id for leg in live.up()}
        assert {leg: sound for leg, sound in ought.items() if leg in known} == heard
        seen.update((leg.startswith("o"), sound) for leg, sound in heard.items())
    assert {sound for _, sound in seen} == set(Sound) - {Sound.MESSAGE}, (
        "else the run would promise less than it says"
    )


@cache
def treated(seed: int, order: Order) -> set[object]:
    """The kinds of events that were told, and of sounds that were heard, in a run with treatments."""
    moves, rng, live = {**MOVES, **OF_TREATMENTS}, Random(seed), Live(order, TREATMENTS)
    found: set[object] = set()
    for _ in range(300):
        rng.choices(list(moves), list(moves.values()))[0](live, rng)
        live.settle()
        ought, heard = live.ought(), live.heard()
        assert {leg: sound for leg, sound in ought.items() if leg in heard} == heard
        assert live.lists_ordered().items() <= live.lists_played().items()
        talking = [leg for leg, sound in heard.items() if sound is Sound.OTHERS]
        assert not set(talking) & live.lists_played().keys(), "no text hides who talks"
        found.update(heard.values())
    return found | {type(event) for event in live.host.events}


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("seed", range(12))
def test_each_leg_hears_the_list_of_its_treatment_until_somebody_talks_to_it(seed: int, order: Order) -> None:
    assert treated(seed, order) >= {PromptEnded, Sound.MUSIC}


@pytest.mark.parametrize("order", list(Order))
def test_the_runs_have_keys_transfers_and_messages(order: Order) -> None:
    """Else they would promise less than they say."""
    found = set[object]().union(*(treated(seed, order) for seed in range(12)))
    assert found >= {KeyPressed, ContactTransferred, MessageRecorded, *Sound}


def test_the_runs_have_callers_who_ring_again_while_an_agent_waits_for_them() -> None:
    """It went wrong once: both heard music, each by himself."""
    live = Live(Order.AGENT_FIRST)
    live.invite()
    live.settle()
    (contact,) = live.contacts
    live.host.submit(CallbackPromised(contact.id, "party-1", "local"))
    live.settle()
    live.phone_answers()
    live.settle()
    assert contact.state == ContactState.CALLING
    assert set(live.heard().values()) == {Sound.MUSIC}, "the agent waits"
    live.invite(branch="again", call_id="again")
    live.settle()
    assert live.heard() == live.ought()
    assert set(live.heard().values()) == {Sound.OTHERS}
    assert len(live.heard()) == 2
