"""The four transaction machines as tables (RFC 3261 §17, RFC 6026); a missing entry means: not allowed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class TransactionState(StrEnum):
    """Where a transaction stands."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Trigger(StrEnum):
    """What happens to a transaction. Responses come from the network (client) or from the user (server)."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "3xx-6xx"
    REQUEST = "request again"
    ACK = "ack"
    NOT_SENT = "transport error"
    """The request could not be sent, nor can it be: nobody knows the host, or there is no way there."""
    TIMER_A = "A"
    TIMER_B = "B"
    TIMER_C = "C"
    """Not RFC 3261's: 64*T1 after our CANCEL without a final response (§9.1)."""
    TIMER_D = "D"
    TIMER_E = "E"
    TIMER_F = "F"
    TIMER_G = "G"
    TIMER_H = "H"
    TIMER_I = "I"
    TIMER_J = "J"
    TIMER_K = "K"
    TIMER_L = "L"
    TIMER_M = "M"
    TIMER_X = "X"
    """Repeats a 2xx to INVITE until its ACK comes (the UAS core's timer of §13.3.1.4)."""


class Action(StrEnum):
    """What a move does besides changing the state."""

    SEND = "send the user's message and remember it"
    RESEND = "send the remembered message again"
    REPEAT = "set the timer that fired again, at the doubled interval"
    DELIVER = "hand the received message to the user"
    SEND_ACK = "acknowledge a failure on this hop"
    REACK = "deliver a 2xx the first time, repeat its ACK afterwards"
    ACKED = "stop repeating the 2xx and hand the ACK to the user"
    CANCEL_NOW = "send a CANCEL that waited for the first provisional response"
    TIMED_OUT = "tell the user that no final response came"
    UNREACHABLE = "tell the user that the request could not be sent"
    ACK_MISSING = "tell the user when a 2xx was never acknowledged"


class Machine(NamedTuple):
    """`timers[state]` run in that state: started on entry unless running, stopped when the state is left."""

    start: TransactionState
    timers: Mapping[TransactionState, tuple[Trigger, ...]]
    moves: Mapping[TransactionState, Mapping[Trigger, tuple[TransactionState, tuple[Action, ...]]]]


class Timing(Struct, frozen=True):
    """RFC 3261 §17.1.1.1 base values in milliseconds."""

    t1_ms: int = 500
    t2_ms: int = 4_000
    t4_ms: int = 5_000


_S, _E, _A = TransactionState, Trigger, Action

CLIENT_INVITE = Machine(
    start=_S.CALLING,
    timers={
        _S.CALLING: (_E.TIMER_A, _E.TIMER_B),
        _S.PROCEEDING: (),
        _S.ACCEPTED: (_E.TIMER_M,),
        _S.COMPLETED: (_E.TIMER_D,),
    },
    moves={
        _S.CALLING: {
            _E.TIMER_A: (_S.CALLING, (_A.RESEND, _A.REPEAT)),
            _E.TIMER_B: (_S.TERMINATED, (_A.TIMED_OUT,)),
            _E.NOT_SENT: (_S.TERMINATED, (_A.UNREACHABLE,)),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.DELIVER, _A.CANCEL_NOW)),
            _E.SUCCESS: (_S.ACCEPTED, (_A.REACK,)),
            _E.FAILURE: (_S.COMPLETED, (_A.SEND_ACK, _A.DELIVER)),
        },
        _S.PROCEEDING: {
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.DELIVER,)),
            _E.SUCCESS: (_S.ACCEPTED, (_A.REACK,)),
            _E.FAILURE: (_S.COMPLETED, (_A.SEND_ACK, _A.DELIVER)),
            _E.TIMER_C: (_S.TERMINATED, (_A.TIMED_OUT,)),
        },
        _S.ACCEPTED: {
            _E.SUCCESS: (_S.ACCEPTED, (_A.REACK,)),
            _E.TIMER_M: (_S.TERMINATED, ()),
        },
        _S.COMPLETED: {
            _E.FAILURE: (_S.COMPLETED, (_A.SEND_ACK,)),
            _E.TIMER_D: (_S.TERMINATED, ()),
        },
    },
)

CLIENT_OTHER = Machine(
    start=_S.TRYING,
    timers={
        _S.TRYING: (_E.TIMER_E, _E.TIMER_F),
        _S.PROCEEDING: (_E.TIMER_E, _E.TIMER_F),
        _S.COMPLETED: (_E.TIMER_K,),
    },
    moves={
        _S.TRYING: {
            _E.TIMER_E: (_S.TRYING, (_A.RESEND, _A.REPEAT)),
            _E.TIMER_F: (_S.TERMINATED, (_A.TIMED_OUT,)),
            _E.NOT_SENT: (_S.TERMINATED, (_A.UNREACHABLE,)),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.DELIVER,)),
            _E.SUCCESS: (_S.COMPLETED, (_A.DELIVER,)),
            _E.FAILURE: (_S.COMPLETED, (_A.DELIVER,)),
        },
        _S.PROCEEDING: {
            _E.TIMER_E: (_S.PROCEEDING, (_A.RESEND, _A.REPEAT)),
            _E.TIMER_F: (_S.TERMINATED, (_A.TIMED_OUT,)),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.DELIVER,)),
            _E.SUCCESS: (_S.COMPLETED, (_A.DELIVER,)),
            _E.FAILURE: (_S.COMPLETED, (_A.DELIVER,)),
        },
        _S.COMPLETED: {
            _E.TIMER_K: (_S.TERMINATED, ()),
        },
    },
)

SERVER_INVITE = Machine(
    start=_S.PROCEEDING,
    timers={
        _S.PROCEEDING: (),
        _S.ACCEPTED: (_E.TIMER_X, _E.TIMER_L),
        _S.COMPLETED: (_E.TIMER_G, _E.TIMER_H),
        _S.CONFIRMED: (_E.TIMER_I,),
    },
    moves={
        _S.PROCEEDING: {
            _E.REQUEST: (_S.PROCEEDING, (_A.RESEND,)),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.SEND,)),
            _E.SUCCESS: (_S.ACCEPTED, (_A.SEND,)),
            _E.FAILURE: (_S.COMPLETED, (_A.SEND,)),
        },
        _S.ACCEPTED: {
            _E.REQUEST: (_S.ACCEPTED, ()),
            _E.TIMER_X: (_S.ACCEPTED, (_A.RESEND, _A.REPEAT)),
            _E.ACK: (_S.ACCEPTED, (_A.ACKED,)),
            _E.TIMER_L: (_S.TERMINATED, (_A.ACK_MISSING,)),
        },
        _S.COMPLETED: {
            _E.REQUEST: (_S.COMPLETED, (_A.RESEND,)),
            _E.TIMER_G: (_S.COMPLETED, (_A.RESEND, _A.REPEAT)),
            _E.ACK: (_S.CONFIRMED, ()),
            _E.TIMER_H: (_S.TERMINATED, ()),
        },
        _S.CONFIRMED: {
            _E.REQUEST: (_S.CONFIRMED, ()),
            _E.ACK: (_S.CONFIRMED, ()),
            _E.TIMER_I: (_S.TERMINATED, ()),
        },
    },
)

SERVER_OTHER = Machine(
    start=_S.TRYING,
    timers={
        _S.TRYING: (),
        _S.PROCEEDING: (),
        _S.COMPLETED: (_E.TIMER_J,),
    },
    moves={
        _S.TRYING: {
            _E.REQUEST: (_S.TRYING, ()),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.SEND,)),
            _E.SUCCESS: (_S.COMPLETED, (_A.SEND,)),
            _E.FAILURE: (_S.COMPLETED, (_A.SEND,)),
        },
        _S.PROCEEDING: {
            _E.REQUEST: (_S.PROCEEDING, (_A.RESEND,)),
            _E.PROVISIONAL: (_S.PROCEEDING, (_A.SEND,)),
            _E.SUCCESS: (_S.COMPLETED, (_A.SEND,)),
            _E.FAILURE: (_S.COMPLETED, (_A.SEND,)),
        },
        _S.COMPLETED: {
            _E.REQUEST: (_S.COMPLETED, (_A.RESEND,)),
            _E.TIMER_J: (_S.TERMINATED, ()),
        },
    },
)

REPEATING = frozenset({Trigger.TIMER_A, Trigger.TIMER_E, Trigger.TIMER_G, Trigger.TIMER_X})
_NOT_WHEN_RELIABLE = frozenset({Trigger.TIMER_A, Trigger.TIMER_E, Trigger.TIMER_G})
_ZERO_WHEN_RELIABLE = frozenset({Trigger.TIMER_D, Trigger.TIMER_I, Trigger.TIMER_J, Trigger.TIMER_K})
_UNCAPPED = Trigger.TIMER_A


def first_interval(timer: Trigger, timing: Timing, *, reliable: bool) -> int | None:
    """Milliseconds from entering a state to the first firing; None when the timer does not run."""
    if reliable and timer in _NOT_WHEN_RELIABLE:
        return None
    if reliable and timer in _ZERO_WHEN_RELIABLE:
        return 0
    if timer in REPEATING:
        return timing.t1_ms
    return timing.t4_ms if timer in (Trigger.TIMER_I, Trigger.TIMER_K) else 64 * timing.t1_ms


def next_interval(timer: Trigger, state: TransactionState, interval_ms: int, timing: Timing) -> int:
    """The interval after `interval_ms`: doubled, capped at T2 except for timer A; T2 once E saw a 1xx."""
    if timer is Trigger.TIMER_E and state is TransactionState.PROCEEDING:
        return timing.t2_ms
    doubled = 2 * interval_ms
    return doubled if timer is _UNCAPPED else min(doubled, timing.t2_ms)
