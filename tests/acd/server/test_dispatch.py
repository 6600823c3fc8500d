"""Dispatch: by carrier to the channel, no failure to the loop, and no blame on an agent."""

from collections.abc import Callable

import pytest

from acd.core.effects import ConnectContact, Effect, OfferContact, PlaceCall, ReleaseContact
from acd.core.events import CallFailed, CallId, ContactId, Event, LegLost, OfferFailed, OfferId
from acd.server.dispatch import Dispatch
from acd.testing import TENANT, ScriptedChannel
from agents.devices import Carrier
from agents.skills import AgentId

ANNA = AgentId("anna")
GONE = Carrier("gone", "anna")
OFFER = OfferContact(OfferId(3), ContactId(1), ANNA, 20_000, carrier=GONE)
CONNECT = ConnectContact(OfferId(3), ContactId(1), ANNA, carrier=GONE)
PLACE = PlaceCall(
    call=CallId(7),
    contact=ContactId(1),
    party="party-1",
    dial_class="local",
    tenant=TENANT,
    purpose="callback",
    deadline_ms=20_000,
    carrier=Carrier("gone", ""),
)


def channel(name: str) -> ScriptedChannel:
    made = ScriptedChannel(name)
    made.started = True
    return made


def release(channel: str) -> ReleaseContact:
    return ReleaseContact(ContactId(1), "agent", carrier=Carrier(channel, "1"))


def never(_s: float, _work: Callable[[], None]) -> None:
    """Nothing is tried again in these stories."""


def test_an_effect_goes_to_the_channel_of_its_carrier() -> None:
    """And to no other."""
    voice, mail = channel("sip"), channel("mail")
    told: list[tuple[Event, str]] = []
    dispatch = Dispatch([voice, mail], lambda event, name: told.append((event, name)), never)
    dispatch.carry_out(release("mail"), 7, 2)
    assert [tuple(carried) for carried in mail.carried] == [(release("mail"), 7, 2)]
    assert (voice.carried, told) == ([], [])


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (OFFER, OfferFailed(OfferId(3))),
        (CONNECT, LegLost(ContactId(1), ANNA)),
        (PLACE, CallFailed(CallId(7), "failed")),
        (release("gone"), None),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_what_a_channel_fails_at_is_counted_and_the_engine_learns_that_it_was_not_done(
    effect: Effect, told: Event | None, there: bool
) -> None:
    """Whether it raises or is not there; carry_out itself does not raise."""

    def burn(_effect: Effect) -> None:
        raise OSError("the phone is on fire")

    failing = channel("gone")
    failing.on_effect = burn
    heard: list[tuple[Event, str]] = []
    dispatch = Dispatch([failing] if there else [], lambda event, name: heard.append((event, name)), never)
    dispatch.carry_out(effect, 1, 0)
    assert dispatch.failed == {type(effect).__name__: 1}
    assert dispatch.carried == {}
    assert heard == ([] if told is None else [(told, "gone")])


def test_what_fails_is_tried_again_and_what_comes_after_it_waits_behind_it() -> None:
    """Only of its contact; after the last try it is lost, and counted at each."""
    sip, fails = channel("sip"), 2

    def burn(effect: Effect) -> None:
        nonlocal fails
        if effect.contact == 1 and fails > 0:  # type: ignore[attr-defined]
            fails -= 1
            raise OSError("no descriptor is free")

    sip.on_effect = burn
    due: list[tuple[float, Callable[[], None]]] = []
    dispatch = Dispatch([sip], lambda event, name: None, lambda s, work: due.append((s, work)))
    first, second, other = (
        ReleaseContact(ContactId(number), why, carrier=Carrier("sip", "1"))
        for number, why in ((1, "first"), (1, "second"), (2, "other"))
    )
    dispatch.carry_out(first, 1, 0)
    dispatch.carry_out(second, 2, 0)
    dispatch.carry_out(other, 3, 0)
    sip.carried.clear()
    while due:
        pause_s, work = due.pop(0)
        work()
    assert [one.seq for one in sip.carried] == [1, 1, 2]  # the last try, then what waited
    assert pause_s == 1.0
    assert (dispatch.failed["ReleaseContact"], dispatch.carried["ReleaseContact"]) == (2, 3)

    fails = 10
    dispatch.carry_out(first, 4, 0)
    pauses = []
    while due:
        pause_s, work = due.pop(0)
        pauses.append(pause_s)
        work()
    assert pauses == [0.2, 1.0, 5.0]
    dispatch.carry_out(other, 5, 0)
    assert dispatch.carried["ReleaseContact"] == 4
