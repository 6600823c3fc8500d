"""What the check says of treatments holds when the engine walks them."""

from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from acd.core import steps
from acd.core.effects import TreatContact
from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactLeft,
    DeskChanged,
    DigitsCollected,
    Event,
    KeyPressed,
    MessageRecorded,
    PromptEnded,
    Tick,
)
from acd.core.state import State
from agents.capacity import VOICE
from agents.skills import AgentId
from config.build import build_site
from config.documents import Document
from config.load import defaults
from config.table import Reading, Table
from queues.contact import Contact
from queues.desk import Calendar, CalendarId, Desk, OutboundRule
from queues.states import ContactState
from queues.treatment import Walk
from tests.config.test_treatment_walk import LINES, sites

CALLBACKS = OutboundRule("callback", ("local",), "sip")
ANNA = AgentId("anna")


class Crowd:
    """Callers who press, listen, wait and hang up as they like, at lines that open and close as they like."""

    def __init__(self, desk: Desk, random: Random) -> None:
        self.engine, self.random = Engine(), random
        self.now_ms = 0
        self.callers = 0
        self.hear: dict[int, TreatContact] = {}
        calendars = tuple(Calendar(CalendarId(name), self.hours()) for name in LINES)
        rules = (CALLBACKS,) if random.random() < 0.5 else ()
        self.desk = replace(desk, calendars=calendars, outbound=rules)
        self.tell(DeskChanged(self.desk))
        if random.random() < 0.5:
            self.tell(AgentReachable(ANNA, VOICE))
            self.tell(AgentSignedIn(ANNA))

    def hours(self) -> tuple[tuple[int, int], ...]:
        moments = sorted(self.random.sample(range(60_000), 16))
        return tuple(zip(moments[::2], moments[1::2], strict=True))

    def go_on(self) -> None:
        """One thing happens. What one caller does too late is rejected."""
        try:
            self.tell(self.something())
        except Rejected:
            self.hear = {n: hears for n, hears in self.hear.items() if n in self.engine.state.contacts}

    def something(self) -> Event:
        chance = self.random.random()
        if chance < 0.25 or not self.hear:
            self.callers += 1
            entry = self.random.choice(self.desk.entries).id
            who = f"caller {self.callers}"
            vip = self.random.choice((None, 1))
            return ContactArrived(who, entry, VOICE, who, vip, dial_class="local")
        heard = self.random.choice(list(self.hear.values()))
        if chance < 0.4 and heard.hears.keys:
            return KeyPressed(heard.contact, heard.visit, self.random.choice(heard.hears.keys))
        if chance < 0.4 and heard.hears.collects:
            return DigitsCollected(heard.contact, heard.visit, "typed")
        if chance < 0.4 and heard.hears.records_ms:
            return MessageRecorded(heard.contact, heard.visit, "sound", 5_000)
        if chance < 0.6:
            return PromptEnded(heard.contact, heard.visit)
        if chance < 0.65:
            return ContactLeft(heard.contact)
        self.now_ms += self.random.randrange(1, 2500)
        return Tick()

    def tell(self, event: Event) -> None:
        for effect in self.engine.handle(event, self.now_ms).effects:
            if isinstance(effect, TreatContact):
                self.hear[effect.contact] = effect


@pytest.fixture(scope="module")
def walked() -> Any:
    """The steps that any contact comes to, as the site file names them, and again if it is in line then.

    To go round and round is an error.
    """
    seen: set[str] = set()

    def noted(step: Any) -> Any:
        def note(state: State, contact: Contact, walk: Walk, taken: Any) -> Any:
            if taken is not None:
                at = f"treatments.{walk.treatment}.steps[{walk.step - 1}]"
                seen.update((at,) if contact.state is ContactState.GREETING else (at, f"{at} in line"))
            return step(state, contact, walk, taken)

        return note

    def lost(_: State, contact: Contact) -> None:
        raise AssertionError(f"{contact.id} goes round and round")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "ON_STEP", {kind: noted(step) for kind, step in steps.ON_STEP.items()})
        patch.setattr(steps, "_lost_its_way", lost)
        yield seen


@settings(max_examples=150, deadline=None)
@given(tree=sites(), seed=st.integers(0, 10**6))
def test_nobody_goes_round_without_time_or_comes_to_a_step_that_is_never_reached(
    walked: set[str], tree: dict[str, Any], seed: int
) -> None:
    reading = Reading({"ACD_ANNA": "invented"})
    site = build_site([Document("site.toml", Table("site.toml", "", tree, reading))], reading, defaults(), ())
    assume(not reading.errors)
    walked.clear()
    crowd = Crowd(site.desk, Random(seed))
    for _ in range(60):
        crowd.go_on()
    never = {problem.key for problem in reading.warnings if "is never reached:" in problem.reason}
    never |= {f"{one.key} in line" for one in reading.warnings if "is never reached in line:" in one.reason}
    unused = {problem.key for problem in reading.warnings if "nothing leads" in problem.reason}
    assert not walked & never
    assert not {step for step in walked if step.rpartition(".")[0] in unused}
