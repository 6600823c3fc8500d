"""A scenario that does not fit together is refused, with every reason."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.testing.story import agent, desk, entry, line, treatment
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import EntryId, LineId, Overflow, Way, WrapUpRule
from queues.names import TreatmentId
from queues.treatment import End, Enqueue, GoOn, Menu, Say
from simulation.draws import Day
from simulation.driver import START_MS
from simulation.laws import fixed
from simulation.scenario import Callbacks, Consulting, Duty, Habits, Handling, Redial, Scenario, Stream, Surge
from simulation.world.model import play
from simulation.world.playable import Unplayable, check, served

HOUR = 3_600_000
TALK = Handling(fixed(100_000))
CALLS = Stream("calls", EntryId("help"), (1.0,))
ANNA = Duty(AgentId("anna"), START_MS, START_MS + HOUR)

GOOD = Scenario(
    name="good",
    desk=desk(line(), line("second"), agent("anna")),
    start_ms=START_MS,
    interval_ms=HOUR,
    intervals=1,
    streams=(CALLS,),
    handling={(LineId("help"), VOICE): TALK},
    duties=(ANNA,),
)


def test_a_scenario_that_fits_together_is_taken() -> None:
    check(GOOD)


def stream(**rules: Any) -> dict[str, Any]:
    return {"streams": (replace(CALLS, **rules),)}


def handling(**rules: Any) -> dict[str, Any]:
    return {"handling": {(LineId("help"), VOICE): replace(TALK, **rules)}}


def duty(*times: int, breaks: tuple[tuple[int, int], ...] = (), who: str = "anna") -> Duty:
    return Duty(AgentId(who), START_MS + times[0], START_MS + times[1], breaks)


ASKS = Consulting(0.5, LineId("second"), fixed(1_000))

SURGE = Surge(START_MS, START_MS + HOUR, 2.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intervals": 0, "streams": ()}, "at least one interval"),
        (stream(expected=(1.0, 2.0)), "stream calls: 2 numbers for 1 intervals"),
        (stream(talk_factor=(1.0, 2.0)), "stream calls: 2 numbers for 1 intervals"),
        (stream(entry=EntryId("nowhere")), "entry nowhere is not one of the desk's"),
        (stream(vip_share=0.1), "VIPs need an entry"),
        (stream(vip_share=0.1, vip_entry=EntryId("help mail")), "entry of VIPs is of another medium"),
        (stream(redial=Redial(0.5, fixed(1), other_share=0.5)), "needs another entry"),
        ({"handling": {}}, "line help, voice: contacts can come here"),
        ({"desk": desk(line(ring_ms=0), agent("anna"))}, "line help, voice: it rings for 0 ms"),
        (handling(wrap_up=fixed(1_000)), "the line has no wrap-up"),
        (handling(escalate=0.5), "escalated, but to no line"),
        (handling(escalate=0.5, escalate_to=LineId("x")), "line x is not one of the desk's"),
        (handling(consult=replace(ASKS, to=LineId("x"))), "line x, which is asked, is not one of the desk's"),
        (handling(consult=replace(ASKS, share=1.1)), "the share that asks is from 0 to 1"),
        (handling(consult=replace(ASKS, patience_ms=0)), "waits for somebody for more than 0 ms"),
        (handling(consult=ASKS), "line second, voice: contacts can come here"),
        (handling(escalate=0.5, escalate_to=LineId("second")), "line second, voice: contacts can come here"),
        ({"duties": (duty(0, HOUR, who="bert"),)}, "duty of bert: no such agent"),
        ({"duties": (duty(5, HOUR), duty(0, 6))}, "duty of anna: two at the same time"),
        ({"duties": (duty(5, 5),)}, "duty of anna: its times are not in order"),
        ({"duties": (duty(0, 9, breaks=((START_MS + 5, START_MS + 10),)),)}, "times are not in order"),
        ({"habits": Habits(pause_every=fixed(1))}, "unplanned pauses: how long they are is not said"),
        ({"surge": replace(SURGE, lines=(LineId("x"),))}, "surge: line x is not one of the desk's"),
        ({"surge": replace(SURGE, announced_ms=START_MS + HOUR)}, "announced after its end"),
        (stream(keys=(("12", 0.5),)), "stream calls: there is no key 12"),
        (stream(keys=(("1", 0.6), ("2", 0.5))), "shares of the keys are not"),
        (stream(keys=(("1", 0.6), ("2", -0.1))), "shares of the keys are not"),
        ({"text_ms": {("hello", ""): -1}}, "text hello: its length is negative"),
        ({"callbacks": Callbacks(answer=1.1)}, "callbacks: "),
        ({"callbacks": Callbacks(ring_ms=-1)}, "callbacks: "),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    wrong = replace(GOOD, **change)
    with pytest.raises(Unplayable, match=reason):
        play(wrong, Day(GOOD, 1, 0), lambda _: None)


def test_a_code_must_be_one_of_the_lines() -> None:
    coded = desk(line(wrap_up=WrapUpRule(ms=1, codes=("a",))), agent("anna"))
    with pytest.raises(Unplayable, match="b is not a wrap-up code"):
        check(replace(GOOD, desk=coded, **handling(code="b")))


def test_a_pause_needs_a_reason_that_the_desk_knows() -> None:
    mute = replace(GOOD.desk, pause_reasons=())
    rested = duty(0, HOUR, breaks=((START_MS + 5, START_MS + 10),))
    with pytest.raises(Unplayable) as refusal:
        check(replace(GOOD, desk=mute, duties=(rested,), habits=Habits(pause_every=fixed(1), pause=fixed(1))))
    assert len(refusal.value.reasons) == 2
    assert str(refusal.value) == "; ".join(refusal.value.reasons)


def test_every_way_that_a_contact_can_take_is_known() -> None:
    on = Way(Overflow.LINE, LineId("second"))
    opened = desk(
        line(when_full=on), line("second", when_waited=Way(Overflow.LINE, LineId("third"))), line("third")
    )
    redial = Redial(0.5, fixed(1), other_share=0.5, other_entry=EntryId("third mail"))
    told = replace(GOOD, desk=opened, duties=(), **stream(redial=redial))
    assert sorted(served(told)) == [("help", VOICE), ("second", VOICE), ("third", MAIL), ("third", VOICE)]


def test_every_line_to_which_a_treatment_can_lead_is_known_and_no_other() -> None:
    to = {name: treatment(f"to {name}", Enqueue(LineId(name))) for name in ("second", "third", "fourth")}
    menu = Menu("which", (("1", to["second"].id), ("2", TreatmentId("sorry"))), 5_000, "jazz")
    arriving = treatment("arriving", menu, GoOn(to["third"].id))
    sorry = treatment("sorry", Say("sorry"), End(), Enqueue(LineId("fourth")))
    away = Way(Overflow.TREATMENT, treatment=to["fourth"].id)
    lines = line(), line("second"), line("third", when_full=away), line("fourth"), line("fifth")
    opened = desk(*lines, entry("help", "help", treatment=arriving.id), *to.values(), arriving, sorry)
    told = replace(GOOD, desk=opened, duties=())
    assert sorted(served(told)) == [("fourth", VOICE), ("second", VOICE), ("third", VOICE)]
    deaf = replace(told, **stream(entry=EntryId("help mail")))
    assert served(deaf) == [("help", MAIL)]
