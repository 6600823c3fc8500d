"""What a party hears until an agent answers it: texts take their time, and some ask for a key."""

from collections.abc import Mapping

from acd.core.effects import TreatContact
from acd.core.events import ContactId, DigitsCollected, KeyPressed, MessageRecorded, PromptEnded
from acd.core.treatments import LONGEST_TEXT_MS
from queues.treatment import EXPECTED_WAIT, POSITION, TONE, Menu, Walk
from simulation.clock import Clock
from simulation.scenario import (
    EXPECTED_WAIT_MS,
    MESSAGE_MS,
    POSITION_MS,
    TONE_MS,
    USUAL_TEXT_MS,
    Scenario,
    Spoken,
)
from simulation.world.callers import SURGE_TEXT, Caller, Callers, Question, Submit
from simulation.world.flows import SEGMENTS

THINKS_MS = 2_000
"""From the end of a menu's text until the key."""


class Hearing:
    """What all parties of one replication hear."""

    def __init__(self, scenario: Scenario, clock: Clock, submit: Submit, callers: Callers) -> None:
        self._clock = clock
        self._submit = submit
        self._callers = callers
        self._contacts = clock.engine.state.contacts
        self._deflect = scenario.surge.deflect if scenario.surge is not None else 0.0
        self._text_ms = lengths_of(scenario)

    def treated(self, effect: TreatContact) -> None:
        """It hears these texts from now on, whatever it heard before."""
        hears, at_ms = effect.hears, self._clock.now_ms()
        if not hears.says and not hears.keys and not hears.collects:
            return
        caller = self._callers.live[effect.contact]
        for phrase in hears.says:
            length_ms = self._length_ms(phrase.text, hears.language)
            if phrase.text == SURGE_TEXT:
                self._may_be_content(caller, at_ms, length_ms)
            at_ms += length_ms
        if hears.reports:
            self._clock.call_at(at_ms, self._heard, (effect.contact, effect.visit))
        if hears.keys and caller.flow.keys:
            self._choose(caller, effect.visit, at_ms + THINKS_MS)
        if hears.collects:
            typed = DigitsCollected(effect.contact, effect.visit, "typed")
            self._clock.call_at(at_ms + THINKS_MS, self._typed, typed)
        if hears.records_ms:
            spoken_ms = min(hears.records_ms, MESSAGE_MS)
            said = MessageRecorded(effect.contact, effect.visit, "message", spoken_ms)
            self._clock.call_at(at_ms + spoken_ms, self._said, said)

    def _length_ms(self, text: str, language: str) -> int:
        of_all = self._text_ms.get((text, ""), USUAL_TEXT_MS)
        return self._text_ms.get((text, language), of_all) if language else of_all

    def _may_be_content(self, caller: Caller, from_ms: int, length_ms: int) -> None:
        chance = caller.flow.deflect[caller.attempt][caller.index]
        if chance < self._deflect:  # then chance / deflect is uniform in [0, 1)
            hang_up_ms = from_ms + int(chance / self._deflect * length_ms)
            self._clock.call_at(hang_up_ms, self._callers.leave_content, caller)

    def _heard(self, heard: tuple[ContactId, int]) -> None:
        walk = self._walk(*heard)
        if walk is not None and walk.hears.reports and not walk.heard:
            self._submit(PromptEnded(*heard))

    def _typed(self, typed: DigitsCollected) -> None:
        walk = self._walk(typed.contact, typed.visit)
        if walk is not None and walk.collect is not None:
            self._submit(typed)

    def _said(self, said: MessageRecorded) -> None:
        contact = self._contacts.get(said.contact)
        recording = contact.recording if contact is not None else None
        if recording is not None and recording.visit == said.visit:
            self._submit(said)

    def _choose(self, caller: Caller, visit: int, at_ms: int) -> None:
        walk = self._walk(caller.contact, visit)
        key = chosen(caller, walk.menu) if walk is not None and walk.menu is not None else ""
        if key:
            self._clock.call_at(at_ms, self._press, (caller, visit, key))

    def _press(self, pressed: tuple[Caller, int, str]) -> None:
        caller, visit, key = pressed
        walk = self._walk(caller.contact, visit)
        if walk is not None and walk.menu is not None:
            caller.chose = (*caller.chose, question_of(walk.menu))
            self._submit(KeyPressed(caller.contact, visit, key))

    def _walk(self, number: ContactId, visit: int) -> Walk | None:
        """Where it is in its treatment; None: what it was played in this list does not matter any more."""
        contact = self._contacts.get(number)
        return contact.walk if contact is not None and contact.visit == visit else None


def lengths_of(scenario: Scenario) -> Mapping[Spoken, int]:
    """How long texts are, as far as the scenario says; after its longest text the engine waits no more."""
    surge = scenario.surge
    usual = {(POSITION, ""): POSITION_MS, (EXPECTED_WAIT, ""): EXPECTED_WAIT_MS, (TONE, ""): TONE_MS}
    found = {**usual, **scenario.text_ms}
    if surge is not None:
        found[SURGE_TEXT, ""] = surge.announcement_ms
    return {spoken: min(length_ms, LONGEST_TEXT_MS - 1) for spoken, length_ms in found.items()}


def question_of(menu: Menu) -> Question:
    """What it asks."""
    return menu.text, menu.accepted


def chosen(caller: Caller, menu: Menu) -> str:
    """The key that it presses; empty: none."""
    question = question_of(menu)
    if question in caller.chose:
        return ""
    if question not in caller.asked:
        caller.asked = (*caller.asked, question)
    number = min(caller.asked.index(question), SEGMENTS - 1)
    chance = caller.flow.key[SEGMENTS * caller.attempt + number][caller.index]
    for key, share in caller.flow.keys:
        if chance < share:
            return key if key in menu.accepted else ""
        chance -= share
    return ""
