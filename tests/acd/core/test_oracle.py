"""The oracle is worth something: each planted fault is found."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import (
    all_clear,
    answers,
    callbacks,
    calling,
    clearing,
    engine,
    hearing,
    incidents,
    leaving,
    links,
    matching,
    offers,
    parking,
    placing,
    settle,
    treatments,
    waiting,
    wrap_up,
)
from acd.core import steps as walked
from acd.core.deadlines import Kind
from acd.core.events import CallbackPromised, ContactId
from acd.core.state import State
from agents.roster import Seat
from agents.states import WorkState
from queues.board import Board
from queues.contact import Contact
from queues.desk import ALWAYS, Entry, Incident, OutboundRule, WrapUpRule
from queues.incident import Course, Link
from queues.need import Need
from queues.priority import Rank
from queues.treatment import NO_TREATMENT, End, Walk
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk


def found(thorough: bool = False) -> bool:
    """Whether some seeded run trips over the fault."""
    for seed in range(120):
        rng, play = Random(seed), Play(random_desk(seed), thorough=thorough)
        try:
            for _ in range(250):
                random_move(play, rng)
                play.oracle.check(play.now_ms)
        except (AssertionError, KeyError, IndexError):
            return True
    return False


def test_without_a_fault_nothing_is_found() -> None:
    assert not found()


def last_instead_of_first(state: State, seat: Seat) -> Any:
    """Chooses the worst head."""
    worst = None
    for need, key in state.board.heads(seat):
        for key_ms, number in need.buckets[key]:
            if matching.may_serve(seat, need, state.contacts[number]):
                used_ms = state.clocks[key[2]].elapsed(state.now_ms) - key_ms
                rank = Rank(key[0], used_ms, key[1], number)
                if worst is None or worst.before(rank):
                    worst = rank
                break
    return None if worst is None else (state.contacts[worst.number], worst, 0)


def nobody_for_the_freed(state: State, seat: Seat) -> None:
    """Forgets to look for waiting contacts."""


def any_agent(need: Need) -> Iterator[Seat]:
    """Idle agents in no order."""
    while need.pool:
        _, _, epoch, seat = need.pool.pop()
        if epoch == seat.epoch and need.medium in seat.free:
            yield seat


def tried_again(seat: Seat, need: Need, contact: Contact) -> bool:
    """Ignores whom the contact tried."""
    return seat.record.id in need.fitness


def no_tie_break(self: Board, number: int) -> int:
    return 1


TOLD = incidents.concerning


def told_to_all(state: State, entry: Entry) -> Incident | None:
    """Takes nobody for a VIP."""
    return TOLD(state, entry, False)


def soon_over(state: State, contact: Contact, walk: Walk) -> None:
    """Takes every text for a second long."""
    AWAIT(state, contact, walk)
    if state.deadlines.get(Kind.TREATMENT, contact.id) is not None:
        state.deadlines.set(Kind.TREATMENT, contact.id, state.now_ms + 1_000)


AWAIT = treatments.await_it


def sent_away_at_once(state: State, contact: Contact, walk: Walk, _: object) -> Any:
    """Waits for no text and no agent."""
    return walked._release(state, contact, "turn away", walk.turned_away or "treatment")


def in_the_number_of_the_list_before(state: State, contact: Contact, *said: Any, **more: Any) -> None:
    """Forgets that another list is another one."""
    PLAY(state, contact, *said, **more)
    contact.visit -= 1


PLAY = treatments._play


def told_again(state: State, incident: Incident, contact: Contact) -> bool:
    """Forgets who hears the text of an incident already."""
    entry = state.entries.get(contact.entry)
    on_the_line = contact.state in incidents.ON_THE_LINE and not contact.parked
    return entry is not None and on_the_line and incidents.in_scope(state, incident, entry, contact.line)


def anybody_may_be_called(state: State, contact: Contact, dial_class: str) -> OutboundRule:
    """Forgets the allow-list."""
    return OutboundRule("callback", (), "sip")


def without(does: Callable[..., None], kind: Kind) -> Callable[..., None]:
    """Does it, and forgets the deadline of this kind."""

    def forgetful(state: State, *said: Any) -> None:
        does(state, *said)
        for number in [*state.contacts, *state.calls]:
            state.deadlines.clear(kind, number)

    return forgetful


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "wrong contact": (offers, "choose_contact", last_instead_of_first),
    "freed agent not matched": (settle, "serve_agent", nobody_for_the_freed),
    "freed agent not marked": (State, "serve", lambda state, seat: None),
    "wrong agent": (Need, "idle", any_agent),
    "tried agent again": (matching, "may_serve", tried_again),
    "wrong position": (Board, "rank", no_tie_break),
    "contact not matched": (settle, "serve_contact", lambda state, contact: None),
    "contact not marked": (State, "match", lambda state, contact: None),
    "new rank not marked": (State, "rank_anew", lambda state, contact: None),
    "promotion forgotten": (waiting, "watch_target", lambda state, contact, line: None),
    "losers keep ringing": (answers, "withdraw_all", lambda state, contact, cause, but=0: []),
    "who is diverted keeps ringing": (waiting, "withdraw_all", lambda state, contact, cause: []),
    "incident ignored": (incidents, "concerning", lambda state, entry, vip: None),
    "VIPs not exempt": (incidents, "concerning", lambda state, entry, vip: told_to_all(state, entry)),
    "text ends every call": (incidents, "ends_call", lambda state, contact: True),
    "text ends no call": (incidents, "ends_call", lambda state, contact: False),
    "scope ignored": (incidents, "in_scope", lambda state, incident, entry, line: True),
    "wrap-up ignored": (wrap_up, "wrap_up_rule", lambda state, done: WrapUpRule()),
}


TREATMENT_FAULTS: dict[str, tuple[Any, str, Any]] = {
    "no moment at which it goes on": (treatments, "await_it", lambda state, contact, walk: None),
    "texts cut short": (treatments, "await_it", soon_over),
    "goes on though it talks": (leaving, "stop", lambda state, contact: None),
    "told though it has gone": (parking, "stop", lambda state, contact: None),
    "a closed line is entered": (walked, "find_line", lambda state, line: (line, [], "")),
    "sent away while it is rung": (walked, "ON_STEP", {**walked.ON_STEP, End: sent_away_at_once}),
    "who waits is not told": (hearing, "to_be_told", lambda state, incident: []),
    "told twice at once": (incidents, "is_to_hear", told_again),
    "nothing follows what came between": (hearing, "resume", lambda state, contact, walk: None),
    "hears the list before": (treatments, "_play", in_the_number_of_the_list_before),
}


CALLBACK_FAULTS: dict[str, tuple[Any, str, Any]] = {
    "anybody may be called": (callbacks, "allowed", anybody_may_be_called),
    "parked without an end": (
        engine,
        "ON_EVENT",
        {**engine.ON_EVENT, CallbackPromised: without(callbacks.promised, Kind.PROMISE)},
    ),
    "called for ever": (offers, "place_call", without(placing.place_call, Kind.CALL)),
    "who waits for a call is kept": (calling, "_free_agent", lambda state, contact: None),
    "who gave up a call is asked again": (calling, "set_retry", lambda state, contact: contact.tried.clear()),
    "reserved for ever": (answers, "free_all_reserved", lambda state, seat: None),
}

MOVES = (
    *("advance", "accept", "release", "arrive", "promise", "ready", "sign in", "reachable") * 4,
    *("call answered", "call failed", "call in", "cancel callback", "pause", "unreachable", "refuse"),
)


def found_in_callbacks() -> bool:
    """Whether a run that is about little else trips over the fault: anybody may serve anybody."""
    for seed in range(40):
        rng, whole = Random(seed), random_desk(seed)
        lines = tuple(replace(line, needs=((),), greeting="", hours=ALWAYS) for line in whole.lines)
        allowed = (OutboundRule("callback", ("local", "mobile"), "sip"),)
        play = Play(replace(whole, lines=lines, outbound=allowed), thorough=False)
        try:
            for _ in range(250):
                play.move(rng.choice(MOVES), *(rng.randrange(most) for most in (10_000, 60, 1_000)))
                play.oracle.check(play.now_ms)
        except (AssertionError, KeyError, IndexError):
            return True
    return False


@pytest.mark.parametrize("name", CALLBACK_FAULTS)
def test_a_planted_fault_in_callbacks_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found_in_callbacks()
    monkeypatch.setattr(*CALLBACK_FAULTS[name])
    assert found_in_callbacks()


INCIDENT_MOVES = (
    *("advance", "arrive", "press", "prompt ended", "incident") * 4,
    *("call answered", "call answered", "call failed", "end incident", "end incident", "change incident"),
    *("link", "leave", "accept", "ready", "sign in", "reachable"),
)


def found_in_incidents(seeds: int = 30) -> bool:
    """Whether a run that is about little else trips over the fault: everybody may be called."""
    for seed in range(seeds):
        rng, whole = Random(seed), random_desk(seed)
        lines = tuple(replace(line, needs=((),), treatment=NO_TREATMENT) for line in whole.lines)
        allowed = (OutboundRule("all_clear", ("local", "mobile", "foreign"), "sip", at_once=2),)
        play = Play(replace(whole, lines=lines, outbound=allowed), thorough=False)
        try:
            for _ in range(300):
                play.move(rng.choice(INCIDENT_MOVES), *(rng.randrange(most) for most in (10_000, 60, 1_000)))
                play.oracle.check(play.now_ms)
        except (AssertionError, KeyError, IndexError, ValueError):
            return True
    return False


def everybody_at_once(state: State) -> Counter[OutboundRule | None]:
    """Forgets who is being called already."""
    return Counter()


def at_any_hour(state: State, entry: Entry, link: Link) -> int:
    """Forgets hours and gaps."""
    return state.now_ms


def told_again_and_again(state: State, course: Course, link: Link, result: str, call: int = 0) -> None:
    """Forgets that it has been told."""
    LINK_OVER(state, course, link, result, ContactId(call))
    link.result = ""


LINK_OVER = clearing.link_over

INCIDENT_FAULTS: dict[str, tuple[Any, str, Any]] = {
    "everybody is asked": (links, "may_link", lambda state, contact: ""),
    "nobody is asked": (links, "asks", lambda state, contact, incident: False),
    "the key is worth nothing": (links, "_link", lambda state, number, contact, by: None),
    "who is linked waits on": (hearing, "pressed", lambda state, contact, walk: False),
    "no pace": (all_clear, "_taken", everybody_at_once),
    "called at night": (all_clear, "_may_be_called_ms", at_any_hour),
    "told again": (clearing, "link_over", told_again_and_again),
    "a changed text is not told": (hearing, "hears_now", lambda contact, number, name: False),
}


def test_without_a_fault_nothing_is_found_in_incidents() -> None:
    assert not found_in_incidents()


@pytest.mark.parametrize("name", INCIDENT_FAULTS)
def test_a_planted_fault_in_incidents_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*INCIDENT_FAULTS[name])
    assert found_in_incidents()


@pytest.mark.parametrize("name", FAULTS | TREATMENT_FAULTS)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, instead = (FAULTS | TREATMENT_FAULTS)[name]
    monkeypatch.setattr(where, what, instead)
    assert found()


def test_an_offer_during_wrap_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from agents.roster import free_media

    def careless(seat: Seat, interrupts: Any) -> Any:
        wrapping = [w for w in seat.works if w.state is WorkState.WRAP_UP]
        seat.works = [w for w in seat.works if w not in wrapping]
        free = free_media(seat, interrupts)
        seat.works = wrapping + seat.works
        return free

    monkeypatch.setattr(offers, "free_media", careless)
    assert found()


def test_a_change_by_a_rejected_event_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from acd.core.errors import Rejected

    def careless(state: State, number: int) -> Any:
        state.last_offer += 1
        raise Rejected("no such offer")

    monkeypatch.setattr(State, "work", careless)
    assert found(thorough=True)
