"""Of what an agent is free, and how he is shown."""

import pytest

from agents.capacity import MAIL, VOICE, Medium
from agents.devices import Carrier
from agents.roster import AgentRecord, ContactId, OfferId, Seat, Work, free_media, shown_state
from agents.skills import AgentId
from agents.states import AgentState, WorkState

V, M = VOICE, MAIL
ANNA = AgentId("anna")


def seat(state: AgentState, *works: tuple[Medium, WorkState], reachable: tuple[Medium, ...] = (M, V)) -> Seat:
    anna = Seat(AgentRecord(ANNA, 0, state=state, reachable=list(reachable)), {}, {V: 1, M: 2})
    anna.works = [
        Work(OfferId(n), ContactId(n), ANNA, Carrier("sip", "anna"), medium, "help", at, 0, 0)
        for n, (medium, at) in enumerate(works, 1)
    ]
    return anna


READY = AgentState.READY


@pytest.mark.parametrize(
    ("anna", "free", "shown"),
    [
        (seat(READY), (M, V), "ready"),
        (seat(READY, reachable=(V,)), (V,), "ready"),
        (seat(READY, reachable=()), (), "ready"),
        (seat(AgentState.PAUSED), (), "paused"),
        (seat(AgentState.SIGNED_OUT), (), "signed_out"),
        (seat(READY, (V, WorkState.RINGING)), (), "offered"),
        (seat(READY, (V, WorkState.HANDLING)), (), "handling"),
        (seat(READY, (M, WorkState.HANDLING)), (M, V), "handling"),
        (seat(READY, (M, WorkState.RESTING), (V, WorkState.HANDLING)), (), "handling"),
        (seat(READY, (M, WorkState.HANDLING), (M, WorkState.WRAP_UP)), (), "handling"),
        (seat(AgentState.PAUSED, (V, WorkState.WRAP_UP)), (), "wrap_up"),
        (seat(AgentState.SIGNED_OUT, (V, WorkState.HANDLING)), (), "handling"),
    ],
)
def test_only_a_ready_agent_who_neither_rings_nor_wraps_up_is_free(
    anna: Seat, free: tuple[Medium, ...], shown: str
) -> None:
    assert free_media(anna, {(V, M)}) == free
    assert shown_state(anna) == shown
